"""Chromium: when it asks its user for a password, and what a page's own requests get."""

import pytest

from examples import USERS, blocks
from expect import ANY_PATH, ECHO, TRUST, location, log_line
from tokens import good

PASSWORDS = TRUST.replace("AuthType Bearer", "AuthType Basic\n    AuthBasicProvider bearer file\n"
                          "    AuthUserFile {keys}/users\n    AuthBearer On").replace(
                              "keys=", "user-prefix=idp/ keys=")
RULES = ("Require scope read", "Require user backup")
CONF = ECHO + ANY_PATH + "".join([
    location("/bearer", "Require scope read"),
    location("/both", *RULES, trust=PASSWORDS),
    location("/basic", "AuthBearerChallenge Off", *RULES, trust=PASSWORDS),
    # What a browser may keep of an answer, and what it may not use without asking again.
    location("/kept", "Require scope read", 'Header set Cache-Control "max-age=60"'),
    location("/asked", "Require scope read", 'Header set Cache-Control "no-cache"'),
])
INDEX, LOGIN = "<p>the index\n", ("backup", "test")
DIALOG = ("basic", "api")


@pytest.fixture(scope="module")
def server(serve):
    def prepare(server):
        server.write_keys()
        server.write("keys/users", USERS)

    return serve(CONF, prepare=prepare)


@pytest.fixture
def page(chromium):
    page = chromium.page()
    yield page
    page.close()


@pytest.fixture
def url(server):
    return f"http://127.0.0.1:{server.port}"


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("path, dialogs", [("/bearer", []), ("/both", [DIALOG]),
                                           ("/basic", [DIALOG])])
def test_a_visit(page, url, path, dialogs):
    """Where Bearer alone is offered there is no dialog; beside Basic it does not hide that one."""
    page.watch_logins()
    assert page.visit(url + path) == 401
    assert page.asked == dialogs


@pytest.mark.parametrize("path", ["/both", "/basic"])
@pytest.mark.parametrize("login", [LOGIN, "token"])
def test_a_login(page, url, path, login):
    page.watch_logins(("bearer", good()) if login == "token" else login)
    assert page.visit(url + path) == 200
    assert page.asked == [DIALOG]
    assert page.visit(url + path) == 200 and page.asked == [DIALOG], "it remembers the answer"


def test_a_wrong_login(page, server, url):
    page.watch_logins(("backup", "wrong"))
    assert page.visit(url + "/both") == 401
    assert page.asked == [DIALOG, DIALOG]
    server.allow_log("AH01617")


def test_a_login_in_the_url(page, url):
    there = url.replace("//", "//backup:test@")
    assert page.visit(there + "/both") == 200
    assert page.visit(there + "/bearer") == 401


@pytest.mark.parametrize("path", ["/bearer", "/both"])
def test_requests_of_a_page(page, server, url, path):
    page.watch_logins()
    page.visit(url + "/open")
    answer = page.fetch(path, headers=bearer(good()))
    assert (answer["status"], answer["body"], page.asked) == (200, INDEX, [])
    answer = page.fetch(path, headers=bearer(good(scope="other")))
    assert (answer["status"], page.asked) == (403, [])
    assert answer["challenge"].startswith('Bearer realm="api", error="insufficient_scope"')
    server.expect_log(log_line("scope_lacking"))


@pytest.mark.parametrize("token", ["none", "expired"])
@pytest.mark.parametrize("path, more, dialogs", [
    ("/bearer", {}, []), ("/both", {}, [DIALOG]), ("/both", {"credentials": "omit"}, [])])
def test_a_401_for_a_page(page, server, url, token, path, more, dialogs):
    """fetch() reads both challenges joined to one. Where Basic is among them the user is asked,
    unless the page says that it wants no credentials but its own."""
    page.watch_logins()
    page.visit(url + "/open")
    headers = bearer(good(exp=1)) if token == "expired" else {}
    answer = page.fetch(path, headers=headers, **more)
    assert (answer["status"], page.asked) == (401, dialogs)
    assert answer["challenge"].startswith('Bearer realm="api"')
    assert answer["challenge"].endswith(', Basic realm="api"') == (path == "/both")
    server.expect_log(log_line("expired" if headers else "no_token"))


def test_a_login_does_not_help_an_expired_token(page, url):
    """The page's own header goes before it, so that the user is asked once more."""
    page.watch_logins(LOGIN)
    page.visit(url + "/open")
    assert page.fetch("/both", headers=bearer(good(exp=1)))["status"] == 401
    assert page.asked == [DIALOG, DIALOG]


@pytest.mark.parametrize("path, status", [("/kept", 200), ("/asked", 401)])
def test_what_a_browser_keeps(page, url, path, status):
    """It takes no heed of who asked: what may be kept is shown to whoever sits there next."""
    page.visit(url + "/open")
    for headers, wanted in [(bearer(good()), 200), ({}, status), (bearer(good(exp=1)), status)]:
        assert page.fetch(path, headers=headers, cache="default")["status"] == wanted


@pytest.mark.parametrize("changes, status", [({}, 200), ({"exp": 1}, 401)])
def test_the_script_of_the_page(page, server, url, changes, status):
    """That of docs/clients.md: a refused token opens no dialog, and nothing kept is used."""
    script, = blocks("Browsers", "js")
    page.watch_logins()
    page.visit(url + "/open")
    assert page.fetch("/kept", headers=bearer(good()), cache="default")["status"] == 200
    for path in ("/both", "/kept"):
        body = script.replace('"/api"', f'"{path}"') + "return answer.status;"
        assert page.run(f'const token = "{good(**changes)}";\n{body}') == status
    assert page.asked == []
    if status == 401:
        server.expect_log(log_line("expired"))
