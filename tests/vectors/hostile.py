"""Tokens that a good key must not accept: each valid one, spoilt in one way, with the reason that
it must give.

A variant is (what, token, reason). The reason ALG stands for a header that names an algorithm of
the table which the key does not fit: alg_refused where the key's own algorithms are allowed,
key_unknown where all are."""
import json

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import utils

from keys import HASHES, b64

NAMES = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "ES256K",
         "EdDSA", "Ed25519", "Ed448", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87", "HS256",
         "HS384", "HS512"]
NOT_NAMES = ["none", "None", "NONE", "nOnE", "", " ", "rs256", "RS256 ", "RS2567", "RS25", "HS",
             "ES256\u0101", "SHA256", "RSA-OAEP", "dir", "A128GCM", None, 0, True, ["RS256"], {}]
ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493
ED448_ORDER = 2**446 - 13818066809895115352007386748515426880336692474882178609894547503885
EC_ORDERS = {
    "ES256": 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551,
    "ES384": int("f" * 48 + "c7634d81f4372ddf581a0db248b0a77aecec196accc52973", 16),
    "ES512": int("1" + "f" * 64
                 + "fa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409", 16),
    "ES256K": 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141,
}
BAD, MALFORMED, ALG = "signature_bad", "token_malformed", "ALG"


def join(header, payload):
    return b64(json.dumps(header).encode()) + "." + b64(payload)


