"""support/demo.sh: what it shows, started once or twice, and that stopping leaves nothing."""

import os
import re
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

import client
from server import BUILD, PROJECT

DEMO = PROJECT / "support" / "demo.sh"
# What is shown, in order: a word of the request, the status, schemes of challenges, scope wanted.
SHOWN = [
    ("api/hello", 401, ["Bearer"], "read"),
    ("ttl=-3600", 401, ["Bearer"], None),
    ("api/admin", 403, ["Bearer"], "admin"),
    ("scope=read", 200, [], None),
    ("both/hello", 401, ["Bearer", "Basic"], None),
    ("-u alice", 200, [], None),
    ("subject=bob", 200, [], None),
]


pytestmark = pytest.mark.skipif("BEARER_PRELOAD" in os.environ,
                                reason="the demo starts httpd without a preloaded library")


@pytest.fixture
def place():
    """A folder for the demo that everybody may enter; pytest's own are closed."""
    folder = Path(tempfile.mkdtemp(prefix="bearer-demo-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def demo(place):
    def run(word):
        return subprocess.run([DEMO, word], capture_output=True, text=True, timeout=60,
                              env={**os.environ, "TMPDIR": str(place), "BEARER_BUILD": str(BUILD)})
    yield run
    run("stop")


def commands(text):
    """(command, its output) of each command that is shown."""
    text = text.partition("\nThe server goes on.")[0]
    parts = re.split(r"^\$ (.*)\n", text, flags=re.MULTILINE)[1:]
    return list(zip(parts[::2], parts[1::2]))


def port_of(text):
    return int(re.search(r"http://127\.0\.0\.1:(\d+)/", text)[1])


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_it_shows_every_answer(demo, place):
    done = demo("start")
    assert done.returncode == 0, done.stdout + done.stderr
    shown = commands(done.stdout)
    assert len(shown) == len(SHOWN)
    for (command, output), (word, status, schemes, scope) in zip(shown, SHOWN):
        assert word in command
        assert output.startswith(f"HTTP/1.1 {status} "), command + output
        assert re.findall(r"^WWW-Authenticate: (\S+)", output, re.MULTILINE) == schemes, output
        assert re.findall(r'scope="(.*?)"', output) == ([scope] if scope else []), output
    assert "X-User: alice" in shown[3][1] and "X-User: alice" in shown[5][1]
    assert "X-User: bob" in shown[6][1]
    # The commands are for copying: the same again, by another shell.
    command = shown[3][0]
    again = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=20)
    assert again.stdout.startswith("HTTP/1.1 200 "), again.stdout + again.stderr
    assert "demo-stop" in done.stdout.splitlines()[-1]
    root = place / "mod_auth_bearer-demo"
    assert (root / "keys" / "issuer.pem").stat().st_mode & 0o077 == 0
    assert "eyJ" not in (root / "logs" / "error_log").read_text()


def test_started_twice_it_is_one_server(demo, place):
    demo("start")
    pid = (place / "mod_auth_bearer-demo" / "run" / "httpd.pid").read_text()
    second = demo("start")
    assert second.returncode == 0, second.stderr
    assert (place / "mod_auth_bearer-demo" / "run" / "httpd.pid").read_text() != pid
    assert client.request(port_of(second.stdout), "GET", "/api/hello").status == 401
    assert not os.path.exists(f"/proc/{pid.strip()}")


def test_a_taken_port_is_passed_over(demo):
    first = port_of(demo("start").stdout)
    demo("stop")
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", first))
        taken.listen()
        done = demo("start")
    assert done.returncode == 0, done.stdout + done.stderr
    assert port_of(done.stdout) != first
    assert client.request(port_of(done.stdout), "GET", "/api/hello").status == 401


def test_stopping_leaves_nothing(demo, place):
    port = port_of(demo("start").stdout)
    pid = int((place / "mod_auth_bearer-demo" / "run" / "httpd.pid").read_text())
    done = demo("stop")
    assert done.returncode == 0, done.stderr
    assert not answers(port)
    assert not os.path.exists(f"/proc/{pid}")
    assert list(place.iterdir()) == []
    assert demo("stop").returncode == 0


def test_it_ends_no_other_process(demo, place):
    """A stale number in its file is that of another program by now."""
    other = subprocess.Popen(["sleep", "60"])
    try:
        run = place / "mod_auth_bearer-demo" / "run"
        run.mkdir(parents=True)
        (run / "httpd.pid").write_text(f"{other.pid}\n")
        assert demo("stop").returncode == 0
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_a_link_is_not_followed(demo, place):
    (place / "precious").mkdir()
    (place / "precious" / "file").write_text("keep")
    (place / "mod_auth_bearer-demo").symlink_to(place / "precious")
    for word in ("stop", "start"):
        done = demo(word)
        assert done.returncode == 1 and "belongs to somebody else" in done.stderr
    assert (place / "precious" / "file").read_text() == "keep"
