"""Key files that change while the server runs."""

import os
import threading
import time

import pytest

import tokens
from expect import ANY_PATH, BARE, ECHO, TRUST, location
from tokens import good, key

FRESH = 1.5         # children look at most once a second


def issuer(path, keys):
    return location(path, f"AuthBearerIssuer https://as.example keys={keys}", "Require valid-user",
                    trust=BARE)


CONF = ECHO + ANY_PATH + "".join([
    issuer("/jwks", "jwks:{keys}/live.jwks"), issuer("/pem", "pem:{keys}/live.pem"),
    issuer("/secret", "secret:{keys}/live.bin algorithms=HS256"),
    issuer("/broken", "jwks:{keys}/broken.jwks"),
    issuer("/link", "jwks:{keys}/link.jwks"), issuer("/private", "jwks:{keys}/private.jwks"),
    issuer("/place", "jwks:{keys}/place.jwks"),
])


def one(number):
    return tokens.jwks([key("p256", number)]).encode()


def token(number, **changes):
    return good("ES256", signer=key("p256", number), **changes)


@pytest.fixture(scope="module")
def server(serve):
    files = {f"keys/{name}.jwks": one(1) for name in ("live", "broken", "private", "place")}
    files.update({"keys/live.pem": key("p256").public_pem(), "keys/live.bin": key("hs256").secret,
                  "keys/v1/link.jwks": one(1), "keys/v2/link.jwks": one(2)})

    def prepare(root):
        os.symlink("v1", root / "keys/..data")
        os.symlink("..data/link.jwks", root / "keys/link.jwks")
        (root / "keys/private.jwks").chmod(0o600)

    return serve(CONF, files, prepare=prepare)


def status(server, path, text):
    return server.get(path, token=text).status


def settle(server, path, text):
    """Returns when a token under new keys passes; under prefork every process looks for itself."""
    if server.mpm == "prefork":
        time.sleep(FRESH)
    server.wait_for(lambda: status(server, path, text) == 200, "new keys", FRESH + 0.2)


pytestmark = pytest.mark.mpm


@pytest.mark.parametrize("path, name, content, old, new", [
    ("/jwks", "live.jwks", lambda: one(2), lambda: token(1), lambda: token(2)),
    ("/pem", "live.pem", lambda: key("p256", 2).public_pem(), lambda: token(1), lambda: token(2)),
    ("/secret", "live.bin", lambda: key("hs256", 2).secret, lambda: good("HS256"),
     lambda: good("HS256", signer=key("hs256", 2))),
])
def test_a_replaced_file(server, path, name, content, old, new):
    server.allow_log("AB[0-9]{4}: refused: (key_unknown|signature_bad)")
    assert (status(server, path, old()), status(server, path, new())) == (200, 401)
    server.write(f"keys/{name}", content())
    settle(server, path, new())
    for _ in range(4):
        assert (status(server, path, new()), status(server, path, old())) == (200, 401)


def test_changed_in_place_at_the_same_time_and_size(server):
    """Same inode, size and modification time: the change time tells."""
    server.allow_log("AB[0-9]{4}: refused: key_unknown")
    path = server.keys / "place.jwks"
    before = path.stat()
    assert status(server, "/place", token(1)) == 200
    with open(path, "r+b") as out:
        out.write(one(2))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    settle(server, "/place", token(2))
    assert (status(server, "/place", token(2)), status(server, "/place", token(1))) == (200, 401)


def test_a_swapped_link(server):
    server.allow_log("AB[0-9]{4}: refused: key_unknown")
    assert status(server, "/link", token(1)) == 200
    os.symlink("v2", server.keys / "..next")
    os.rename(server.keys / "..next", server.keys / "..data")
    settle(server, "/link", token(2))
    assert (status(server, "/link", token(2)), status(server, "/link", token(1))) == (200, 401)


@pytest.mark.parametrize("number, content", enumerate([b"", b"{", b'{"keys":[]}', b"\0\0", None],
                                                      2))
def test_a_broken_file_keeps_the_old_keys(server, number, content):
    """And when it is whole again its new key works."""
    assert status(server, "/broken", token(1)) == 200
    lines = server.log().count("broken.jwks")
    if content is None:
        (server.keys / "broken.jwks").unlink()
    else:
        server.write("keys/broken.jwks", content)
    server.wait_for(lambda: status(server, "/broken",
                                   token(1)) != 200 or server.log().count("broken.jwks") > lines,
                    "a line about the broken file")
    assert [status(server, "/broken", token(1)) for _ in range(4)] == [200] * 4
    server.expect_log(r"\[auth_bearer:(warn|error)\] .*broken\.jwks")
    server.write("keys/broken.jwks", tokens.jwks([key("p256"), key("p256", number)]).encode())
    settle(server, "/broken", token(number))


def test_a_broken_file_is_logged_once_per_change(server):
    """Once a process, not once a request or a second."""
    server.write("keys/broken.jwks", b"{ broken for the count")
    before = server.log().count("broken.jwks")
    until = time.monotonic() + 3.5
    while time.monotonic() < until:
        status(server, "/broken", token(1))
        time.sleep(0.1)
    processes = 1 if server.mpm != "prefork" else 8
    assert 1 <= server.log().count("broken.jwks") - before <= processes
    server.write("keys/broken.jwks", one(1))


def test_a_file_the_run_user_cannot_read(server):
    if os.geteuid() != 0:
        pytest.skip("needs root: only then does httpd run as another user")
    server.expect_log(r"\[auth_bearer:warn\] .*private\.jwks.*graceful")
    server.allow_log(r"\[auth_bearer:(warn|error)\] .*private\.jwks",
                     "AB[0-9]{4}: refused: key_unknown")
    assert status(server, "/private", token(1)) == 200
    server.write("keys/private.jwks", one(2), 0o600)
    time.sleep(FRESH)
    assert [status(server, "/private", token(n)) for n in (1, 2)] == [200, 401]
    server.graceful()
    assert [status(server, "/private", token(n)) for n in (1, 2)] == [401, 200]


def test_graceful_reads_configuration_and_keys(serve):
    server = serve(ECHO + ANY_PATH + location("/p", "Require scope read"))
    assert status(server, "/p", good()) == 200
    server.write_keys(keys=[key("p256", 3)])
    server.configure(ECHO + ANY_PATH + location("/p", "Require scope write"))
    server.graceful()
    assert status(server, "/p", good()) == 401
    assert status(server, "/p", token(3)) == 403
    assert status(server, "/p", token(3, scope="write")) == 200
    server.expect_log("AB[0-9]{4}: refused: alg_refused", "AB[0-9]{4}: refused: scope_lacking")


def test_graceful_under_load(serve):
    server = serve(ECHO + ANY_PATH + location("/p", "Require scope read", trust=TRUST))
    text, seen, ended = good(), [], threading.Event()

    def load():
        while not ended.is_set() and len(seen) < 20000:
            try:
                seen.append(status(server, "/p", text))
            except OSError as error:
                seen.append(type(error).__name__)
                time.sleep(0.1)

    workers = [threading.Thread(target=load, daemon=True) for _ in range(2)]
    for worker in workers:
        worker.start()
    try:
        for _ in range(4):
            server.graceful()
            time.sleep(0.3)
    finally:
        ended.set()
        for worker in workers:
            worker.join()
    assert len(seen) > 20 and set(seen) == {200}, set(seen)
