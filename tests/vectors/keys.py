"""Keys of every type that JOSE signs with, and raw signatures by them: python3-cryptography, and
the openssl command line for what that library lacks (ML-DSA)."""
import base64
import datetime
import hmac
import os
import subprocess
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa, utils
from cryptography.x509.oid import NameOID

HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
RSA_ALGS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]
CURVES = {"P-256": (ec.SECP256R1(), "ES256", 32), "P-384": (ec.SECP384R1(), "ES384", 48),
          "P-521": (ec.SECP521R1(), "ES512", 66), "secp256k1": (ec.SECP256K1(), "ES256K", 32)}
ML_DSA_BYTES = {"ML-DSA-44": 1312, "ML-DSA-65": 1952, "ML-DSA-87": 2592}


def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def number(value, size=None):
    return b64(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


def digest_of(alg):
    return HASHES["256" if alg == "ES256K" else alg[2:]]


class Key:
    """What all kinds share: a name (which is the kid too), a type, the algorithms that it fits."""

    def __init__(self, name, kty, algs):
        self.name, self.kty, self.algs = name, kty, algs

    def pem(self):
        return self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


class Rsa(Key):
    def __init__(self, name, bits):
        super().__init__(name, "RSA", RSA_ALGS)
        self.private = rsa.generate_private_key(65537, bits)

    def members(self):
        public = self.private.public_key().public_numbers()
        return {"n": number(public.n), "e": number(public.e)}

    def sign(self, alg, data, digest=None, salt=None, mask=None):
        digest = digest or digest_of(alg)
        if alg.startswith("RS"):
            return self.private.sign(data, padding.PKCS1v15(), digest)
        salt = digest.digest_size if salt is None else salt
        return self.private.sign(data, padding.PSS(padding.MGF1(mask or digest), salt), digest)

    def certificate(self):
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "signer")])
        start = datetime.datetime(2020, 1, 1)
        made = (x509.CertificateBuilder().subject_name(name).issuer_name(name)
                .public_key(self.private.public_key()).serial_number(7).not_valid_before(start)
                .not_valid_after(start + datetime.timedelta(days=20000)))
        return made.sign(self.private, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


class Ec(Key):
    def __init__(self, name, curve):
        self.group, alg, self.size = CURVES[curve]
        super().__init__(name, "EC", [alg])
        self.curve = curve
        self.private = ec.generate_private_key(self.group)

    def members(self):
        public = self.private.public_key().public_numbers()
        return {"crv": self.curve, "x": number(public.x, self.size),
                "y": number(public.y, self.size)}

    def der(self, alg, data):
        return self.private.sign(data, ec.ECDSA(digest_of(alg)))

    def join(self, r, s):
        return r.to_bytes(self.size, "big") + s.to_bytes(self.size, "big")

    def sign(self, alg, data):
        """The digest is that of alg, whatever the curve: for tokens that mix the two up."""
        return self.join(*utils.decode_dss_signature(self.der(alg, data)))


class Okp(Key):
    def __init__(self, name, curve, kind):
        super().__init__(name, "OKP", ["EdDSA", curve])
        self.curve = curve
        self.private = kind.generate()

    def members(self):
        raw = self.private.public_key().public_bytes(serialization.Encoding.Raw,
                                                     serialization.PublicFormat.Raw)
        return {"crv": self.curve, "x": b64(raw)}

    def sign(self, alg, data):
        return self.private.sign(data)


class Secret(Key):
    def __init__(self, name, size):
        algs = [f"HS{bits}" for bits in (256, 384, 512) if bits // 8 <= size]
        super().__init__(name, "oct", algs)
        self.secret = os.urandom(size - 1) + b"\x01"     # a newline at the end would be warned of

    def sign(self, alg, data, secret=None):
        return hmac.new(self.secret if secret is None else secret, data, f"sha{alg[2:]}").digest()


def openssl(*words):
    return subprocess.run(["openssl", *words], check=True, capture_output=True).stdout


class MlDsa(Key):
    """Signed by the command line; its own file in a folder that goes with the process."""
    folder = None

    def __init__(self, name, alg):
        super().__init__(name, "AKP", [alg])
        if MlDsa.folder is None:
            MlDsa.folder = tempfile.TemporaryDirectory()
        self.file = os.path.join(MlDsa.folder.name, name)
        openssl("genpkey", "-algorithm", alg, "-out", self.file)

    def pem(self):
        return openssl("pkey", "-in", self.file, "-pubout")

    def members(self):
        der = openssl("pkey", "-in", self.file, "-pubout", "-outform", "DER")
        return {"alg": self.algs[0], "pub": b64(der[-ML_DSA_BYTES[self.algs[0]]:])}

    def sign(self, alg, data, context=None):
        message = self.file + ".in"
        with open(message, "wb") as out:
            out.write(data)
        option = ["-pkeyopt", f"context-string:{context}"] if context else []
        return openssl("pkeyutl", "-sign", "-rawin", "-inkey", self.file, "-in", message, *option)


def ml_dsa_lack():
    """Why there are no ML-DSA keys, or None if the openssl command can make them."""
    try:
        openssl("genpkey", "-algorithm", "ML-DSA-44", "-out", os.devnull)
    except (OSError, subprocess.CalledProcessError):
        return "the openssl command has no ML-DSA (it came with 3.5)"
    return None


def make_all(lack):
    made = [Rsa("rsa-2048-a", 2048), Rsa("rsa-2048-b", 2048), Rsa("rsa-4096", 4096)]
    made += [Ec(f"{curve.lower()}-{which}", curve) for curve in CURVES for which in "ab"]
    made += [Okp(f"ed25519-{which}", "Ed25519", ed25519.Ed25519PrivateKey) for which in "ab"]
    made += [Okp(f"ed448-{which}", "Ed448", ed448.Ed448PrivateKey) for which in "ab"]
    made += [Secret("secret-32", 32), Secret("secret-48", 48), Secret("secret-64-a", 64),
             Secret("secret-64-b", 64), Secret("secret-200", 200)]
    if lack is None:
        made += [MlDsa(f"{alg.lower()}-{which}", alg) for alg in ML_DSA_BYTES for which in "ab"]
    return made
