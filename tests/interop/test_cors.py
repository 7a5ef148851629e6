"""Chromium asks before a page calls another origin with a token, and what comes of it with and
without AuthBearerPreflight."""

import pytest

from examples import USERS, blocks
from expect import ANY_PATH, ECHO, TRUST, location, log_line
from tokens import bearer, good

# As docs/directives.md has it, for a page of this server under its other name.
BLOCK, ANSWERED = blocks("AuthBearerPreflight", "apache location", "directives")
LINES = BLOCK.replace("https://app.example.com", "http://localhost:{port}").splitlines()
PASSWORDS = TRUST.replace("AuthType Bearer", "AuthType Basic\n    AuthBasicProvider bearer file\n"
                          "    AuthUserFile {keys}/users\n    AuthBearer On")
CONF = ECHO + ANY_PATH + "".join([
    location("/cors", *LINES),
    location("/both", *LINES, trust=PASSWORDS),
    location("/answered", *ANSWERED.splitlines()),
    location("/closed", *[line for line in LINES if "AuthBearerPreflight" not in line]),
])
INDEX = "<p>the index\n"


@pytest.fixture(scope="module")
def server(serve):
    def prepare(server):
        server.write_keys()
        server.write("keys/users", USERS)

    return serve(CONF, prepare=prepare)


@pytest.fixture
def page(chromium, server):
    """A page of the origin that may call."""
    page = chromium.page()
    page.visit(f"http://localhost:{server.port}/open")
    yield page
    page.close()


@pytest.fixture
def api(server):
    return f"http://127.0.0.1:{server.port}"


def fetch(page, url, token, **more):
    return page.fetch(url, headers=dict([bearer(token)]), **more)


@pytest.mark.parametrize("path", ["/cors", "/both"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_good_token(page, api, path, method):
    answer = fetch(page, api + path, good(), method=method)
    assert answer == {"status": 200, "body": INDEX, "challenge": None}


@pytest.mark.parametrize("path", ["/cors", "/both"])
@pytest.mark.parametrize("changes, status, reason", [
    ({"exp": 1}, 401, "expired"), ({"scope": "other"}, 403, "scope_lacking")])
def test_a_refusal_can_be_read(page, server, api, path, changes, status, reason):
    """It has the fields of CORS as well, so that the page learns why. No dialog is opened for
    another origin."""
    page.watch_logins()
    answer = fetch(page, api + path, good(**changes))
    assert (answer["status"], page.asked) == (status, [])
    assert answer["challenge"].startswith('Bearer realm="api", error="')
    server.expect_log(log_line(reason))


def test_without_the_directive(page, server, api):
    """The preflight has no token and is refused, so that the request itself is never sent."""
    answer = fetch(page, api + "/closed", good())
    assert answer == {"error": "TypeError: Failed to fetch"}
    page.browser.wait(lambda: page.said, "the reason")
    assert "preflight" in page.said[0] and "does not have HTTP ok status" in page.said[0]
    server.wait_for(lambda: "/closed" in server.log("access_log"), "the preflight")
    lines = [line for line in server.log("access_log").splitlines() if "/closed" in line]
    assert len(lines) == 1 and '"OPTIONS /closed HTTP/1.1" 401' in lines[0]
    server.expect_log(log_line("no_token"))


def test_another_origin(page, server, api):
    """A page that is not named may ask, is told so, and gets nothing."""
    page.visit(api + "/open")
    answer = fetch(page, f"http://localhost:{server.port}/cors", good())
    assert answer == {"error": "TypeError: Failed to fetch"}


def test_a_method_that_is_not_named(page, api):
    assert fetch(page, api + "/cors", good(), method="DELETE") == {
        "error": "TypeError: Failed to fetch"}


def test_a_preflight_tells_nothing(server):
    """It gets the fields of CORS, and no more of what is protected than the methods there are."""
    answer = server.request("OPTIONS", "/cors", [
        ("Origin", f"http://localhost:{server.port}"), ("Access-Control-Request-Method", "GET"),
        ("Access-Control-Request-Headers", "authorization")])
    assert (answer.status, answer.body) == (200, b"")
    assert answer.header("X-User") in (None, "")
    for headers in ([], [("Origin", f"http://localhost:{server.port}")]):
        assert server.request("OPTIONS", "/cors", headers).status == 401


def test_the_server_answers_itself(server):
    """Preflights alone: any other OPTIONS wants a token, and with one goes on."""
    asks = [("Origin", "https://app.example"), ("Access-Control-Request-Method", "GET")]
    answer = server.request("OPTIONS", "/answered", asks)
    assert (answer.status, answer.body) == (204, b""), answer
    assert server.request("OPTIONS", "/answered", asks[:1]).status == 401
    assert server.request("OPTIONS", "/answered", token=good()).status == 200
    assert server.get("/answered", asks).status == 401
    server.expect_log(log_line("no_token"))
