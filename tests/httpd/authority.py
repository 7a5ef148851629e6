"""A private certificate authority and its servers' certificates, good for a day."""

import ipaddress
import ssl
from datetime import datetime, timedelta, timezone

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

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


class Authority:
    def __init__(self, name="test authority"):
        self.name, self.key = _name(name), ec.generate_private_key(ec.SECP256R1())
        self.identifier = x509.SubjectKeyIdentifier.from_public_key(self.key.public_key())
        self.certificate = self._sign(
            self.name, self.key.public_key(), [self.identifier],
            [x509.BasicConstraints(ca=True, path_length=0), self._usage("key_cert_sign")])

    @staticmethod
    def _usage(*names):
        return x509.KeyUsage(**{usage: usage in names for usage in USAGES})

    def _sign(self, name, public, extensions, critical=()):
        now = datetime.now(timezone.utc)
        builder = x509.CertificateBuilder(
            self.name, name, public, x509.random_serial_number(), now - timedelta(hours=1),
            now + timedelta(days=1))
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        for extension in critical:
            builder = builder.add_extension(extension, critical=True)
        return builder.sign(self.key, hashes.SHA256())

    def pem(self):
        """The authority's own certificate: what a client needs."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def client_context(self):
        """For Python's own clients."""
        return ssl.create_default_context(cadata=self.pem().decode())

    def server_pem(self, *hosts):
        """The key and certificate of a server with these names and addresses, one after the
        other."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._sign(_name(hosts[0]), key.public_key(), [
            x509.SubjectAlternativeName([_alternative(host) for host in hosts]),
            x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.SERVER_AUTH]),
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(self.identifier),
        ], [x509.BasicConstraints(ca=False, path_length=None), self._usage("digital_signature")])
        return key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()) + certificate.public_bytes(serialization.Encoding.PEM)
