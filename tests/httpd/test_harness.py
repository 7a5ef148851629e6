"""The harness itself: that its checks can fail, and that a plain httpd runs under it."""

import os
import signal

import pytest

import challenges
import client
import logwatch
import tokens
from server import Httpd

PROTECTED = """
<Location "/p">
    AuthType Bearer
    AuthName api
    AuthBearerIssuer https://as.example keys=jwks:{keys}/as.jwks
    AuthBearerAudience https://api.example
    Require valid-user
</Location>
"""

pytestmark = pytest.mark.mpm


def test_plain_httpd_serves():
    with Httpd(bearer=False).running() as server:
        answer = server.get("/")
        assert (answer.status, answer.body) == (200, b"<p>the index\n")
        server.graceful()
        assert server.get("/index.html").status == 200
        with client.Connection(server.port) as line:
            assert [line.request("GET", "/").status for _ in range(2)] == [200, 200]


def test_configtest_says_what_is_wrong():
    server = Httpd("NoSuchDirective on\n", bearer=False)
    code, text = server.configtest()
    server.remove()
    assert code != 0 and "NoSuchDirective" in text


def test_an_undeclared_line_fails():
    with pytest.raises(AssertionError, match="undeclared: .*AH01276"):
        with Httpd('DirectoryIndex none\n', bearer=False).running() as server:
            assert server.get("/").status == 403


def test_a_declared_line_passes():
    with Httpd('DirectoryIndex none\n', bearer=False).running() as server:
        server.expect_log("AH01276: Cannot serve directory")
        assert server.get("/").status == 403


def test_a_missing_line_fails():
    with pytest.raises(AssertionError, match="never logged: AB9999"):
        with Httpd(bearer=False).running() as server:
            server.expect_log("AB9999")


@pytest.mark.parametrize("part", [lambda token: token, lambda token: token.split(".")[2],
                                  lambda token: token.split(".")[1][:40]])
def test_a_token_in_a_log_fails(part):
    with pytest.raises(AssertionError, match="access_log holds a token or secret"):
        with Httpd(bearer=False).running() as server:
            server.get("/index.html?" + part(tokens.good()))
            server.wait_for(lambda: "index.html?" in server.log("access_log"), "the access log")


def test_a_secret_in_a_log_is_found():
    key = tokens.key("hs256")
    assert logwatch.leaks(b"x" + tokens.b64url(key.secret).encode() + b"y")
    assert logwatch.leaks(key.secret) and not logwatch.leaks(b"nothing of that kind here")


def test_a_sanitizer_report_fails():
    with pytest.raises(AssertionError, match="sanitizer report:\nERROR: of this test"):
        with Httpd(bearer=False).running() as server:
            server.write("asan/report.1", "ERROR: of this test")


def test_a_crash_fails():
    with pytest.raises(AssertionError, match="crash: .*exit signal"):
        with Httpd(bearer=False).running() as server:
            server.get("/")
            os.kill(server.children()[0], signal.SIGABRT)
            server.wait_log("exit signal")


ILLEGAL = [
    'Bearer', 'Bearer ', 'Bearer realm=x', 'Bearer realm="a", realm="b"', 'Bearer scope="read"',
    'Bearer realm="a" scope="b"', 'Bearer realm="a",', 'Bearer realm="a",, scope="b"',
    'Bearer realm="a"b"',
    'Bearer realm="a", error="no_such"', 'Bearer realm="a", error="insufficient_scope"',
    'Bearer realm="a", error_description="x"', 'Bearer realm="a", scope=""',
    'Bearer realm="a", scope="a  b"',
    'Bearer realm="a", error="invalid_token", error_description="a\\"b"',
    'Bearer realm="a", Basic realm="b"', 'Basic realm="b", Bearer realm="a"',
    'Bearer realm="a\x01"',
]


@pytest.mark.parametrize("value", ILLEGAL)
def test_an_illegal_challenge_fails(value):
    with pytest.raises(challenges.Illegal):
        challenges.check_response(client.Response(401, "", [("WWW-Authenticate", value)]))


@pytest.mark.parametrize("values, fine", [
    (['Bearer realm="a"', 'Basic realm="a, Bearer x"'], True),
    (['Basic realm="a"', 'Bearer realm="a"'], False),
    (['Bearer realm="a"', 'Bearer realm="a"'], False),
    (['Bearer realm="\\"\\\\", error="invalid_token", error_description="no", scope="a b"'], True),
])
def test_challenge_fields(values, fine):
    response = client.Response(401, "", [("WWW-Authenticate", value) for value in values])
    if fine:
        challenges.check_response(response)
    else:
        with pytest.raises(challenges.Illegal):
            challenges.check_response(response)


def test_the_module_is_loaded(serve):
    server = serve(PROTECTED)
    assert server.get("/p").status == 401
    assert server.get("/p", token=tokens.good()).status == 404      # passed; there is no such file
