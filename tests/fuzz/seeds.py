#!/usr/bin/python3
"""Writes the hand-made seeds of the fuzz targets: seeds.py [FOLDER] (default: corpus, beside this
script). One file a case, named after it. What fuzzing found lies there too and is not touched."""
import base64
import json
import os
import sys

from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

EXP, NOW = 2000000000, 1700000100
ISSUER = "https://issuer.example"


def b64(text):
    raw = text.encode() if isinstance(text, str) else text
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


FORM = {
    "one": "t=abc", "between": "a=1&t=abc&b=2", "twice": "t=abc&t=abc", "spelt": "a&%74=abc&t=d",
    "escapes": "t=a%2Db%2eC+d", "broken": "t=a%g0%", "nul": "t=a%00b", "edges": "&a=1&&t=abc&",
    "cookies": "a=1; t=abc; b=2", "cookie-twice": "t=abc;t=\"def\"", "cookie-quoted": 't="abc"',
    "cookies-tight": "a=1; cbt;= ab=2;a;b;c;d;e;f",
    "cookie-joined": "a=1, t=abc, b=2, t=d; c=3",
    "cookie-blanks": " t = abc ;; a=1 ", "raw-nul": b"t=a\0b; t=c",
}

CREDENTIALS = {
    "token": "Bearer aGk.e30.c2ln", "lower-case": "bearer abc", "upper-case": "BEARER abc",
    "two-spaces": "Bearer  abc",
    "tab": "Bearer\tabc", "blanks-before": " \tBearer abc", "blank-after": "Bearer abc ",
    "padded": "Bearer YWJj==",
    "only-padding": "Bearer ==", "padding-inside": "Bearer a=b",
    "all-characters": "Bearer -._~+/09azAZ",
    "empty": "", "scheme-alone": "Bearer", "scheme-and-space": "Bearer ",
    "basic": "Basic dXNlcjpwYXNz",
    "two-tokens": "Bearer abc, Bearer def", "basic-then-bearer": "Basic dXNlcjpwYXNz, Bearer abc",
    "bearer-then-basic": "Bearer abc, Basic dXNlcjpwYXNz", "parameters": 'Bearer token="abc"',
    "inner-blank": "Bearer a b",
    "digest-quoted-comma": 'Digest username="a, Bearer b", uri="/"',
    "digest-parameter": "Digest bearer=1, bearer=2",
    "longer-scheme": "Bearerx abc", "slash-after-scheme": "Bearer/abc",
    "comma-first": ", Bearer abc",
    "high-byte": b"Bearer ab\xe9", "nul": b"Bearer a\0b", "open-quote": 'Digest x="\\", Bearer abc',
    "newline": "Bearer a\nb",
}


def compact(header, payload='{"sub":"a"}', signature=b"sig"):
    return f"{b64(header)}.{b64(payload)}.{b64(signature)}"


COMPACT = {
    "rs256": compact('{"alg":"RS256","kid":"k1","typ":"JWT"}'), "es512": compact('{"alg":"ES512"}'),
    "access-token": compact('{"alg":"PS256","typ":"application/at+JWT"}'),
    "ml-dsa": compact('{"alg":"ML-DSA-65"}'),
    "none": compact('{"alg":"none"}'), "none-unsigned": compact('{"alg":"none"}', signature=b""),
    "crit": compact('{"alg":"RS256","crit":["b64"],"b64":false}'),
    "crit-null": compact('{"alg":"RS256","crit":null}'),
    "no-alg": compact('{"typ":"JWT"}'), "alg-number": compact('{"alg":256}'),
    "kid-number": compact('{"alg":"RS256","kid":1}'),
    "typ-array": compact('{"alg":"RS256","typ":["JWT"]}'),
    "duplicate": compact('{"alg":"RS256","alg":"HS256"}'),
    "trailing": compact('{"alg":"RS256"} x'), "nul": compact('{"alg":"RS256"}\0'),
    "array": compact('["RS256"]'),
    "escaped-name": compact('{"\\u0061lg":"RS256"}'), "jwe": "a.b.c.d.e", "two-parts": "aGk.e30",
    "dots": "..",
    "padding": compact('{"alg":"RS256"}') + "=", "stray-bits": "aGl.e31.c2lo",
    "plain-base64": "a+k.e30.c/ln",
    "depth": compact('{"alg":"RS256","x":' + "[" * 31 + "]" * 31 + "}"),
    "too-deep": compact('{"alg":"RS256","x":' + "[" * 32 + "]" * 32 + "}"),
    "bare-header": '{"alg":"EdDSA","typ":"at+jwt","kid":""}',
    "bare-bad-utf8": b'{"alg":"RS256","kid":"\xff\xfe"}',
}


