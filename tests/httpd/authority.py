"""A private certificate authority and what it certifies, as files below one folder that everybody
may read, the user that httpd runs as too, and that is removed when the tests end."""

import atexit
import hashlib
import ipaddress
import itertools
import shutil
import ssl
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

AGE = timedelta(days=2)         # of each certificate
USAGES = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
          "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")


def _name(text):
    # A common name has 64 characters at most; nobody looks at that of a server.
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text[:64])])


def _alternative(host):
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _usage(*names):
    return x509.KeyUsage(**{usage: usage in names for usage in USAGES})


def _pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


class Authority:
    """file: its own certificate, what a client needs."""

    def __init__(self, name="an authority of the tests"):
        self.folder = Path(tempfile.mkdtemp(prefix="bearer-ca-", dir="/tmp"))
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        self.folder.chmod(0o755)
        self.numbers = itertools.count(1)
        self.name, self.key = _name(name), ec.generate_private_key(ec.SECP256R1())
        # Of the name, not of the key: a namesake is told by its signatures alone.
        self.identifier = x509.SubjectKeyIdentifier(hashlib.sha256(name.encode()).digest()[:20])
        certificate = self._sign(
            self.name, self.key.public_key(), 1, [self.identifier],
            [x509.BasicConstraints(ca=True, path_length=0), _usage("key_cert_sign")])
        self.file = self._write("ca.pem", _pem(certificate))

    def _write(self, name, data):
        path = self.folder / name
        path.write_bytes(data)
        path.chmod(0o644)
        return path

    def _sign(self, subject, public, days, extensions, critical):
        now = datetime.now(timezone.utc)
        builder = x509.CertificateBuilder(
            self.name, subject, public, x509.random_serial_number(), now - AGE,
            now + timedelta(days=days))
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        for extension in critical:
            builder = builder.add_extension(extension, critical=True)
        return builder.sign(self.key, hashes.SHA256())

    def certify(self, *hosts, days=1):
        """A PEM file of certificate and key for these names and addresses, of a server or a client;
        days below 0: since when it has expired."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._sign(_name(hosts[0]), key.public_key(), days, [
            x509.SubjectAlternativeName([_alternative(host) for host in hosts]),
            x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.SERVER_AUTH,
                                   x509.ExtendedKeyUsageOID.CLIENT_AUTH]),
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(self.identifier),
        ], [x509.BasicConstraints(ca=False, path_length=None), _usage("digital_signature")])
        return self._write(f"{next(self.numbers)}.pem", _pem(certificate) + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()))

    def client_context(self):
        """For Python's own clients."""
        return ssl.create_default_context(cafile=self.file)


def server_context(pem, clients=None):
    """For Python's own servers: the file that certify() made, and the authority of the
    certificates that clients must show."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    if clients:
        context.load_verify_locations(clients.file)
        context.verify_mode = ssl.CERT_REQUIRED
    return context
