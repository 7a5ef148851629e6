"""A hundred thousand requests of two users, and of nobody, on connections that are kept: each
answer is about the very request that it answers."""

import os
import random
import re
import socket
import threading

import pytest

import client
from expect import ANY_PATH, ECHO, location
from server import default_mpm
from tokens import bearer, good

pytestmark = pytest.mark.skipif(default_mpm() != "event", reason="the same code in every MPM")
# With sanitizers everything takes ten times as long.
SHARE = 10 if os.environ.get("BEARER_PRELOAD") else 1
THREADS, BATCH = 16, 50
BATCHES = 90_000 // THREADS // BATCH // SHARE + 1
STREAMS, CONNECTIONS = 100, 100 // SHARE
USERS = ("alice", "bob")
TOKENS = 30             # of each user: more than the cache has room for
# Where all workers are busy, httpd ends connections that are kept.
CONF = """
StartServers 2
MinSpareThreads 32
MaxSpareThreads 64
ThreadsPerChild 32
MaxRequestWorkers 64
MaxKeepAliveRequests 0
AuthBearerCache entries=48
Protocols h2c http/1.1
""" + ECHO + """
Header always set X-Claim "%{BEARER_CLAIM_SUB}e"
Header always set X-Path "expr=%{bearer:sub}"
Header always echo ^X-Number$
""" + ANY_PATH + location("/p", "AuthBearerEnv sub", "Require valid-user")
ABOUT = re.compile(rb"\AHTTP/1\.1 (\d+)|^(X-User|X-Claim|X-Path|X-Number|Content-Length): "
                   rb"?([^\r]*)\r$", re.MULTILINE)


@pytest.fixture(scope="module")
def server(serve):
    return serve(CONF, modules="http2", level="notice")


@pytest.fixture(scope="module")
def known():
    return {user: [good("ES256", sub=user, jti=str(n)) for n in range(TOKENS)] for user in USERS}


def asked(known, numbers):
    """(number, user or None, fields) of the next requests, at random."""
    for number in numbers:
        user = random.choice((*USERS, *USERS, None))
        yield number, user, [("X-Number", str(number))] + (
            [bearer(random.choice(known[user]))] if user else [])


def check(number, user, status, about):
    wanted = {"X-Number": str(number), "X-User": user or "", "X-Path": user or "",
              "X-Claim": user or "(null)"}
    assert (status, about) == (200 if user else 401, wanted), (number, user, status, about)


def take(stream):
    """Status and what the next answer says about its request."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = stream.readline()
        assert line, "the server closed the connection"
        head += line
    found = ABOUT.findall(head)
    about = {name.decode(): value.decode() for _, name, value in found[1:]}
    stream.read(int(about.pop("Content-Length")))
    return int(found[0][0]), about


def pipelines(server, known, first, seen):
    with socket.create_connection(("127.0.0.1", server.port), client.TIMEOUT) as wire, \
            wire.makefile("rb") as stream:
        for batch in range(BATCHES):
            begin = first + batch * BATCH
            sent = list(asked(known, range(begin, begin + BATCH)))
            wire.sendall(b"".join(client.render("GET", "/p", fields, close=False)
                                  for _, _, fields in sent))
            for number, user, _ in sent:
                check(number, user, *take(stream))
                seen[user] = seen.get(user, 0) + 1


def streams(server, known, first, seen):
    http2 = pytest.importorskip("wire", reason="needs python3-h2")
    for connection in range(first, CONNECTIONS, THREADS):
        with http2.Wire(server) as wire:
            wire.begin()
            begin = 10**9 + connection * STREAMS
            sent = [(number, user, wire.send("/p", fields)) for number, user, fields
                    in asked(known, range(begin, begin + STREAMS))]
            for number, user, stream in sent:
                answer = wire.answer(stream)
                check(number, user, answer.status, {
                    name: answer.header(name)
                    for name in ("X-Number", "X-User", "X-Path", "X-Claim")})
                seen[user] = seen.get(user, 0) + 1


def crowd(work, *arguments):
    """All threads at once; how many answers each user had."""
    counts, failed = [{} for _ in range(THREADS)], []

    def run(number):
        try:
            work(*arguments, number, counts[number])
        except BaseException as error:      # told in the main thread
            failed.append(error)

    threads = [threading.Thread(target=run, args=(number,), daemon=True)
               for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not failed, failed[0]
    assert not any(thread.is_alive() for thread in threads), "some never came back"
    return {user: sum(count.get(user, 0) for count in counts) for user in (*USERS, None)}


def test_pipelines(server, known):
    """HTTP/1.1: sixteen connections, fifty requests a packet."""
    def work(number, seen):
        pipelines(server, known, number * 10**6, seen)

    counts = crowd(work)
    assert sum(counts.values()) == THREADS * BATCHES * BATCH >= 90_000 // SHARE
    assert min(counts.values()) > sum(counts.values()) // 10


def test_streams(server, known):
    """HTTP/2: a hundred streams at once on each connection, sixteen connections at a time."""
    pytest.importorskip("wire", reason="needs python3-h2")

    def work(number, seen):
        streams(server, known, number, seen)

    counts = crowd(work)
    assert sum(counts.values()) == CONNECTIONS * STREAMS
    assert min(counts.values()) > sum(counts.values()) // 10
