"""A raw HTTP/1 client: sends exactly the bytes it is told, and keeps what comes back in order.

Every response has its challenges checked by challenges.py.
"""

import socket

import challenges

TIMEOUT = 20.0


class Response:
    """One response: status, reason, headers as a list of (name, value) in order, body as bytes."""

    def __init__(self, status, reason, headers, body=b"", interim=()):
        self.status = status
        self.reason = reason
        self.headers = headers
        self.body = body
        self.interim = list(interim)            # statuses of 1xx responses before this one

    def all(self, name):
        """Every value of a field, in order."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name, default=None):
        """The only value of a field; fails where there are several."""
        values = self.all(name)
        assert len(values) <= 1, f"{name} came {len(values)} times: {values}"
        return values[0] if values else default

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    @property
    def challenges(self):
        return self.all("WWW-Authenticate")

    @property
    def bearer(self):
        """The parameters of the Bearer challenge as a dict, None where there is none."""
        found = [c.parameters for c in challenges.of_response(self) if c.scheme.lower() == "bearer"]
        assert len(found) <= 1, f"several Bearer challenges: {self.challenges}"
        return dict(found[0]) if found else None

    def __repr__(self):
        return f"<{self.status} {self.reason} {self.headers} {self.body[:200]!r}>"


def _bytes(value):
    return value if isinstance(value, bytes) else str(value).encode("latin-1")


def render(method, path, headers=(), body=None, version="1.1", close=True):
    """The bytes of a request. Host, Connection and Content-Length are added unless given."""
    given = {_bytes(name).lower() for name, _ in headers}
    lines = [b"%s %s HTTP/%s" % (_bytes(method), _bytes(path), _bytes(version))]
    if b"host" not in given:
        lines.append(b"Host: localhost")
    lines += [b"%s: %s" % (_bytes(name), _bytes(value)) for name, value in headers]
    if close and b"connection" not in given:
        lines.append(b"Connection: close")
    if body is not None and not given & {b"content-length", b"transfer-encoding"}:
        lines.append(b"Content-Length: %d" % len(_bytes(body)))
    return b"\r\n".join(lines) + b"\r\n\r\n" + (_bytes(body) if body is not None else b"")


def _chunks(stream):
    body = b""
    while True:
        size = int(stream.readline().split(b";")[0], 16)
        if size == 0:
            while stream.readline().strip():
                pass
            return body
        body += stream.read(size)
        stream.readline()


def _head(stream):
    line = stream.readline()
    if not line:
        raise ConnectionError("the server closed the connection without an answer")
    parts = line.decode("latin-1").rstrip("\r\n").split(" ", 2)
    headers = []
    while True:
        field = stream.readline().decode("latin-1").rstrip("\r\n")
        if not field:
            break
        name, _, value = field.partition(":")
        headers.append((name, value.strip(" \t")))
    return int(parts[1]), parts[2] if len(parts) > 2 else "", headers


def _read(stream, method):
    interim = []
    while True:
        status, reason, headers = _head(stream)
        if status >= 200 or status == 101:
            break
        interim.append(status)
    response = Response(status, reason, headers, interim=interim)
    length = response.header("Content-Length")
    if method == "HEAD" or status in (101, 204, 304):
        pass
    elif "chunked" in (response.header("Transfer-Encoding") or ""):
        response.body = _chunks(stream)
    elif length is not None:
        response.body = stream.read(int(length))
    else:
        response.body = stream.read()
    return response


class Connection:
    """A connection that is kept alive: several requests one after the other."""

    def __init__(self, port, host="127.0.0.1", timeout=TIMEOUT):
        self.socket = socket.create_connection((host, port), timeout=timeout)
        self.stream = self.socket.makefile("rb")

    def send(self, data):
        self.socket.sendall(data)

    def receive(self, method="GET", check=True):
        response = _read(self.stream, method)
        if check:
            challenges.check_response(response)
            challenges.note(response)
        return response

    def request(self, method, path, headers=(), body=None, version="1.1", close=False, check=True):
        self.send(render(method, path, headers, body, version, close))
        return self.receive(method, check)

    def close(self):
        self.stream.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def request(port, method, path, headers=(), body=None, version="1.1", check=True):
    """One request on a connection of its own."""
    with Connection(port) as connection:
        return connection.request(method, path, headers, body, version, close=True, check=check)


def raw(port, data, method="GET", check=True):
    """These bytes as they are; method only says whether the answer has a body."""
    with Connection(port) as connection:
        connection.send(data)
        return connection.receive(method, check)
