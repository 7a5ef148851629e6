"""Keys and tokens, made with python3-cryptography and nothing of the module's.

Every token and secret made here is remembered: the log watcher of server.py fails where one of
them is written.
"""

import base64
import functools
import hashlib
import hmac
import json
import os
import time
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa, utils

ISSUER = "https://as.example"
AUDIENCE = "https://api.example"

CURVES = {"p256": ("P-256", ec.SECP256R1, 32), "p384": ("P-384", ec.SECP384R1, 48),
          "p521": ("P-521", ec.SECP521R1, 66), "k256": ("secp256k1", ec.SECP256K1, 32)}
EDWARDS = {"ed25519": ("Ed25519", ed25519.Ed25519PrivateKey),
           "ed448": ("Ed448", ed448.Ed448PrivateKey)}
HASHES = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}

# Algorithm -> the name of a key that fits it.
ALGORITHMS = {"RS256": "rsa", "RS384": "rsa", "RS512": "rsa", "PS256": "rsa", "PS384": "rsa",
              "PS512": "rsa",
              "ES256": "p256", "ES384": "p384", "ES512": "p521", "ES256K": "k256",
              "EdDSA": "ed25519", "Ed25519": "ed25519", "Ed448": "ed448",
              "HS256": "hs256", "HS384": "hs384", "HS512": "hs512"}

_secrets = set()


def remember(text):
    """Registers text (or bytes) that no log may ever hold; very short ones are left out."""
    data = text if isinstance(text, bytes) else text.encode()
    if len(data) >= 16:
        _secrets.add(data)
    return text


def secrets():
    """All that was registered, as bytes."""
    return frozenset(_secrets)


def b64url(data):
    data = data if isinstance(data, bytes) else data.encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def b64url_decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _number(value, size=None):
    return b64url(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


def store():
    """The directory where keys are kept between runs of one build."""
    root = Path(__file__).resolve().parents[2]
    path = Path(os.environ.get("BEARER_BUILD", root / "build")) / "test-keys"
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def _kept(name, make):
    path = store() / name
    try:
        return path.read_bytes()
    except FileNotFoundError:
        data = make()
        part = path.with_name(f"{name}.{os.getpid()}")
        part.write_bytes(data)
        part.chmod(0o600)
        try:
            os.link(part, path)
        except FileExistsError:         # another run was quicker
            pass
        part.unlink()
        return path.read_bytes()


def _generate(kind):
    if kind.startswith("rsa"):
        return rsa.generate_private_key(65537, int(kind[3:] or 2048))
    if kind in CURVES:
        return ec.generate_private_key(CURVES[kind][1]())
    return EDWARDS[kind][1].generate()


def _private_pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


class Key:
    """A key pair or secret. kind: rsa (2048 bits), rsa1024 and the like, p256, p384, p521, k256,
    ed25519, ed448, hs256, hs384, hs512."""

    def __init__(self, kind, name, kid):
        self.kind, self.name, self.kid = kind, name, kid
        self.is_secret = kind.startswith("hs")
        if self.is_secret:
            self.secret = _kept(name + ".bin", lambda: os.urandom(int(kind[2:]) // 8))
            for form in (self.secret, self.secret.hex(), b64url(self.secret),
                         base64.b64encode(self.secret)):
                remember(form)
        else:
            pem = _kept(name + ".pem", lambda: _private_pem(_generate(kind)))
            self.private = serialization.load_pem_private_key(pem, None)
            for line in pem.splitlines():
                if not line.startswith(b"-----"):
                    remember(line)

    def public_pem(self):
        return self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    def certificate_pem(self):
        """A self-signed certificate over this key."""
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, self.name)])
        start = datetime(2024, 1, 1)
        builder = x509.CertificateBuilder(name, name, self.private.public_key(), 1000, start,
                                          start + timedelta(days=36500))
        digest = None if self.kind in EDWARDS else hashes.SHA256()
        return builder.sign(self.private, digest).public_bytes(serialization.Encoding.PEM)

    def jwk(self, **changes):
        """The public JWK with kid and use=sig; a change to None leaves the member out."""
        if self.is_secret:
            members = {"kty": "oct", "k": b64url(self.secret)}
        elif self.kind.startswith("rsa"):
            numbers = self.private.public_key().public_numbers()
            members = {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e)}
        elif self.kind in CURVES:
            crv, _, size = CURVES[self.kind]
            numbers = self.private.public_key().public_numbers()
            members = {"kty": "EC", "crv": crv, "x": _number(numbers.x, size),
                       "y": _number(numbers.y, size)}
        else:
            raw = self.private.public_key().public_bytes(serialization.Encoding.Raw,
                                                         serialization.PublicFormat.Raw)
            members = {"kty": "OKP", "crv": EDWARDS[self.kind][0], "x": b64url(raw)}
        members.update({"kid": self.kid, "use": "sig"}, **changes)
        return {name: value for name, value in members.items() if value is not None}

    def sign(self, alg, data):
        """The signature bytes; alg chooses how, whether or not it suits a careful server."""
        if alg.startswith("HS"):
            return hmac.new(self.hmac_bytes(), data, f"sha{alg[2:]}").digest()
        if alg[:2] in ("RS", "PS"):
            digest = HASHES[alg[2:]]()
            scheme = padding.PKCS1v15() if alg[0] == "R" else padding.PSS(
                padding.MGF1(digest), digest.digest_size)
            return self.private.sign(data, scheme, digest)
        if alg[:2] == "ES":
            r, s = utils.decode_dss_signature(
                self.private.sign(data, ec.ECDSA(HASHES[alg[2:5]]())))
            size = CURVES[self.kind][2]
            return r.to_bytes(size, "big") + s.to_bytes(size, "big")
        return self.private.sign(data)

    def hmac_bytes(self):
        """The secret, or what an attacker would use in its place: a public key's PEM text."""
        return self.secret if self.is_secret else self.public_pem()


