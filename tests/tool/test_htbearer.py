"""htbearer: keys, tokens and verdicts of every algorithm, checked with other people's libraries."""

import json
import re
import shutil
import stat
import subprocess
import time

import pytest
from cryptography.hazmat.primitives import serialization
from jwcrypto import jwk, jws

import htbearer
import tokens

ISSUER, AUDIENCE = "https://login.example.com", "https://api.example.com"
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "ES256K", "EdDSA",
              "Ed25519", "Ed448", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87", "HS256", "HS384", "HS512"]
CLAIMS = [f"issuer={ISSUER}", f"audience={AUDIENCE}", "subject=alice", "scope=read write"]
JWCRYPTO = {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "ES256K", "EdDSA",
            "HS256", "HS384", "HS512"}


class Keys:
    """A key of one algorithm that the tool made."""

    def __init__(self, folder, alg):
        self.alg, self.folder = alg, folder
        self.is_secret = alg.startswith("HS")
        words = ["secret=secret"] if self.is_secret else ["private=private.pem", "public=keys.jwks",
                                                          "public-pem=public.pem"]
        if alg[:2] in ("RS", "PS"):
            words.append("bits=2048")
        self.result = htbearer.run("key", f"algorithm={alg}", *words, cwd=folder, code=0, umask=0)
        self.signing = "key=secret:secret" if self.is_secret else "key=pem:private.pem"
        self.checking = [f"algorithms={alg}", "keys=secret:secret"] if self.is_secret else [
            f"algorithms={alg}", "keys=jwks:keys.jwks"]

    def mint(self, *words):
        return htbearer.mint(self.signing, f"algorithm={self.alg}", *words, cwd=self.folder)

    def check(self, token, *words, code=None):
        known = [word for word in (f"issuer={ISSUER}", f"audience={AUDIENCE}", *self.checking)
                 if not any(own.startswith(word.split("=")[0] + "=") for own in words)]
        return htbearer.run("check", *known, *words, stdin=token, cwd=self.folder, code=code)

    def verify(self, token, code=None):
        return htbearer.run("verify", *self.checking, stdin=token, cwd=self.folder, code=code)

    def public(self):
        if self.is_secret:
            return (self.folder / "secret").read_bytes()
        return serialization.load_pem_public_key((self.folder / "public.pem").read_bytes())

    def jwk(self):
        (key,) = json.loads((self.folder / "keys.jwks").read_text())["keys"]
        return key


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    """The key of an algorithm, made once; skips what this OpenSSL does not offer."""
    made, offered = {}, htbearer.offered()

    def get(alg):
        if alg not in offered:
            pytest.skip(f"this OpenSSL does not offer {alg}")
        if alg not in made:
            made[alg] = Keys(tmp_path_factory.mktemp(alg), alg)
        return made[alg]

    return get


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


# Every algorithm


def test_the_list_of_algorithms_is_whole():
    assert list(htbearer.signers()) == sorted(htbearer.signers(), key=ALGORITHMS.index) == ALGORITHMS


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
    token = made.mint(*CLAIMS, "kid=" + made.result.lines.get("kid", "k1"), f"typ={typ}")
    header, claims = htbearer.opened(token)
    assert header == {"alg": alg, "kid": made.result.lines.get("kid", "k1"), **({"typ": typ} if typ else {})}
    assert claims == {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "scope": "read write",
                      "iat": claims["iat"], "exp": claims["iat"] + 300}
    assert abs(claims["iat"] - time.time()) < 60
    verified = made.verify(token, code=0)
    assert (verified.reason, verified.lines) == ("accepted", {"token": htbearer.fingerprint(token)})
    judged = made.check(token, code=0)
    assert judged.reason == "accepted" and judged.error == ""
    assert judged.lines.pop("expires").endswith(" s)")
    assert judged.lines == {"issuer": ISSUER, "kid": header["kid"], "user": "alice", "scope": "read write",
                            "token": htbearer.fingerprint(token)}