def spoilt_bytes(signature):
    """The signature as bytes, whatever the algorithm."""
    size = len(signature)
    for what, place in (("first", 0), ("middle", size // 2), ("last", size - 1)):
        yield f"bit flipped in the {what} byte", bytes(
            byte ^ (0x40 if i == place else 0) for i, byte in enumerate(signature))
    yield "truncated by one byte", signature[:-1]
    yield "truncated by one byte in front", signature[1:]
    yield "one byte alone", signature[:1]
    yield "half of it", signature[:size // 2]
    yield "extended by a zero byte", signature + b"\0"
    yield "extended by a zero byte in front", b"\0" + signature
    yield "twice", signature + signature
    yield "all bytes zero", bytes(size)
    yield "all bits one", b"\xff" * size
    yield "the number one", bytes(size - 1) + b"\1"


def spoilt_text(text):
    """The signature as base64url text."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    yield "empty", ""
    yield "one padding character", text + "="
    yield "two padding characters", text + "=="
    yield "a blank after it", text + " "
    yield "a newline after it", text + "\n"
    yield "a line break inside", text[:8] + "\r\n" + text[8:]
    yield "a NUL after it", text + "\0"
    yield "a dot after it", text + "."
    yield "a dot inside", text[:8] + "." + text[8:]
    yield "a percent escape", text[:8] + "%41" + text[9:]
    yield "a character of plain base64", "+" + text[1:]
    if len(text) % 4 == 0:
        yield "one character left over", text + "A"
    else:
        yield "stray bits", text[:-1] + letters[letters.index(text[-1]) | 1]


def rsa_signatures(key, alg, data):
    for bits, digest in HASHES.items():
        if bits != alg[2:]:
            yield f"made with SHA-{bits}", key.sign(alg, data, digest=digest)
    yield "made with SHA-1", key.sign(alg, data, digest=hashes.SHA1())
    if alg.startswith("PS"):
        size = HASHES[alg[2:]].digest_size
        room = key.private.key_size // 8 - size - 2
        for what, salt in (("no", 0), ("a shorter", size - 1), ("a longer", size + 1),
                           ("the longest", room)):
            yield f"{what} salt", key.sign(alg, data, salt=salt)
        yield "mask by SHA-1", key.sign(alg, data, mask=hashes.SHA1())


def ec_signatures(key, alg, data):
    der, order = key.der(alg, data), EC_ORDERS[alg]
    r, s = utils.decode_dss_signature(der)
    yield "in DER", der
    for what, pair in (("r zero", (0, s)), ("s zero", (r, 0)), ("both zero", (0, 0)),
                       ("swapped", (s, r)), ("r the order", (order, s)),
                       ("s the order", (r, order)), ("r one", (1, s)), ("both one", (1, 1))):
        yield what, key.join(*pair)
    for what, pair in (("r plus the order", (r + order, s)), ("s plus the order", (r, s + order))):
        if max(pair) < 256 ** key.size:
            yield what, key.join(*pair)
    if key.size == 32:
        raw = key.join(r, s)
        yield "a byte of zero before each half", b"\0" + raw[:32] + b"\0" + raw[32:]


def okp_signatures(key, alg, data):
    signature = key.sign(alg, data)
    half = len(signature) // 2
    order = ED25519_ORDER if key.curve == "Ed25519" else ED448_ORDER
    s = int.from_bytes(signature[half:], "little")
    yield "S plus the order", signature[:half] + (s + order).to_bytes(half, "little")
    yield "S zero", signature[:half] + bytes(half)
    yield "halves swapped", signature[half:] + signature[:half]


def secret_signatures(key, alg, data):
    yield "keyed with nothing", key.sign(alg, data, secret=b"")
    yield "keyed with the secret and a newline", key.sign(alg, data, secret=key.secret + b"\n")
    yield "keyed with the secret in base64url", key.sign(alg, data, secret=b64(key.secret).encode())


def ml_dsa_signatures(key, alg, data):
    yield "with a context", key.sign(alg, data, context="JWT")


SIGNATURES = {"RSA": rsa_signatures, "EC": ec_signatures, "OKP": okp_signatures,
              "oct": secret_signatures, "AKP": ml_dsa_signatures}


def other_names(key, header, payload, signature):
    """The header names another algorithm: over the old signature, and one made for that header."""
    alg = header["alg"]
    for name in NAMES:
        if name == alg:
            continue
        reason = BAD if name in key.algs else ALG
        data = join({**header, "alg": name}, payload)
        yield f"renamed to {name}", f"{data}.{b64(signature)}", reason
        if key.kty == "AKP" or (key.kty == "OKP" and name in key.algs):
            continue                    # signed anew, the one is too slow and the other is right
        yield f"renamed to {name} and signed", f"{data}.{b64(key.sign(alg, data.encode()))}", reason
        if key.kty == "EC" and name.startswith("ES"):
            signed = b64(key.sign(name, data.encode()))
            yield f"renamed to {name} and signed with its hash", f"{data}.{signed}", reason
    for name in NOT_NAMES:
        data = join({**header, "alg": name}, payload)
        yield f"renamed to {json.dumps(name)}", f"{data}.{b64(signature)}", "alg_refused"
    data = join({name: value for name, value in header.items() if name != "alg"}, payload)
    yield "without alg", f"{data}.{b64(signature)}", "alg_refused"


def keyed_with_public(key, header, payload, secrets):
    """The old trick: HMAC, keyed with what everybody knows of an asymmetric key."""
    if key.kty == "oct":
        return
    known = {"PEM": key.pem(), "PEM without the last newline": key.pem().rstrip(),
             "JWK": json.dumps({"kty": key.kty, **key.members()}).encode(), "empty key": b""}
    for name in ("HS256", "HS384", "HS512"):
        data = join({**header, "alg": name}, payload)
        for what, secret in known.items():
            signed = b64(secrets.sign(name, data.encode(), secret))
            yield f"{name} keyed with the {what}", f"{data}.{signed}", ALG


def variants(key, header, payload, secrets):
    alg = header["alg"]
    data = join(header, payload)
    signature = key.sign(alg, data.encode())
    text = b64(signature)

    for what, raw in spoilt_bytes(signature):
        yield what, f"{data}.{b64(raw)}", BAD
    for what, changed in spoilt_text(text):
        yield what, f"{data}.{changed}", MALFORMED
    for what, raw in SIGNATURES[key.kty](key, alg, data.encode()):
        yield what, f"{data}.{b64(raw)}", BAD
    yield from other_names(key, header, payload, signature)
    yield from keyed_with_public(key, header, payload, secrets)
    yield "payload bit flipped", f"{join(header, payload.replace(b'alice', b'clice'))}.{text}", BAD
    yield "payload of another token", f"{join(header, payload[:-1] + b' }')}.{text}", BAD
    yield "header with a member more", f"{join({**header, 'x': 1}, payload)}.{text}", BAD
    spaced = b64(json.dumps(header, indent=1).encode())
    yield "header spelt otherwise", f"{spaced}.{b64(payload)}.{text}", BAD
    yield "no signature part", data, MALFORMED
    yield "five parts", f"{data}.{text}.{text}.{text}", MALFORMED
