"""HTTP/2 connections: streams beside each other, one after the other, upgraded, pushed and proxied;
each is judged by its own fields."""

import pytest

import client
from origin import Backend
from expect import ANY_PATH, ECHO, TRUST, location, passed, refused
from server import default_mpm
from tokens import bearer, good

http2 = pytest.importorskip("wire", reason="needs python3-h2")

pytestmark = pytest.mark.skipif(default_mpm() == "prefork",
                                reason="mod_http2 does not work under prefork")
PAGES = ANY_PATH.replace("/.+", "/(p|q|open|pushes)")
CONF = ECHO + PAGES + """
Protocols h2c http/1.1
H2Upgrade On
ProxyPass "/proxied" "http://127.0.0.1:{backend}/x"
<Location "/pushes">
    H2PushResource /p
</Location>
<Directory "{docs}/cgi">
    Options +ExecCGI
    AddHandler cgi-script .cgi
    AuthBearerEnv sub
""" + TRUST + """    Require valid-user
</Directory>
""" + location("/p", "Require valid-user") + location("/q", "Require scope write") \
    + location("/proxied", 'RequestHeader set X-User "expr=%{REMOTE_USER}"', "Require valid-user")
SCRIPT = "#!/bin/sh\necho Content-Type: text/plain\necho\n" \
         'echo "$REMOTE_USER $BEARER_CLAIM_SUB $HTTP_AUTHORIZATION"\ncat\n'


@pytest.fixture(scope="module")
def backend():
    with Backend() as made:
        yield made


@pytest.fixture(scope="module")
def server(serve, backend):
    files = {"docs/cgi/who.cgi": SCRIPT, "docs/cgi/slow.cgi": SCRIPT + "sleep 0.3\n"}
    return serve(CONF.replace("{backend}", str(backend.port)), files,
                 modules="http2 proxy proxy_http cgi")


@pytest.fixture
def wire(server):
    with http2.Wire(server) as wire:
        yield wire.begin()


def test_streams_one_after_the_other(server, wire):
    """Fields that HPACK would not send twice are each stream's own all the same."""
    alice, bob = good(), good(sub="bob")
    for _ in range(4):
        passed(wire.get("/p", bearer(alice)))
        refused(server, wire.get("/p"), "no_token")
        passed(wire.get("/p", bearer(bob)), "bob")
        refused(server, wire.get("/q", bearer(bob)), "scope_lacking", "write")
        refused(server, wire.get("/p", bearer(good(exp=1))), "expired")
        passed(wire.get("/p", bearer(alice)))


@pytest.mark.parametrize("path", ["/p", "/cgi/who.cgi", "/proxied"])
def test_a_hundred_streams_at_once(server, wire, path):
    users = [f"user{number}" if number % 4 else None for number in range(100)]
    streams = [wire.send(path, [bearer(good("ES256", sub=user))] if user else [])
               for user in users]
    for user, stream in zip(users, streams):
        answer = wire.answer(stream)
        if user is None:
            refused(server, answer, "no_token")
        else:
            assert (answer.status, answer.header("X-User")) == (200, user), answer
            assert answer.text == {"/p": "<p>the index\n", "/proxied": f"for {user}",
                                   "/cgi/who.cgi": f"{user} {user} \n"}[path]


def test_a_body(server, wire):
    body = bytes(range(256)) * 30
    answer = wire.answer(wire.send("/cgi/who.cgi", [bearer(good())], body, "POST"))
    assert answer.status == 200 and answer.body == b"alice alice \n" + body
    refused(server, wire.answer(wire.send("/cgi/who.cgi", [], body, "POST")), "no_token")
    passed(wire.get("/p", bearer(good())))


def upgrade(*headers):
    """The bytes of an HTTP/1.1 request that would rather be answered in HTTP/2."""
    settings = http2.h2.H2Connection().initiate_upgrade_connection()
    return client.render("GET", "/cgi/slow.cgi", [
        ("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"),
        ("HTTP2-Settings", settings), *headers], close=False)


def test_upgrade(server):
    """The token of the request that upgrades is good for that request and no other. These follow at
    once: httpd closes an upgraded connection that falls idle."""
    with http2.Wire(server) as wire:
        wire.socket.sendall(upgrade(bearer(good(sub="bob"))))
        wire.line.initiate_upgrade_connection()
        none, other = wire.send("/p"), wire.send("/p", [bearer(good())])
        head = b""
        while b"\r\n\r\n" not in head:
            head += wire.socket.recv(65536)
        assert head.startswith(b"HTTP/1.1 101"), head
        wire.flush()
        wire.take(head.partition(b"\r\n\r\n")[2])
        first = wire.answer(1)
        assert (first.status, first.text) == (200, "bob bob \n"), first
        refused(server, wire.answer(none), "no_token")
        passed(wire.answer(other), "alice")


@pytest.mark.parametrize("headers, reason", [([], "no_token"),
                                             ([("Authorization", "Bearer x")], "token_malformed")])
def test_nothing_is_upgraded_without_a_token(server, headers, reason):
    with client.Connection(server.port) as line:
        line.send(upgrade(*headers))
        refused(server, line.receive(), reason)
        refused(server, line.request("GET", "/p"), "no_token")
        passed(line.request("GET", "/p", [bearer(good())]))


def test_what_is_pushed_is_asked_for_without_a_token(server, wire):
    """A page that anybody may see announces one that is protected: the token that came with the
    first is not used for it."""
    for headers in ([], [bearer(good())]):
        stream = wire.send("/pushes", headers)
        passed(wire.answer(stream), "", "")
        for pushed in list(wire.promised):
            refused(server, wire.answer(pushed), "no_token")
            assert b"authorization" not in wire.promised[pushed]
    assert wire.promised, "nothing was pushed"
