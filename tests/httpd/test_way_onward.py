"""Onward to a backend by way of another place of the server: an index, a fallback, a rewritten
path, an error page, a part of a page. The token stays here, whichever of them was judged by it."""

import pytest

from origin import Backend
from expect import ECHO, TRUST, log_line
from server import Httpd, default_mpm
from tokens import basic, bearer, good

OURS = TRUST + "Require valid-user\n"
PASSWORD = TRUST.replace("AuthType Bearer", "AuthType Basic\nAuthBasicProvider bearer") \
    + "Require valid-user\n"
# Place of the backend -> its rules.
TARGETS = {"open": "", "ours": OURS, "password": PASSWORD}
# Way -> what leads from a directory there, and the path that does.
WAYS = {
    "index": ("DirectoryIndex {to}\n", ""),
    "fallback": ("FallbackResource {to}\n", "nothing"),
    "rewrite": ('RewriteEngine On\nRewriteRule "^go$" "{to}"\n', "go"),
    "straight": ('RewriteEngine On\nRewriteRule "^go$" "http://127.0.0.1:{backend}/x" [P]\n', "go"),
    "error": ("ErrorDocument 404 {to}\n", "nothing"),
    "denied": ("ErrorDocument 403 {to}\n<Files go>\nRequire all denied\n</Files>\n", "go"),
    "include": ("Options +Includes\nAddOutputFilter INCLUDES .html\n", "go.html"),
}
STARTS = {"open": "", "ours": OURS, "password": PASSWORD}
MATRIX = [(way, start, target) for way in WAYS for start in STARTS for target in TARGETS
          if way != "straight" or target == "open"]
CREDENTIALS = {"open": lambda: bearer(good()), "ours": lambda: bearer(good()),
               "password": lambda: basic("alice", good())}


def folder(way, start, target):
    return f"{way}-{start}-{target}"


def configuration(port):
    text = ECHO
    for target, rules in TARGETS.items():
        text += f'ProxyPass "/to-{target}" "http://127.0.0.1:{port}/x"\n' \
                f'<Location "/to-{target}">\n{rules}</Location>\n'
    for way, start, target in MATRIX:
        lines = WAYS[way][0].replace("{to}", f"/to-{target}").replace("{backend}", str(port))
        text += f'<Directory "{{docs}}/{folder(way, start, target)}">\n' \
                f'{lines}{STARTS[start]}</Directory>\n'
    return text


@pytest.fixture(scope="module")
def backend():
    with Backend() as made:
        yield made


@pytest.fixture(scope="module")
def server(serve, backend):
    files = {}
    for way, start, target in MATRIX:
        files[f"docs/{folder(way, start, target)}/go"] = "x"
        files[f"docs/{folder(way, start, target)}/go.html"] = \
            f'part <!--#include virtual="/to-{target}" -->\n'
    server = serve(configuration(backend.port), files, modules="proxy proxy_http")
    server.allow_log("unable to include", "AH00128", log_line("token_malformed"))
    return server


def is_asked(way, start, target):
    """Whether the credential is known to be ours. httpd denies some requests before anybody looks
    at it; a password of Basic is nobody's then."""
    return (way, start, target) != ("denied", "password", "open") and {start, target} != {"open"}


@pytest.mark.mpm
@pytest.mark.parametrize("way, start, target", MATRIX, ids=["-".join(row) for row in MATRIX])
def test_the_token_stays_here(server, backend, way, start, target):
    """What is no token of ours does go on, where nobody asked for one."""
    path = f"/{folder(way, start, target)}/{WAYS[way][1]}"
    header = CREDENTIALS["password" if "password" in (start, target) else "ours"]()
    backend.hits.clear()
    answer = server.get(path, [header])
    seen = [hit.all("Authorization") for hit in backend.hits]
    if {start, target} == {"ours", "password"}:     # no credential is right for both
        assert all(header[1] not in fields for fields in seen), seen
    else:
        assert seen == [[] if is_asked(way, start, target) else [header[1]]], (seen, answer)
    backend.hits.clear()
    if (start if way != "denied" else target) != "open":
        server.get(path)
        assert backend.hits == [], "nobody is let in without one"


KEY = "Bearer a-key-of-the-backend"


@pytest.mark.parametrize("rules, sent, arrives", [
    (OURS, bearer, KEY), (PASSWORD, lambda token: basic("alice", token), KEY),
    ("", bearer, KEY), ("", None, KEY), (OURS + "AuthBearerPass On\n", bearer, KEY)])
def test_a_credential_for_the_backend_arrives(serve, backend, rules, sent, arrives):
    """What an administrator writes in place of the token is no token of ours, whatever its
    scheme."""
    server = serve(f'ProxyPass "/p" "http://127.0.0.1:{backend.port}/x"\n<Location "/p">\n{rules}'
                   f'RequestHeader set Authorization "{KEY}"\n</Location>\n',
                   modules="proxy proxy_http")
    backend.hits.clear()
    assert server.get("/p", [sent(good())] if sent else []).status == 200
    assert [hit.all("Authorization") for hit in backend.hits] == [[arrives]]


@pytest.mark.skipif(default_mpm() == "prefork", reason="mod_http2 does not work under prefork")
@pytest.mark.parametrize("asked", [True, False])
def test_http2_backend(serve, asked):
    echo = Httpd("Protocols h2c\nHeader always echo ^(Authorization|X-User)$\n", modules="http2",
                 bearer=False)
    with echo.running():
        server = serve(ECHO + f'ProxyPass "/p" "h2c://127.0.0.1:{echo.port}/"\n<Location "/p">\n'
                       + 'RequestHeader set X-Who "expr=%{REMOTE_USER}"\n'
                       + (OURS if asked else "") + "</Location>\n",
                       modules="proxy proxy_http2")
        header = bearer(good())
        answer = server.get("/p", [header])
        assert (answer.status, answer.body) == (200, b"<p>the index\n"), answer
        assert answer.all("Authorization") == ([] if asked else [header[1]])
        assert not asked or server.get("/p").status == 401