def payload(switches=0, leeway=30, without=(), **claims):
    whole = {"iss": ISSUER, "sub": "alice", "aud": "api", "exp": EXP, **claims}
    text = json.dumps({name: value for name, value in whole.items() if name not in without})
    return bytes([switches, leeway]) + text.encode()


ANY, MAX_AGE, ID, PREFIX, OWN = 1, 2, 4, 8, 16
CLAIMS = {
    "good": payload(),
    "all-claims": payload(iat=NOW - 5, nbf=NOW - 5, jti="x", client_id="c", scope="read write"),
    "no-exp": payload(without=("exp",)), "exp-text": payload(exp="2000000000"),
    "exp-null": payload(exp=None),
    "exp-huge": payload(exp=1e300), "exp-negative": payload(exp=-1),
    "exp-milliseconds": payload(exp=EXP * 1000),
    "exp-fraction": payload(exp=NOW - 30 + 0.5), "exp-at-leeway": payload(exp=NOW - 30),
    "exp-zero": payload(exp=0),
    "exp-beyond-64-bits": payload().replace(b"2000000000", b"18446744073709551617"),
    "nbf-ahead": payload(nbf=NOW + 31), "iat-ahead": payload(iat=NOW + 31),
    "old": payload(MAX_AGE, iat=NOW - 700),
    "young": payload(MAX_AGE, iat=NOW - 600), "max-age-no-iat": payload(MAX_AGE),
    "aud-list": payload(aud=["x", "https://api.example"]), "aud-wrong": payload(aud="apis"),
    "aud-mixed": payload(aud=["api", 1]),
    "aud-absent": payload(without=("aud",)), "aud-any": payload(ANY, without=("aud",)),
    "aud-own": payload(OWN | ANY, aud="own"),
    "id-token": payload(at_hash="x"), "id-token-welcome": payload(ID, at_hash="x"),
    "typ-refresh": payload(typ="Refresh"),
    "bound": payload(cnf={"jkt": "x"}), "user-empty": payload(sub=""),
    "user-control": payload(sub="a\nb"),
    "user-delete": payload(sub="a\x7f"),
    "user-fallback": payload(PREFIX, without=("sub",), client=[{"id": "c"}]),
    "scope-list": payload(scope=["a", "a b", ""], realm={"roles": ["b", "a"]}),
    "scope-number": payload(scope=[1]),
}

# Moduli of keys that were thrown away; the other keys belong to fixed private keys.
RSA_N = b64(bytes.fromhex(
    "C56E943965657609E237DB5256AA0549C6BE85052EA09C700A65668A75913A2D0FC1192CE512C4D5C2914DDB"
    "3F1BC1A27704037E83D8C36E829FF503AEF0FA5F28A578E8CB4739381454788F8AE5767A3A32893000B21CC2"
    "D472F81A5C12B304D3516D5B35C3E1B4EF002C6BEF08AFCE784FCCDAB9E3D40B498B885ACC6E2E446C99CD82"
    "05423A4F95874585AA5D0A494A51594E3E74CE2647A2F03C646D141AE4D34E1848E2D960B8996FE32AE55CDE"
    "AD662EA5FF43C0E58A3E9429EE797BAA5457DFEB8481864FE33F8AB1426E1513FC44042EC783D5B38295CC5E"
    "49B18111F841772B5E7F7143AA017A4DBD2419E74EE7E9841E0D00D84026C0F304B4FD41"))