@pytest.mark.parametrize("typ", ["at+jwt", "JWT"])
@pytest.mark.parametrize("alg", [alg for alg in ALGORITHMS if not alg.startswith("ML-DSA")])
def test_other_libraries_accept_the_token(keys, alg, typ):
    made = keys(alg)
    token = made.mint(*CLAIMS, f"typ={typ}")
    assert htbearer.holds(token, alg, made.public())
    assert not htbearer.holds(htbearer.tampered(token), alg, made.public())
    if alg in JWCRYPTO:
        key = jwk.JWK(kty="oct", k=tokens.b64url(made.public())) if made.is_secret else jwk.JWK(**made.jwk())
        other = jws.JWS()
        other.allowed_algs = [alg]
        other.deserialize(token, key)
        assert json.loads(other.payload) == htbearer.opened(token)[1]


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_tampered(keys, alg):
    made = keys(alg)
    token = htbearer.tampered(made.mint(*CLAIMS))
    for result in (made.verify(token, code=1), made.check(token, code=1)):
        assert result.reason == "signature_bad" and result.lines["token"] == htbearer.fingerprint(token)


@pytest.mark.parametrize("alg", ["ES256", "ES384", "ES512", "ES256K"])
def test_numbers_with_leading_zeros(keys, alg):
    """R and S keep their length however small they are: one in 128 tokens has a short one, for ES512 every second."""
    made = keys(alg)
    for typ in ["typ=JWT", "typ=at+jwt"] * 15:
        assert htbearer.holds(made.mint(typ), alg, made.public())


def test_libjwt_signs_what_it_knows(keys):
    """libjwt sorts members, OpenSSL's side of the tool leaves them as they are given."""
    by_libjwt = [alg for alg, who in htbearer.signers().items() if who == "signed by libjwt, checked by OpenSSL"]
    assert {"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512"} <= set(by_libjwt)
    for alg in by_libjwt:
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
    words = [f"issuer={tokens.ISSUER}", f"audience={tokens.AUDIENCE}", f"keys={source}", f"algorithms={alg}"]
    result = htbearer.run("check", *words, stdin=tokens.good(alg), cwd=tmp_path, code=0)
    assert (result.reason, result.lines["user"]) == ("accepted", "alice")
    broken = htbearer.run("check", *words, stdin=htbearer.tampered(tokens.good(alg)), cwd=tmp_path, code=1)
    assert broken.reason == "signature_bad"


def test_verify_takes_any_payload(tmp_path):
    """RFC 7520 section 4.1 signs a sentence; so may others."""
    key = tokens.key_for("RS256")
    (tmp_path / "key.pem").write_bytes(key.public_pem())
    token = tokens.mint(key, "RS256", b"It\xe2\x80\x99s a dangerous business, Frodo, going out your door.")
    assert htbearer.run("verify", "keys=pem:key.pem", stdin=token, cwd=tmp_path, code=0).reason == "accepted"
    assert htbearer.run("verify", "keys=pem:key.pem", "algorithms=PS256", stdin=token, cwd=tmp_path,
                        code=1).reason == "alg_refused"


# Reasons: what the token says, what is asked, and the answer

