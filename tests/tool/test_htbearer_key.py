"""htbearer key: its files, and what it never overwrites."""

import json

import pytest
from cryptography.hazmat.primitives import serialization

import htbearer
from htbearer import mode


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
    result = htbearer.run("key", "algorithm=ES256", "private=a", "public=no-such/b", cwd=tmp_path,
                          code=2)
    assert "the file no-such/b cannot be written" in result.error
    assert list(tmp_path.iterdir()) == []
    result = htbearer.run("key", "algorithm=ES256", "private=a", "public=no-such/b", "force=yes",
                          cwd=tmp_path, code=2)
    assert "the file no-such/b cannot be written" in result.error
    assert list(tmp_path.iterdir()) == []


def test_what_is_published_does_not_go_before_its_key(tmp_path):
    """A set names no key whose private half could not be written."""
    htbearer.run("key", "algorithm=ES256", "kid=1", "private=a", "public=set", cwd=tmp_path, code=0)
    before = (tmp_path / "set").read_bytes()
    for private in ("no-such/b", "c"):
        (tmp_path / "set.new").mkdir(exist_ok=True)     # in the way of the replacement
        htbearer.run("key", "algorithm=ES256", "kid=2", f"private={private}", "public=set",
                     "append=yes", cwd=tmp_path, code=2)
        assert (tmp_path / "set").read_bytes() == before
        assert not (tmp_path / "c").exists()


@pytest.mark.parametrize("umask", [0, 0o022, 0o077, 0o277])
def test_modes_whatever_the_umask(tmp_path, umask):
    how = {"cwd": tmp_path, "code": 0, "umask": umask}
    htbearer.run("key", "algorithm=ES256", "private=a", "public=b", **how)
    htbearer.run("key", "algorithm=HS256", "secret=s", **how)
    assert [mode(tmp_path / name) for name in "abs"] == [0o600, 0o644, 0o600]


def test_rotation(tmp_path):
    more = ["public=set", "append=yes"]
    htbearer.run("key", "algorithm=ES256", "private=old", *more, "kid=2024", cwd=tmp_path, code=0)
    found = json.loads((tmp_path / "set").read_text())
    (tmp_path / "set").write_text(json.dumps({"note": {"a": "\u00e9"}, **found}))
    htbearer.run("key", "algorithm=Ed25519", "private=new", *more, cwd=tmp_path, code=0)
    both = json.loads((tmp_path / "set").read_text())
    assert both["note"] == {"a": "\u00e9"}
    assert both["keys"][0] == found["keys"][0] and len(both["keys"]) == 2
    for name, alg in (("old", "ES256"), ("new", "Ed25519")):
        token = htbearer.mint(f"key=pem:{name}", f"algorithm={alg}", cwd=tmp_path)
        htbearer.run("verify", "keys=jwks:set", stdin=token, cwd=tmp_path, code=0)
    result = htbearer.run("key", "algorithm=ES256", "private=x", *more, "kid=2024", cwd=tmp_path,
                          code=2)
    assert "holds a key with the kid 2024 already" in result.error
    assert not (tmp_path / "x").exists()
    assert json.loads((tmp_path / "set").read_text()) == both


@pytest.mark.parametrize("text", ["", "{}", "[]", "x", '{"keys":{}}', '{"kty":"EC"}',
                                  '{"keys":[],"keys":[]}'])
def test_append_to_what_is_no_set(tmp_path, text):
    (tmp_path / "set").write_text(text)
    result = htbearer.run("key", "algorithm=ES256", "private=x", "public=set", "append=yes",
                          cwd=tmp_path, code=2)
    assert "the file set holds no JWK Set" in result.error
    assert (tmp_path / "set").read_text() == text


@pytest.mark.parametrize("words, kind", [
    (["algorithm=EdDSA"], "Ed25519"), (["algorithm=EdDSA", "curve=Ed448"], "Ed448"),
    (["algorithm=Ed448"], "Ed448"),
])
def test_edwards_curves(tmp_path, words, kind):
    htbearer.run("key", *words, "private=a", "public=b", cwd=tmp_path, code=0)
    assert json.loads((tmp_path / "b").read_text())["keys"][0]["crv"] == kind
    token = htbearer.mint("key=pem:a", words[0], cwd=tmp_path)
    assert htbearer.run("verify", "keys=jwks:b", stdin=token, cwd=tmp_path).reason == "accepted"


def test_rsa_has_3072_bits_unless_said_otherwise(tmp_path):
    htbearer.run("key", "algorithm=RS256", "private=a", "public-pem=b", cwd=tmp_path, code=0)
    assert serialization.load_pem_public_key((tmp_path / "b").read_bytes()).key_size == 3072
