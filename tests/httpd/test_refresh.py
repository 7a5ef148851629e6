"""How keys stay fresh: when an issuer is asked again, what the state directory is for, what a token
with an unknown key may cause."""

import json
import os
import re
import shutil
import stat
import time

import pytest

import tokens
from authority import Authority
from expect import ANY_PATH, ECHO, passed, refused
from fetching import ONE, TWO, section, token
from issuer import Issuer
from server import Httpd, run_user
from tokens import bearer, key, mint

ALLOWED = [r"AB0201: .*no keys were fetched", r"AB0101: refused: (keys_unavailable|key_unknown)"]

pytestmark = pytest.mark.mpm


@pytest.fixture
def start(start):
    """start(conf, **how): a server for this test."""
    return lambda conf, **how: start(ECHO + ANY_PATH + conf, ALLOWED, **how)


def ask(server, issuer, signer=ONE, path="/p"):
    return server.get(path, token=token(issuer.url, signer))


def settle(server, issuer, status=200, signer=ONE, path="/p", seconds=15.0):
    """Every child answers so: under prefork each is a process of its own."""
    wanted = 8 if server.mpm == "prefork" else 2
    server.wait_for(lambda: all(ask(server, issuer, signer, path).status == status
                                for _ in range(wanted)), f"{status} at {path}", seconds)


def asked(issuer):
    return issuer.count("/jwks")


def test_nothing_is_fetched_before_children_serve(issuer):
    server = Httpd(section("/p", issuer.url))
    assert server.configtest() == (0, "Syntax OK\n")
    assert issuer.hits == [] and not (server.root / "run/keys").exists()
    server.remove()


def test_one_fetch_for_all(start, issuer):
    """Whatever the number of children, sections and virtual hosts; and not by the parent."""
    server = start(section("/p", issuer.url) + section("/q", issuer.url, "user-prefix=x:")
                   + "<VirtualHost *:{port}>\n" + section("/r", issuer.url, "timeout=3")
                   + "</VirtualHost>\n")
    settle(server, issuer, path="/r")
    time.sleep(1.5)
    assert asked(issuer) == 1
    line = re.search(r"\[pid (\d+).*1 keys fetched from", server.log())
    assert int(line[1]) in server.children() and int(line[1]) != server.process.pid


def test_the_state_directory(start, issuer):
    server = start(section("/p", issuer.url))
    settle(server, issuer)
    folder = server.root / "run/keys"
    for path in [folder, *folder.iterdir()]:
        info = path.lstat()
        wanted = 0o700 if path == folder else 0o600
        assert stat.S_IMODE(info.st_mode) == wanted, path
        if run_user():
            assert path.owner() == run_user()[0], path
    kinds = sorted(path.suffix for path in folder.iterdir())
    assert kinds == [".keys", ".lock", ".times"]
    kept = json.loads(next(folder.glob("*.keys")).read_text())
    assert kept["source"] == issuer.url and kept["uri"] == issuer.url + "/jwks"


@pytest.mark.parametrize("signal", ["graceful", "stop"])
def test_a_restart_while_the_issuer_is_down(start, issuer, signal):
    server = start(section("/p", issuer.url) + section("/none", "https://127.0.0.1:1"))
    settle(server, issuer)
    issuer.answers.clear()
    before = asked(issuer)
    if signal == "graceful":
        server.graceful()
    else:
        server.stop()
        (server.logs / "error_log").unlink()
        server.start()
    assert [ask(server, issuer).status for _ in range(8)] == [200] * 8
    assert asked(issuer) == before, "keys that are fresh are not asked for"
    refused(server, server.get("/none", token=token("https://127.0.0.1:1")), "keys_unavailable")


def test_a_new_log_says_why(start, issuer):
    """What a process complained of is told again by its successor: once, as a warning."""
    issuer.answers.clear()
    server = start(section("/p", issuer.url))
    for _ in range(2):
        server.wait_log(r"\[auth_bearer:warn\] .*AB0201: .*no keys were fetched: .*status 404", 12)
        server.stop()
        (server.logs / "error_log").unlink()
        server.start()


def test_the_end_of_the_trouble_is_told(start, issuer):
    """Once, by one process, whatever LogLevel is."""
    issuer.serve("/jwks", "down", 500)
    server = start(section("/p", issuer.url, "refresh=1"), level="warn")
    server.wait_log("no keys were fetched")
    issuer.publish(tokens.jwks([ONE]))
    settle(server, issuer)
    asked_before = asked(issuer)
    server.wait_for(lambda: asked(issuer) >= asked_before + 2, "two further fetches")
    told = re.findall(r"\[auth_bearer:notice\] .*AB0201: .*works again: .*", server.log())
    assert len(told) == 1 and "1 keys fetched from" in told[0], told