RSA_SHORT_N = b64(bytes.fromhex(
    "D900EC13A1FE427D832827B0C90596204985E1C0770888035444CA069F5E76A6D83C92EE8EC6098BE1193A56"
    "D37EBC4E5039E65DABBC461DD6649961CF7EE80CD7533600C4C3DE0EFA1F9714986C3EF1F805ADE6F7B8B454"
    "22DB1FE57081445897593B7C84A69CCC9229940DD805B61447C634E2B6EBF4DC8D769BE9F216483F"))


def ec_jwk(name, curve):
    public = ec.derive_private_key(7, curve).public_key().public_numbers()
    size = (curve.key_size + 7) // 8
    return {"kty": "EC", "crv": name, "x": b64(public.x.to_bytes(size, "big")),
            "y": b64(public.y.to_bytes(size, "big"))}


def okp_jwk(name, kind, size):
    public = kind.from_private_bytes(b"\7" * size).public_key()
    return {"kty": "OKP", "crv": name,
            "x": b64(public.public_bytes(Encoding.Raw, PublicFormat.Raw))}


P256 = ec_jwk("P-256", ec.SECP256R1())
ED25519 = okp_jwk("Ed25519", ed25519.Ed25519PrivateKey, 32)
ED448 = okp_jwk("Ed448", ed448.Ed448PrivateKey, 57)
RSA = {"kty": "RSA", "n": RSA_N, "e": "AQAB"}
JWK = {
    "rsa": RSA, "rsa-short": {**RSA, "n": RSA_SHORT_N}, "rsa-e1": {**RSA, "e": "AQ"},
    "rsa-even-e": {**RSA, "e": "Ag"},
    "rsa-even-n": {**RSA, "n": b64(b"\xc5" * 255 + b"\x02")},
    "rsa-zero-n": {**RSA, "n": b64(bytes(256))},
    "rsa-pinned": {**RSA, "alg": "PS256", "kid": "k"}, "rsa-misfit": {**RSA, "alg": "ES256"},
    "rsa-no-e": {"kty": "RSA", "n": RSA_N},
    "ec": {**P256, "use": "sig", "kid": "e"}, "ec-off-curve": {**P256, "y": P256["x"]},
    "ec-short": {**P256, "x": "AA"},
    "ec-other-curve": {**P256, "crv": "P-384"}, "ec-k1": {**P256, "crv": "secp256k1"},
    "ed25519": ED25519, "ed25519-zero": {**ED25519, "x": b64(bytes(32))},
    "ed25519-one": {**ED25519, "x": b64(b"\1" + bytes(31))},
    "ed448": ED448, "ed448-zero": {**ED448, "x": b64(bytes(57))},
    "p384": ec_jwk("P-384", ec.SECP384R1()), "p521": ec_jwk("P-521", ec.SECP521R1()),
    "secp256k1": ec_jwk("secp256k1", ec.SECP256K1()),
    "x25519": {**ED25519, "crv": "X25519"},
    "akp": {"kty": "AKP", "alg": "ML-DSA-44", "pub": b64(b"\7" * 40)},
    "oct": {"kty": "oct", "k": b64(b"k" * 32)},
    "private": {**P256, "d": "AQ"}, "enc": {**P256, "use": "enc"},
    "ops-sign": {**P256, "key_ops": ["sign"]},
    "ops-verify": {**P256, "key_ops": ["verify"]},
    "set": {"keys": [RSA, P256, {}, 1, None, "x", ED25519]},
    "set-empty": {"keys": []}, "set-object": {"keys": {}},
    "same-kid": {"keys": [{**P256, "kid": "a"}, {**ED25519, "kid": "a"}]},
    "kid-number": {**P256, "kid": 1}, "kty-unknown": {"kty": "LMS"}, "nothing": {},
}

TOKEN = {"scope": "read write admin:all", "scp": ["x", "a b"], "n": 5, "big": 9007199254740993,
         "f": 1.5, "t": True, "s": "text", "l": ["a", "b", 7], "o": {"p": {"q": ["z"]}},
         "kubernetes.io": {"namespace": "ns"}, "null": None}
