"""A backend of raw sockets: keeps every request that comes as it was, and answers as told."""

import base64
import contextlib
import hashlib

from door import Door


class Hit:
    """One request: its first line, its fields in order, its body."""

    def __init__(self, line, fields, body):
        self.line, self.fields, self.body = line, fields, body

    def all(self, name):
        return [value for key, value in self.fields if key.lower() == name.lower()]


def _take(stream):
    """The next request of a connection, None at its end."""
    line = stream.readline().decode("latin-1").rstrip("\r\n")
    if not line:
        return None
    fields = []
    for raw in iter(stream.readline, b"\r\n"):
        if not raw:
            return None
        name, _, value = raw.decode("latin-1").rstrip("\r\n").partition(":")
        fields.append((name, value.strip()))
    hit = Hit(line, fields, b"")
    for length in hit.all("Content-Length"):
        hit.body = stream.read(int(length))
    return hit


def upgraded(hit):
    """The answer to a WebSocket handshake (RFC 6455 section 4.2.2)."""
    word = hit.all("Sec-WebSocket-Key")[0] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    accept = base64.b64encode(hashlib.sha1(word.encode()).digest())
    return (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")


def answer(body, status="200 OK", fields=()):
    """The bytes of an answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Content-Type: text/plain",
             *(f"{name}: {value}" for name, value in fields)]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def plain(hit):
    """For whom the front server said that it asks."""
    return answer(f"for {' '.join(hit.all('X-User'))}".encode())


class Backend(Door):
    """with Backend(reply) as backend: listens on backend.port, or at a path. reply(hit) returns
    the bytes to send; after `101` the connection gives back whatever comes, behind `echo `."""

    def __init__(self, reply=plain, path=None):
        super().__init__(path)
        self.reply, self.hits = reply, []

    def _serve(self, peer):
        with contextlib.suppress(OSError), peer, peer.makefile("rb") as stream:
            peer.settimeout(20)
            while (hit := _take(stream)) is not None:
                self.hits.append(hit)
                sent = self.reply(hit)
                peer.sendall(sent)
                while sent.startswith(b"HTTP/1.1 101") and (data := stream.read1(4096)):
                    peer.sendall(b"echo " + data)