def test_a_restart_without_what_was_kept(start, issuer):
    server = start(section("/p", issuer.url))
    settle(server, issuer)
    issuer.answers.clear()
    server.stop()
    for path in (server.root / "run/keys").iterdir():
        path.unlink()
    (server.logs / "error_log").unlink()
    server.start()
    refused(server, ask(server, issuer), "keys_unavailable")
    assert server.get("/index.html").status == 200
    issuer.publish(tokens.jwks([ONE]))
    settle(server, issuer)


@pytest.mark.parametrize("damage", [b"", b"{", b"\0" * 100, b'{"version":1}', None])
def test_what_was_kept_is_damaged(start, issuer, damage):
    """It is judged like what comes from the network, and fetched anew."""
    server = start(section("/p", issuer.url))
    settle(server, issuer)
    server.stop()
    kept = next((server.root / "run/keys").glob("*.keys"))
    if damage is None:
        other = kept.with_suffix(".moved")
        kept.rename(other)
        kept.symlink_to(other)
    else:
        kept.write_bytes(damage)
    (server.logs / "error_log").unlink()
    server.expect_log(r"\[auth_bearer:warn\] .*AB0201: .*\.keys")
    server.start()
    settle(server, issuer)
    assert asked(issuer) == 2


def test_an_unknown_key_makes_the_issuer_be_asked(start, issuer):
    """At once the first time; then not again for half a minute, whoever asks."""
    server = start(section("/p", issuer.url))
    settle(server, issuer)
    issuer.publish(tokens.jwks([TWO]))
    time.sleep(1.1)
    refused(server, ask(server, issuer, TWO), "key_unknown")
    settle(server, issuer, signer=TWO, seconds=4)
    assert asked(issuer) == 2
    settle(server, issuer, 401, signer=ONE)         # it was withdrawn
    for _ in range(100):
        ask(server, issuer, key("p256", 3))
    time.sleep(2)
    assert asked(issuer) == 2


def test_a_forged_signature_does_not(start, issuer):
    server = start(section("/p", issuer.url))
    settle(server, issuer)
    time.sleep(1.1)
    server.allow_log("AB0101: refused: signature_bad")
    forged = mint(TWO, "ES256", tokens.claims(iss=issuer.url), {"kid": ONE.kid})
    for _ in range(20):
        assert server.get("/p", token=forged).status == 401
    time.sleep(1)
    assert asked(issuer) == 1


def test_a_key_without_a_name_is_exchanged(start, issuer):
    """Then no unknown name tells that the keys are old."""
    issuer.publish(tokens.jwks([ONE], kid=None))
    server = start(section("/p", issuer.url))
    server.allow_log("AB0101: refused: signature_bad")
    nameless = {"kid": None}
    text = mint(ONE, "ES256", tokens.claims(iss=issuer.url), nameless)
    server.wait_for(lambda: server.get("/p", token=text).status == 200, "keys")
    issuer.publish(tokens.jwks([TWO], kid=None))
    time.sleep(1.1)
    text = mint(TWO, "ES256", tokens.claims(iss=issuer.url), nameless)
    server.wait_for(lambda: server.get("/p", token=text).status == 200, "the new key", 5)


def test_the_renewal_that_nobody_asked_for(start, issuer):
    server = start(section("/p", issuer.url, "refresh=1"))
    settle(server, issuer)
    issuer.publish(tokens.jwks([TWO]))
    server.wait_for(lambda: server.get("/p", token=token(issuer.url, TWO)).status == 200,
                    "the new key", 6)
    settle(server, issuer, 401)


def test_unchanged_keys_are_not_sent_again(start, issuer):
    issuer.publish(tokens.jwks([ONE]), headers={"ETag": '"one"'})
    server = start(section("/p", issuer.url, "refresh=1"))
    server.expect_log(r"the keys are as they were \(304\)")
    settle(server, issuer)
    server.wait_log(r"\(304\)")
    assert ask(server, issuer).status == 200
    fields = [hit.headers.get("If-None-Match") for hit in issuer.hits if hit.path == "/jwks"]
    assert fields[0] is None and fields[1] == '"one"'
    issuer.publish(tokens.jwks([TWO]), headers={"ETag": '"two"'})
    settle(server, issuer, signer=TWO)