NOW = 1_700_000_000
REASONS = [
    ([], [], "accepted", None),
    (["ttl=60"], [f"now={NOW + 89}"], "accepted", None),
    (["ttl=60"], [f"now={NOW + 90}"], "expired", "exp has passed by 30 s"),
    (["ttl=60"], [f"now={NOW + 60}", "leeway=0"], "expired", "exp has passed by 0 s"),
    (["ttl=-60"], [], "expired", "exp has passed by 60 s"),
    ([f"claim=nbf={NOW + 31}"], [], "not_yet_valid", "nbf is ahead by 31 s"),
    ([], ["max-age=10", f"now={NOW + 41}"], "too_old", "was issued before 41 s"),
    ([], [f"audience={AUDIENCE}/other"], "audience_wrong", "aud names others"),
    ([], ["audience=any"], "accepted", None),
    ([], [f"audience=x,{AUDIENCE}"], "accepted", None),
    ([], ["issuer=https://other.example.com"], "issuer_unknown", None),
    (["typ=dpop+jwt"], [], "type_wrong", "the header's typ"),
    (["typ=dpop+jwt"], ["types=dpop+jwt"], "accepted", None),
    (["typ="], ["types=JWT"], "type_wrong", "the header's typ"),
    (["claim=token_use=id"], [], "type_wrong", "an ID or other token, no access token"),
    (['json={"exp":null}'], [], "claim_malformed", "exp is absent"),
    (["claim=scp=1"], [], "claim_malformed", "the scope claim"),
    (['json={"sub":null}'], [], "user_missing", "no user claim is present"),
    (['json={"sub":null}', "claim=client_id=robot"], [], "accepted", None),
    ([], ["user=email"], "user_missing", "no user claim is present"),
    (['claim=cnf={"jkt":"x"}'], [], "binding_unchecked", None),
    (['header={"crit":["exp"]}'], [], "crit_refused", None),
    (["kid=unheard-of"], [], "key_unknown", "ES256"),
    ([], ["scope=read"], "accepted", None),
    ([], ["scope=write read"], "accepted", None),
    ([], ["scope=read admin"], "scope_lacking", "scope read admin"),
    ([], ["require=scope admin"], "scope_lacking", "scope admin"),
    ([], ["require=claim sub = alice bob"], "accepted", None),
    ([], ["require=claim sub bob"], "rule_denied", "claim sub bob"),
    ([], ["require=claim sub = alice", "require=claim sub ~ ^b"], "rule_denied", "claim sub ~ ^b"),
    ([], [f"require=issuer {ISSUER}"], "accepted", None),
    (['claim=roles=["a","b"]'], ["require=claim roles = b"], "accepted", None),
    (['claim=roles=["a","b"]'], ["scope-claim=roles", "scope=a b"], "accepted", None),
    (["claim=n=3"], ["require=claim n >= 3"], "accepted", None),
    (['claim=n="3"'], ["require=claim n >= 3"], "rule_denied", "claim n >= 3"),
]


@pytest.mark.parametrize("said, asked, reason, detail", REASONS, ids=range(len(REASONS)))
def test_reasons(keys, said, asked, reason, detail):
    if not any(word.startswith("now=") for word in asked):
        asked = [*asked, f"now={NOW}"]
    result = keys("ES256").check(keys("ES256").mint(*CLAIMS, f"now={NOW}", *said), *asked)
    assert (result.reason, result.lines.get("detail")) == (reason, detail)
    assert result.code == (0 if reason == "accepted" else 1)


def test_user_words(keys):
    token = keys("ES256").mint(*CLAIMS, "claim=email=alice@example.com")
    assert keys("ES256").check(token, "user=email", "user-prefix=main:").lines["user"] == "main:alice@example.com"


NO_TOKENS = [
    ("", "no_token"),
    ("\n", "no_token"),
    ("\r\n", "no_token"),
    ("abc", "token_malformed"),
    ("a.b.c.d.e", "token_malformed"),
    ("eyJhbGciOiJub25lIn0.e30.", "token_malformed"),
    ("eyJhbGciOiJub25lIn0.e30.eA", "alg_refused"),
    ("a" * 65536, "token_malformed"),
    ("a" * 65536 + "\r\n", "token_malformed"),
    ("a" * 65537, "token_too_large"),
    ("a" * 70000, "token_too_large"),
]


@pytest.mark.parametrize("token, reason", NO_TOKENS, ids=range(len(NO_TOKENS)))
def test_what_is_no_token(keys, token, reason):
    for result in (keys("ES256").verify(token, code=1), keys("ES256").check(token, code=1)):
        assert result.reason == reason


@pytest.mark.parametrize("before, after, reason", [
    ("", "", "accepted"), ("", "\n", "accepted"), ("", "\r\n", "accepted"), ("", "\n\n", "token_malformed"),
    (" ", "", "token_malformed"), ("", " ", "token_malformed"), ("\n", "", "token_malformed"),
    ("Bearer ", "", "token_malformed"), ("", "\nx", "token_malformed"),
])
def test_the_line_of_the_token(keys, before, after, reason):
    assert keys("ES256").verify(before + keys("ES256").mint(*CLAIMS) + after).reason == reason


