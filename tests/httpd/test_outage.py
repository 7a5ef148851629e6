"""An issuer that is down, hangs or changes its keys while many ask: requests get their answers as
before, the issuer is asked by one process at a time, and restarts go on."""

import os
import subprocess
import threading
import time

import pytest

import tokens
from expect import ANY_PATH, ECHO
from fetching import ONE, TWO, section, token
from server import default_mpm

# Several children from the start, and all that MaxRequestWorkers allows.
CHILDREN = {"event": "StartServers 3\nMinSpareThreads 25\nMaxSpareThreads 32\n",
            "prefork": "StartServers 6\nMinSpareServers 6\nMaxSpareServers 8\n"}
CHILDREN["worker"] = CHILDREN["event"]
LONG = 10.0             # seconds; nothing that hangs lets a request wait so long
RESTARTS = int(os.environ.get("BEARER_RESTARTS", "60"))
LEVEL = "notice auth_bearer:info"
HANGS = {"how": "hang"}
ALLOWED = [r"AB0201: .*no keys were fetched", "AB0101: refused: ", "AH0016[12]", "AH00484",
           "AH03490"]

pytestmark = pytest.mark.mpm


@pytest.fixture
def start(start):
    """start(issuer, options): a server for this test, with several children."""
    return lambda issuer, options="": start(
        CHILDREN[default_mpm()] + ECHO + ANY_PATH + section("/p", issuer.url, options), ALLOWED,
        level=LEVEL)


def status(server, text, path="/p"):
    """The status of one request, or what went wrong with it; and how long it took."""
    begun = time.monotonic()
    try:
        seen = (server.get(path, token=text) if text else server.get("/index.html")).status
    except OSError as error:
        seen = type(error).__name__
    return seen, time.monotonic() - begun


def settle(server, issuer, signer=ONE, wanted=200):
    count = 16          # of new connections, so that each child is among those that answer
    server.wait_for(lambda: all(status(server, token(issuer.url, signer))[0] == wanted
                                for _ in range(count)), f"{wanted} everywhere", 10)


def all_at_once(count, work):
    """Runs work(number) in so many threads and returns what each returned."""
    results = [None] * count

    def run(number):
        results[number] = work(number)

    threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert None not in results, "some never came back"
    return results


class Load:
    """Requests all the time, from several threads: what is asked is of `texts`; None: an open
    page."""

    def __init__(self, server, texts, threads=4):
        self.server, self.texts = server, texts
        self.seen, self.ended = [], threading.Event()
        self.threads = [threading.Thread(target=self._work, daemon=True) for _ in range(threads)]

    def _work(self):
        number = 0
        while not self.ended.is_set():
            name, text = list(self.texts.items())[number % len(self.texts)]
            begun = time.monotonic()
            seen, took = status(self.server, text)
            self.seen.append((begun, name, seen, took))
            number += 1
            time.sleep(0.002)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join(30)

    def statuses(self, name, since=0.0, until=float("inf")):
        return {seen for begun, one, seen, _ in self.seen if one == name and since <= begun < until}

    def longest(self):
        return max(took for _, _, _, took in self.seen)


def test_unknown_keys_while_the_issuer_hangs(start, issuer):
    server = start(issuer, "timeout=5")
    settle(server, issuer)
    time.sleep(1.1)
    before = len(issuer.hits)
    for path in list(issuer.answers):
        issuer.serve(path, **HANGS)
    with Load(server, {"good": token(issuer.url), "open": None}) as load:
        strangers = all_at_once(60, lambda number: status(
            server, token(issuer.url, TWO, header={"kid": f"x{number}"})))
        time.sleep(7)
    assert {seen for seen, _ in strangers} == {401}
    assert load.statuses("good") == load.statuses("open") == {200}
    assert max(took for _, took in strangers) < LONG and load.longest() < LONG
    # The two places of the metadata, in one attempt; not one more within the half minute.
    assert 1 <= len(issuer.hits) - before <= 2


def test_a_cold_start_with_a_crowd(start, issuer):
    """Nobody waits for the keys; they are fetched once."""
    for path, answer in issuer.answers.items():
        answer.delay = 1.0
    server = start(issuer)
    crowd = all_at_once(100, lambda number: status(server, token(issuer.url)))
    assert {seen for seen, _ in crowd} == {503}
    assert max(took for _, took in crowd) < LONG
    settle(server, issuer)
    assert issuer.most == 1 and issuer.count("/jwks") == 1