@pytest.mark.parametrize("field, value, least, most", [
    ("Cache-Control", "max-age=100", 90, 100),
    ("Cache-Control", "public, max-age=1000, must-revalidate", 900, 1000),
    ("Cache-Control", "max-age=0", 54, 60), ("Cache-Control", "no-store", 54, 60),
    ("Cache-Control", "max-age=-1", 54, 60), ("Cache-Control", "max-age=1000000000000", 3240, 3600),
    ("Expires", "Thu, 01 Jan 2099 00:00:00 GMT", 3240, 3600), ("Expires", "0", 54, 60),
    ("X-Nothing", "", 3240, 3600),
])
def test_how_long_keys_are_fresh(start, issuer, field, value, least, most):
    issuer.publish(tokens.jwks([ONE]), headers={field: value})
    server = start(section("/p", issuer.url))
    server.wait_log("keys fetched")
    seconds = int(re.search(r"keys fetched .*next look in (\d+) s", server.log())[1])
    assert least <= seconds <= most


def test_keys_that_nobody_confirms_any_more(start, issuer):
    server = start(section("/p", issuer.url, "refresh=1 max-stale=4") + section("/q", "urn:x",
                   "keys=jwks:{keys}/as.jwks"), prepare=lambda server: server.write_keys())
    server.expect_log(r"\[auth_bearer:warn\] .*max-stale=.*; the last attempt: .*: status 500")
    settle(server, issuer)
    issuer.serve("/jwks", "down", 500)
    settle(server, issuer, 503)
    passed(server.get("/q", token=token("urn:x")))
    issuer.publish(tokens.jwks([ONE]))
    settle(server, issuer)


def test_a_short_life_of_keys(start, issuer):
    """They are asked for in time, whatever refresh= is."""
    server = start(section("/p", issuer.url, "max-stale=4"))
    settle(server, issuer)
    until = time.monotonic() + 6
    while time.monotonic() < until:
        assert ask(server, issuer).status == 200
        time.sleep(0.1)


def test_a_file_beside_the_network(start, issuer):
    """Rollover: keys= may repeat, and the file serves while the network does not."""
    conf = section("/p", issuer.url, "keys=discovery keys=jwks:{keys}/more.jwks")
    issuer.answers.clear()
    server = start(conf, prepare=lambda server: server.write_keys("more.jwks", [TWO]))
    assert ask(server, issuer, TWO).status == 200
    refused(server, ask(server, issuer, ONE), "key_unknown")
    issuer.publish(tokens.jwks([ONE]))
    settle(server, issuer, signer=ONE)
    assert ask(server, issuer, TWO).status == 200


def is_at_rest(folder):
    """All is kept, and no fetch is under way: one that is counts as failed until it has ended."""
    times = list(folder.glob("*.times"))
    return ({path.suffix for path in folder.iterdir()} == {".times", ".keys", ".lock"}
            and all(json.loads(path.read_text())["failures"] == 0 for path in times))


def test_what_is_kept_may_be_deleted(start, issuer):
    """Without the schedule the issuer is asked at once; keys that are in use stay. Without the lock
    two processes may ask side by side."""
    issuer.publish(tokens.jwks([ONE]), headers={"ETag": '"one"'})
    server = start(section("/p", issuer.url))
    settle(server, issuer)
    folder = server.root / "run/keys"
    server.wait_for(lambda: is_at_rest(folder), "the end of the first fetch")
    for suffixes, most in (({".times"}, 1), ({".times", ".keys", ".lock"}, 2)):
        before = asked(issuer)
        for path in folder.iterdir():
            if path.suffix in suffixes:
                path.unlink()
        server.wait_for(lambda: is_at_rest(folder) and before < asked(issuer) <= before + most,
                        "files anew", 8)
        assert ask(server, issuer).status == 200


def test_a_killed_child_does_not_stop_the_next_fetch(start, issuer):
    issuer.serve("/.well-known/oauth-authorization-server", how="hang")
    server = start(section("/p", issuer.url, "timeout=30"))
    server.allow_log(r"AH00052: child pid \d+ exit signal Killed")
    server.wait_for(lambda: issuer.open == 1, "a fetch")
    issuer.publish(tokens.jwks([ONE]))
    killed = server.children()
    for child in killed:
        os.kill(child, 9)
    server.wait_for(lambda: server.children() and not set(killed) & set(server.children()),
                    "new children")
    settle(server, issuer)
    text = (server.logs / "error_log").read_text()      # the kill was ours
    (server.logs / "error_log").write_text(re.sub(r".*exit signal Killed.*\n", "", text))