def test_output_tells_no_secrets_and_obeys_no_terminal(keys):
    made = keys("ES256")
    token = made.mint(*CLAIMS, 'json={"sub":"a\\u009b31m\\\\\\u00e9"}', 'header={"kid":"\\u001b[2J\\n' + "k" * 600 + '"}')
    result = made.check(token, code=1)
    assert result.reason == "key_unknown" and result.lines["kid"].startswith("\\x1b[2J\\x0akkk")
    assert len(result.lines["kid"]) < 530 and result.lines["kid"].endswith("...")
    for part in token.split("."):
        assert part not in result.output + result.error
    named = made.check(made.mint(*CLAIMS, 'json={"sub":"a\\u00e9\\\\"}'), code=0)
    assert named.lines["user"] == "a\u00e9\\x5c"
    refused = made.check(made.mint(*CLAIMS, 'json={"sub":"a\\u009b31m"}'))
    assert "\x9b" not in refused.output


# Claims

CLAIM_ROWS = [
    (["claim=x=1"], {"x": 1}), (["claim=x=-1.5"], {"x": -1.5}), (["claim=x=true"], {"x": True}),
    (["claim=x=null"], {"x": None}), (['claim=x="1"'], {"x": "1"}), (["claim=x=a=b"], {"x": "a=b"}),
    (["claim=x="], {"x": ""}), (["claim=x=01"], {"x": "01"}), (["claim=x=2024-01-01"], {"x": "2024-01-01"}),
    (['claim=x={"y":[1,{}]}'], {"x": {"y": [1, {}]}}), (['claim=x=1,"y":2'], {"x": '1,"y":2'}),
    (["claim=x=9223372036854775807"], {"x": 9223372036854775807}), (["claim=x=\u00e9\t\""], {"x": "\u00e9\t\""}),
    (["audience=a"], {"aud": "a"}), (["audience=a,b"], {"aud": ["a", "b"]}),
    (["now=5", "ttl=7"], {"iat": 5, "exp": 12}), (["claim=exp=99"], {"exp": 99}),
    (["subject=a", 'json={"sub":"b","c":{"d":null}}'], {"sub": "b", "c": {"d": None}}),
    (["subject=a", 'json={"sub":null}'], {"sub": "absent"}),
    (['json={"x":1}', "claim=y=2"], {"x": 1, "y": 2}),
]


@pytest.mark.parametrize("words, wanted", CLAIM_ROWS, ids=range(len(CLAIM_ROWS)))
@pytest.mark.parametrize("typ", ["typ=JWT", "typ="])
def test_claims(keys, words, wanted, typ):
    _, claims = htbearer.opened(keys("HS256").mint(*words, typ))
    assert {name: claims.get(name, "absent") for name in wanted} == wanted


def test_header(keys):
    header, _ = htbearer.opened(keys("HS256").mint("kid=a", 'header={"kid":"b","typ":null,"x":[1]}'))
    assert header == {"alg": "HS256", "kid": "b", "x": [1]}


# Keys and files


def test_nothing_is_overwritten_unasked(tmp_path):
    words = ["key", "algorithm=Ed25519", "private=a", "public=b", "public-pem=c"]
    htbearer.run(*words, cwd=tmp_path, code=0)
    before = {name: (tmp_path / name).read_bytes() for name in "abc"}
    assert "the file a exists: force=yes" in htbearer.run(*words, cwd=tmp_path, code=2).error
    (tmp_path / "a").unlink()
    assert "the file b exists" in htbearer.run(*words, cwd=tmp_path, code=2).error
    assert not (tmp_path / "a").exists()
    (tmp_path / "a").symlink_to(tmp_path / "nowhere")
    assert "the file a exists" in htbearer.run(*words, cwd=tmp_path, code=2).error
    assert not (tmp_path / "nowhere").exists()
    htbearer.run(*words, "force=yes", cwd=tmp_path, code=0)
    assert not (tmp_path / "a").is_symlink() and mode(tmp_path / "a") == 0o600
    assert all((tmp_path / name).read_bytes() != before[name] for name in "abc")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "c"]


