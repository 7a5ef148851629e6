"""Runs the command-line tool, and checks its tokens without it, with python3-cryptography."""

import base64
import hashlib
import hmac
import json
import os
import stat
import subprocess
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils

PROJECT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("BEARER_BUILD", PROJECT / "build"))
PROGRAM = BUILD / "htbearer"
HASHES = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}
ISSUER, AUDIENCE = "https://login.example.com", "https://api.example.com"
CLAIMS = [f"issuer={ISSUER}", f"audience={AUDIENCE}", "subject=alice", "scope=read write"]
COORDINATE = {"ES256": 32, "ES384": 48, "ES512": 66, "ES256K": 32}


class Result:
    """What one run gave."""

    def __init__(self, done):
        self.code, self.error = done.returncode, done.stderr.decode()
        self.output = done.stdout.decode()
        lines = self.output.splitlines() or [""]
        self.reason = lines[0]
        self.lines = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)


def run(*words, stdin=b"", cwd=None, code=None, umask=-1):
    """htbearer with these words; code is what it must exit with."""
    stdin = stdin if isinstance(stdin, bytes) else stdin.encode()
    result = Result(subprocess.run([PROGRAM, *words], input=stdin, capture_output=True, cwd=cwd,
                                   timeout=60, umask=umask, check=False))
    if code is not None:
        assert result.code == code, (words, result.output, result.error)
    return result


def mint(*words, cwd=None):
    """The token, which stands alone in the output."""
    output = run("mint", *words, cwd=cwd, code=0).output
    assert output.endswith("\n") and output.count("\n") == 1
    return output[:-1]


def signers():
    """Algorithm -> what `htbearer version` says of it."""
    lines = run("version", code=0).lines
    return {name: who for name, who in lines.items() if name != "library"}


def offered():
    return [alg for alg, who in signers().items() if not who.startswith("not offered")]


def decode(part):
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)


def opened(token):
    """Header and claims, unverified."""
    header, payload, _ = token.split(".")
    return json.loads(decode(header)), json.loads(decode(payload))


def tampered(token):
    """The same with one bit of the signature changed."""
    start, signature = token.rsplit(".", 1)
    raw = bytearray(decode(signature))
    raw[len(raw) // 2] ^= 1
    return start + "." + base64.urlsafe_b64encode(bytes(raw)).rstrip(b"=").decode()


def _verify(alg, key, signature, data):
    if alg[:2] == "RS":
        key.verify(signature, data, padding.PKCS1v15(), HASHES[alg[2:]]())
    elif alg[:2] == "PS":
        digest = HASHES[alg[2:]]()
        key.verify(signature, data, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
    elif alg[:2] == "ES":
        size = COORDINATE[alg]
        assert len(signature) == 2 * size
        r, s = (int.from_bytes(half, "big") for half in (signature[:size], signature[size:]))
        key.verify(utils.encode_dss_signature(r, s), data, ec.ECDSA(HASHES[alg[2:5]]()))
    else:
        key.verify(signature, data)


def holds(token, alg, key):
    """The signature holds, says python3-cryptography. key: a public key, or a secret's bytes."""
    data, signature = token.rsplit(".", 1)
    data, signature = data.encode(), decode(signature)
    if alg[:2] == "HS":
        return hmac.compare_digest(hmac.new(key, data, "sha" + alg[2:]).digest(), signature)
    try:
        _verify(alg, key, signature, data)
    except InvalidSignature:
        return False
    return True


def fingerprint(token):
    return hashlib.sha256(token.encode()).hexdigest()[:8]


class Keys:
    """A key of one algorithm that the tool made."""

    def __init__(self, folder, alg):
        self.alg, self.folder = alg, folder
        self.is_secret = alg.startswith("HS")
        words = ["secret=secret"] if self.is_secret else ["private=private.pem", "public=keys.jwks",
                                                          "public-pem=public.pem"]
        if alg[:2] in ("RS", "PS"):
            words.append("bits=2048")
        self.result = run("key", f"algorithm={alg}", *words, cwd=folder, code=0, umask=0)
        self.signing = "key=secret:secret" if self.is_secret else "key=pem:private.pem"
        self.checking = [f"algorithms={alg}", "keys=secret:secret"] if self.is_secret else [
            f"algorithms={alg}", "keys=jwks:keys.jwks"]

    def mint(self, *words):
        return mint(self.signing, f"algorithm={self.alg}", *words, cwd=self.folder)

    def check(self, token, *words, code=None):
        known = [word for word in (f"issuer={ISSUER}", f"audience={AUDIENCE}", *self.checking)
                 if not any(own.startswith(word.split("=")[0] + "=") for own in words)]
        return run("check", *known, *words, stdin=token, cwd=self.folder, code=code)

    def verify(self, token, code=None):
        return run("verify", *self.checking, stdin=token, cwd=self.folder, code=code)

    def public(self):
        if self.is_secret:
            return (self.folder / "secret").read_bytes()
        return serialization.load_pem_public_key((self.folder / "public.pem").read_bytes())

    def jwk(self):
        (key,) = json.loads((self.folder / "keys.jwks").read_text())["keys"]
        return key


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)
