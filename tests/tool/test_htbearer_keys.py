"""htbearer keys: what it fetches from where, and what it says of it."""

import json
import shutil
import time

import pytest

import htbearer
import tokens
from authority import Authority
from issuer import OAUTH, OPENID, Answer
from worldwide import World

TOKEN = "canary-of-the-auth-file-0123456789"
KEYS = {"keys": [tokens.key("p256").jwk(alg="ES256"), tokens.key("rsa").jwk()]}
LONG = {"keys": [tokens.key("p256").jwk()], "x": "x" * 26_000_000}


def lines(result, name):
    start = name + ": "
    return [line[len(start):] for line in result.output.splitlines() if line.startswith(start)]


def look(*words, code, **how):
    result = htbearer.run("keys", *words, code=code, **how)
    assert result.error == "" and result.reason == ("keys_unavailable" if code else "done")
    assert result.output.count("\nkeys: ") == 1
    return result


@pytest.mark.parametrize("place", [OAUTH, OPENID])
@pytest.mark.parametrize("explicit", [False, True])
def test_discovery(serve, place, explicit):
    server = serve()
    fresh = {"Cache-Control": "max-age=600"}
    server.serve(place, {"issuer": server.url, "jwks_uri": f"{server.url}/jwks"}, headers=fresh)
    server.serve("/jwks", KEYS, headers=fresh)
    result = look(("issuer=" if explicit else "") + server.url, code=0)
    asked = [server.url + place, f"{server.url}/jwks"]
    if place == OPENID:
        asked.insert(0, server.url + OAUTH)
    assert [line.split(": ")[0] for line in lines(result, "asked")] == asked
    assert lines(result, "asked")[-2].endswith(f"fresh for 600 s; it names {server.url}/jwks")
    size = len(server.answers["/jwks"].body)
    assert lines(result, "asked")[-1].endswith(f": status 200, {size} bytes, fresh for 600 s")
    assert lines(result, "key") == [
        'kid "p256-1", EC P-256, for ES256',
        'kid "rsa-1", RSA 2048 bits, for RS256 RS384 RS512 PS256 PS384 PS512']
    assert result.lines["keys"] == "2" and "hint" not in result.lines
    assert result.output.endswith(f"\nconfiguration: AuthBearerIssuer {server.url}\n")


def test_the_path_of_an_issuer(serve):
    server = serve()
    name = f"{server.url}/realms/main/"
    server.serve(OAUTH + "/realms/main", {"issuer": name, "jwks_uri": f"{server.url}/set"})
    server.serve("/set", KEYS)
    look(name, code=0)
    assert server.paths() == [OAUTH + "/realms/main", "/set"]


def test_address_of_a_set(serve):
    server = serve()
    server.serve("/jwks", KEYS)
    result = look(f"{server.url}/jwks", code=0)
    assert server.paths() == [OAUTH + "/jwks", "/jwks" + OPENID, "/jwks"]
    assert "is not said" in lines(result, "asked")[2]
    assert "keys=URL" in result.lines["hint"] and "detail" not in result.lines
    assert result.lines["configuration"] == f"AuthBearerIssuer ISSUER keys={server.url}/jwks"


def test_address_that_is_no_issuer(serve):
    server = serve()
    server.serve("/jwks?v=1", KEYS)
    look(f"{server.url}/jwks?v=1", code=0)
    assert server.paths() == ["/jwks?v=1"]


def test_explicit_set_of_an_issuer(serve):
    server = serve()
    server.serve("/jwks", KEYS)
    result = look("issuer=main", f"keys={server.url}/jwks", code=0)
    assert server.paths() == ["/jwks"] and "hint" not in result.lines
    assert result.lines["configuration"] == f"AuthBearerIssuer main keys={server.url}/jwks"


def test_explicit_words_are_not_taken_for_others(serve):
    server = serve()
    server.serve("/jwks", KEYS)
    look(f"issuer={server.url}/jwks", code=1)
    assert "/jwks" not in server.paths()
    look(f"keys={server.url}/nothing", code=1)
    assert server.paths()[-1] == "/nothing"


def test_set_that_fails_is_not_asked_for_again(serve):
    server = serve()
    server.publish({})
    server.serve("/jwks", Answer("oops", 500))
    result = look(server.url, code=1)
    assert server.paths() == [OAUTH, "/jwks"]
    assert result.lines["detail"].endswith("/jwks: status 500")


