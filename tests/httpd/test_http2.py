"""HTTP/2: the same answers, and the right user for each stream. Spoken by curl."""

import shutil
import subprocess

import pytest

import challenges
import client
from expect import ANY_PATH, ECHO, location, passed, refused
from server import default_mpm
from tokens import bearer, good


def speaks_http2():
    if shutil.which("curl") is None:
        return False
    return "HTTP2" in subprocess.run(["curl", "--version"], capture_output=True, text=True).stdout


pytestmark = pytest.mark.skipif(not speaks_http2(), reason="needs a curl with HTTP/2")


@pytest.fixture(scope="module")
def server(serve):
    if default_mpm() == "prefork":
        pytest.skip("mod_http2 does not work under prefork")
    conf = ECHO + ANY_PATH + "Protocols h2c http/1.1\n" + location("/p", "Require valid-user")
    return serve(conf, modules="http2")


def parse(output):
    """The responses of curl -i, one after the other."""
    found = []
    while output:
        head, _, rest = output.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        assert lines[0].startswith("HTTP/2 "), lines
        headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:]]
        response = client.Response(int(lines[0].split()[1]), "", headers)
        length = int(response.header("Content-Length") or 0)
        response.body, output = rest[:length], rest[length:]
        challenges.check_response(response)
        challenges.note(response)
        found.append(response)
    return found


def fetch(server, *streams):
    """One connection, one request after the other; each stream is a list of headers."""
    words = ["curl", "-sS"]
    for number, headers in enumerate(streams):
        words += ["--next"] if number else []
        words += ["-i", "--http2-prior-knowledge", f"http://127.0.0.1:{server.port}/p"]
        for name, value in headers:
            words += ["-H", f"{name}: {value}"]
    done = subprocess.run(words, capture_output=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return parse(done.stdout)


def test_one_request(server):
    refused(server, fetch(server, [])[0], "no_token")
    passed(fetch(server, [bearer(good())])[0])
    refused(server, fetch(server, [bearer(good(exp=1))])[0], "expired")


def test_two_fields(server):
    refused(server, fetch(server, [bearer(good()), bearer(good())])[0], "request_malformed")


def test_each_stream_has_its_own_user(server):
    answers = fetch(server, [bearer(good())], [], [bearer(good(sub="bob"))], [bearer(good())])
    passed(answers[0])
    refused(server, answers[1], "no_token")
    passed(answers[2], "bob")
    passed(answers[3])