def test_all_files_or_none(tmp_path):
    result = htbearer.run("key", "algorithm=ES256", "private=a", "public=no-such-folder/b", cwd=tmp_path, code=2)
    assert "the file no-such-folder/b cannot be written" in result.error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("umask", [0, 0o022, 0o077, 0o277])
def test_modes_whatever_the_umask(tmp_path, umask):
    htbearer.run("key", "algorithm=ES256", "private=a", "public=b", cwd=tmp_path, code=0, umask=umask)
    htbearer.run("key", "algorithm=HS256", "secret=s", cwd=tmp_path, code=0, umask=umask)
    assert [mode(tmp_path / name) for name in "abs"] == [0o600, 0o644, 0o600]


def test_rotation(tmp_path):
    htbearer.run("key", "algorithm=ES256", "private=old", "public=set", "append=yes", "kid=2024", cwd=tmp_path, code=0)
    found = json.loads((tmp_path / "set").read_text())
    (tmp_path / "set").write_text(json.dumps({"note": {"a": "\u00e9"}, **found}))
    htbearer.run("key", "algorithm=Ed25519", "private=new", "public=set", "append=yes", cwd=tmp_path, code=0)
    both = json.loads((tmp_path / "set").read_text())
    assert both["note"] == {"a": "\u00e9"} and both["keys"][0] == found["keys"][0] and len(both["keys"]) == 2
    for name, alg in (("old", "ES256"), ("new", "Ed25519")):
        token = htbearer.mint(f"key=pem:{name}", f"algorithm={alg}", cwd=tmp_path)
        assert htbearer.run("verify", "keys=jwks:set", stdin=token, cwd=tmp_path).reason == "accepted"
    result = htbearer.run("key", "algorithm=ES256", "private=x", "public=set", "append=yes", "kid=2024", cwd=tmp_path,
                          code=2)
    assert "holds a key with the kid 2024 already" in result.error and not (tmp_path / "x").exists()
    assert json.loads((tmp_path / "set").read_text()) == both


@pytest.mark.parametrize("text", ["", "{}", "[]", "x", '{"keys":{}}', '{"kty":"EC"}', '{"keys":[],"keys":[]}'])
def test_append_to_what_is_no_set(tmp_path, text):
    (tmp_path / "set").write_text(text)
    result = htbearer.run("key", "algorithm=ES256", "private=x", "public=set", "append=yes", cwd=tmp_path, code=2)
    assert "the file set holds no JWK Set" in result.error and (tmp_path / "set").read_text() == text


@pytest.mark.parametrize("words, kind", [
    (["algorithm=EdDSA"], "Ed25519"), (["algorithm=EdDSA", "curve=Ed448"], "Ed448"), (["algorithm=Ed448"], "Ed448"),
])
def test_edwards_curves(tmp_path, words, kind):
    htbearer.run("key", *words, "private=a", "public=b", cwd=tmp_path, code=0)
    assert json.loads((tmp_path / "b").read_text())["keys"][0]["crv"] == kind
    token = htbearer.mint("key=pem:a", words[0], cwd=tmp_path)
    assert htbearer.run("verify", "keys=jwks:b", stdin=token, cwd=tmp_path).reason == "accepted"


def test_rsa_has_3072_bits_unless_said_otherwise(tmp_path):
    htbearer.run("key", "algorithm=RS256", "private=a", "public-pem=b", cwd=tmp_path, code=0)
    assert serialization.load_pem_public_key((tmp_path / "b").read_bytes()).key_size == 3072


