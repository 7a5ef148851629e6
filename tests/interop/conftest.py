"""Fixtures of the tests with real issuers and clients."""

import contextlib

import pytest

import browser
from server import Httpd


@pytest.fixture(scope="module")
def serve():
    """serve(conf, files, prepare, **how): a private httpd for the whole module with these files
    (name: content); prepare(server) does what else is needed before it starts."""
    with contextlib.ExitStack() as servers:
        def start(conf, files=None, prepare=None, **how):
            server = Httpd("", **how)
            for name, content in (files or {}).items():
                server.write(name, content)
            if prepare:
                prepare(server)
            server.configure(conf)
            return servers.enter_context(server.running())

        yield start


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    """One browser for all; each test has a page of its own."""
    with browser.chromium(tmp_path_factory.mktemp("chromium")) as running:
        yield running
