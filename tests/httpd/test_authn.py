"""Who passes and who is told what: fields, algorithms, options of a location, log lines."""

import json
import threading
import time

import pytest

import client
import tokens
from expect import ANY_PATH, BARE, ECHO, location, log_line, passed, refused
from makers import later, signed
from tokens import bearer, good, key

ISSUER = "AuthBearerIssuer https://as.example keys=jwks:{keys}/as.jwks"

CONF = ECHO + ANY_PATH + "LimitRequestFieldSize 40000\n" + "".join([
    location("/jwt", "Require valid-user"),
    location("/size", "AuthBearerMaxTokenSize 900", "Require valid-user"),
    location("/strict", "AuthBearerLeeway 0", "Require valid-user"),
    location("/patient", "AuthBearerLeeway 300", "Require valid-user"),
    location("/fresh", "AuthBearerMaxAge 60", "Require valid-user"),
    location("/any", ISSUER, "AuthBearerAudience any", "Require valid-user",
             trust="    AuthType Bearer\n    AuthName api\n"),
    location("/mine", ISSUER + " audience=https://one.example,two", "Require valid-user",
             trust=BARE),
    location("/types", ISSUER + " types=at+jwt", "Require valid-user", trust=BARE),
    location("/odd", ISSUER + " types=absent,secevent+jwt", "Require valid-user", trust=BARE),
    location("/id", ISSUER + " types=JWT,id", "Require valid-user", trust=BARE),
    location("/es", ISSUER + " algorithms=ES256,PS256", "Require valid-user", trust=BARE),
    location("/email", "AuthBearerUser email sub", "Require valid-user"),
    location("/nested", "AuthBearerUser person.name", "Require valid-user"),
    location("/prefix", ISSUER + " user=client_id user-prefix=as:", "Require valid-user",
             trust=BARE),
    location("/pem", "AuthBearerIssuer https://as.example keys=pem:{keys}/p256.pem",
             "Require valid-user",
             trust=BARE),
    location("/cert", "AuthBearerIssuer https://as.example keys=pem:{keys}/rsa.crt",
             "Require valid-user",
             trust=BARE),
    location("/single", "AuthBearerIssuer https://as.example keys=jwks:{keys}/one.jwk",
             "Require valid-user",
             trust=BARE),
    location("/bound", "AuthBearerIssuer https://as.example keys=jwks:{keys}/bound.jwks",
             "Require valid-user", trust=BARE),
    location("/roll", "AuthBearerIssuer https://as.example keys=jwks:{keys}/one.jwk"
             " keys=pem:{keys}/p256.pem", "Require valid-user", trust=BARE),
    location("/hs", "AuthBearerIssuer https://as.example keys=secret:{keys}/hs512.bin"
             " algorithms=HS256,HS384,HS512", "Require valid-user", trust=BARE),
    location("/two", ISSUER, "AuthBearerIssuer https://other.example keys=jwks:{keys}/other.jwks",
             "Require valid-user", trust=BARE),
    location("/server", "Require valid-user", trust="    AuthType Bearer\n    AuthName api\n"),
]) + """
AuthBearerIssuer https://as.example keys=jwks:{keys}/as.jwks
AuthBearerAudience https://server.example
"""


@pytest.fixture(scope="module")
def server(serve):
    return serve(CONF, {
        "keys/p256.pem": key("p256").public_pem(), "keys/rsa.crt": key("rsa").certificate_pem(),
        "keys/one.jwk": json.dumps(key("rsa").jwk(kid=None)).encode(),
        "keys/bound.jwks": tokens.jwks([key("rsa").jwk(alg="PS256"),
                                        key("ed25519").jwk(alg="EdDSA")]).encode(),
        "keys/hs512.bin": key("hs512").secret,
        "keys/other.jwks": tokens.jwks([key("rsa", 2), key("p256", 2)]).encode(),
    })


@pytest.mark.mpm
@pytest.mark.parametrize("alg", [alg for alg in tokens.ALGORITHMS if not alg.startswith("HS")])
def test_every_algorithm(server, alg):
    passed(server.get("/jwt", token=good(alg)))


