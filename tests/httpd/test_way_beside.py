"""Other large modules in the same httpd: ModSecurity and PHP, with libraries that this module uses
too. The server starts, each does its own work, and keys still come from the network."""

import glob
import json
import os
import re

import pytest

from authority import Authority
from expect import BARE, ECHO, TRUST, await_keys, location, log_line, passed, refused
from issuer import Issuer
from server import apxs, default_mpm, module
from tokens import claims, good, jwks, key, mint

FOLDER = apxs("LIBEXECDIR")
PHP = sorted(glob.glob(f"{FOLDER}/libphp*.so"))
CURL = glob.glob("/etc/php/*/apache2/conf.d/*curl.ini")
SECURITY = glob.glob(f"{FOLDER}/mod_security2.so")


@pytest.fixture(scope="module")
def authority():
    return Authority()


@pytest.fixture(scope="module")
def secure(authority):
    """An issuer whose keys come over TLS."""
    with Issuer(authority) as made:
        made.publish(jwks([key("p256")]))
        yield made


def remote(issuer, **changes):
    return mint(key("p256"), "ES256", claims(iss=issuer.url, **changes))


# ModSecurity

RULES = """
SecRuleEngine On
SecRequestBodyAccess On
SecResponseBodyAccess On
SecDataDir {root}/waf
SecTmpDir {root}/waf
SecAuditEngine On
SecAuditLogParts ABCFHZ
SecAuditLog {root}/logs/audit_log
SecAction "id:9,phase:1,nolog,pass,sanitiseRequestHeader:Authorization"
SecRule ARGS "@contains attack" "id:1,phase:2,deny,status:403"
SecRule REQUEST_HEADERS:X-Early "@streq yes" "id:2,phase:1,deny,status:400"
SecRule REMOTE_USER "@streq mallory" "id:3,phase:2,deny,status:403"
SecRule RESPONSE_BODY "@contains the secret" "id:4,phase:4,deny,status:403"
SecRule REQUEST_HEADERS:Authorization "@contains ~~~" "id:5,phase:1,deny,status:403"
"""


@pytest.fixture(scope="module")
def guarded(serve, secure, authority):
    if not SECURITY:
        pytest.skip("needs libapache2-mod-security2")
    conf = ECHO + RULES + 'AliasMatch "^/(p|remote)$" "{docs}/index.html"\n' \
        + 'AliasMatch "^/secret$" "{docs}/secret.html"\n' \
        + location("/p", "Require scope read") + location("/secret", "Require scope read") \
        + location("/remote", f"AuthBearerIssuer {secure.url} ca={authority.file}",
                   "Require valid-user", trust=BARE)

    def prepare(root):
        (root / "waf").mkdir()
        (root / "waf").chmod(0o777)

    server = serve(conf, {"docs/secret.html": "the secret\n"}, prepare,
                   modules="unique_id security2")
    server.allow_log(r"\[security2:error\]", "ModSecurity", log_line("scope_lacking"))
    return server


@pytest.mark.mpm
def test_modsecurity_and_tokens(guarded):
    refused(guarded, guarded.get("/p"), "no_token", "read")
    refused(guarded, guarded.get("/p", token=good(exp=1)), "expired")
    refused(guarded, guarded.get("/p", token=good(scope="x")), "scope_lacking", "read")
    passed(guarded.get("/p", token=good()))
    passed(guarded.get("/p?x=harmless", token=good(sub="bob")), "bob")


def blocked(answer, status=403):
    assert (answer.status, answer.challenges) == (status, []), answer
    assert "html" in answer.header("Content-Type"), "no body of ours"
    assert b"index" not in answer.body and b"the secret" not in answer.body


@pytest.mark.mpm
def test_modsecurity_blocks(guarded):
    """Also with a good token, with its own status and page; before the token is looked at or after
    it, as its phases have it."""
    blocked(guarded.get("/p?x=attack", token=good()))
    blocked(guarded.request("POST", "/p", [("Content-Type", "application/x-www-form-urlencoded")],
                            b"x=attack", token=good()))
    blocked(guarded.get("/p", [("X-Early", "yes")]), 400)
    blocked(guarded.get("/p", [("X-Early", "yes")], token=good()), 400)
    blocked(guarded.get("/secret", token=good()))
    blocked(guarded.get("/p", [("Authorization", "Bearer ~~~")]))
    refused(guarded, guarded.get("/p?x=attack"), "no_token", "read")
    refused(guarded, guarded.get("/secret"), "no_token", "read")
    passed(guarded.get("/p", token=good()))


