"""Ways around a rule, and ways out for a token, that look closed and must be."""

import contextlib
import socket
import threading

import pytest

from expect import ANY_PATH, ECHO, TRUST, location, log_line
from tokens import basic, bearer, good

TRAP = '"^(a+)+$|evil"'
SLOW = "a" * 40 + "!evil"
BESIDE = TRUST.replace("AuthType Bearer", "AuthType Basic\n    AuthBearer On\n"
                       "    AuthUserFile {root}/users")
# How many more names are missing decides which subrequest gets the memory of the first.
INDEXES = """
AuthBearerIssuer https://as.example keys=jwks:{keys}/as.jwks
AuthBearerAudience https://api.example
""" + "".join(f"""
<Directory "{{docs}}/dir{n}">
    DirectoryIndex secret.html {"".join(f"n{i}.html " for i in range(n))} open.html
</Directory>""" for n in range(4)) + """
<Files secret.html>
    AuthType Bearer
    AuthName api
    Require valid-user
</Files>
<Files open.html>
    Header set X-Open yes
</Files>
"""


@pytest.fixture(scope="module")
def server(serve):
    server = serve(
        ECHO + 'AliasMatch "^/(not|in|rx|names)" "{docs}/index.html"\n'
        + location("/not", "Require expr \"bearer('blocked') != 'true'\"")
        + location("/in", "Require expr \"!('banned' in bearer('groups'))\"")
        + location("/rx", "<RequireAll>", "Require valid-user",
                   f"Require not claim nick ~ {TRAP}", "</RequireAll>")
        + location("/names", "Require user bob", "Require scope read", trust=BESIDE)
        + '<Directory "{docs}/outer">\n    AuthBearerHide On\n</Directory>\n'
        + '<Directory "{docs}/outer/in">\n' + BESIDE + "    Require valid-user\n</Directory>\n",
        {"docs/outer/in/index.html": "x", "users": ""})
    server.expect_log("AB0311: ")           # /names
    return server


@pytest.mark.parametrize("path, claims", [("/not", {"blocked": "true"}),
                                          ("/in", {"groups": ["banned"]})])
def test_what_forbids_a_claim_wants_a_token(server, path, claims):
    """Before authentication no claim is there: no reason to let anybody in."""
    server.allow_log(log_line("token_malformed"), log_line("rule_denied"))
    assert server.get(path).status == 401
    assert server.get(path, token="a.b.c").status == 401
    assert server.get(path, token=good()).status == 200
    assert server.get(path, token=good(**claims)).status in (401, 403)


@pytest.mark.parametrize("nick, status", [("alice", 200), ("evil", 403), (SLOW, 403)])
def test_a_regex_that_gives_up_is_no_consent(server, nick, status):
    server.allow_log(log_line("rule_denied"))
    assert server.get("/rx", token=good(nick=nick)).status == status


@pytest.mark.mpm
def test_a_missing_index_leaves_nothing_behind(serve):
    """The first name is protected and not there; its subrequest ends before the next begins."""
    server = serve(INDEXES, {f"docs/dir{n}/open.html": "<p>open\n" for n in range(4)})
    for n in range(20):
        answer = server.get(f"/dir{n % 4}/", token=good())
        assert (answer.status, answer.text) == (200, "<p>open\n")


def test_a_wrong_password_does_not_show_who_may(server):
    bob, eve = (server.get("/names", [basic(name, "wrong")]) for name in ("bob", "eve"))
    assert bob.status == eve.status == 401
    assert bob.bearer == eve.bearer


def test_merged_contradiction(server):
    server.allow_log(log_line("not_configured"))
    assert server.get("/outer/in/index.html").status == 503
    assert server.get("/outer/in/index.html", token=good()).status == 503


@contextlib.contextmanager
def listener():
    """Takes what comes and answers with nothing useful."""
    seen = []
    with socket.create_server(("127.0.0.1", 0)) as door:
        def serve_all():
            with contextlib.suppress(OSError):
                while True:
                    peer, _ = door.accept()
                    with peer:
                        peer.settimeout(2)
                        seen.append(peer.recv(65536))
                        peer.sendall(b"HTTP/1.1 403 Forbidden\r\n"
                                     b"Content-Length: 2\r\n\r\nno")
        threading.Thread(target=serve_all, daemon=True).start()
        yield door.getsockname()[1], seen


OUT = ECHO + """
ProxyPass "/uwsgi" "uwsgi://127.0.0.1:{port2}/"
ProxyPass "/set" "http://127.0.0.1:{port2}/"
ProxyPass "/errors" "http://127.0.0.1:{port2}/"
ErrorDocument 403 /errors/403.html
""" + (location("/uwsgi", "Require valid-user")
       + location("/set", 'RequestHeader set Authorization "Basic YmFja2VuZDpwdw=="',
                  "Require valid-user")
       + location("/denied", "Require scope none"))


@pytest.mark.parametrize("path, there, absent", [
    ("/uwsgi", b"HTTP_X_PROBE", True), ("/set", b"Basic YmFja2VuZDpwdw==", True),
    ("/denied", b"X-Probe", True)])
def test_where_a_token_does_not_go(serve, path, there, absent):
    token = good()
    with listener() as (port, seen):
        server = serve(OUT.replace("{port2}", str(port)) + ANY_PATH,
                       modules="proxy proxy_http proxy_uwsgi")
        server.allow_log(log_line("scope_lacking"), r"\[proxy", r"AH\d+")
        server.get(path, [bearer(token), ("X-Probe", "1")])
    assert seen and there in seen[0], seen
    assert (token.encode() not in seen[0]) == absent
