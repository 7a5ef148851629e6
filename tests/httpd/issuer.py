"""An issuer on loopback that publishes keys over TLS, counts who asks, and misbehaves on command.

    with Issuer(Authority()) as issuer:
        issuer.serve("/jwks", tokens.jwks())
        issuer.serve("/jwks", how="hang")
"""

import collections
import datetime
import ipaddress
import json
import socket
import ssl
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HERE = "127.0.0.1"
Hit = collections.namedtuple("Hit", "time path headers")


def _name(text):
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def _pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


class Authority:
    """A certification authority of its own, and what it certifies, as files below one folder."""

    def __init__(self, name="an authority of the tests"):
        self.folder = Path(tempfile.mkdtemp(prefix="bearer-ca-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.key, self.name = ec.generate_private_key(ec.SECP256R1()), _name(name)
        certificate = self._sign(self.name, self.key.public_key(), 30, x509.BasicConstraints(
            ca=True, path_length=None))
        self.file = self._write("ca.pem", certificate)

    def _write(self, name, *parts):
        path = self.folder / name
        path.write_bytes(b"".join(parts))
        return path

    def _sign(self, subject, public, days, *extensions):
        now = datetime.datetime.utcnow()
        builder = x509.CertificateBuilder(self.name, subject, public, x509.random_serial_number(),
                                          now - datetime.timedelta(days=60),
                                          now + datetime.timedelta(days=days))
        for extension in extensions:
            builder = builder.add_extension(extension, critical=True)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def certify(self, *names, days=30):
        """A PEM file of certificate and key for these names or addresses; days below 0: expired."""
        key = ec.generate_private_key(ec.SECP256R1())
        places = []
        for name in names:
            try:
                places.append(x509.IPAddress(ipaddress.ip_address(name)))
            except ValueError:
                places.append(x509.DNSName(name))
        certificate = self._sign(_name(names[0]), key.public_key(), days,
                                 x509.SubjectAlternativeName(places))
        number = len(list(self.folder.iterdir()))
        return self._write(f"{number}.pem", certificate, _pem(key))


class Answer:
    """how: whole; hang: nothing is ever sent; trickle: a byte a second; short: less than was
    announced; headers: a header without end; half: stops in the middle of the body."""

    def __init__(self, body=b"", status=200, headers=(), how="whole", delay=0.0):
        self.body = body if isinstance(body, bytes) else body.encode()
        self.status, self.headers, self.how, self.delay = status, dict(headers), how, delay


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        self.request.settimeout(60)
        if isinstance(self.request, ssl.SSLSocket):
            self.request.do_handshake()
        super().setup()

    def do_GET(self):
        issuer = self.server.issuer
        with issuer.lock:
            issuer.hits.append(Hit(time.monotonic(), self.path, dict(self.headers)))
            answer = issuer.answers.get(self.path, Answer("not here", 404))
            issuer.open += 1
            issuer.most = max(issuer.most, issuer.open)
        try:
            self._send(answer)
        finally:
            with issuer.lock:
                issuer.open -= 1
            self.close_connection = True

    def _send(self, answer):
        if answer.how == "hang":
            self.server.issuer.ended.wait(60)
            return
        time.sleep(answer.delay)
        etag = answer.headers.get("ETag")
        if etag is not None and self.headers.get("If-None-Match") == etag:
            answer = Answer(b"", 304, answer.headers)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.how == "headers":
            self.flush_headers()
            for number in range(1_000_000):
                self.wfile.write(b"X-%d: %s\r\n" % (number, b"a" * 1000))
        if answer.status not in (204, 304):
            extra = 100 if answer.how == "short" else 0
            self.send_header("Content-Length", str(len(answer.body) + extra))
        self.end_headers()
        if answer.how == "trickle":
            for number in range(len(answer.body)):
                self.wfile.write(answer.body[number:number + 1])
                if self.server.issuer.ended.wait(1):
                    return
        else:
            self.wfile.write(answer.body)

    def log_message(self, *_):
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    context = None

    def get_request(self):
        connection, address = super().get_request()
        if self.context:
            connection = self.context.wrap_socket(connection, server_side=True,
                                                  do_handshake_on_connect=False)
        return connection, address

    def handle_error(self, *_):
        pass                    # clients give up, as they should


class Issuer:
    """authority: whose certificate it shows; None: plain http. certificate: another PEM file."""

    def __init__(self, authority=None, certificate=None, client_authority=None):
        self.lock, self.ended = threading.Lock(), threading.Event()
        self.answers, self.hits, self.open, self.most = {}, [], 0, 0
        self.server = _Server((HERE, 0), _Handler)
        self.server.issuer = self
        if authority:
            self.server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.server.context.load_cert_chain(certificate or authority.certify(HERE, "localhost"))
            if client_authority:
                self.server.context.load_verify_locations(client_authority.file)
                self.server.context.verify_mode = ssl.CERT_REQUIRED
        self.url = f"http{'s' if authority else ''}://{HERE}:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.server.shutdown()
        self.server.server_close()

    def serve(self, path, body=b"", status=200, headers=(), **how):
        """What is answered there from now on."""
        with self.lock:
            self.answers[path] = Answer(body, status, headers, **how)

    def publish(self, keys, name="", headers=(), **changes):
        """Metadata (RFC 8414) and key set of the issuer `url + name`; returns that name."""
        issuer = self.url + name
        metadata = {"issuer": issuer, "jwks_uri": f"{issuer}/jwks", **changes}
        metadata = {key: value for key, value in metadata.items() if value is not None}
        self.serve(f"/.well-known/oauth-authorization-server{name}", json.dumps(metadata))
        self.serve(f"{name}/jwks", keys, headers=headers)
        return issuer

    def count(self, path, since=0.0):
        """How often somebody asked for that."""
        with self.lock:
            return sum(1 for hit in self.hits if hit.path == path and hit.time >= since)

    def times(self, path):
        with self.lock:
            return [hit.time for hit in self.hits if hit.path == path]


def refusing_port():
    """A port of loopback where nobody listens."""
    with socket.socket() as probe:
        probe.bind((HERE, 0))
        return probe.getsockname()[1]
