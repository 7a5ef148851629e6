"""What a connection remembers (nothing), and what HTTP offers beside a plain GET: each request is
judged by itself, whatever came before it and whatever it asks for."""

import os
import socket

import pytest

import client
from expect import ANY_PATH, ECHO, TRUST, log_line, passed, refused
from server import default_mpm
from tokens import AUDIENCE, bearer, good

CONF = ECHO + """
<Directory "{docs}/cgi">
    Options +ExecCGI
    AddHandler cgi-script .cgi
    AuthBearerEnv sub
""" + TRUST + """    Require valid-user
</Directory>
<Directory "{docs}/secret">
""" + TRUST + """    Require valid-user
</Directory>
"""
# Who asks, and the body as it arrived.
SCRIPT = """#!/bin/sh
echo Content-Type: text/plain
echo
echo "$REQUEST_METHOD $REMOTE_USER $BEARER_CLAIM_SUB"
cat
"""
BODY = b"a body of forty bytes, byte for byte so\r\n"


@pytest.fixture(scope="module")
def server(serve):
    def age(root):
        os.utime(root / "docs/secret/page.html", (1e9, 1e9))    # so that its ETag is a strong one

    return serve(CONF, {"docs/cgi/who.cgi": SCRIPT, "docs/secret/page.html": "<p>the index\n"},
                 age, modules="cgi")


@pytest.fixture
def line(server):
    with client.Connection(server.port) as line:
        yield line


def who(answer, user, method="GET", body=b""):
    assert answer.status == 200, answer
    assert answer.body == f"{method} {user} {user}\n".encode() + body, answer
    assert (answer.header("X-User"), answer.header("X-Auth")) == (user, "Bearer"), answer


pytestmark = pytest.mark.mpm
GETS = {"/cgi/who.cgi": who, "/secret/page.html": passed}


@pytest.mark.parametrize("path", GETS)
def test_one_after_the_other(server, line, path):
    tokens = {user: good(sub=user) for user in ("alice", "bob", "carol")}
    for user in ("alice", None, "bob", "alice", None, None, "carol", "expired", "bob", None):
        if user in tokens:
            GETS[path](line.request("GET", path, [bearer(tokens[user])]), user)
        elif user is None:
            refused(server, line.request("GET", path), "no_token")
        else:
            refused(server, line.request("GET", path, [bearer(good(exp=1))]), "expired")


@pytest.mark.parametrize("path", GETS)
def test_sent_all_at_once(server, line, path):
    """Requests that come in one packet, before any was answered."""
    order = ["alice", None, "bob", "expired", "alice", None, "carol"] * 4
    made = {user: good(sub=user, **({"exp": 1} if user == "expired" else {}))
            for user in order if user}
    line.send(b"".join(client.render("GET", path, [bearer(made[user])] if user else [],
                                     close=False) for user in order))
    for user in order:
        answer = line.receive()
        if user in (None, "expired"):
            refused(server, answer, "no_token" if user is None else "expired")
        else:
            GETS[path](answer, user)


def test_a_refused_body_is_not_the_next_request(server, line):
    """What came with a refused request is read away: it never counts as a request of its own."""
    inner = client.render("GET", "/secret/page.html", [bearer(good())], close=False)
    refused(server, line.request("POST", "/cgi/who.cgi", body=inner), "no_token")
    refused(server, line.request("GET", "/secret/page.html"), "no_token")
    answer = line.request("POST", "/cgi/who.cgi", [bearer(good(sub="bob"))], inner)
    who(answer, "bob", "POST", inner)
    chunked = [("Transfer-Encoding", "chunked")]
    line.send(client.render("POST", "/cgi/who.cgi", chunked, close=False)
              + b"%x\r\n%s\r\n0\r\n\r\n" % (len(inner), inner))
    refused(server, line.receive(), "no_token")
    refused(server, line.request("GET", "/secret/page.html"), "no_token")


@pytest.mark.parametrize("data", [
    b"GET /secret/page.html\r\n", b"GET /secret/page.html HTTP/0.9\r\n\r\n",
    b"GET /secret/page.html HTTP/1.0\r\n\r\n",
    b"GET http://elsewhere/secret/page.html HTTP/1.1\r\n"
    b"Host: x\r\nConnection: close\r\n\r\n", b"GET /secret/page.html HTTP/1.1\nHost: x\n\n",
    b"GET /secret/page.html  HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"])
def test_other_ways_to_ask(server, data):
    """Whatever httpd makes of it, the page is not in the answer, nor in the next one."""
    with client.Connection(server.port) as line:
        line.send(data)
        line.socket.shutdown(socket.SHUT_WR)
        text = line.stream.read()
    assert text and b"the index" not in text and b" 200 " not in text, text


EXPECT = [("Expect", "100-continue"), ("Content-Length", str(len(BODY)))]


def test_100_for_a_good_token(line):
    """The client that waits for it is told to go on, and its body arrives."""
    line.send(client.render("POST", "/cgi/who.cgi", [*EXPECT, bearer(good())], close=False))
    assert line.stream.readline() == b"HTTP/1.1 100 Continue\r\n"
    assert line.stream.readline() == b"\r\n"
    line.send(BODY)
    who(line.receive(), "alice", "POST", BODY)


