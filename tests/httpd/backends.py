"""Backends of a proxy that keep what reached them: HTTP/1 (with upgrades), FastCGI, SCGI, uwsgi and
AJP, each as far as a GET needs it."""

import socketserver
import struct
import threading
from contextlib import contextmanager

BODY = b"<p>the index\n"
HEAD = b"Content-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(BODY)


class Seen:
    """One request: its fields or variables in order, and all bytes of it."""

    def __init__(self, pairs, raw):
        self.pairs, self.raw = pairs, raw

    def values(self, field):
        """Every value that a program finds under the field's name, however that is spelled."""
        wanted = field.upper().replace("-", "_")
        return [value for name, value in self.pairs
                if name.upper().replace("-", "_").replace(".", "_") in (wanted, f"HTTP_{wanted}")]


class Wire:
    """A connection that remembers what was read from it."""

    def __init__(self, stream):
        self.stream, self.raw = stream, b""

    def read(self, count):
        data = self.stream.read(count)
        assert len(data) == count, "the proxy closed the connection"
        self.raw += data
        return data

    def line(self):
        data = self.stream.readline()
        self.raw += data
        return data


def http(wire):
    pairs = []
    assert wire.line(), "no request"
    while (line := wire.line().strip()):
        name, _, value = line.decode("latin-1").partition(":")
        pairs.append((name, value.strip()))
    if any(name.lower() == "upgrade" for name, _ in pairs):
        return pairs, (b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                       b"Upgrade: websocket\r\n\r\n")
    return pairs, b"HTTP/1.1 200 OK\r\nConnection: close\r\n" + HEAD + BODY


def _fcgi_pairs(data):
    """Two lengths, of one byte or four, then both texts."""
    pairs, at = [], 0
    while at < len(data):
        sizes = []
        for _ in range(2):
            short = data[at] < 128
            sizes.append(data[at] if short else struct.unpack_from(">I", data, at)[0] & 0x7fffffff)
            at += 1 if short else 4
        text = data[at:at + sum(sizes)].decode("latin-1")
        pairs.append((text[:sizes[0]], text[sizes[0]:]))
        at += len(text)
    return pairs


def _fcgi_record(kind, content):
    return struct.pack(">BBHHBB", 1, kind, 1, len(content), 0, 0) + content


def fcgi(wire):
    begin, params, stdin, stdout, end = 1, 4, 5, 6, 3
    data, kind, length = b"", begin, 1
    while kind != stdin or length:
        _, kind, _, length, padding, _ = struct.unpack(">BBHHBB", wire.read(8))
        content = wire.read(length)
        wire.read(padding)
        data += content if kind == params else b""
    return _fcgi_pairs(data), (_fcgi_record(stdout, b"Status: 200 OK\r\n" + HEAD + BODY)
                               + _fcgi_record(stdout, b"") + _fcgi_record(end, bytes(8)))


def scgi(wire):
    digits = b""
    while (one := wire.read(1)) != b":":
        digits += one
    texts = wire.read(int(digits)).decode("latin-1").split("\0")[:-1]
    wire.read(1)
    return list(zip(texts[::2], texts[1::2])), b"Status: 200 OK\r\n" + HEAD + BODY


def uwsgi(wire):
    _, length, _ = struct.unpack("<BHB", wire.read(4))
    data = wire.read(length)
    # A text's length stands before it, name and value alternating.
    texts, at = [], 0
    while at < len(data):
        size = struct.unpack_from("<H", data, at)[0]
        texts.append(data[at + 2:at + 2 + size].decode("latin-1"))
        at += 2 + size
    return list(zip(texts[::2], texts[1::2])), b"HTTP/1.1 200 OK\r\n" + HEAD + BODY


AJP_NAMES = ["Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language", "Authorization",
             "Connection", "Content-Type", "Content-Length", "Cookie", "Cookie2", "Host", "Pragma",
             "Referer", "User-Agent"]


class _Ajp:
    """Reads the parts of an AJP packet one after the other."""

    def __init__(self, data):
        self.data, self.at = data, 2            # a code for the packet, one for the method

    def number(self):
        self.at += 2
        return struct.unpack_from(">H", self.data, self.at - 2)[0]

    def text(self):
        size = self.number()
        if size == 0xffff:
            return None
        self.at += size + 1
        return self.data[self.at - size - 1:self.at - 1].decode("latin-1")

    def name(self):
        code = struct.unpack_from(">H", self.data, self.at)[0]
        if code >> 8 != 0xa0:
            return self.text()
        return AJP_NAMES[self.number() - 0xa001]


def _ajp_packet(content):
    return b"AB" + struct.pack(">H", len(content)) + content


def ajp(wire):
    _, length = struct.unpack(">HH", wire.read(4))
    packet = _Ajp(wire.read(length))
    for _ in range(5):                          # protocol, path, two of the client, server
        packet.text()
    packet.at += 3                              # its port, and whether the client came by TLS
    pairs = [(packet.name(), packet.text()) for _ in range(packet.number())]
    status = struct.pack(">BHH", 4, 200, 2) + b"OK\0" + struct.pack(">H", 0)
    chunk = struct.pack(">BH", 3, len(BODY)) + BODY + b"\0"
    return pairs, _ajp_packet(status) + _ajp_packet(chunk) + _ajp_packet(b"\x05\x00")


PROTOCOLS = {"http": http, "fcgi": fcgi, "scgi": scgi, "uwsgi": uwsgi, "ajp": ajp}


class Backend:
    """One server; seen is what reached it."""

    def __init__(self, speak):
        seen = self.seen = []

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                wire = Wire(self.rfile)
                pairs, answer = speak(wire)
                seen.append(Seen(pairs, wire.raw))
                self.wfile.write(answer)

        socketserver.ThreadingTCPServer.allow_reuse_address = True
        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def all_backends():
    """One of each protocol, by name."""
    made = {name: Backend(speak) for name, speak in PROTOCOLS.items()}
    yield made
    for backend in made.values():
        backend.close()
