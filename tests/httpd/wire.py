"""An HTTP/2 client: sends streams as it is told, and keeps what comes back by stream."""

import socket

import h2.connection as h2
from h2 import events

import challenges
import client


class Wire:
    """One HTTP/2 connection: what comes is collected by stream."""

    def __init__(self, server):
        self.port = server.port
        self.line, self.answers, self.ended = h2.H2Connection(), {}, set()
        self.promised = {}                                  # stream of a push: its request's fields
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=client.TIMEOUT)

    def begin(self):
        self.line.initiate_connection()
        self.flush()
        return self

    def flush(self):
        self.socket.sendall(self.line.data_to_send())

    def send(self, path, headers=(), body=None, method="GET"):
        stream = self.line.get_next_available_stream_id()
        self.line.send_headers(stream, [
            (":method", method), (":scheme", "http"), (":authority", "localhost"), (":path", path),
            *[(name.lower(), value) for name, value in headers]], end_stream=body is None)
        if body is not None:
            self.line.send_data(stream, body, end_stream=True)
        return stream

    def _note(self, event):
        if isinstance(event, events.ResponseReceived):
            fields = [(name.decode(), value.decode("latin-1")) for name, value in event.headers]
            self.answers[event.stream_id] = client.Response(int(fields[0][1]), "", fields[1:])
        elif isinstance(event, events.DataReceived):
            self.answers[event.stream_id].body += event.data
            self.line.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, events.PushedStreamReceived):
            self.promised[event.pushed_stream_id] = dict(event.headers)
        elif isinstance(event, (events.StreamEnded, events.StreamReset)):
            self.ended.add(event.stream_id)

    def take(self, data):
        for event in self.line.receive_data(data):
            self._note(event)

    def answer(self, stream):
        while stream not in self.ended:
            self.flush()
            data = self.socket.recv(65536)
            assert data, "the server closed the connection"
            self.take(data)
        challenges.check_response(self.answers[stream])
        return self.answers[stream]

    def get(self, path, *headers):
        return self.answer(self.send(path, headers))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