# What the OpenID place answers, and what is said of it.
METADATA = [
    (Answer("not here", 404), "status 404, 8 bytes"),
    (Answer("", 302, {"Location": "/elsewhere"}), "status 302, and redirections are not followed"),
    ("<html>Hello</html>", "it is not one JSON object"),
    ({}, "it has no issuer"),
    ({"issuer": "https://other.example\x1b[2J", "jwks_uri": "https://other.example/"},
     'it is of another issuer, "https://other.example?[2J"'),
    ("{issuer}/", "it is of another issuer"),
    ("{issuer}", "it has no jwks_uri"),
    (Answer(b"x" * 300_000), "the answer is larger than 262144 bytes"),
    (Answer(how="hang"), "timed out"),
]


@pytest.mark.parametrize("page, said", METADATA, ids=range(len(METADATA)))
def test_metadata_that_is_none(serve, page, said):
    server = serve()
    if isinstance(page, str) and page.startswith("{issuer}"):
        page = {"issuer": page.replace("{issuer}", server.url)}
    server.serve(OPENID, page)
    begun = time.monotonic()
    result = look("issuer=" + server.url, "timeout=1", code=1)
    assert time.monotonic() - begun < 4
    assert server.paths() == [OAUTH, OPENID]
    assert said in lines(result, "asked")[1] and "\x1b" not in result.output
    assert result.lines["keys"] == "0" and "configuration" not in result.lines
    assert "no keys were fetched: " in result.lines["detail"]
    assert "attempt" not in result.lines["detail"]


SETS = [
    (Answer("not here", 404), "status 404"),
    (Answer("", 301, {"Location": "/elsewhere"}), "redirections are not followed"),
    ("<html>Hello</html>", "is not one JSON object (a JWK Set or a JWK is wanted)"),
    ("", "is not one JSON object"),
    ({}, "is neither a JWK Set nor a JWK"),
    ({"keys": {}}, "is no JWK Set"),
    ({"keys": []}, "holds no usable key"),
    ({"keys": [tokens.key("p256").jwk(use="enc")]},
     'holds no usable key: key 1 of 1, kid "p256-1", is skipped: '),
    (Answer(how="hang"), "timed out"),
    (LONG, "the answer is larger than 4194304 bytes"),
]


@pytest.mark.parametrize("page, said", SETS, ids=range(len(SETS)))
def test_set_that_is_none(serve, page, said):
    server = serve()
    server.serve("/jwks", page)
    begun = time.monotonic()
    result = look(f"keys={server.url}/jwks", "timeout=1", code=1)
    assert time.monotonic() - begun < 3
    assert said in result.lines["detail"] and server.paths() == ["/jwks"]


SKIPPED = [
    (tokens.key("p256").jwk(kid="enc", use="enc"), "its use is not sig"),
    (tokens.key("p256").jwk(kid="ops", key_ops=["sign"]), "its key_ops do not have verify"),
    (tokens.key("p256").jwk(kid="private", d="AAAA"), "it is a private or secret key"),
    ({"kty": "oct", "kid": "secret", "k": "c2VjcmV0"}, "it is a private or secret key"),
    ({"kty": "DSA", "kid": "kty"}, "its kty is unknown"),
    (tokens.key("p256").jwk(kid="curve", crv="P-192"), "its curve or parameter set is unknown"),
    (tokens.key("p256").jwk(kid="short", x="AAAA"), "a member is missing, malformed"),
    (tokens.key("p256").jwk(kid="point", x="A" * 43), "a member is missing, malformed"),
    (tokens.key("rsa1024").jwk(kid="weak"), "an RSA key of 2048 to 8192 bits is wanted"),
    (tokens.key("rsa").jwk(kid="alg", alg="RSA-OAEP"), "its alg is unknown or does not fit"),
    (tokens.key("p256").jwk(kid="\x1b[2J\"", alg="RS256"), "its alg is unknown or does not fit"),
    ({**tokens.key("p256").jwk(), "kid": 1}, "its kid is no string"),
]


