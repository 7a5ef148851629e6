"""Keys and tokens of every algorithm, checked with other people's libraries."""

import json
import time

import pytest
from jwcrypto import jwk, jws

import htbearer
import tokens
from htbearer import AUDIENCE, CLAIMS, ISSUER, mode

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512",
              "ES256K", "EdDSA", "Ed25519", "Ed448", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87",
              "HS256", "HS384", "HS512"]
# What this libjwt and that jwcrypto know at least.
LIBJWT = {"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512"}
JWCRYPTO = LIBJWT | {"PS256", "PS384", "PS512", "ES256K", "EdDSA"}


def test_the_list_of_algorithms_is_whole():
    assert list(htbearer.signers()) == ALGORITHMS


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_key_files(keys, alg):
    made = keys(alg)
    assert made.result.reason == "done" and made.result.lines["algorithm"] == alg
    if made.is_secret:
        assert len((made.folder / "secret").read_bytes()) == int(alg[2:]) // 8
        assert mode(made.folder / "secret") == 0o600
        return
    assert mode(made.folder / "private.pem") == 0o600
    assert mode(made.folder / "keys.jwks") == mode(made.folder / "public.pem") == 0o644
    key = made.jwk()
    assert key["use"] == "sig" and key["alg"] == alg and key["kid"] == made.result.lines["kid"]
    assert not set(key) & {"d", "p", "q", "dp", "dq", "qi", "k", "priv"}


@pytest.mark.parametrize("alg", sorted(JWCRYPTO - {"HS256", "HS384", "HS512"}))
def test_kid_is_the_thumbprint(keys, alg):
    key = keys(alg).jwk()
    assert jwk.JWK(**{**key, "alg": None, "kid": None}).thumbprint() == key["kid"]


@pytest.mark.parametrize("typ", ["at+jwt", "JWT", ""])
@pytest.mark.parametrize("alg", ALGORITHMS)
def test_round(keys, alg, typ):
    made = keys(alg)
    kid = made.result.lines.get("kid", "k1")
    token = made.mint(*CLAIMS, f"kid={kid}", f"typ={typ}")
    header, claims = htbearer.opened(token)
    assert header == {"alg": alg, "kid": kid, **({"typ": typ} if typ else {})}
    assert claims == {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "scope": "read write",
                      "iat": claims["iat"], "exp": claims["iat"] + 300}
    assert abs(claims["iat"] - time.time()) < 60
    verified = made.verify(token, code=0)
    assert (verified.reason, verified.lines) == ("accepted", {"token": htbearer.fingerprint(token)})
    judged = made.check(token, code=0)
    assert judged.reason == "accepted" and judged.error == ""
    assert judged.lines.pop("expires").endswith(" s)")
    assert judged.lines == {"issuer": ISSUER, "kid": kid, "user": "alice", "scope": "read write",
                            "token": htbearer.fingerprint(token)}


@pytest.mark.parametrize("typ", ["at+jwt", "JWT"])
@pytest.mark.parametrize("alg", [alg for alg in ALGORITHMS if not alg.startswith("ML-DSA")])
def test_other_libraries_accept_the_token(keys, alg, typ):
    made = keys(alg)
    token = made.mint(*CLAIMS, f"typ={typ}")
    assert htbearer.holds(token, alg, made.public())
    assert not htbearer.holds(htbearer.tampered(token), alg, made.public())
    if alg in JWCRYPTO:
        secret = {"kty": "oct", "k": tokens.b64url(made.public())} if made.is_secret else None
        other = jws.JWS()
        other.allowed_algs = [alg]
        other.deserialize(token, jwk.JWK(**(secret or made.jwk())))
        assert json.loads(other.payload) == htbearer.opened(token)[1]


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_tampered(keys, alg):
    made = keys(alg)
    token = htbearer.tampered(made.mint(*CLAIMS))
    for result in (made.verify(token, code=1), made.check(token, code=1)):
        assert result.reason == "signature_bad"
        assert result.lines["token"] == htbearer.fingerprint(token)


@pytest.mark.parametrize("alg", ["ES256", "ES384", "ES512", "ES256K"])
def test_numbers_with_leading_zeros(keys, alg):
    """R and S keep their length however small they are; most tokens of ES512 have a small one."""
    made = keys(alg)
    for typ in ["typ=JWT", "typ=at+jwt"] * 15:
        assert htbearer.holds(made.mint(typ), alg, made.public())


def test_libjwt_signs_what_it_knows(keys):
    """libjwt sorts members, OpenSSL's side of the tool leaves them as they are given."""
    assert LIBJWT <= {alg for alg, who in htbearer.signers().items() if "libjwt" in who}
    for alg in sorted(LIBJWT):
        header, claims = htbearer.opened(keys(alg).mint(*CLAIMS, "typ=JWT", "claim=a=1"))
        assert list(claims) == sorted(claims) and header == {"alg": alg, "typ": "JWT"}
    header, claims = htbearer.opened(keys("ES256").mint(*CLAIMS, "typ=", "claim=a=1"))
    assert list(claims) != sorted(claims)


@pytest.mark.parametrize("alg", sorted(tokens.ALGORITHMS))
def test_tokens_of_other_hands_are_accepted(tmp_path, alg):
    key = tokens.key_for(alg)
    if key.is_secret:
        (tmp_path / "key").write_bytes(key.secret)
        source = "secret:key"
    else:
        (tmp_path / "key").write_text(tokens.jwks([key]))
        source = "jwks:key"
    words = ["check", f"issuer={tokens.ISSUER}", f"audience={tokens.AUDIENCE}", f"keys={source}",
             f"algorithms={alg}"]
    result = htbearer.run(*words, stdin=tokens.good(alg), cwd=tmp_path, code=0)
    assert (result.reason, result.lines["user"]) == ("accepted", "alice")
    broken = htbearer.tampered(tokens.good(alg))
    assert htbearer.run(*words, stdin=broken, cwd=tmp_path, code=1).reason == "signature_bad"


def test_verify_takes_any_payload(tmp_path):
    """RFC 7520 section 4.1 signs a sentence; so may others."""
    key = tokens.key_for("RS256")
    (tmp_path / "key.pem").write_bytes(key.public_pem())
    token = tokens.mint(key, "RS256", "It’s a dangerous business, Frodo".encode())
    result = htbearer.run("verify", "keys=pem:key.pem", stdin=token, cwd=tmp_path, code=0)
    assert result.reason == "accepted"
    result = htbearer.run("verify", "keys=pem:key.pem", "algorithms=PS256", stdin=token,
                          cwd=tmp_path, code=1)
    assert result.reason == "alg_refused"