LINES = {
    "scope": "scope read write", "scope-lacking": "scope read other", "scope-part": "scope rea",
    "scope-element": 'scope "a b"',
    "scope-list": "scope x", "scope-none": "scope", "scope-colon": "scope admin:all",
    "issuer": f"issuer a {ISSUER}",
    "issuer-other": f"issuer {ISSUER}/", "equals": 'claim s = "text"',
    "equals-bare": "claim s text", "number": "claim n 5",
    "number-real": "claim n = 5.0", "big": "claim big = 9007199254740992",
    "quoted-number": 'claim n "5"',
    "too-big": "claim n = 99999999999999999999", "true": "claim t true",
    "differs": 'claim s != "other" "text"',
    "element": 'claim l "b"', "differs-list": 'claim l != "c"', "regex": "claim s ~ ^te",
    "regex-not": "claim s !~ x$",
    "regex-slow": "claim s ~ (t+)+(e+)+$x",
    "regex-bad": "claim s ~ (", "less": "claim n < 6", "at-least": "claim f >= 1.5",
    "less-text": "claim n < x", "exists": "claim null exists", "exists-value": "claim s exists x",
    "path": "claim o.p.q z",
    "pointer": "claim /kubernetes.io/namespace ns", "pointer-index": "claim /l/1 b",
    "pointer-bad": "claim /a~2 x",
    "quotes": "claim s 'te\\'xt' \"a\\\\b\"", "open-quote": "claim s 'x",
    "joined-quote": "claim s 'x'y", "empty-word": 'scope ""',
}

CHALLENGE = {}
for reason in range(27):
    CHALLENGE[f"reason-{reason:02}"] = bytes([reason, 0]) + b"api\0read write"
CHALLENGE.update({
    "quotes": b"\7\0a \"quoted\\\" realm\0s", "controls": b"\7\0a\r\nX-Injected: 1\x7f\0a\r\nb",
    "high-bytes": b"\7\0caf\xc3\xa9\0\xc3\xa9",
    "empty": b"\7\0\0", "scope-quote": b"\x13\0r\0a\"b", "scope-two-spaces": b"\x13\0r\0a  b",
    "scope-ends": b"\x13\0r\0 a ",
    "no-scope": b"\x13\1r\0a", "no-detail": b"\x13\2r\0a",
    "scope-attribute": b"\x13\0r\", scope=\"x\0error=1",
})


