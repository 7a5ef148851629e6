"""Tokens and secrets, sent in every way at the highest log level, are written nowhere."""

import json
import subprocess

import pytest

import logwatch
import tokens
from expect import ECHO, TRUST, location
from tokens import basic, bearer, good, key, mint

HS = """    AuthType Bearer
    AuthName api
    AuthBearerIssuer https://as.example keys=secret:{keys}/hs256.bin algorithms=HS256
    AuthBearerAudience https://api.example
"""
PASSWORD = TRUST.replace("AuthType Bearer",
                         "AuthType Basic\n    AuthBearer On\n    AuthBasicProvider bearer file"
                         "\n    AuthUserFile {root}/users")
CONF = ECHO + """
ExtendedStatus On
Alias /open "{docs}/cgi"
<Directory "{docs}/cgi">
    Options +ExecCGI
    SetHandler cgi-script
</Directory>
<Location "/status">
    SetHandler server-status
    Require all granted
</Location>
<Location "/info">
    SetHandler server-info
    Require all granted
</Location>
AliasMatch "^/(jwt|hs|pw|env)" "{docs}/cgi/env.cgi"
ProxyPass "/proxy" "http://127.0.0.1:{port}/open/env.cgi"
ProxyPass "/minted" "http://127.0.0.1:{port}/open/env.cgi"
""" + "".join([
    location("/jwt", "Require scope read"), location("/hs", "Require scope read", trust=HS),
    location("/pw", "Require scope read", trust=PASSWORD), location("/proxy", "Require scope read"),
    location("/minted", "AuthBearerPass minted", "AuthBearerHeader X-Scope scope",
             "AuthBearerMint key=secret:{keys}/hs256.bin algorithm=HS256 issuer=a audience=b",
             "Require scope read"),
    location("/env", "AuthBearerEnv sub iss aud scope exp nested", "Require scope read"),
    location("/json", "AuthBearerErrorBody json", "Require claim secret_claim = x"),
    location("/expr", "Require expr bearer('sub') =~ /^b/"),
])
# httpd itself logs request headers at trace4 of these modules, whatever protects the location.
LEVEL = "trace8 http:trace3 core:trace4 proxy:trace1 proxy_http:trace1"


SCRIPT = "#!/bin/sh\ncat > /dev/null\necho Content-Type: text/plain\necho\nenv\n"


@pytest.fixture(scope="module")
def server(serve):
    server = serve(CONF, {
        "docs/cgi/env.cgi": SCRIPT,
        "users": "carol:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n", "keys/hs256.bin": key("hs256").secret,
    }, modules="cgi status info proxy proxy_http", level=LEVEL)
    server.allow_log(r"AB[0-9]{4}: refused: ", "AH\\d+: .*password mismatch",
                     "AH\\d+: .*Password Mismatch")
    return server


def candidates():
    """Tokens that end in every way: accepted, and refused for each reason."""
    rs, other = key("rsa"), key("rsa", 2)
    return [
        good(), good("ES512"), good("HS256"), good(scope="x"), good(exp=1), good(aud="x"),
        good(iss="x"), good(sub=None),
        good(cnf={"jkt": "x"}), good(typ="ID"), good(header={"typ": "x"}),
        good(header={"kid": "x"}), good(exp="x"),
        good(signer=other, header={"kid": "rsa-1"}), good(header={"alg": "none"}),
        good(header={"crit": ["x"]}),
        good(nested={"deep": ["x" * 40]}), mint(rs, "RS256",
                                                b"not json, but long enough to be seen"),
        mint(rs, "RS256", tokens.claims(), b"not json, but long enough to be seen"),
        good("HS256", header={"kid": "x" * 30}),
        tokens.remember("OpaqueTokenThatIsLongEnoughToBeSeen"),
        tokens.remember("a" * 20 + "." + "b" * 20 + "." + "c" * 20),
        good() + "x", good() + "=", tokens.remember("x" * 5000),
    ]


