"""HTTP/2: the same answers, and the right user for each stream of one connection."""

import socket

import pytest

import challenges
import client
from expect import ANY_PATH, ECHO, location, passed, refused
from server import default_mpm
from tokens import bearer, good

h2 = pytest.importorskip("h2.connection", reason="needs python3-h2")
events = pytest.importorskip("h2.events")


@pytest.fixture(scope="module")
def server(serve):
    if default_mpm() == "prefork":
        pytest.skip("mod_http2 does not work under prefork")
    conf = ECHO + ANY_PATH + "Protocols h2c http/1.1\n" + location("/p", "Require valid-user")
    return serve(conf, modules="http2")


def take(found, event):
    """Adds what an event says about one stream to the answers."""
    if isinstance(event, events.ResponseReceived):
        headers = [(name.decode(), value.decode("latin-1")) for name, value in event.headers]
        found[event.stream_id] = client.Response(int(headers[0][1]), "", headers[1:])
    elif isinstance(event, events.DataReceived):
        found[event.stream_id].body += event.data
    return isinstance(event, (events.StreamEnded, events.StreamReset))


def fetch(server, *streams):
    """One connection and all requests at once, a list of headers for each; the answers in order."""
    line, found, open_streams = h2.H2Connection(), {}, len(streams)
    with socket.create_connection(("127.0.0.1", server.port), timeout=client.TIMEOUT) as wire:
        line.initiate_connection()
        for number, headers in enumerate(streams):
            line.send_headers(2 * number + 1, [
                (":method", "GET"), (":scheme", "http"), (":authority", "localhost"),
                (":path", "/p"), *[(name.lower(), value) for name, value in headers],
            ], end_stream=True)
        while open_streams:
            wire.sendall(line.data_to_send())
            data = wire.recv(65536)
            assert data, "the server closed the connection"
            open_streams -= sum(take(found, event) for event in line.receive_data(data))
    for answer in found.values():
        challenges.check_response(answer)
        challenges.note(answer)
    return [found[number] for number in sorted(found)]


def test_one_request(server):
    refused(server, fetch(server, [])[0], "no_token")
    passed(fetch(server, [bearer(good())])[0])
    refused(server, fetch(server, [bearer(good(exp=1))])[0], "expired")


def test_two_fields(server):
    refused(server, fetch(server, [bearer(good()), bearer(good())])[0], "request_malformed")


def test_each_stream_has_its_own_user(server):
    streams = []
    for number in range(30):
        token = good("ES256", sub=f"user{number}", **({"exp": 1} if number % 3 == 1 else {}))
        streams.append([] if number % 3 == 2 else [bearer(token)])
    for number, answer in enumerate(fetch(server, *streams)):
        if number % 3 == 0:
            passed(answer, f"user{number}")
        else:
            refused(server, answer, "expired" if number % 3 == 1 else "no_token")