def test_an_audit_log_without_tokens(guarded):
    """As the manual has it. That no token is in any file of the log folder is looked at in the
    end."""
    passed(guarded.get("/p", [("X-Marked", "in the log")], token=good()))
    guarded.wait_for(lambda: "X-Marked: in the log" in guarded.log("audit_log"), "the audit log")
    assert re.search(r"Authorization: \*{20}", guarded.log("audit_log"))


def test_modsecurity_and_keys_from_the_network(guarded, secure):
    passed(await_keys(guarded, "/remote", remote(secure)))


# PHP

SCRIPT = """<?php
header('Content-Type: application/json');
$signed = 'signed'; $signature = ''; $fetched = null;
$key = openssl_pkey_new(['private_key_type' => OPENSSL_KEYTYPE_EC, 'curve_name' => 'prime256v1']);
openssl_sign($signed, $signature, $key, 'sha256');
$public = openssl_pkey_get_details($key)['key'];
if (function_exists('curl_init')) {
    $curl = curl_init('ISSUER/jwks');
    curl_setopt_array($curl, [CURLOPT_RETURNTRANSFER => true, CURLOPT_CAINFO => 'AUTHORITY']);
    $fetched = json_decode(curl_exec($curl), true)['keys'][0]['kid'];
}
$server = [];
foreach ($_SERVER as $name => $value)
    if (preg_match('/^(BEARER|REMOTE_USER|AUTH_TYPE|PHP_AUTH|HTTP_)/', $name))
        $server[$name] = $value;
echo json_encode(['server' => $server, 'verified' => openssl_verify($signed, $signature, $public,
    'sha256'), 'json' => json_decode('{"a":{"a":1}}', true), 'fetched' => $fetched,
    'body' => file_get_contents('php://input'),
    'fields' => apache_request_headers()]);
"""
FILES = """
<FilesMatch "\\.php$">
    SetHandler application/x-httpd-php
</FilesMatch>
"""


@pytest.fixture(scope="module", params=["php first", "php last"])
def php(request, serve, secure, authority):
    if not PHP:
        pytest.skip("needs libapache2-mod-php")
    if os.environ.get("BEARER_PRELOAD"):
        pytest.skip("PHP loads its libraries in a way that sanitizers refuse")
    loads = [f"LoadModule auth_bearer_module {module()}", f"LoadModule php_module {PHP[-1]}"]
    conf = "\n".join(loads[::-1] if request.param == "php first" else loads) \
        + '\nAuthBearerStateDir "{root}/run/keys"\n' + ECHO + FILES \
        + location("/p", "AuthBearerEnv sub", "Require scope read") \
        + location("/remote", f"AuthBearerIssuer {secure.url} ca={authority.file}",
                   "Require valid-user", trust=BARE)
    script = SCRIPT.replace("ISSUER", secure.url).replace("AUTHORITY", str(authority.file))
    return serve(conf, {"docs/p/x.php": script, "docs/remote/x.php": script}, mpm="prefork",
                 bearer=False)


@pytest.mark.skipif(default_mpm() != "event", reason="PHP wants prefork, whatever the rest runs in")
def test_php_is_told_who_asks(php):
    refused(php, php.get("/p/x.php"), "no_token", "read")
    for user in ("alice", "bob"):
        token = good(sub=user)
        answer = php.request("POST", "/p/x.php", [("X-Kept", "yes")], b"a body", token=token)
        assert answer.status == 200, answer
        told = json.loads(answer.body)
        assert told["server"] == {
            "HTTP_HOST": "localhost", "HTTP_X_KEPT": "yes", "HTTP_CONNECTION": "close",
            "REMOTE_USER": user, "PHP_AUTH_USER": user, "AUTH_TYPE": "Bearer",
            "BEARER_CLAIM_SUB": user, "BEARER_REASON": "accepted"}
        assert (told["verified"], told["json"]) == (1, {"a": {"a": 1}})
        assert told["body"] == "a body"
        assert told["fields"]["Authorization"] == f"Bearer {token}", "a script is in the server"
        assert told["fetched"] == ("p256-1" if CURL else None)
    refused(php, php.get("/p/x.php", token=good(exp=1)), "expired")


@pytest.mark.skipif(default_mpm() != "event", reason="PHP wants prefork, whatever the rest runs in")
def test_php_and_keys_from_the_network(php, secure):
    answer = await_keys(php, "/remote/x.php", remote(secure, sub="carol"))
    assert json.loads(answer.body)["server"]["REMOTE_USER"] == "carol"
    php.graceful()
    answer = await_keys(php, "/remote/x.php", remote(secure, sub="dora"))
    assert json.loads(answer.body)["server"]["REMOTE_USER"] == "dora"
