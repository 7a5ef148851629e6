"""Keys from the network, where several lines name one issuer, and where its keys change their
kind."""

import time

import pytest

from expect import (ANY_PATH, ECHO, SPREADING, await_keys, location, log_line, passed,
                    refused)
from tokens import AUDIENCE, ISSUER, good, jwks, key
from worldwide import World, oauth_address, openid_address

TRUST = "    AuthType Bearer\n    AuthName api\n"
OTHERS = [f"https://as{number}.example" for number in range(12)]
NOBODY = "http://127.0.0.1:9"       # no proxy is there


@pytest.fixture
def world():
    with World() as world:
        world.issuer(ISSUER, "/keys", jwks([key("rsa")]))
        yield world


@pytest.fixture
def start(world, start):
    """A server with locations; each has an issuer, and the options of its line."""
    def begin(before="", **locations):
        conf = "".join(
            location(f"/{name}", f"AuthBearerIssuer {issuer} ca={world.authority.file} {options}",
                     f"AuthBearerAudience {AUDIENCE}", "Require scope read", trust=TRUST)
            for name, (issuer, options) in locations.items())
        return start(ECHO + ANY_PATH + before + conf)

    return begin


def test_a_line_that_cannot_reach_the_issuer(world, start):
    """It goes without keys; the others of the same issuer do not wait for it."""
    bad = {f"bad{i}": (ISSUER, f"proxy={NOBODY} timeout={i}") for i in range(1, 6)}
    server = start(**bad, read=(ISSUER, f"proxy={world.proxy}"))
    server.expect_log(r"\[auth_bearer:warn\].*: no keys were fetched: .*port 9 ")
    await_keys(server, "/read", good())
    passed(server.get("/read", token=good()))
    for name in bad:        # nor are they given what came by another way
        refused(server, server.get(f"/{name}", token=good()), "keys_unavailable")


def test_keys_of_another_kind(world, start):
    """The issuer has RSA keys, then EC keys in their place: the first token that they sign makes
    the server ask, as any unknown key does."""
    server = start(read=(ISSUER, f"proxy={world.proxy}"))
    passed(await_keys(server, "/read", good()))
    world.issuer(ISSUER, "/keys", jwks([key("p256")]))
    token = good("ES256")
    assert server.get("/read", token=token).status == 401
    server.allow_log(log_line("alg_refused"))
    server.wait_for(lambda: server.get("/read", token=token).status == 200, "the new keys", 5.0)
    time.sleep(SPREADING)
    refused(server, server.get("/read", token=good()), "alg_refused")


@pytest.mark.mpm
def test_one_process_asks_for_all(world, start):
    """Those that have no keys yet wait for its answer, though it takes its time."""
    for name in OTHERS:
        world.issuer(name, "/keys", jwks([key("rsa")]), delay=0.7)
    server = start("StartServers 4\n", **{f"read{i}": (name, f"proxy={world.proxy}")
                                          for i, name in enumerate(OTHERS)})
    server.allow_log(log_line("keys_unavailable"))
    for i, name in enumerate(OTHERS):
        server.wait_for(lambda: server.get(f"/read{i}", token=good(iss=name)).status == 200, "keys")
    time.sleep(2)
    assert len(server.children()) >= 4
    for i, name in enumerate(OTHERS):
        for _ in range(8):
            passed(server.get(f"/read{i}", token=good(iss=name)))
        assert [one.url for one in world.asked(name + "/")] == [
            oauth_address(name), openid_address(name), f"{name}/keys"]


@pytest.mark.parametrize("options, alg", [("algorithms=RS256", "ES256"), ("", "HS256")])
def test_algorithms_that_no_new_key_would_help(world, start, options, alg):
    server = start(read=(ISSUER, f"proxy={world.proxy} {options}"))
    await_keys(server, "/read", good())
    before = len(world.asked())
    refused(server, server.get("/read", token=good(alg)), "alg_refused")
    time.sleep(1)
    assert len(world.asked()) == before