def field(text):
    """A field value around a good token."""
    return lambda: [("Authorization", text.replace("TOKEN", good()))]


# What the Authorization field may say: (headers, reason or None for a pass)
FIELDS = {
    "nothing": (list, "no_token"),
    "empty": (field(""), "no_token"),
    "basic": (lambda: [tokens.basic("alice", "not-a-token")], "no_token"),
    "digest": (field('Digest username="alice", realm="bearer, x"'), "no_token"),
    "negotiate": (field("Negotiate TOKEN"), "no_token"),
    "another word": (field("Bearers TOKEN"), "no_token"),
    "token alone": (field("TOKEN"), "no_token"),
    "good": (field("Bearer TOKEN"), None),
    "lower case": (field("bearer TOKEN"), None),
    "upper case": (field("BEARER TOKEN"), None),
    "several spaces": (field("Bearer    TOKEN"), None),
    "space at the end": (field("Bearer TOKEN  "), None),
    "scheme alone": (field("Bearer"), "request_malformed"),
    "scheme and space": (field("Bearer "), "request_malformed"),
    "tab": (field("Bearer\tTOKEN"), "request_malformed"),
    "space and tab": (field("Bearer \tTOKEN"), "request_malformed"),
    "two words": (field("Bearer TOKEN x"), "request_malformed"),
    "comma at the end": (field("Bearer TOKEN,"), "request_malformed"),
    "comma before": (field("Bearer ,TOKEN"), "request_malformed"),
    "two joined": (field("Bearer TOKEN, Bearer TOKEN"), "request_malformed"),
    "basic joined after": (field("Bearer TOKEN, Basic YTpi"), "request_malformed"),
    "bearer joined after basic": (field("Basic YTpi, Bearer TOKEN"), "request_malformed"),
    "quoted": (field('Bearer "TOKEN"'), "request_malformed"),
    "parameter": (field("Bearer token=TOKEN"), "request_malformed"),
    "equals inside": (field("Bearer a=TOKEN"), "request_malformed"),
    "only equals": (field("Bearer =="), "request_malformed"),
    "high byte": (lambda: [("Authorization", b"Bearer " + good().encode() + b"\xe4")],
                  "request_malformed"),
    "UTF-8": (lambda: [("Authorization", "Bearer ".encode() + "gün".encode())],
              "request_malformed"),
    "percent": (field("Bearer %41TOKEN"), "request_malformed"),
    "two fields": (lambda: [bearer(good()), bearer(good())], "request_malformed"),
    "two fields, one basic": (lambda: [bearer(good()), tokens.basic("a", "b")],
                              "request_malformed"),
    "two fields, basic first": (lambda: [tokens.basic("a", "b"), bearer(good())],
                                "request_malformed"),
    "folded before the token": (lambda: [("Authorization", "Bearer\r\n " + good())], None),
    "folded inside": (lambda: [("Authorization", "Bearer ab\r\n " + good())], "request_malformed"),
    "padding": (field("Bearer TOKEN="), "token_malformed"),
}


@pytest.mark.mpm
@pytest.mark.parametrize("name", FIELDS)
def test_fields(server, name):
    headers, reason = FIELDS[name]
    answer = server.get("/jwt", headers())
    if reason is None:
        passed(answer)
    else:
        refused(server, answer, reason)


@pytest.mark.parametrize("byte", [b"\0", b"\x7f", b"\n", b"\r", b"\x01"])
def test_bytes_that_httpd_refuses_itself(server, byte):
    answer = server.get("/jwt", [("Authorization", b"Bearer a" + byte + good().encode())])
    assert answer.status == 400 and b"the index" not in answer.body


