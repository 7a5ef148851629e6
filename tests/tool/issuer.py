"""A small issuer on loopback, over http or https with a private authority, that answers as told."""

import contextlib
import datetime
import http.server
import ipaddress
import json
import ssl
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

OAUTH = "/.well-known/oauth-authorization-server"
OPENID = "/.well-known/openid-configuration"


class Authority:
    """A certificate authority, and the certificates that it signs."""

    def __init__(self, name):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        self.certificate = self._sign(self.name, self.key, x509.BasicConstraints(True, None))

    def _sign(self, name, key, *extensions):
        now = datetime.datetime.utcnow()
        builder = x509.CertificateBuilder(self.name, name, key.public_key(),
                                          x509.random_serial_number(),
                                          now - datetime.timedelta(days=1),
                                          now + datetime.timedelta(days=30))
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def write(self, path):
        path.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        return path

    def vouch(self, path, *hosts):
        """A key and certificate for these hosts, in one file."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName(
            [x509.IPAddress(ipaddress.ip_address(host)) if host[0].isdigit() else
             x509.DNSName(host) for host in hosts])
        certificate = self._sign(x509.Name([]), key, names)
        path.write_bytes(
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                              serialization.NoEncryption())
            + certificate.public_bytes(serialization.Encoding.PEM))
        return path


class Issuer:
    """Answers GET as `pages` says: path -> bytes, text, a value that is sent as JSON, or an Answer.
    What was asked is in `asked`, (path, headers) each."""

    def __init__(self, chain=None, client_ca=None):
        self.pages, self.asked = {}, []
        self.ended = threading.Event()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        if chain is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(chain)
            if client_ca is not None:
                context.verify_mode = ssl.CERT_REQUIRED
                context.load_verify_locations(client_ca)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True,
                                                     do_handshake_on_connect=False)
        self.scheme = "http" if chain is None else "https"
        self.server.handle_error = lambda *_: None      # handshakes that a client gives up
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def url(self, path="", host="127.0.0.1"):
        return f"{self.scheme}://{host}:{self.server.server_port}{path}"

    def serve(self, keys, place=OAUTH, jwks="/jwks", **headers):
        """Metadata at that place, and the set."""
        self.pages[place] = Answer({"issuer": self.url(), "jwks_uri": self.url(jwks)}, **headers)
        self.pages[jwks] = Answer(keys, **headers)

    def paths(self):
        return [path for path, _ in self.asked]

    def close(self):
        self.ended.set()
        self.server.shutdown()
        self.server.server_close()

    def _handler(self):
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):           # noqa: N802
                issuer.asked.append((self.path, dict(self.headers)))
                page = issuer.pages.get(self.path, Answer("not here", 404))
                page = page if isinstance(page, Answer) else Answer(page)
                with contextlib.suppress(OSError):
                    page.send(self, issuer.ended)

            def log_message(self, *_):
                pass

        return Handler


class Answer:
    """One answer; hang: it never comes."""

    def __init__(self, body, status=200, hang=False, **headers):
        self.body = body if isinstance(body, bytes) else (
            body if isinstance(body, str) else json.dumps(body)).encode()
        self.status, self.hang = status, hang
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def send(self, handler, ended):
        if self.hang:
            ended.wait(30)
            return
        handler.send_response(self.status)
        for name, value in {**self.headers, "Content-Length": str(len(self.body))}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(self.body)
