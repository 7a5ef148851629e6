"""A FastCGI responder: gives back the variables that it was given, one a line, and the body."""

import contextlib
import struct

from door import Door

BEGIN, END, PARAMS, STDIN, STDOUT = 1, 3, 4, 5, 6
HEAD = struct.Struct(">BBHHBB")


def _record(kind, request, content):
    return HEAD.pack(1, kind, request, len(content), 0, 0) + content


def _length(data, at):
    if data[at] < 128:
        return data[at], at + 1
    return struct.unpack_from(">I", data, at)[0] & 0x7FFFFFFF, at + 4


def variables(data):
    """The name-value pairs of FCGI_PARAMS."""
    found, at = {}, 0
    while at < len(data):
        name, at = _length(data, at)
        value, at = _length(data, at)
        text = data[at:at + name + value].decode("latin-1")
        found[text[:name]] = text[name:]
        at += name + value
    return found


class Responder(Door):
    """with Responder() as responder: listens on responder.port; keeps the variables of each
    request in responder.seen."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def _answer(self, peer, number, params, body):
        self.seen.append(found := variables(params))
        text = "Content-Type: text/plain\r\n\r\n" + "".join(
            f"{name}={value}\n" for name, value in sorted(found.items()))
        peer.sendall(_record(STDOUT, number, text.encode("latin-1") + body)
                     + _record(STDOUT, number, b"")
                     + _record(END, number, struct.pack(">IB3x", 0, 0)))

    def _serve(self, peer):
        params, body = b"", b""
        with contextlib.suppress(OSError), peer, peer.makefile("rb") as stream:
            peer.settimeout(20)
            while len(head := stream.read(HEAD.size)) == HEAD.size:
                _, kind, number, length, padding, _ = HEAD.unpack(head)
                content = stream.read(length + padding)[:length]
                if kind == BEGIN:
                    params, body = b"", b""
                elif kind == PARAMS:
                    params += content
                elif kind == STDIN and content:
                    body += content
                elif kind == STDIN:
                    self._answer(peer, number, params, body)
