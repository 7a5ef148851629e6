"""Beside other modules for bearer tokens: what docs/migrating.md says of servers that have both."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from expect import ANY_PATH, ECHO, TRUST, location, log_line, passed, refused
from server import Httpd, apxs
from tokens import good, key, remember

FOLDER = Path(apxs("LIBEXECDIR"))
LOGIN = "https://login.example.com/authorize"
OPENIDC = f"""
OIDCCryptoPassphrase                   something-long
OIDCProviderIssuer                     https://login.example.com
OIDCProviderAuthorizationEndpoint      {LOGIN}
OIDCProviderTokenEndpoint              https://login.example.com/token
OIDCClientID                           web
OIDCClientSecret                       {remember("a-secret-of-the-client")}
OIDCRedirectURI                        /back
OIDCOAuthVerifyCertFiles               rsa-1#{{keys}}/as.pem
"""
THEIRS = "AuthType oauth20\nAuthName api\nAuthzSendForbiddenOnFailure On\n"
BESIDE = TRUST.replace("AuthType Bearer", "AuthType openid-connect\n    AuthBearer On")
RULES = OPENIDC + ECHO + ANY_PATH + "".join([
    location("/login", "Require valid-user", trust=BESIDE),
    location("/expr", "Require expr \"'reader' in bearer('realm_access.roles')\""),
    location("/scope", "Require scope read"),
    location("/claim", "Require claim realm_access.roles = reader"),
    location("/not", "<RequireAll>", "Require valid-user", "<RequireNone>",
             "Require claim groups = suspended", "</RequireNone>", "</RequireAll>"),
    location("/mixed", "<RequireAny>", "Require claim groups:readers",
             "Require claim groups = readers", "</RequireAny>", trust=BESIDE),
    location("/theirs", "Require claim scope:read", trust=THEIRS),
    location("/theirs-not", "<RequireAll>", "Require valid-user", "Require not claim sub~^e a:b",
             "</RequireAll>", trust=THEIRS),
])
READER = {"realm_access": {"roles": ["reader"]}}
BROWSER = [("Accept", "text/html"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document")]


def has(name):
    return pytest.mark.skipif(not (FOLDER / f"mod_{name}.so").exists(),
                              reason=f"mod_{name} is not installed")


def last(conf):
    """The other module loaded behind ours, as Debian's order of names has it."""
    return f"LoadModule auth_openidc_module {FOLDER}/mod_auth_openidc.so\n" + conf


@pytest.fixture(scope="module", params=["before", "behind"])
def both(request, serve):
    """mod_auth_openidc, loaded before this module or behind it."""
    files = {"keys/as.pem": key("rsa").certificate_pem().decode()}
    server = (serve(last(RULES), files) if request.param == "behind"
              else serve(RULES, files, modules="auth_openidc"))
    server.allow_log(r"\[auth_openidc:")
    return server


@has("auth_openidc")
def test_a_login_beside_tokens(both):
    passed(both.get("/login", token=good()))
    answer = both.get("/login", BROWSER)
    assert (answer.status, answer.header("Location").split("?")[0]) == (302, LOGIN)
    refused(both, both.get("/login", BROWSER, token=good(aud="else")), "audience_wrong")


@has("auth_openidc")
@pytest.mark.parametrize("path, changes, status", [
    ("/scope", {}, 200), ("/scope", {"scope": "else"}, 403),
    ("/expr", READER, 200), ("/expr", {}, 403),
])
def test_rules_that_are_ours_in_any_order(both, path, changes, status):
    both.allow_log(log_line("(scope_lacking|rule_denied)"))
    assert both.get(path, token=good(**changes)).status == status


@has("auth_openidc")
@pytest.mark.parametrize("path, changes, status", [
    ("/claim", READER, 200), ("/claim", {}, 403),
    ("/not", {}, 200), ("/not", {"groups": ["suspended"]}, 403),
    ("/mixed", {"groups": ["readers"]}, 200), ("/mixed", {}, 403),
])
def test_require_claim_is_ours_in_our_writing(both, path, changes, status):
    both.allow_log(log_line("rule_denied"))
    assert both.get(path, token=good(**changes)).status == status


@has("auth_openidc")
@pytest.mark.parametrize("path, changes, status", [
    ("/theirs", {}, 200), ("/theirs", {"scope": "else"}, 403),
    ("/theirs-not", {}, 200), ("/theirs-not", {"sub": "eve"}, 403),
])
def test_require_claim_is_theirs_in_their_writing(both, path, changes, status):
    """Below their AuthType: a token that only they look at."""
    assert both.get(path, token=good(**changes)).status == status
    assert both.get(path, check=False).status == 401


@has("auth_openidc")
def test_a_restart_changes_no_rule(both):
    both.graceful()
    for path, changes, status in (
            ("/claim", READER, 200), ("/claim", {}, 403), ("/theirs", {}, 200),
            ("/not", {"groups": ["suspended"]}, 403)):
        assert both.get(path, token=good(**changes)).status == status, path


@has("auth_openidc")
@pytest.mark.parametrize("rule", ["scope", "scope = ", "level >= a:b", "scope = a b:c \"", "a=b"])
def test_our_rules_are_judged_as_ever_beside_another_module(rule):
    server = Httpd(OPENIDC + location("/p", f"Require claim {rule}"), modules="auth_openidc")
    server.write_keys()
    server.write("keys/as.pem", key("rsa").certificate_pem())
    code, text = server.configtest()
    server.remove()
    assert code != 0 and "Require claim: " in text


class Introspection(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = json.dumps({"active": b"token=known-and-opaque" in body, "sub": "ivy",
                             "scope": "read"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def introspecting(serve):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Introspection)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    trust = TRUST.replace("AuthType Bearer", "AuthType oauth2\n    AuthBearer On\n"
                          "    AuthBearerAuthoritative Off\n    OAuth2TokenVerify introspect "
                          f"http://127.0.0.1:{server.server_port}/ introspect.auth=basic&"
                          "username=api&password=api")
    yield serve(ECHO + ANY_PATH + location(
        "/api", "<RequireAny>", "Require scope read", "Require oauth2_claim scope:read",
        "</RequireAny>", trust=trust), modules="oauth2", prepare=lambda root: root.chmod(0o1777))
    server.shutdown()
    server.server_close()
    thread.join()


@has("oauth2")
def test_opaque_tokens_are_left_to_introspection(introspecting):
    introspecting.allow_log(log_line("(token_malformed|issuer_unknown)"), r"oauth2:")
    passed(introspecting.get("/api", token="known-and-opaque"), "ivy", "")
    assert introspecting.get("/api", token="unknown-and-opaque").status == 401
    assert introspecting.get("/api", token=good(iss="https://else.example")).status == 401


@has("oauth2")
def test_what_is_ours_is_not_introspected(introspecting):
    passed(introspecting.get("/api", token=good()))
    refused(introspecting, introspecting.get("/api", token=good(exp=1)), "expired", ...)
    answer = introspecting.get("/api", token=good(scope="else"))
    refused(introspecting, answer, "scope_lacking", "read")
