"""Every rule for a token, broken alone and in pairs, over HTTP: the answer names the first one."""

import json
import time

import pytest

from expect import ANY_PATH, ECHO, location, passed, refused
from makers import EmptySecret, deep, later, parts, raw, raw_header, reshaped, signed, stray_bits
from tokens import b64url, claims, good, key, mint

CONF = (ECHO + ANY_PATH + location("/jwt", "Require valid-user")
        + "AuthBearerAudience https://server.example\n")


@pytest.fixture(scope="module")
def server(serve):
    return serve(CONF)


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
    "header too deep": (raw_header(b'{"alg":"RS256","x":' + b"[" * 33 + b"]" * 33 + b"}"),
                        "token_malformed"),
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
    "own jwk": (lambda: good(signer=key("rsa", 2),
                             header={"kid": "rsa-1", "jwk": key("rsa", 2).jwk()}),
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
    "payload a member twice": (reshaped(lambda text: text[:-1] + b',"sub":"bob"}'),
                               "token_malformed"),
    "payload twice, escaped": (reshaped(lambda text: text[:-1] + b',"s\\u0075b":"bob"}'),
                               "token_malformed"),
    "payload two documents": (reshaped(lambda text: text + b"{}"), "token_malformed"),
    "payload NUL": (reshaped(lambda text: text + b"\0{}"), "token_malformed"),
    "payload too deep": (deep(33), "token_malformed"),
    "payload deep enough": (deep(32), None),
    "payload huge integer": (reshaped(lambda text: text[:-1] + b',"m":18446744073709551616}'),
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
    "signed by another": (lambda: good(signer=key("rsa", 2), header={"kid": "rsa-1"}),
                          "signature_bad"),
    "signed by another, no kid": (lambda: good(signer=key("rsa", 2), header={"kid": None}),
                                  "signature_bad"),
    "signature of another token": (parts(2, lambda _: good(sub="bob").split(".")[2]),
                                   "signature_bad"),
    "payload changed": (parts(1, lambda _: b64url(json.dumps(claims(sub="root")))),
                        "signature_bad"),
    "signed RS256, says PS256": (signed({"alg": "PS256"}), "signature_bad"),
    "signed RS256, says RS512": (signed({"alg": "RS512"}), "signature_bad"),
    "signed ES256, says RS256": (lambda: good("ES256", {"alg": "RS256", "kid": None}),
                                 "signature_bad"),
    "ES256 in DER": (lambda: mint(key("p256"), "ES256", claims(),
                                  signature=b"\x30\x06\x02\x01\x01\x02\x01\x01"),
                     "signature_bad"),
    "ES256 of zeros": (lambda: mint(key("p256"), "ES256", claims(), signature=bytes(64)),
                       "signature_bad"),
    "Ed25519 of zeros": (lambda: mint(key("ed25519"), "EdDSA", claims(), signature=bytes(64)),
                         "signature_bad"),
    "Ed448 as Ed25519": (lambda: good("Ed448", {"alg": "Ed25519", "kid": None}), "signature_bad"),
    # claim types
    "exp text": (signed(exp="99999999999"), "claim_malformed"),
    "exp true": (signed(exp=True), "claim_malformed"),
    "exp null": (reshaped(lambda text: text.replace(b'"exp": ', b'"exp": null, "x": ')),
                 "claim_malformed"),
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
    "iss and alg not allowed": (lambda: mint(key("hs256"), "HS256", claims(iss="x")),
                                "issuer_unknown"),
    "alg not allowed and kid": (lambda: mint(key("hs256"), "HS256", claims(), {"kid": "x"}),
                                "alg_refused"),
    "signature and exp": (lambda: good(signer=key("rsa", 2), header={"kid": "rsa-1"}, exp=1),
                          "signature_bad"),
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
