"""Options and fixtures of the system tests."""

import contextlib
import os

import pytest

import tokens
from fetching import ONE
from issuer import Issuer
from server import Httpd, default_mpm


def pytest_addoption(parser):
    parser.addoption("--mpm", choices=("event", "worker", "prefork"), default=default_mpm(),
                     help="the MPM of every private httpd (event)")


def pytest_configure(config):
    os.environ["BEARER_MPM"] = config.getoption("--mpm", default_mpm())


@contextlib.contextmanager
def _ending():
    """A list for servers: all are stopped, judged by their logs and removed in the end."""
    servers = []
    yield servers
    for server in servers:
        server.stop()
    wrong = []
    for server in servers:
        try:
            server.judge()
        except AssertionError as found:
            wrong.append(str(found))
        server.remove()
    assert not wrong, "\n".join(wrong)


@pytest.fixture(scope="module")
def serve():
    """serve(conf, files, prepare, **how): a private httpd for the whole module, with the issuer's
    keys in {keys}/as.jwks and these files (name: content); prepare(root) does what else is needed
    before it starts."""
    def start(conf, files=None, prepare=None, **how):
        server = Httpd("", **how)
        servers.append(server)
        server.write_keys()
        for name, content in (files or {}).items():
            server.write(name, content, 0o755 if name.endswith(".cgi") else 0o644)
        if prepare:
            prepare(server.root)
        server.configure(conf)
        return server.start()

    with _ending() as servers:
        yield start


@pytest.fixture
def start():
    """start(conf, allowed, prepare, **how): a private httpd for this test, whose log may hold the
    allowed lines; prepare(server) does what else is needed before it starts."""
    def start(conf, allowed=(), prepare=None, **how):
        server = Httpd("", **how)
        servers.append(server)
        server.allow_log(*allowed)
        if prepare:
            prepare(server)
        server.configure(conf)
        return server.start()

    with _ending() as servers:
        yield start


@pytest.fixture
def issuer():
    """An issuer on loopback with its first key."""
    with Issuer() as made:
        made.publish(tokens.jwks([ONE]))
        yield made


@pytest.fixture
def now():
    """Seconds since 1970, as tokens.claims() has it."""
    return tokens.claims()["iat"]