def test_rotation_with_overlap(start, issuer):
    """No valid token is refused once the set has arrived, none of a withdrawn key accepted."""
    server = start(issuer, "refresh=1")
    settle(server, issuer)
    with Load(server, {"old": token(issuer.url), "new": token(issuer.url, TWO)}) as load:
        issuer.publish(tokens.jwks([ONE, TWO]))
        settle(server, issuer, TWO)
        both = time.monotonic()
        time.sleep(2)
        asked = issuer.count("/jwks")
        withdrawn = time.monotonic()
        issuer.publish(tokens.jwks([TWO]))
        server.wait_for(lambda: issuer.count("/jwks") > asked, "the set without the old key")
        arrived = time.monotonic()
        time.sleep(4)
    assert load.statuses("old", until=withdrawn) == {200}
    assert load.statuses("new", since=both + 1.5) == {200}
    assert load.statuses("old", since=arrived + 2) == {401}


def test_rotation_without_overlap(start, issuer):
    server = start(issuer)
    settle(server, issuer)
    time.sleep(1.1)
    with Load(server, {"old": token(issuer.url), "new": token(issuer.url, TWO)}) as load:
        issuer.publish(tokens.jwks([TWO]))
        settle(server, issuer, TWO)
        arrived = time.monotonic()
        time.sleep(3)
    assert load.statuses("new", since=arrived + 1.5) == {200}
    assert load.statuses("old", since=arrived + 1.5) == {401}
    assert issuer.count("/jwks") == 2


def open_files(server):
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def shared_memory():
    return subprocess.run(["ipcs", "-m"], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("known", [True, False], ids=["keys-known", "no-keys"])
def test_graceful_restarts_while_the_issuer_hangs(start, issuer, known):
    """Each second, under load."""
    if not known:
        for path in list(issuer.answers):
            issuer.serve(path, **HANGS)
    server = start(issuer, "timeout=5")
    # Where the machine is slow, more generations overlap than the scoreboard has room for.
    server.allow_log("AH00288: scoreboard is full")
    if known:
        settle(server, issuer)
        for path in list(issuer.answers):
            issuer.serve(path, **HANGS)
    stranger = token(issuer.url, TWO, header={"kid": "x"})
    server.graceful()
    files, memory = open_files(server), shared_memory()
    rounds = RESTARTS if known else RESTARTS // 6
    with Load(server, {"good": token(issuer.url), "open": None, "stranger": stranger}) as load:
        for _ in range(rounds):
            begun = time.monotonic()
            server.graceful()
            time.sleep(max(0.0, begun + 1 - time.monotonic()))
    assert load.statuses("open") == {200}
    assert load.statuses("good") == ({200} if known else {503})
    assert load.statuses("stranger") == ({401} if known else {503})
    assert load.longest() < LONG
    server.graceful()
    assert open_files(server) <= files + 1 and shared_memory() == memory
    server.wait_for(lambda: len(server.children()) <= 8, "the old generations to end", 20)
    attempts = len(issuer.hits)
    assert attempts <= 2 * (2 + rounds), f"{attempts} requests in {rounds} s"


def test_two_hundred_issuers(issuer, serve):
    """And large sets: all are fetched, none in another's way."""
    conf, names = "", [f"/i{number}" for number in range(200)]
    large = tokens.jwks([ONE, *(TWO.jwk(kid=f"k{number}") for number in range(999))])
    for name in names:
        issuer.publish(large if name == "/i7" else tokens.jwks([ONE]), name)
        conf += section(name, issuer.url + name)
    server = serve(ECHO + ANY_PATH + conf, level=LEVEL)
    server.allow_log("AB0101: refused: keys_unavailable")
    for name in names:
        text = token(issuer.url + name)
        server.wait_for(lambda: all(server.get(name, token=text).status == 200
                                    for _ in range(3)), name, 30)
    assert {issuer.count(f"{name}/jwks") for name in names} == {1}
    assert issuer.most <= 16 * (1 if server.mpm != "prefork" else 8)