def test_keys_that_are_skipped(serve):
    server = serve()
    server.publish({"keys": [jwk for jwk, _ in SKIPPED] + [tokens.key("ed25519").jwk(kid=None)]})
    result = look(server.url, code=0)
    notes = lines(result, "note")
    assert len(notes) == len(SKIPPED) + 1 and result.lines["keys"] == "1"
    for number, (note, (jwk, why)) in enumerate(zip(notes, SKIPPED), 1):
        assert note.startswith(f"{server.url}/jwks: key {number} of 13, kid ") and why in note
        assert isinstance(jwk["kid"], int) or f'"{jwk["kid"][:3]}'.replace("\x1b", "?") in note
    assert lines(result, "key") == ["no kid, OKP Ed25519, for EdDSA Ed25519"]
    for value in (tokens.key("ed25519").jwk()["x"], tokens.key("p256").jwk()["y"], "c2VjcmV0",
                  "\x1b"):
        assert value not in result.output


@pytest.fixture
def authority():
    return Authority("tests")


def test_private_authority(serve, authority):
    server = serve(authority)
    server.publish(KEYS)
    result = look(server.url, "ca=ca.pem", "refresh=600", code=0, cwd=authority.folder)
    assert result.lines["configuration"] == (
        f"AuthBearerIssuer {server.url} ca={authority.file} refresh=600")


def test_names_with_spaces(serve, authority, tmp_path):
    server = serve(authority)
    server.publish(KEYS)
    shutil.copy(authority.file, tmp_path / "c a.pem")
    result = look(server.url, "ca=c a.pem", code=0, cwd=tmp_path)
    assert result.lines["configuration"].endswith(f' "ca={tmp_path}/c a.pem"')


def test_unknown_authority(serve, authority):
    server = serve(authority)
    server.publish(KEYS)
    other, namesake = Authority("others"), Authority("tests")
    for trusted in (None, other, namesake):
        words = [f"ca={trusted.file}"] if trusted else []
        result = look(server.url, *words, code=1)
        assert server.hits == []
        assert "certificate" in lines(result, "asked")[0] or trusted is namesake


def test_certificate_of_another_host(serve, authority):
    server = serve(authority, authority.certify("login.example.com", "127.0.0.2"))
    server.publish(KEYS)
    result = look(server.url, "ca=ca.pem", code=1, cwd=authority.folder)
    assert "127.0.0.1" in lines(result, "asked")[0] and server.hits == []
    assert "subject" in lines(result, "asked")[0]


def test_client_certificate(serve, authority):
    server = serve(authority, client_authority=authority)
    server.publish(KEYS)
    pair = authority.certify("client").name
    look(server.url, "ca=ca.pem", code=1, cwd=authority.folder)
    look(server.url, "ca=ca.pem", f"client-cert={pair}", f"client-key={pair}", code=0,
         cwd=authority.folder)


def test_token_of_the_auth_file(serve, tmp_path):
    server = serve()
    server.publish(KEYS)
    (tmp_path / "token").write_text(TOKEN + "\n")
    result = look(server.url, "auth=token", code=0, cwd=tmp_path)
    sent = [hit.headers.get("Authorization") for hit in server.hits]
    assert sent == [f"Bearer {TOKEN}"] * 2
    assert TOKEN not in result.output
    (tmp_path / "token").write_text(TOKEN + "\nx\n")
    result = look(server.url, "auth=token", code=1, cwd=tmp_path)
    assert "the token file token holds no token" in lines(result, "asked")[0]
    assert TOKEN not in result.output and len(server.hits) == 2


def test_the_environment_is_not_asked(serve, monkeypatch, tmp_path):
    server, proxy = serve(), serve()
    server.publish(KEYS)
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login alice password secret\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    look(server.url, code=0)
    assert proxy.hits == [] and "Authorization" not in server.hits[0].headers


def test_proxy():
    """For https; and no password of it in an answer."""
    name = "https://login.example.com"
    with World() as world:
        world.issuer(name, "/keys", json.dumps(KEYS))
        result = look(name, f"proxy={world.proxy}", f"ca={world.authority.file}", code=0)
        assert [one.url for one in world.asked()][-1] == name + "/keys"
        assert f" proxy={world.proxy}" in result.lines["configuration"]
        secret = world.proxy.replace("//", "//u:passwd@")
        result = htbearer.run("keys", name, f"proxy={secret}", code=2)
        assert "password" in result.error and "passwd" not in result.output + result.error


def test_nobody_there():
    result = look("http://127.0.0.1:1", code=1)
    assert len(lines(result, "asked")) == 3 and len(lines(result, "detail")) == 2
    assert "connect" in lines(result, "asked")[0]