@functools.lru_cache(maxsize=None)
def key(kind, number=1):
    """The number-th key of that kind, made once and kept. Its kid is `<kind>-<number>`."""
    name = f"{kind}-{number}"
    return Key(kind, name, name)


def key_for(alg, number=1):
    return key(ALGORITHMS[alg], number)


def asymmetric():
    """One key of every kind that may stand in a key set."""
    return [key(kind) for kind in ("rsa", *CURVES, *EDWARDS)]


def jwks(keys=None, **changes):
    """The text of a JWK Set: keys are Key objects (changes apply to each) or ready dicts."""
    keys = asymmetric() if keys is None else keys
    return json.dumps({"keys": [k if isinstance(k, dict) else k.jwk(**changes) for k in keys]})


def _json(value):
    return value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()


def _merged(base, changes):
    merged = {**base, **changes}
    return {name: value for name, value in merged.items() if value is not None}


def mint(signer, alg, claims, header=None, signature=None):
    """A compact JWS. claims and header: a dict, or raw bytes taken as they are; header members
    given as None are left out. alg says how it is signed, header={"alg": ...} may say another
    thing. signature replaces the real one."""
    if not isinstance(header, bytes):
        kid = getattr(signer, "kid", None)
        header = _merged({"alg": alg, "typ": "at+jwt", "kid": kid}, header or {})
    start = f"{b64url(_json(header))}.{b64url(_json(claims))}"
    if signature is None:
        signature = b"" if alg == "none" else signer.sign(alg, start.encode())
    tail = b64url(signature)
    for part in (start, start.split(".")[1], tail, f"{start}.{tail}"):
        remember(part)
    return f"{start}.{tail}"


def claims(**changes):
    """The claims of an ordinary access token; a change to None leaves the claim out."""
    now = int(time.time())
    return _merged({"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "scope": "read",
                    "iat": now, "exp": now + 300}, changes)


def good(alg="RS256", header=None, signer=None, **changes):
    """An ordinary access token; keyword arguments change its claims."""
    return mint(signer or key_for(alg), alg, claims(**changes), header)


def fingerprint(token):
    """What logs show of a token."""
    return hashlib.sha256(token.encode()).hexdigest()[:8]


def bearer(token):
    """The header that carries a token."""
    return ("Authorization", f"Bearer {token}")


def basic(user, password):
    text = base64.b64encode(f"{user}:{password}".encode()).decode()
    return ("Authorization", f"Basic {remember(text)}")