def test_a_token_for_the_issuer(start, issuer):
    """auth=: read anew for each fetch, sent, and written nowhere."""
    first, second = (tokens.remember(f"{name}-token-of-the-server-0123456789")
                     for name in ("first", "second"))
    server = start(section("/p", issuer.url, "refresh=1 auth={root}/auth"),
                   prepare=lambda server: server.write("auth", first + "\n", 0o644))
    settle(server, issuer)
    sent = {hit.headers.get("Authorization") for hit in issuer.hits}
    assert sent == {f"Bearer {first}"}
    server.write("auth", second)
    server.wait_for(lambda: issuer.hits[-1].headers["Authorization"] == f"Bearer {second}",
                    "the new token")
    for content, complaint in ((b"", "holds no token"), (b"\n", "holds no token"),
                               (None, "cannot be read"), (b"x" * 70000, "holds no token")):
        (server.root / "auth").unlink()
        if content is None:
            os.mkfifo(server.root / "auth", 0o644)
        else:
            server.write("auth", content)
        told = server.log().count(f"auth {complaint}")
        server.wait_for(lambda text=f"auth {complaint}", told=told:
                        server.log().count(text) > told, complaint)
        (server.root / "auth").unlink()
        server.write("auth", second)
        sent = len(issuer.hits)
        server.wait_for(lambda sent=sent: len(issuer.hits) > sent, "the next fetch")


@pytest.mark.parametrize("shown", [True, False])
def test_a_certificate_for_the_issuer(start, shown):
    authority, mine = Authority(), Authority("the authority of clients")
    with Issuer(authority, client_authority=mine) as issuer:
        issuer.publish(tokens.jwks([ONE]))
        pair = mine.certify("client.example")
        options = f" client-cert={pair} client-key={pair}" if shown else ""
        server = start(section("/p", issuer.url, f"ca={authority.file}{options}"))
        if shown:
            settle(server, issuer)
        else:
            server.wait_log("no keys were fetched: ")


def test_the_environments_proxy_is_not_used(start, issuer, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    settle(start(section("/p", issuer.url)), issuer)


def test_the_proxy_that_is_named_is_used(start):
    authority = Authority()
    with Issuer(authority) as issuer:
        issuer.publish(tokens.jwks([ONE]))
        server = start(section("/p", issuer.url, f"ca={authority.file} proxy=http://127.0.0.1:1"))
        server.wait_log("no keys were fetched: .*port 1 ")
        assert issuer.hits == []


def test_plain_http_stays_on_this_machine(start, issuer):
    """A proxy would hand on what is meant for loopback."""
    settle(start(section("/p", issuer.url, "proxy=http://127.0.0.1:1")), issuer)


def test_files_that_the_run_user_cannot_read(start, issuer):
    if not run_user():
        pytest.skip("needs root: only then does httpd run as another user")
    server = start(section("/p", issuer.url, "auth={root}/auth"),
                   prepare=lambda server: server.write("auth", "x" * 20, 0o600))
    server.expect_log(r"\[auth_bearer:warn\] .*AB0306: the file .*/auth cannot be read")
    server.wait_log("no keys were fetched: .*auth cannot be read: Permission denied")


def test_a_full_disk(start, issuer):
    """What cannot be booked is not fetched; a folder that is gone is as good as a full one."""
    server = start(section("/p", issuer.url, "refresh=1"))
    server.expect_log(r"\[auth_bearer:error\] .*AB0201: .*nothing is fetched: ")
    settle(server, issuer)
    folder = server.root / "run/keys"
    folder.rename(server.root / "run/away")
    away = server.root / "run/away"
    server.wait_for(lambda: shutil.rmtree(away, ignore_errors=True) or not away.exists(),
                    "the end of a folder in which a fetch may still write")
    server.wait_log("nothing is fetched")
    before = asked(issuer)
    time.sleep(2.5)
    assert asked(issuer) == before
    assert ask(server, issuer).status == 200
    lines = server.log().count("nothing is fetched")
    assert lines <= (2 if server.mpm != "prefork" else 8), "it is said once a minute"


def test_bearer_tokens_do_not_reach_the_issuer(start, issuer):
    server = start(section("/p", issuer.url))
    settle(server, issuer)
    server.get("/p", [bearer(token(issuer.url, key("p256", 3)))])
    time.sleep(1)
    assert all("Authorization" not in hit.headers for hit in issuer.hits)