@pytest.mark.parametrize("make, reason", [(None, "no_token"), (lambda: good(exp=1), "expired")])
def test_no_100_for_others(server, line, make, reason):
    headers = [bearer(make())] if make else []
    answer = line.request("POST", "/cgi/who.cgi", [*EXPECT, *headers])
    refused(server, answer, reason)
    assert answer.interim == []


@pytest.mark.parametrize("headers, status, body", [
    ([("Range", "bytes=3-7")], 206, b"the i"), ([("Range", "bytes=99-")], 416, None),
    ([("Range", "bytes=0-0,2-3")], 206, None), ([("If-None-Match", "*")], 304, b""),
    ([("If-None-Match", "{etag}")], 304, b""), ([("If-None-Match", '"other"')], 200, None),
    ([("If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT")], 200, None),
    ([("If-Modified-Since", "{date}")], 304, b""), ([("If-Match", '"other"')], 412, None),
    ([("If-Match", "{etag}")], 200, None), ([("If-Range", "{etag}"), ("Range", "bytes=3-7")],
                                             206, b"the i"),
    ([("Accept", "application/none")], 200, None), ([("Accept-Encoding", "gzip")], 200, None)])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_conditions_and_ranges(server, line, method, headers, status, body):
    """Without a token none of them is looked at; with one all are as ever."""
    path = "/secret/page.html"
    plain = line.request("GET", path, [bearer(good())])
    headers = [(name, value.replace("{etag}", plain.header("ETag"))
                .replace("{date}", plain.header("Last-Modified"))) for name, value in headers]
    for token, reason in ((None, "no_token"), (good(exp=1), "expired")):
        answer = line.request(method, path, headers + ([bearer(token)] if token else []))
        refused(server, answer, reason)
        assert not answer.all("ETag") and not answer.all("Last-Modified"), answer
        assert not answer.all("Content-Range") and not answer.all("Accept-Ranges"), answer
        assert (method == "HEAD") == (answer.body == b"")
    answer = line.request(method, path, [*headers, bearer(good(sub="bob"))])
    assert answer.status == status, answer
    assert answer.header("X-User") == "bob" and answer.challenges == []
    if body is not None and method == "GET":
        assert answer.body == body


def test_head_has_the_fields_of_get(line):
    fields = [sorted((name, value) for name, value in
                     line.request(method, "/secret/page.html", [bearer(good())]).headers
                     if name not in ("Date", "Keep-Alive"))
              for method in ("GET", "HEAD")]
    assert fields[0] == fields[1]


HOSTS = {"one": ("https://one.example", "sub"), "two": ("https://two.example", "email")}
VIRTUAL = ECHO + ANY_PATH + "".join(f"""
<VirtualHost *:{{port}}>
    ServerName {name}.example
    <Location "/p">
""" + TRUST.replace(AUDIENCE, audience).replace("AuthName api", f"AuthName {name}") + f"""
        AuthBearerUser {claim}
        Require valid-user
    </Location>
</VirtualHost>
""" for name, (audience, claim) in HOSTS.items())


def test_one_host_after_the_other(serve):
    """A token that was good for one host of a connection is none for the next host of it."""
    server = serve(VIRTUAL)
    server.allow_log(log_line("audience_wrong"))
    made = {name: good(aud=audience, email="al@mail.example")
            for name, (audience, _) in HOSTS.items()}
    with client.Connection(server.port) as line:
        for host, token in [("one", "one"), ("two", "one"), ("two", "two"), ("one", None),
                            ("one", "two"), ("one", "one"), ("two", None), ("two", "two")] * 3:
            fields = [("Host", f"{host}.example")] + ([bearer(made[token])] if token else [])
            answer = line.request("GET", "/p", fields)
            if host == token:
                passed(answer, {"one": "alice", "two": "al@mail.example"}[host])
            else:
                refused(server, answer, "audience_wrong" if token else "no_token")
                assert answer.bearer["realm"] == host


@pytest.mark.skipif(default_mpm() == "prefork", reason="one process a connection")
def test_many_connections_in_turn(server):
    """As many users as connections, in one process, each asking in turn. Fewer than threads: where
    all are busy, httpd ends connections that are kept."""
    users = [f"user{number}" for number in range(6)]
    lines = [client.Connection(server.port) for _ in users]
    try:
        for turn in range(5):
            for number, one in enumerate(lines):
                user = users[(number + turn) % len(users)]
                if (number + turn) % 4 == 3:
                    one.send(client.render("GET", "/secret/page.html", close=False))
                else:
                    one.send(client.render("GET", "/secret/page.html", [bearer(good(sub=user))],
                                           close=False))
            for number, one in enumerate(lines):
                answer = one.receive()
                if (number + turn) % 4 == 3:
                    refused(server, answer, "no_token")
                else:
                    passed(answer, users[(number + turn) % len(users)])
    finally:
        for one in lines:
            one.close()