@pytest.fixture(scope="session")
def odd_keys(tmp_path_factory, keys):
    """Key files that the rows below misuse."""
    folder = tmp_path_factory.mktemp("odd")
    for alg, name in (("ES256", "ec"), ("Ed25519", "ed")):
        shutil.copy(keys(alg).folder / "private.pem", folder / f"{name}.pem")
        shutil.copy(keys(alg).folder / "public.pem", folder / f"{name}.pub")
        shutil.copy(keys(alg).folder / "keys.jwks", folder / f"{name}.jwks")
    (folder / "locked.pem").write_bytes(tokens.key("p256").private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x")))
    (folder / "weak.pem").write_bytes(tokens.key("rsa1024").private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    (folder / "secret").write_bytes(b"s" * 32)
    (folder / "short").write_bytes(b"s" * 31)
    (folder / "empty").write_bytes(b"")
    (folder / "folder").mkdir()
    return folder


CHECK = ["check", "issuer=i", "keys=jwks:ec.jwks", "audience=a"]
MINT = ["mint", "key=pem:ec.pem", "algorithm=ES256"]
USAGE = [
    ([], ["a command is wanted: key, mint, check, verify"]),
    (["chek"], ["unknown command 'chek'", "is 'check' meant?", "want key, mint"]),
    (["zzzzzz"], ["unknown command 'zzzzzz': want"]),
    (["help", "check"], ["htbearer help", "unknown word 'check'", "want no words"]),
    (["key"], ["algorithm= is wanted: algorithm=NAME"]),
    (["key", "algorithm=ES265"], ["algorithm=ES265", "is 'ES256' meant?"]),
    (["key", "algorithm=none"], ["algorithm=none", "no such algorithm"]),
    (["key", "algorithm=ES256"], ["private= is wanted"]),
    (["key", "algorithm=ES256", "private=x"], ["public= is wanted"]),
    (["key", "algorithm=ES256", "private=x", "public=x"], ["the file x is named twice"]),
    (["key", "algorithm=ES256", "private=x", "public=y", "force=ja"], ["force=ja: want yes or no"]),
    (["key", "algorithm=ES256", "private=x", "public=y", "bits=3072"], ["bits= is for RSA keys"]),
    (["key", "algorithm=RS256", "private=x", "public=y", "bits=1024"], ["bits=1024", "from 2048 to 8192"]),
    (["key", "algorithm=RS256", "private=x", "public=y", "bits=2048x"], ["bits=2048x", "whole number"]),
    (["key", "algorithm=ES256", "private=x", "public=y", "curve=Ed448"], ["curve= is for EdDSA", "ES256"]),
    (["key", "algorithm=EdDSA", "private=x", "public=y", "curve=X448"], ["curve=X448: want Ed25519 or Ed448"]),
    (["key", "algorithm=ES256", "secret=x"], ["secret= is for HS256"]),
    (["key", "algorithm=HS256"], ["secret= is wanted"]),
    (["key", "algorithm=HS256", "secret=x", "private=y"], ["private= is for key pairs", "secret=FILE"]),
    (["key", "algorithm=HS256", "secret=x", "kid=y"], ["kid= is for key pairs"]),
    (["key", "algorithm=ES256", "private=x", "public=y", "kid="], ["kid= wants a text"]),
    (["key", "algorithm=ES256", "private=x", "public-pem=y", "append=yes"], ["append=yes", "public=, which is not"]),
    (["mint", "algorithm=ES256"], ["key= is wanted: key=pem:FILE|secret:FILE"]),
    (["mint", "key=pem:ec.pem", "algorithm=none"], ["algorithm=none"]),
    (["mint", "key=jwks:ec.jwks", "algorithm=ES256"], ["key=jwks:ec.jwks: want pem:file or secret:file"]),
    (["mint", "key=ec.pem", "algorithm=ES256"], ["key=ec.pem: want pem:file or secret:file"]),
    (["mint", "key=pem:", "algorithm=ES256"], ["key=pem:: want pem:file or secret:file"]),
    (["mint", "key=pem:nothing", "algorithm=ES256"], ["the key file nothing", "No such file"]),
    (["mint", "key=pem:folder", "algorithm=ES256"], ["the key file folder", "is no regular file"]),
    (["mint", "key=pem:empty", "algorithm=ES256"], ["the key file empty", "is empty"]),
    (["mint", "key=pem:ec.pub", "algorithm=ES256"], ["the key file ec.pub", "holds no private key"]),
    (["mint", "key=pem:secret", "algorithm=ES256"], ["the key file secret", "holds no private key"]),
    (["mint", "key=pem:locked.pem", "algorithm=ES256"], ["locked.pem", "is protected by a password"]),
    (["mint", "key=pem:weak.pem", "algorithm=RS256"], ["weak.pem", "2048 to 8192 bits"]),
    (["mint", "key=pem:ec.pem", "algorithm=ES384"], ["ec.pem holds a key that does not fit ES384"]),
    (["mint", "key=pem:ec.pem", "algorithm=HS256"], ["ec.pem holds a key that does not fit HS256"]),
    (["mint", "key=secret:ec.pem", "algorithm=ES256"], ["ec.pem holds a key that does not fit ES256"]),
    (["mint", "key=pem:ed.pem", "algorithm=Ed448"], ["ed.pem holds a key that does not fit Ed448"]),
    (["mint", "key=secret:short", "algorithm=HS256"], ["the key file short", "at least 32 bytes"]),
    (["mint", "key=secret:secret", "algorithm=HS512"], ["secret has 32 bytes, HS512 wants at least 64"]),
    ([*MINT, "isser=x"], ["unknown word 'isser=x'", "is 'issuer' meant?", "want key=, algorithm=, kid="]),
    ([*MINT, "issuer"], ["unknown word 'issuer'", "is 'issuer' meant?"]),
    ([*MINT, "issuer=x", "issuer=y"], ["issuer= is given twice"]),
    ([*MINT, "ttl=soon"], ["ttl=soon", "whole number"]),
    ([*MINT, "ttl="], ["ttl=: want a whole number"]),
    ([*MINT, "now=-1"], ["now=-1", "from 0 to"]),
    ([*MINT, "now=99999999999999999999"], ["now=99999999999999999999", "whole number"]),
    ([*MINT, "audience=a,,b"], ["audience=a,,b: want a list"]),
    ([*MINT, "claim=x"], ["claim=x: want claim=NAME=VALUE"]),
    ([*MINT, "claim==x"], ["claim==x: want claim=NAME=VALUE"]),
    ([*MINT, "claim=x=[1"], ["claim=x=[1: the value looks like JSON, but is not"]),
    ([*MINT, "claim=x=1", "claim=x=2"], ["the claim x is given twice"]),
    ([*MINT, "subject=a", "claim=sub=b"], ["the claim sub is given twice"]),
    ([*MINT, "json=x"], ["json=: want one JSON object"]),
    ([*MINT, "json=[1]"], ["json=: want one JSON object"]),
    ([*MINT, 'json={"a":1,"a":2}'], ["json=: want one JSON object"]),
    ([*MINT, "header=1"], ["header=: want one JSON object"]),
    ([*MINT, 'header={"alg":"none"}'], ["the header names an alg"]),
    ([*MINT, b"issuer=\xff"], ["iss", "UTF-8"]),
    (["check", "keys=jwks:ec.jwks", "audience=a"], ["issuer= is wanted"]),
    (["check", "issuer=i", "audience=a"], ["keys= is wanted"]),
    (["check", "issuer=i", "keys=jwks:ec.jwks"], ["audience= is wanted: audience=NAME,...|any"]),
    (["check", "issuer=", "keys=jwks:ec.jwks", "audience=a"], ["the issuer's name is wanted"]),
    ([*CHECK, "audiance=b"], ["unknown word 'audiance=b'", "is 'audience' meant?"]),
    ([*CHECK, "audience=b"], ["audience= is given twice"]),
    ([*CHECK, "leeway=301"], ["leeway=301", "from 0 to 300"]),
    ([*CHECK, "max-age=0"], ["max-age=0", "from 1 to"]),
    ([*CHECK, "algorithms=ES265"], ["algorithms=ES265", "is 'ES256' meant?"]),
    ([*CHECK, "algorithms=none"], ["algorithms=none", "no algorithm"]),
    ([*CHECK, "algorithms=RS256"], ["RS256", "no key of the issuer fits"]),
    ([*CHECK, "algorithms=HS256"], ["algorithms=HS256 goes with keys=secret: only"]),
    ([*CHECK, "keys=secret:secret"], ["secret: cannot stand beside"]),
    ([*CHECK, "keys=pem:ec.pem"], ["ec.pem", "private key"]),
    ([*CHECK, "keys=ec.pem"], ["keys=ec.pem: want jwks:file"]),
    ([*CHECK, "scope="], ["the rule 'scope '", "a scope is wanted"]),
    ([*CHECK, 'scope="'], ["a quote is not closed"]),
    ([*CHECK, "require="], ["the rule ''", "want claim, scope or issuer first"]),
    ([*CHECK, "require=user bob"], ["the rule 'user bob'", "want claim, scope or issuer first"]),
    ([*CHECK, "require=claim n < x"], ["the rule 'claim n < x'", "compares with a number"]),
    ([*CHECK, "scope-claim=a,"], ["scope-claim=a,: want a list of claims"]),
    ([*CHECK, "scope-claim=/~2"], ["scope-claim=/~2"]),
    ([*CHECK, "user="], ["user=", "want a list of claims"]),
    (["verify"], ["keys= is wanted"]),
    (["verify", "keys=jwks:nothing"], ["the key file nothing cannot be opened"]),
    (["verify", "keys=jwks:ec.jwks", "keys=secret:secret"], ["secret: cannot stand beside"]),
    (["verify", "keys=jwks:ec.jwks", "algorithms=RS256"], ["algorithms= names one that no key fits"]),
    (["verify", "keys=jwks:ec.jwks", "algorithms="], ["algorithms=", "want a list"]),
    (["verify", "keys=pem:ec.jwks"], ["ec.jwks", "not PEM"]),
]


@pytest.mark.parametrize("words, wanted", USAGE, ids=range(len(USAGE)))
def test_wrong_usage(odd_keys, words, wanted):
    before = sorted(path.name for path in odd_keys.iterdir())
    result = htbearer.run(*words, stdin="a.b.c", cwd=odd_keys, code=2)
    assert result.output == "" and result.error.startswith("htbearer") and result.error.count("\n") == 1
    for text in wanted:
        assert text in result.error
    assert sorted(path.name for path in odd_keys.iterdir()) == before


@pytest.mark.parametrize("words", [["help"], ["--help"], ["-h"]])
def test_help_names_everything(words):
    text = htbearer.run(*words, code=0).output
    for word in ("key", "mint", "check", "verify", "version", "keys=jwks:FILE", "[ttl=SECONDS]", "Exit code"):
        assert word in text


def test_version():
    assert re.match(r"htbearer \d+\.\d+\.\d+\nlibrary: OpenSSL 3\.", htbearer.run("--version", code=0).output)


def test_full_disk(keys):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([htbearer.PROGRAM, "mint", "key=secret:secret", "algorithm=HS256"], stdout=full,
                              stderr=subprocess.PIPE, cwd=keys("HS256").folder, check=False)
    assert done.returncode == 2 and b"standard output cannot be written" in done.stderr


# The man page

PAGE = htbearer.PROJECT / "support" / "htbearer.1"


def blocks():
    """The commands of its examples, as a reader of the page sees them."""
    examples = PAGE.read_text().split(".Sh EXAMPLES\n")[1].split("\n.Sh ")[0]
    return [text.replace("\\e", "\\") for text in
            re.findall(r"^\.Bd -literal[^\n]*\n(.*?)^\.Ed$", examples, re.MULTILINE | re.DOTALL)]


def test_examples_of_the_man_page_work(tmp_path):
    script = "set -e\n" + "\n".join(f"{block}\necho -- $?" for block in blocks())
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
                          env={"PATH": f"{htbearer.BUILD}:/usr/bin:/bin"})
    assert done.returncode == 0 and done.stderr == "", done.stderr
    outputs = [part.strip().split("\n") for part in done.stdout.split("-- 0\n")[:-1]]
    assert [lines[0] for lines in outputs] == ["done", "accepted", "expired", "accepted", "done", "done"]
    assert outputs[2][-1] == "exit code 1"
    assert outputs[4][-2] == outputs[5][-2] == "accepted"


def test_man_page_is_sound():
    if shutil.which("mandoc") is None:
        pytest.skip("mandoc is not installed")
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", PAGE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_man_page_names_every_word():
    text = PAGE.read_text()
    for word in re.findall(r"^    \[?([a-z-]+)=", htbearer.run("help", code=0).output, re.MULTILINE):
        assert re.search(rf"^\.(It )?Cm .*\b{word}\b", text, re.MULTILINE), word
