"""Who passes and who is told what: every rule for a token (and for the field that carries it) over HTTP."""

import hmac
import json
import time

import pytest

import client
import tokens
from expect import ANY_PATH, ECHO, location, log_line, passed, refused
from tokens import b64url, bearer, claims, good, key, mint

ISSUER = "AuthBearerIssuer https://as.example keys=jwks:{keys}/as.jwks"
BARE = "    AuthType Bearer\n    AuthName api\n    AuthBearerAudience https://api.example\n"

CONF = ECHO + ANY_PATH + "LimitRequestFieldSize 40000\n" + "".join([
    location("/jwt", "Require valid-user"),
    location("/size", "AuthBearerMaxTokenSize 900", "Require valid-user"),
    location("/strict", "AuthBearerLeeway 0", "Require valid-user"),
    location("/patient", "AuthBearerLeeway 300", "Require valid-user"),
    location("/fresh", "AuthBearerMaxAge 60", "Require valid-user"),
    location("/any", ISSUER, "AuthBearerAudience any", "Require valid-user",
             trust="    AuthType Bearer\n    AuthName api\n"),
    location("/mine", ISSUER + " audience=https://one.example,two", "Require valid-user", trust=BARE),
    location("/types", ISSUER + " types=at+jwt", "Require valid-user", trust=BARE),
    location("/odd", ISSUER + " types=absent,secevent+jwt", "Require valid-user", trust=BARE),
    location("/id", ISSUER + " types=JWT,id", "Require valid-user", trust=BARE),
    location("/es", ISSUER + " algorithms=ES256,PS256", "Require valid-user", trust=BARE),
    location("/email", "AuthBearerUser email sub", "Require valid-user"),
    location("/nested", "AuthBearerUser person.name", "Require valid-user"),
    location("/prefix", ISSUER + " user=client_id user-prefix=as:", "Require valid-user", trust=BARE),
    location("/pem", "AuthBearerIssuer https://as.example keys=pem:{keys}/p256.pem", "Require valid-user",
             trust=BARE),
    location("/cert", "AuthBearerIssuer https://as.example keys=pem:{keys}/rsa.crt", "Require valid-user",
             trust=BARE),
    location("/single", "AuthBearerIssuer https://as.example keys=jwks:{keys}/one.jwk", "Require valid-user",
             trust=BARE),
    location("/bound", "AuthBearerIssuer https://as.example keys=jwks:{keys}/bound.jwks",
             "Require valid-user", trust=BARE),
    location("/roll", "AuthBearerIssuer https://as.example keys=jwks:{keys}/one.jwk keys=pem:{keys}/p256.pem",
             "Require valid-user", trust=BARE),
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
        "keys/bound.jwks": tokens.jwks([key("rsa").jwk(alg="PS256"), key("ed25519").jwk(alg="EdDSA")]).encode(),
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
    "high byte": (lambda: [("Authorization", b"Bearer " + good().encode() + b"\xe4")], "request_malformed"),
    "UTF-8": (lambda: [("Authorization", "Bearer ".encode() + "gün".encode())], "request_malformed"),
    "percent": (field("Bearer %41TOKEN"), "request_malformed"),
    "two fields": (lambda: [bearer(good()), bearer(good())], "request_malformed"),
    "two fields, one basic": (lambda: [bearer(good()), tokens.basic("a", "b")], "request_malformed"),
    "two fields, basic first": (lambda: [tokens.basic("a", "b"), bearer(good())], "request_malformed"),
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


def parts(position, change):
    """A good token with one part changed."""
    def make():
        pieces = good().split(".")
        pieces[position] = change(pieces[position])
        return ".".join(pieces)
    return make


def signed(header=None, **changes):
    return lambda: good(header=header, **changes)


def raw(payload):
    """A token over this very payload, rightly signed."""
    return lambda: mint(key("rsa"), "RS256", payload)


def raw_header(text):
    return lambda: mint(key("rsa"), "RS256", claims(), text)


def deep(levels):
    return json.dumps(claims())[:-1].encode() + b', "d": ' + b"[" * levels + b"]" * levels + b"}"


def later(**offsets):
    """Claims that are so many seconds from now."""
    return lambda: good(**{name: int(time.time()) + seconds for name, seconds in offsets.items()})


class EmptySecret:
    """Signs as HMAC with no key at all."""
    kid = None

    @staticmethod
    def sign(alg, data):
        return hmac.new(b"", data, f"sha{alg[2:]}").digest()


def stray_bits(part):
    """The last character with bits set that no byte has."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert len(part) % 4 in (2, 3)
    return part[:-1] + alphabet[alphabet.index(part[-1]) | 1]


# Tokens at /jwt: (what makes it, reason or None for a pass)
TOKENS = {
    # shape
    "opaque": (lambda: "2YotnFZFEjr1zCsicMWpAA", "token_malformed"),
    "two parts": (lambda: good().rpartition(".")[0], "token_malformed"),
    "four parts": (lambda: good() + ".x", "token_malformed"),
    "five parts": (lambda: "eyJ.a.b.c.d", "token_malformed"),
    "dots": (lambda: "..", "token_malformed"),
    "dot at the end": (lambda: good() + ".", "token_malformed"),
    "empty header": (parts(0, lambda _: ""), "token_malformed"),
    "empty payload": (parts(1, lambda _: ""), "token_malformed"),
    "empty signature": (parts(2, lambda _: ""), "token_malformed"),
    "alg none, empty signature": (lambda: mint(None, "none", claims()), "token_malformed"),
    "plus in the payload": (parts(1, lambda p: p[:-4] + "+" + p[-3:]), "token_malformed"),
    "slash in the header": (parts(0, lambda p: p[:-4] + "/" + p[-3:]), "token_malformed"),
    "tilde in the signature": (parts(2, lambda p: p[:-1] + "~"), "token_malformed"),
    "stray bits in the signature": (parts(2, stray_bits), "token_malformed"),
    "impossible length": (parts(1, lambda p: p + "A" * ((5 - len(p)) % 4)), "token_malformed"),
    # header
    "header no JSON": (raw_header(b"RS256"), "token_malformed"),
    "header an array": (raw_header(b'["alg","RS256"]'), "token_malformed"),
    "header with a member twice": (raw_header(b'{"alg":"RS256","alg":"RS256"}'), "token_malformed"),
    "header with bytes behind": (raw_header(b'{"alg":"RS256"}x'), "token_malformed"),
    "header with NUL behind": (raw_header(b'{"alg":"RS256"}\0'), "token_malformed"),
    "header not UTF-8": (raw_header(b'{"alg":"RS256","x":"\xff"}'), "token_malformed"),
    "header with BOM": (raw_header(b'\xef\xbb\xbf{"alg":"RS256"}'), "token_malformed"),
    "header too deep": (raw_header(b'{"alg":"RS256","x":' + b"[" * 33 + b"]" * 33 + b"}"), "token_malformed"),
    "kid a number": (signed({"kid": 1}), "token_malformed"),
    "typ a list": (signed({"typ": ["at+jwt"]}), "token_malformed"),
    "blanks in the header": (raw_header(b' { "alg" : "RS256" } '), None),
    # crit and alg
    "crit": (signed({"crit": ["exp"], "exp": 1}), "crit_refused"),
    "crit b64": (signed({"crit": ["b64"], "b64": False}), "crit_refused"),
    "crit empty": (signed({"crit": []}), "crit_refused"),
    "crit no list": (signed({"crit": "x"}), "crit_refused"),
    "alg absent": (signed({"alg": None}), "alg_refused"),
    "alg none": (signed({"alg": "none"}), "alg_refused"),
    "alg None": (signed({"alg": "None"}), "alg_refused"),
    "alg nOnE": (signed({"alg": "nOnE"}), "alg_refused"),
    "alg empty": (signed({"alg": ""}), "alg_refused"),
    "alg rs256": (signed({"alg": "rs256"}), "alg_refused"),
    "alg RS": (signed({"alg": "RS"}), "alg_refused"),
    "alg RS2567": (signed({"alg": "RS2567"}), "alg_refused"),
    "alg of encryption": (signed({"alg": "RSA-OAEP"}), "alg_refused"),
    "HS256 with the public key": (lambda: mint(key("rsa"), "HS256", claims()), "alg_refused"),
    "HS256 with nothing": (lambda: mint(EmptySecret, "HS256", claims()), "alg_refused"),
    # keys offered by the token
    "jku": (signed({"jku": "https://evil.example/jwks"}), None),
    "x5u": (signed({"x5u": "file:///etc/passwd"}), None),
    "own jwk": (lambda: good(signer=key("rsa", 2), header={"kid": "rsa-1", "jwk": key("rsa", 2).jwk()}),
                "signature_bad"),
    # typ
    "typ absent": (signed({"typ": None}), None),
    "typ JWT": (signed({"typ": "JWT"}), None),
    "typ jwt": (signed({"typ": "jwt"}), None),
    "typ AT+JWT": (signed({"typ": "AT+JWT"}), None),
    "typ application/at+jwt": (signed({"typ": "application/at+jwt"}), None),
    "typ Application/JWT": (signed({"typ": "Application/JWT"}), None),
    "typ of something else": (signed({"typ": "dpop+jwt"}), "type_wrong"),
    "typ empty": (signed({"typ": ""}), "type_wrong"),
    "typ longer": (signed({"typ": "at+jwt2"}), "type_wrong"),
    "typ with another tree": (signed({"typ": "text/at+jwt"}), "type_wrong"),
    # payload
    "payload no JSON": (raw(b"hello"), "token_malformed"),
    "payload an array": (raw(b"[1]"), "token_malformed"),
    "payload a member twice": (raw(json.dumps(claims())[:-1].encode() + b',"sub":"bob"}'), "token_malformed"),
    "payload twice, escaped": (raw(json.dumps(claims())[:-1].encode() + b',"s\\u0075b":"bob"}'),
                               "token_malformed"),
    "payload two documents": (raw(json.dumps(claims()).encode() + b"{}"), "token_malformed"),
    "payload NUL": (raw(json.dumps(claims()).encode() + b"\0{}"), "token_malformed"),
    "payload too deep": (raw(deep(32)), "token_malformed"),
    "payload deep enough": (raw(deep(31)), None),
    "payload huge integer": (raw(json.dumps(claims(n=1))[:-1].encode() + b',"m":18446744073709551616}'),
                             "token_malformed"),
    # iss
    "iss absent": (signed(iss=None), "issuer_unknown"),
    "iss foreign": (signed(iss="https://evil.example"), "issuer_unknown"),
    "iss with a slash": (signed(iss="https://as.example/"), "issuer_unknown"),
    "iss prefix": (signed(iss="https://as.exampl"), "issuer_unknown"),
    "iss upper case": (signed(iss="HTTPS://as.example"), "issuer_unknown"),
    "iss empty": (signed(iss=""), "issuer_unknown"),
    "iss a list": (signed(iss=["https://as.example"]), "issuer_unknown"),
    "iss a number": (signed(iss=7), "issuer_unknown"),
    # keys and signatures
    "kid unknown": (signed({"kid": "nobody"}), "key_unknown"),
    "kid empty": (signed({"kid": ""}), "key_unknown"),
    "kid longer": (signed({"kid": "rsa-11"}), "key_unknown"),
    "kid of another type": (signed({"kid": "p256-1"}), "key_unknown"),
    "kid absent": (signed({"kid": None}), None),
    "signed by another": (lambda: good(signer=key("rsa", 2), header={"kid": "rsa-1"}), "signature_bad"),
    "signed by another, no kid": (lambda: good(signer=key("rsa", 2), header={"kid": None}), "signature_bad"),
    "signature of another token": (lambda: good().rpartition(".")[0] + "." + good(sub="bob").split(".")[2],
                                   "signature_bad"),
    "payload changed": (parts(1, lambda _: b64url(json.dumps(claims(sub="root")))), "signature_bad"),
    "signed RS256, says PS256": (signed({"alg": "PS256"}), "signature_bad"),
    "signed RS256, says RS512": (signed({"alg": "RS512"}), "signature_bad"),
    "signed ES256, says RS256": (lambda: good("ES256", {"alg": "RS256", "kid": None}), "signature_bad"),
    "ES256 in DER": (lambda: mint(key("p256"), "ES256", claims(), signature=b"\x30\x06\x02\x01\x01\x02\x01\x01"),
                     "signature_bad"),
    "ES256 of zeros": (lambda: mint(key("p256"), "ES256", claims(), signature=bytes(64)), "signature_bad"),
    "Ed25519 of zeros": (lambda: mint(key("ed25519"), "EdDSA", claims(), signature=bytes(64)), "signature_bad"),
    "Ed448 as Ed25519": (lambda: good("Ed448", {"alg": "Ed25519", "kid": None}), "signature_bad"),
    # claim types
    "exp text": (signed(exp="99999999999"), "claim_malformed"),
    "exp true": (signed(exp=True), "claim_malformed"),
    "exp null": (raw(json.dumps({**claims(), "exp": None}).encode()), "claim_malformed"),
    "exp list": (signed(exp=[9999999999]), "claim_malformed"),
    "exp negative": (signed(exp=-1), "claim_malformed"),
    "exp enormous": (signed(exp=1e300), "claim_malformed"),
    "exp absent": (signed(exp=None), "claim_malformed"),
    "exp fraction": (lambda: good(exp=time.time() + 100.5), None),
    "nbf text": (signed(nbf="0"), "claim_malformed"),
    "iat text": (signed(iat="0"), "claim_malformed"),
    "iat false": (signed(iat=False), "claim_malformed"),
    "aud number": (signed(aud=5), "claim_malformed"),
    "aud object": (signed(aud={"https://api.example": True}), "claim_malformed"),
    "aud mixed list": (signed(aud=["https://api.example", 5]), "claim_malformed"),
    "sub number": (signed(sub=5), "claim_malformed"),
    "jti number": (signed(jti=5), "claim_malformed"),
    "scope number": (signed(scope=5), "claim_malformed"),
    "scope object": (signed(scope={}), "claim_malformed"),
    "scope mixed list": (signed(scope=["read", 1]), "claim_malformed"),
    # times
    "expired": (later(exp=-40), "expired"),
    "expired for years": (signed(exp=0), "expired"),
    "expired within leeway": (later(exp=-20), None),
    "not before later": (later(nbf=45), "not_yet_valid"),
    "not before soon": (later(nbf=20), None),
    "issued in the future": (later(iat=45), "not_yet_valid"),
    "issued in a moment": (later(iat=20), None),
    "iat absent": (signed(iat=None), None),
    # audience
    "aud foreign": (signed(aud="https://other.example"), "audience_wrong"),
    "aud absent": (signed(aud=None), "audience_wrong"),
    "aud empty": (signed(aud=""), "audience_wrong"),
    "aud empty list": (signed(aud=[]), "audience_wrong"),
    "aud prefix": (signed(aud="https://api.exampl"), "audience_wrong"),
    "aud longer": (signed(aud="https://api.example/"), "audience_wrong"),
    "aud upper case": (signed(aud="https://API.example"), "audience_wrong"),
    "aud of the server level": (signed(aud="https://server.example"), "audience_wrong"),
    "aud list with ours": (signed(aud=["x", "https://api.example"]), None),
    "aud list without ours": (signed(aud=["x", "y"]), "audience_wrong"),
    # tokens of another kind
    "payload typ ID": (signed(typ="ID"), "type_wrong"),
    "payload typ Refresh": (signed(typ="Refresh"), "type_wrong"),
    "payload typ Offline": (signed(typ="Offline"), "type_wrong"),
    "payload typ Logout": (signed(typ="Logout"), "type_wrong"),
    "payload typ Bearer": (signed(typ="Bearer"), None),
    "token_use id": (signed(token_use="id"), "type_wrong"),
    "token_use access": (signed(token_use="access"), None),
    "at_hash": (signed(at_hash="x"), "type_wrong"),
    "c_hash": (signed(c_hash="x"), "type_wrong"),
    "s_hash": (signed(s_hash="x"), "type_wrong"),
    # binding
    "cnf jkt": (signed(cnf={"jkt": "x"}), "binding_unchecked"),
    "cnf certificate": (signed(cnf={"x5t#S256": "x"}), "binding_unchecked"),
    "cnf empty": (signed(cnf={}), "binding_unchecked"),
    # user
    "no user": (signed(sub=None), "user_missing"),
    "user empty": (signed(sub=""), "user_missing"),
    "user with newline": (signed(sub="a\nb"), "user_missing"),
    "user with DEL": (signed(sub="a\x7f"), "user_missing"),
}


@pytest.mark.parametrize("name", TOKENS)
def test_tokens(server, name):
    make, reason = TOKENS[name]
    token = make()
    answer = server.get("/jwt", token=token)
    if reason is None:
        passed(answer)
    else:
        refused(server, answer, reason)
        assert token not in answer.text and all(token not in value for _, value in answer.headers)


# Two rules broken at once: the earlier one is named.
PAIRS = {
    "crit and alg": (signed({"crit": ["x"], "alg": "none"}), "crit_refused"),
    "alg and typ": (signed({"alg": "none", "typ": "x"}), "alg_refused"),
    "typ and iss": (signed({"typ": "x"}, iss="x"), "type_wrong"),
    "iss and alg not allowed": (lambda: mint(key("hs256"), "HS256", claims(iss="x")), "issuer_unknown"),
    "alg not allowed and kid": (lambda: mint(key("hs256"), "HS256", claims(), {"kid": "x"}), "alg_refused"),
    "signature and exp": (lambda: good(signer=key("rsa", 2), header={"kid": "rsa-1"}, exp=1), "signature_bad"),
    "claim type and expired": (signed(exp=1, aud=5), "claim_malformed"),
    "expired and audience": (signed(exp=1, aud="x"), "expired"),
    "audience and kind": (signed(aud="x", typ="ID"), "audience_wrong"),
    "kind and binding": (signed(typ="ID", cnf={}), "type_wrong"),
    "binding and user": (signed(cnf={}, sub=""), "binding_unchecked"),
}


@pytest.mark.parametrize("name", PAIRS)
def test_the_earlier_rule_is_named(server, name):
    make, reason = PAIRS[name]
    refused(server, server.get("/jwt", token=make()), reason)


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


@pytest.mark.parametrize("text", ["a\nb [auth_bearer:error] forged", "\x1b[31m", "%s%n%d", "\"'\\", "x" * 3000])
def test_hostile_text_in_logs(server, text):
    for change in ({"header": {"kid": text}}, {"iss": text}, {"sub": text}, {"header": {"typ": text}}):
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
        for token, user in ((good(), "alice"), (None, None), (good(sub="bob"), "bob"), (good(exp=1), None),
                            (good(), "alice"), (None, None)):
            answer = line.request("GET", "/jwt", [bearer(token)] if token else [])
            if user:
                passed(answer, user)
            else:
                refused(server, answer, "expired" if token else "no_token")


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PROPFIND", "X-OWN"])
def test_every_method_is_judged(server, method):
    server.allow_log(log_line("signature_bad"))
    answer = server.request(method, "/jwt")
    assert answer.status == 401 and answer.bearer == {"realm": "api"}, answer
    answer = server.request(method, "/jwt", token=good(signer=key("rsa", 2), header={"kid": "rsa-1"}))
    assert answer.status == 401 and answer.bearer["error"] == "invalid_token", answer
