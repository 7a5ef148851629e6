"""The keys of a certified OpenID provider (npm oidc-provider) behind TLS of a private authority:
they are discovered, and followed while the provider changes them and requests go on."""

import itertools
import json
import threading
import time

import pytest

import provider
from authority import Authority
from expect import (ANY_PATH, ECHO, SPREADING, await_keys, location, log_line, passed,
                    refused)

ALGORITHMS = ["RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]
API = "https://api.example"
RESOURCE = f"{API}/RS256"
AFTERWARDS = 3.0        # seconds that requests go on: more than one look at the issuer

TRUST = "    AuthType Bearer\n    AuthName api\n"
ALL = ["AuthBearerAudience " + " ".join(f"{API}/{alg}" for alg in ALGORITHMS), "Require scope read"]


def protected(path, issuer, options):
    return location(path, f"AuthBearerIssuer {issuer.issuer} {options}", *ALL, trust=TRUST)


@pytest.fixture(scope="module")
def authority():
    return Authority()


@pytest.fixture(scope="module")
def issuer(authority):
    with provider.running(authority, "localhost") as running:
        yield running


@pytest.fixture(scope="module")
def server(authority, issuer, serve):
    """Two processes that look at the issuer each two seconds. /strange trusts another authority."""
    other = Authority("another authority")
    running = serve(
        ECHO + ANY_PATH + "StartServers 2\n"
        + protected("/read", issuer, f"ca={authority.file} refresh=2")
        + protected("/strange", issuer, f"ca={other.file} refresh=2"))
    running.allow_log(log_line("key_unknown"))
    running.expect_log(r"\[auth_bearer:warn\].*: no keys were fetched: .*certificate")
    await_keys(running, "/read", issuer.token(RESOURCE))
    return running


@pytest.fixture(scope="module")
def second(authority):
    with provider.running(authority, "127.0.0.1") as running:
        yield running


@pytest.fixture(scope="module")
def patient(authority, second, serve):
    """A server that looks at the second issuer once in an hour."""
    running = serve(ECHO + ANY_PATH + protected("/read", second, f"ca={authority.file}"))
    await_keys(running, "/read", second.token(RESOURCE))
    return running


def kept(server):
    """The generations of the keys in the state directory."""
    found = set()
    for path in (server.root / "run/keys").glob("*.keys"):
        keys = json.loads(path.read_text())["set"]["keys"]
        found |= {int(key["kid"].rpartition("-")[2]) for key in keys}
    return found


def publish(server, issuer, *published, signing):
    """Returns when the server has the set."""
    issuer.publish(*published, signing=signing)
    server.wait_for(lambda: kept(server) == set(published), "the key set", 5.0)


GENERATIONS = itertools.count(2)


@pytest.fixture
def fresh(server, issuer):
    """The number of a generation that is the issuer's only one now, here and there."""
    number = next(GENERATIONS)
    publish(server, issuer, number, signing=number)
    time.sleep(SPREADING)
    return number


class Traffic:
    """Requests without a pause, each token by two clients at once, until the end of the block."""

    def __init__(self, server):
        self.server, self.threads, self.over = server, [], threading.Event()
        self.answers = []           # (when it was asked, name of the token, status, reason)

    def add(self, name, token):
        for _ in range(2):
            thread = threading.Thread(target=self._ask, args=(name, token))
            self.threads.append(thread)
            thread.start()

    def _ask(self, name, token):
        while not self.over.is_set():
            begun = time.monotonic()
            answer = self.server.get("/read", token=token)
            self.answers.append((begun, name, answer.status, answer.header("X-Reason")))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def seen(self, name, since=0.0):
        """What this token got; it was sent more than a few times."""
        found = [tuple(what) for begun, of, *what in self.answers if of == name and begun >= since]
        assert len(found) >= 20, f"only {len(found)} requests with the {name} token"
        return set(found)


ACCEPTED, UNKNOWN = {(200, "accepted")}, {(401, "key_unknown")}


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_accepted(server, issuer, alg):
    assert len(server.children()) >= 2
    passed(server.get("/read", token=issuer.token(f"{API}/{alg}")), "app")


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_an_issuer_named_by_its_address(patient, second, alg):
    assert second.issuer.startswith("https://127.0.0.1:")
    passed(patient.get("/read", token=second.token(f"{API}/{alg}")), "app")


def test_another_authority(server, issuer):
    """Nobody is believed whom the authority does not vouch for; other locations do not mind."""
    token = issuer.token(RESOURCE)
    refused(server, server.get("/strange", token=token), "keys_unavailable")
    passed(server.get("/read", token=token), "app")
    assert len(list((server.root / "run/keys").glob("*.keys"))) == 1


def test_rotation_with_overlap(server, issuer, fresh):
    """The next keys are published before they sign: no token is refused at any time."""
    following = next(GENERATIONS)
    with Traffic(server) as traffic:
        traffic.add("old", issuer.token(RESOURCE))
        publish(server, issuer, fresh, following, signing=fresh)
        time.sleep(SPREADING)
        issuer.publish(fresh, following, signing=following)
        traffic.add("new", issuer.token(RESOURCE))
        time.sleep(AFTERWARDS)
    assert traffic.seen("old") == traffic.seen("new") == ACCEPTED


def test_signing_at_once(server, issuer, fresh):
    """The next keys sign as soon as they are published: their tokens pass once the set has come,
    those of the old ones all the time."""
    following = next(GENERATIONS)
    with Traffic(server) as traffic:
        traffic.add("old", issuer.token(RESOURCE))
        issuer.publish(fresh, following, signing=following)
        traffic.add("new", issuer.token(RESOURCE))
        server.wait_for(lambda: kept(server) == {fresh, following}, "the key set", 5.0)
        arrived = time.monotonic()
        time.sleep(AFTERWARDS)
    assert traffic.seen("old") == traffic.seen("new", arrived + SPREADING) == ACCEPTED


def test_withdrawal(server, issuer, fresh):
    """Tokens of keys that are gone are refused within a second, and from then on. However often
    they come, the issuer is asked by one process at a time, and no more than it was going to be."""
    following = next(GENERATIONS)
    publish(server, issuer, fresh, following, signing=fresh)
    time.sleep(SPREADING)
    with Traffic(server) as traffic:
        traffic.add("old", issuer.token(RESOURCE))
        issuer.publish(fresh, following, signing=following)
        traffic.add("new", issuer.token(RESOURCE))
        publish(server, issuer, following, signing=following)
        arrived, before = time.monotonic(), issuer.counts()
        time.sleep(SPREADING + AFTERWARDS)
    asked = issuer.counts() - before
    assert traffic.seen("old", arrived + SPREADING) == UNKNOWN
    assert traffic.seen("new") == ACCEPTED
    assert traffic.seen("old") == ACCEPTED | UNKNOWN
    # One look or two, and one for the sake of an unknown key.
    assert 1 <= asked["/jwks"] <= 4, asked
    assert asked["/.well-known/oauth-authorization-server"] in (asked["/jwks"], asked["/jwks"] + 1)
    assert asked["/.well-known/openid-configuration"] == 0


def test_rotation_without_overlap(patient, second):
    """An unknown key makes the server ask before its time: new tokens pass soon, old ones no more.
    After that nobody can make it ask again for a while."""
    old = second.token(RESOURCE)
    passed(patient.get("/read", token=old), "app")
    second.publish(2, signing=2)
    new, before = second.token(RESOURCE), second.counts()
    refused(patient, patient.get("/read", token=new), "key_unknown")
    patient.wait_for(lambda: patient.get("/read", token=new).status == 200, "the new keys", 2.0)
    time.sleep(SPREADING)
    refused(patient, patient.get("/read", token=old), "key_unknown")
    second.publish(3, signing=3)
    newer, until = second.token(RESOURCE), time.monotonic() + 2
    while time.monotonic() < until:
        refused(patient, patient.get("/read", token=newer), "key_unknown")
        passed(patient.get("/read", token=new), "app")
    assert (second.counts() - before)["/jwks"] == 1