def metadata(pick=0, without=(), behind="", **members):
    whole = {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys", **members}
    text = json.dumps({name: value for name, value in whole.items() if name not in without})
    return bytes([pick]) + text.encode() + behind.encode()


LOCAL = "http://127.0.0.1:8080"
METADATA = {
    "good": metadata(), "path": metadata(1, issuer=f"{ISSUER}/a"),
    "local": metadata(2, issuer=LOCAL, jwks_uri=f"{LOCAL}/keys"),
    "local-6": metadata(3, issuer="http://[::1]/a", jwks_uri="http://[::1]/k"),
    "local-short": metadata(2, issuer=LOCAL, jwks_uri="http://127.1/keys"),
    "local-away": metadata(2, issuer=LOCAL, jwks_uri="http://127.0.0.1@issuer.example/keys"),
    "other-members": metadata(response_types_supported=["code"], mtls={"issuer": "x"}),
    "slash": metadata(issuer=f"{ISSUER}/"), "case": metadata(issuer=ISSUER.upper()),
    "escaped": metadata().replace(b"example", b"ex\\u0061mple"),
    "no-issuer": metadata(without=("issuer",)), "issuer-list": metadata(issuer=[ISSUER]),
    "issuer-control": metadata(issuer="\x1b[2J\x7f\"\\\r\n\u202e"),
    "no-uri": metadata(without=("jwks_uri",)), "uri-null": metadata(jwks_uri=None),
    "uri-http": metadata(jwks_uri="http://issuer.example/keys"),
    "uri-loopback": metadata(jwks_uri=f"{LOCAL}/keys"), "uri-file": metadata(jwks_uri="file:///k"),
    "uri-user": metadata(jwks_uri="https://u:p@issuer.example/"),
    "uri-fragment": metadata(jwks_uri=f"{ISSUER}/#x"),
    "uri-query": metadata(jwks_uri=f"{ISSUER}:8443/keys?a=b"),
    "uri-newline": metadata(jwks_uri=f"{ISSUER}/keys\r\nHost: x"),
    "uri-slashes": metadata(jwks_uri="https:///issuer.example"),
    "uri-high-byte": metadata(jwks_uri=f"{ISSUER}/\u00e4"),
    "uri-long": metadata(jwks_uri=f"{ISSUER}/" + "a" * 2000),
    "nul": metadata(jwks_uri=f"{ISSUER}/keys\0.evil.example"),
    "duplicate": metadata().replace(b"{", b'{"issuer": "x", '), "trailing": metadata(behind=" x"),
    "array": b"\0[]", "html": b"\0<!DOCTYPE html>", "empty": b"\0",
}


def saved(without=(), behind="", **members):
    whole = {"version": 1, "source": ISSUER, "uri": f"{ISSUER}/keys", "etag": '"x"',
             "confirmed": NOW, "digest": "0123456789abcdef" * 4, "set": {"keys": []}, **members}
    return json.dumps({name: value for name, value in whole.items()
                       if name not in without}) + behind


SAVED = {
    "good": saved(), "no-etag": saved(etag=""), "weak-etag": saved(etag='W/"a\\b"'),
    "with-key": saved(set={"keys": [ED25519]}),
    "version-2": saved(version=2), "version-text": saved(version="1"),
    "version-fraction": saved(version=1.5),
    "other-source": saved(source=f"{ISSUER}/"), "source-list": saved(source=[ISSUER]),
    "uri-controls": saved(uri="a\r\n\x01\u00e4"), "uri-long": saved(uri="\1" * 3000),
    "confirmed-negative": saved(confirmed=-1), "confirmed-real": saved(confirmed=NOW + 0.5),
    "confirmed-huge": saved(confirmed=1e300),
    "digest-short": saved(digest="0" * 63), "digest-long": saved(digest="0" * 65),
    "digest-upper": saved(digest="A" * 64), "digest-quote": saved(digest='"' * 64),
    "set-array": saved(set=[]), "set-null": saved(set=None),
    "set-deep": saved(set=json.loads('{"a":' * 30 + "1" + "}" * 30)),
    "trailing": saved(behind="{}"), "newline": saved(behind="\n"),
    "duplicate": saved().replace("{", '{"source": "x", ', 1), "cut": saved()[:-2], "empty": "",
    **{f"no-{name}": saved(without=(name,)) for name in ("version", "source", "uri", "confirmed",
                                                         "digest", "set")},
}

# Behind the Connection field's value: the claim.
FORWARD = {
    "string": ("close", "alice"), "blanks": ("X-User", " a  b "), "empty": ("", ""),
    "signs": ("x_user, close", "%,;\"\\~"), "controls": ("a;X.Groups b", "a\r\nb\t\x7f"),
    "wide": ("X-User\tx-groups", "\u20ac\U0001f600"), "list": (",;", ["a", "b,c", "%2C"]),
    "empties": ("X-Users", ["", ""]), "nothing": ("X-User", []), "null": ("x", None),
    "mixed": ('"X-User"', [1, None, "1", {"a": 1, "b": [2, "c,d"]}]), "number": ("x", -1.5e10),
    "object": ("keep-alive, X~User", {"a": "%", "b": ","}), "true": ("x", True),
    "nested": ("x", [["a", "b"], ["c"]]),
}

TARGETS = {
    "credentials": CREDENTIALS, "compact": COMPACT, "claims": CLAIMS,

    "jwk": {**{name: json.dumps(value) for name, value in JWK.items()}, "no-json": "{",
            "twice": '{"kty":"RSA","kty":"EC"}'},
    "match": {name: f"{line}\n{json.dumps(TOKEN)}" for name, line in LINES.items()},
    "form": FORM,
    "challenge": CHALLENGE, "metadata": METADATA, "saved": SAVED,
    "forward": {name: f"{field}\n{json.dumps({'x': claim}, ensure_ascii=False)}"
                for name, (field, claim) in FORWARD.items()},
}


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    top = sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "corpus")
    for target, seeds in TARGETS.items():
        os.makedirs(os.path.join(top, target), exist_ok=True)
        for name, seed in seeds.items():
            with open(os.path.join(top, target, name), "wb") as out:
                out.write(seed if isinstance(seed, bytes) else seed.encode())


if __name__ == "__main__":
    main()
