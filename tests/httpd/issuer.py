"""An issuer on loopback that publishes keys over TLS, counts who asks, and misbehaves on command.

    with Issuer(Authority()) as issuer:
        issuer.serve("/jwks", tokens.jwks())
        issuer.serve("/jwks", how="hang")
"""

import collections
import json
import socket
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from authority import server_context

HERE = "127.0.0.1"
# Where metadata is: the one goes before an issuer's path (RFC 8414), the other behind it.
OAUTH = "/.well-known/oauth-authorization-server"
OPENID = "/.well-known/openid-configuration"
Hit = collections.namedtuple("Hit", "time path headers")


class Answer:
    """body: bytes, text, or a value that is sent as JSON. how: whole; hang: nothing is ever sent;
    trickle: a byte a second; short: less than was announced; headers: a header without end."""

    def __init__(self, body=b"", status=200, headers=(), how="whole", delay=0.0):
        text = body if isinstance(body, (bytes, str)) else json.dumps(body)
        self.body = text if isinstance(text, bytes) else text.encode()
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
        self.inside = True
        try:
            self._send(answer)
        finally:
            self._leave()
            self.close_connection = True

    def _leave(self):
        """Counted out, before the last bytes: whoever has them may ask anew at once."""
        with self.server.issuer.lock:
            self.server.issuer.open -= self.inside
        self.inside = False

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
        if answer.how == "whole":
            self._leave()
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
    """authority: whose certificate it shows; None: plain http. certificate: another PEM file.
    client_authority: whose certificates it wants to see."""

    def __init__(self, authority=None, certificate=None, client_authority=None):
        self.lock, self.ended = threading.Lock(), threading.Event()
        self.answers, self.hits, self.open, self.most = {}, [], 0, 0
        self.server = _Server((HERE, 0), _Handler)
        self.server.issuer = self
        if authority:
            self.server.context = server_context(
                certificate or authority.certify(HERE, "localhost"), client_authority)
        self.url = f"http{'s' if authority else ''}://{HERE}:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.server.shutdown()
        self.server.server_close()

    def serve(self, path, body=b"", status=200, headers=(), **how):
        """What is answered there from now on; body: an Answer, too, then all of it."""
        answer = body if isinstance(body, Answer) else Answer(body, status, headers, **how)
        with self.lock:
            self.answers[path] = answer

    def publish(self, keys, name="", headers=(), place=None, **changes):
        """Metadata, as RFC 8414 places it or at another place, and key set of the issuer
        `url + name`; returns that name. headers: of the set. changes: of the metadata."""
        issuer = self.url + name
        metadata = {"issuer": issuer, "jwks_uri": f"{issuer}/jwks", **changes}
        metadata = {key: value for key, value in metadata.items() if value is not None}
        self.serve(place or OAUTH + name, metadata)
        self.serve(f"{name}/jwks", keys, headers=headers)
        return issuer

    def paths(self):
        """What was asked for, in order."""
        with self.lock:
            return [hit.path for hit in self.hits]

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
