"""A backend that answers what it got: as JSON, and with the fields that a test asks for."""

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _body(self):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _answer(self):
        got = {"method": self.command, "path": self.path, "headers": self.headers.items(),
               "body": self._body().decode("latin-1")}
        self.server.got.append(got)
        said = json.dumps(got).encode()
        self.send_response(200)
        for name, value in (("Content-Type", "application/json"), ("Content-Length", len(said)),
                            *self.server.fields):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(said)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _answer

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def backend(*fields):
    """A running one; .port, .got is the list of what came, .fields are (name, value) of answers."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.port, server.got, server.fields = server.server_port, [], list(fields)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def fields(got, name):
    """The values of a field, of what a backend got."""
    return [value for key, value in got["headers"] if key.lower() == name.lower()]