def sized(length):
    """A good token of exactly that length, give or take what base64url allows (asserted)."""
    for fill in range(length):
        token = good(fill="x" * max(0, (length - 520) * 3 // 4 - 40 + fill))
        if len(token) >= length:
            return token
    raise AssertionError("no such length")


def test_size_limit(server):
    short, long = sized(800), sized(901)
    assert len(short) <= 900 < len(long)
    passed(server.get("/size", token=short))
    refused(server, server.get("/size", token=long), "token_too_large")
    refused(server, server.get("/size", token="x" * 901), "token_too_large")
    refused(server, server.get("/size", token="x" * 900), "token_malformed")


def test_default_size_limit(server):
    passed(server.get("/jwt", token=sized(16300)))
    refused(server, server.get("/jwt", token="x" * 16384), "token_malformed")
    refused(server, server.get("/jwt", token="x" * 16385), "token_too_large")


def test_longer_than_httpd_allows(server):
    assert server.get("/jwt", token="x" * 41000).status == 400


# Options of locations: (path, what makes the token, user or reason)
OPTIONS = [
    ("/strict", later(exp=-2), "expired"),
    ("/strict", later(nbf=5), "not_yet_valid"),
    ("/strict", later(exp=10), "=alice"),
    ("/patient", later(exp=-250), "=alice"),
    ("/patient", later(exp=-310), "expired"),
    ("/fresh", later(iat=-10), "=alice"),
    ("/fresh", later(iat=-120), "too_old"),
    ("/fresh", signed(iat=None), "too_old"),
    ("/any", signed(aud=None), "=alice"),
    ("/any", signed(aud="whatever"), "=alice"),
    ("/any", signed(aud=5), "claim_malformed"),
    ("/mine", signed(aud="https://one.example"), "=alice"),
    ("/mine", signed(aud=["two"]), "=alice"),
    ("/mine", signed(), "audience_wrong"),
    ("/types", signed(), "=alice"),
    ("/types", signed({"typ": "application/AT+jwt"}), "=alice"),
    ("/types", signed({"typ": "JWT"}), "type_wrong"),
    ("/types", signed({"typ": None}), "type_wrong"),
    ("/odd", signed({"typ": None}), "=alice"),
    ("/odd", signed({"typ": "SecEvent+jwt"}), "=alice"),
    ("/odd", signed(), "type_wrong"),
    ("/id", signed({"typ": "JWT"}, typ="ID", at_hash="x"), "=alice"),
    ("/id", signed({"typ": "at+jwt"}), "type_wrong"),
    ("/es", lambda: good("ES256"), "=alice"),
    ("/es", lambda: good("PS256"), "=alice"),
    ("/es", lambda: good("RS256"), "alg_refused"),
    ("/es", lambda: good("ES384"), "alg_refused"),
    ("/email", signed(email="a@b.example"), "=a@b.example"),
    ("/email", signed(), "=alice"),
    ("/email", signed(email=""), "user_missing"),
    ("/email", signed(email=5), "user_missing"),
    ("/email", signed(email=["a"]), "user_missing"),
    ("/nested", signed(person={"name": "carol"}), "=carol"),
    ("/nested", signed(), "user_missing"),
    ("/prefix", signed(client_id="svc"), "=as:svc"),
    ("/prefix", signed(), "user_missing"),
    ("/jwt", signed(sub=None, client_id="svc"), "=svc"),
    ("/jwt", signed(sub="", client_id="svc"), "user_missing"),
    ("/pem", lambda: good("ES256", {"kid": "anything"}), "=alice"),
    ("/pem", lambda: good("ES256", {"kid": None}), "=alice"),
    ("/pem", lambda: good("RS256"), "alg_refused"),
    ("/cert", lambda: good("RS384"), "=alice"),
    ("/cert", lambda: good("PS512"), "=alice"),
    ("/single", lambda: good("RS256", {"kid": "anything"}), "=alice"),
    ("/bound", lambda: good("PS256"), "=alice"),
    ("/bound", lambda: good("RS256"), "alg_refused"),
    ("/bound", lambda: good("EdDSA"), "=alice"),
    ("/bound", lambda: good("Ed25519"), "alg_refused"),
    ("/roll", lambda: good("RS256"), "=alice"),
    ("/roll", lambda: good("ES256"), "=alice"),
    ("/hs", lambda: good("HS256", signer=key("hs512")), "=alice"),
    ("/hs", lambda: good("HS384", signer=key("hs512")), "=alice"),
    ("/hs", lambda: good("HS512"), "=alice"),
    ("/hs", lambda: good("HS256"), "signature_bad"),
    ("/hs", lambda: good("RS256"), "alg_refused"),
    ("/two", lambda: good(), "=alice"),
    ("/two", lambda: good(iss="https://other.example", signer=key("rsa", 2)), "=alice"),
    ("/two", lambda: good(iss="https://other.example"), "key_unknown"),
    ("/two", lambda: good(signer=key("rsa", 2)), "key_unknown"),
    ("/two", lambda: good(iss="https://other.example", header={"kid": None}), "signature_bad"),
    ("/server", signed(aud="https://server.example"), "=alice"),
    ("/server", signed(), "audience_wrong"),
]


@pytest.mark.parametrize("path, make, outcome", OPTIONS,
                         ids=[f"{i}{row[0]}-{row[2]}" for i, row in enumerate(OPTIONS)])
def test_options(server, path, make, outcome):
    answer = server.get(path, token=make())
    if outcome.startswith("="):
        passed(answer, outcome[1:])
    else:
        refused(server, answer, outcome)


def line_of(server, token):
    server.wait_log(tokens.fingerprint(token))
    lines = [line for line in server.log().splitlines() if tokens.fingerprint(token) in line]
    assert len(lines) == 1, lines
    return lines[0]


def test_log_line_of_a_refusal(server):
    token = good(exp=int(time.time()) - 137)
    refused(server, server.get("/jwt", token=token), "expired")
    line = line_of(server, token)
    assert "https://as.example" in line and "rsa-1" in line
    assert "137" in line or "138" in line, f"by how much: {line}"


def test_log_line_of_an_acceptance(server):
    token = good(jti="of this test")
    passed(server.get("/jwt", token=token))
    assert "[auth_bearer:debug]" in line_of(server, token)


@pytest.mark.parametrize("text", ["a\nb [auth_bearer:error] forged", "\x1b[31m", "%s%n%d", "\"'\\",
                                  "x" * 3000])
def test_hostile_text_in_logs(server, text):
    for change in ({"header": {"kid": text}}, {"iss": text}, {"sub": text},
                   {"header": {"typ": text}}):
        token = good(jti="of this test", **change)
        answer = server.get("/jwt", token=token)
        assert answer.status in (200, 401)
        line = line_of(server, token)
        assert len(line) < 1500 and "\x1b" not in line
        assert not any(found.startswith("b [auth") for found in server.log().splitlines())
    server.allow_log(log_line("key_unknown"), log_line("issuer_unknown"), log_line("type_wrong"),
                     log_line("user_missing"))


@pytest.mark.mpm
def test_identity_of_a_kept_connection(server):
    with client.Connection(server.port) as line:
        for token, user in ((good(), "alice"), (None, None), (good(sub="bob"), "bob"),
                            (good(exp=1), None),
                            (good(), "alice"), (None, None)):
            answer = line.request("GET", "/jwt", [bearer(token)] if token else [])
            if user:
                passed(answer, user)
            else:
                refused(server, answer, "expired" if token else "no_token")


@pytest.mark.mpm
def test_identities_of_many_at_once(server):
    """Six clients at the same time, a user of its own in each request: nobody gets mixed up."""
    wrong = []

    def client_of(name):
        for number in range(20):
            user = f"{name}-{number}"
            answer = server.get("/jwt", token=good("ES256", sub=user))
            if (answer.status, answer.header("X-User")) != (200, user):
                wrong.append((user, answer))

    clients = [threading.Thread(target=client_of, args=(name,)) for name in "abcdef"]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    assert not wrong, wrong[:3]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PROPFIND",
                                    "X-OWN"])
def test_every_method_is_judged(server, method):
    server.allow_log(log_line("signature_bad"))
    answer = server.request(method, "/jwt")
    assert answer.status == 401 and answer.bearer == {"realm": "api"}, answer
    answer = server.request(method, "/jwt", token=good(signer=key("rsa", 2),
                                                       header={"kid": "rsa-1"}))
    assert answer.status == 401 and answer.bearer["error"] == "invalid_token", answer