def ways(token):
    """(headers, body): how a client may send a token, rightly or wrongly. Not as a user name or in
    the URL: those are httpd's to log, and it does."""
    form = [("Content-Type", "application/x-www-form-urlencoded")]
    return [
        ([bearer(token)], None), ([bearer(token), bearer(token)], None),
        ([bearer(token + " x")], None),
        ([("Authorization", token)], None), ([("Authorization", f"Token {token}")], None),
        ([("Authorization", f"Bearer {token}, Basic x")], None),
        ([("Authorization", f'Bearer "{token}"')], None),
        ([("Authorization", f"Bearer\t{token}")], None),
        ([("Authorization", f"Bearer {token}\xe4")], None),
        ([basic("alice", token)], None), ([basic("bearer", token)], None),
        ([basic("", token)], None), (form, f"access_token={token}"),
        ([("Cookie", f"access_token={token}")], None),
        ([("X-Access-Token", token)], None), ([("Proxy-Authorization", f"Bearer {token}")], None),
    ]


def held(text, token):
    """Any part of the token that could be used, or be recognised as of a token."""
    return [part for part in (token, *token.split(".")[1:]) if len(part) > 16 and part in text]


PROXIED = ("/proxy", "/minted")
SENT_ON_PURPOSE = ("HTTP_COOKIE",
                   "HTTP_X_ACCESS_TOKEN")        # a CGI gets what clients put into other fields


def shown(answer):
    """All that an answer shows, but for fields that belong to the application."""
    lines = [line for line in answer.text.splitlines() if not line.startswith(SENT_ON_PURPOSE)]
    return "\n".join(lines + [value for name, value in answer.headers if name != "X-User"])


@pytest.mark.mpm
@pytest.mark.parametrize("path", ["/jwt", "/hs", "/pw", "/proxy", "/minted", "/env", "/json",
                                  "/expr", "/open/env.cgi"])
def test_answers_and_environment(server, path):
    for number, token in enumerate(candidates()):
        for headers, body in ways(token) if number in (0, 3, 13) else [ways(token)[0],
                                                                       *ways(token)[9:11]]:
            answer = server.request("POST" if body else "GET", path, headers, body)
            assert answer.status < 500 and (path in PROXIED or not held(shown(answer),
                                                                      token)), answer
    for page in ("/status", "/info"):
        text = server.get(page).text
        assert not logwatch.leaks(text.encode())


def test_the_log_was_at_its_highest_level(server):
    server.get("/jwt", token=good())
    server.wait_log(r":trace\d\]")


def test_reload_and_startup(server):
    """Key files in all states, looked at while the log is at its highest level."""
    server.allow_log(r"\[auth_bearer:(warn|error)\]")
    private = {**key("p256").jwk(), "d": tokens.b64url(b"p" * 32)}
    tokens.remember(private["d"])
    for content in (tokens.jwks([private, key("rsa")]).encode(),
                    (tokens.store() / "p256-1.pem").read_bytes(),
                    key("hs256").secret, tokens.jwks([key("hs256").jwk()]).encode()):
        server.write("keys/as.jwks", content)
        server.graceful() if b"RSA" in content else server.configtest()
        server.get("/jwt", token=good())
    server.write_keys()
    server.graceful()


def test_dumps_hold_no_secret(server):
    for dump in ("DUMP_CONFIG", "DUMP_VHOSTS", "DUMP_MODULES"):
        done = subprocess.run(server._command("-t", "-D", dump), capture_output=True, timeout=60)
        assert not logwatch.leaks(done.stdout + done.stderr)


def test_claims_in_the_environment_are_no_token(server):
    answer = server.get("/env", token=good(nested={"a": [1, "x"]}))
    assert answer.status == 200 and "BEARER_CLAIM_SUB=alice" in answer.text
    variables = dict(line.partition("=")[::2] for line in answer.text.splitlines())
    assert json.loads(variables["BEARER_CLAIM_NESTED"]) == {"a": [1, "x"]}
