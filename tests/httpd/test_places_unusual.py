"""Bodies, caches and backends in less usual constellations of ways, modes and handlers."""

import json
import re

import pytest

import client
from backend import backend, fields
from expect import ECHO, TRUST, location, passed, refused
from tokens import bearer, good
from ways import FORM, WAYS, ask, cookie, form, header, password, place, query

WAYS_ALL = "header header:X-Token form query cookie:session"
REPORT = "AuthBearerEnforce report"
CGI = "#!/bin/sh\necho Content-Type: text/plain\necho\nenv\necho --\ncat\n"
BESIDE = TRUST.replace("AuthType Bearer", "AuthType Basic") \
    + "    AuthBasicProvider file\n    AuthUserFile {root}/passwords\n    AuthBearer On\n"
PASSWORDS = "bob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n"       # secret


def chunked(body):
    return b"".join(b"%x\r\n%s\r\n" % (len(body[at:at + 9999]), body[at:at + 9999])
                    for at in range(0, len(body), 9999)) + b"0\r\n\r\n"


# Bodies

@pytest.mark.parametrize("path, body, status", [
    ("/any", b"5\r\na=123\r\nzz\r\n0\r\n\r\n", 400),
    ("/limit", chunked(b"a=123456789012345678"), 413),
    ("/limit", b"a=123456789012345678", 413),
    ("/any", chunked(b"a=12"), 200),
    ("/limit", chunked(b"a=12"), 200),
], ids=range(5))
def test_what_is_left_of_a_form_is_no_form(serve, path, body, status):
    """Report mode lets pass what somebody would have been refused for, not what nobody can read."""
    server = serve('ScriptAliasMatch "^/(any|limit)" "{docs}/tell.cgi"\n'
                   + place("/any", "form", REPORT, "Require valid-user")
                   + place("/limit", "form", REPORT, "LimitRequestBody 10", "Require valid-user"),
                   {"docs/tell.cgi": "#!/bin/sh\necho Content-Type: text/plain\necho\n"
                                     'echo "it got $(cat)" >&2\n'}, modules="cgi")
    server.allow_log(r"AB0103: would be refused: ", r"AB0314: ", r"AH0158[78]: ", "it got ",
                     "AB0101: refused: ")
    framing = ("Content-Length", str(len(body))) if body.startswith(b"a=") else (
        "Transfer-Encoding", "chunked")
    answer = client.raw(server.port, client.render("POST", path, [FORM, framing]) + body, "POST")
    assert answer.status == status, answer
    last = ask(server, path, form("x", name="end", more=""))
    assert last.status == 200, last
    server.wait_log("it got end=x")
    assert re.findall("it got (.*)", server.log())[:-1] == (["a=12"] if status == 200 else [])
    assert (status != 200) == bool(re.search("AB0101: refused: (request_malformed|form_too_large):"
                                             " (the body|longer than Limit)", server.log()))


# Backends

def proxied(path, *lines, to="http://127.0.0.1:{port}/"):
    return place(path, WAYS_ALL, *lines) + f'ProxyPass "{path}" "{to}"\n'


PROXY = ECHO + "".join([
    proxied("/open/", "Require all granted"),
    proxied("/report/", REPORT, "Require valid-user"),
    proxied("/all/", "Require valid-user"),
    proxied("/raw/", "Require valid-user", to='http://127.0.0.1:{port}/" "nocanon'),
    proxied("/balanced/", "Require valid-user", to="balancer://some/"),
]) + """
<Proxy "balancer://some">
    BalancerMember "http://127.0.0.1:{port}"
</Proxy>
"""


@pytest.fixture(scope="module")
def proxy(serve):
    with backend() as behind:
        server = serve(PROXY.replace("{port}", str(behind.port)),
                       modules="proxy proxy_http proxy_balancer lbmethod_byrequests slotmem_shm")
        server.allow_log(r"AB0103: would be refused: ", r"AB0314: ")
        server.behind = behind
        yield server


@pytest.mark.parametrize("way", ["query", "named", "form"])
def test_a_second_token_frees_none(proxy, way):
    """Where nobody asks for a token two of them do not reach the backend either."""
    token, other = good(), good(sub="bob")
    answer = ask(proxy, "/open/", header(token), WAYS[way](other))
    assert answer.status == 200, answer
    assert fields(json.loads(answer.body), "Authorization") == []


@pytest.mark.parametrize("path,sent", [("/open/", True), ("/report/", True), ("/report/", False)])
def test_a_large_form_that_is_let_through(proxy, path, sent):
    body = (f"access_token={good()}&a=" + "x" * 150000).encode()
    answer = proxy.request("POST", path, [FORM, ("Transfer-Encoding", "chunked")]
                           + ([bearer(good())] if sent else []), chunked(body))
    assert answer.status == 200, answer
    got = json.loads(answer.body)
    assert fields(got, "Authorization") == []
    assert got["body"].encode() == body, len(got["body"])


@pytest.mark.parametrize("path", ["/raw/", "/balanced/"])
def test_queries_of_other_backends(proxy, path):
    token = good()
    answer = ask(proxy, path + "x", query(token))
    assert answer.status == 200, answer
    assert json.loads(answer.body)["path"] == "/x?a=1", answer


@pytest.mark.parametrize("said", ['public, private="Set-Cookie"', "x-private, max-age=5",
                                  'max-age=5, community="no-store"'])
def test_a_backend_that_says_private_of_something_else(proxy, said):
    proxy.behind.fields = [("Cache-Control", said)]
    try:
        answer = ask(proxy, "/all/", cookie(good()))
    finally:
        proxy.behind.fields = []
    assert answer.status == 200, answer
    assert answer.header("Cache-Control") == "private", answer


# Handlers of this server

HANDLERS = ECHO + """
ScriptAlias /cgi/ "{docs}/cgi/"
<Directory "{docs}/index">
    Options +ExecCGI
    AddHandler cgi-script .cgi
    DirectoryIndex index.cgi
</Directory>
<Directory "{docs}/acts">
    Action acting /cgi/env.cgi
    AddHandler acting .act
</Directory>
""" + place("/index", "form") + place("/acts", "form") + place("/cgi", "form") + """
<Location "/rules">
    RewriteEngine On
    RewriteRule "x" "/cgi/env.cgi"
""" + TRUST + """    AuthBearerTokenFrom form
    Require valid-user
</Location>
"""


@pytest.fixture(scope="module")
def handlers(serve):
    return serve(HANDLERS, {"docs/cgi/env.cgi": CGI, "docs/index/index.cgi": CGI,
                            "docs/acts/a.act": "x", "docs/rules/x": "x"}, modules="cgi actions")


@pytest.mark.mpm
@pytest.mark.parametrize("path", ["/cgi/env.cgi", "/index/", "/acts/a.act", "/rules/x"])
@pytest.mark.parametrize("size", [10, 60000])
def test_a_form_behind_a_redirect(handlers, path, size):
    body = f"access_token={good()}&x=".encode() + b"x" * size
    answer = handlers.request("POST", path, [FORM], body)
    assert answer.status == 200, answer
    assert answer.body.split(b"\n--\n", 1)[1] == body


@pytest.mark.parametrize("way", ["query", "cookie"])
def test_parts_of_an_open_page(serve, way):
    """They have the credential of the page, although that one asks for none."""
    server = serve(place("/own", "query cookie:session") + """
<Directory "{docs}/page">
    Options +Includes
    AddOutputFilter INCLUDES .html
</Directory>
""", {"docs/own/x.html": "own part\n",
      "docs/page/p.html": '<!--#include virtual="/own/x.html" -->'})
    answer = ask(server, "/page/p.html", WAYS[way](good()))
    assert (answer.status, answer.body) == (200, b"own part\n"), answer


def test_logs_of_what_ends_early(serve):
    """By a redirect, before rules are asked."""
    server = serve(place("/q", "query cookie:session") + """
LogFormat "%r|%q|%{Cookie}i" all
CustomLog "{root}/logs/all_log" all
Redirect "/q/moved" "/q/new"
""")
    answer = ask(server, "/q/moved", query(good()), cookie(good()))
    assert answer.status == 302, answer
    server.wait_for(lambda: "GET /q/moved?a=1 HTTP/1.1|?a=1|a=1; b=2\n" in server.log("all_log"),
                    "a line without a token", 3)


# Answers

PRIVATE = ECHO + place("/p", "cookie:session query")


@pytest.fixture(scope="module")
def files(serve):
    return serve(PRIVATE, {"docs/p/f.txt": "0123456789\n", "docs/p/dir/x": "x",
                           "passwords": PASSWORDS})


@pytest.mark.parametrize("method,path,headers,status", [
    ("GET", "/p/f.txt", [], 200), ("HEAD", "/p/f.txt", [], 200),
    ("GET", "/p/f.txt", [("Range", "bytes=1-3")], 206),
    ("GET", "/p/f.txt", [("Range", "bytes=100-")], 416),
    ("GET", "/p/f.txt", [("If-Modified-Since", "Fri, 31 Dec 2100 00:00:00 GMT")], 200),
    ("GET", "/p/f.txt", [("If-None-Match", "*")], 304),
    ("GET", "/p/none", [], 404), ("GET", "/p/dir", [], 301), ("GET", "/p/dir/", [], 403),
    ("DELETE", "/p/f.txt", [], 405),
])
@pytest.mark.parametrize("way", ["cookie", "query"])
def test_all_answers_are_private(files, way, method, path, headers, status):
    files.allow_log(r"AH01276: ")
    answer = ask(files, path, WAYS[way](good()), {"method": method, "headers": headers})
    assert answer.status == status, answer
    assert "private" in (answer.header("Cache-Control") or ""), answer
    assert answer.header("Referrer-Policy") == ("no-referrer" if way == "query" else None), answer


@pytest.mark.parametrize("way", ["query", "cookie", "form"])
def test_hidden_answers_look_like_httpds_own(serve, way):
    server = serve(place("/hidden", "query cookie:session form", "AuthBearerHide On",
                         "Require valid-user"))
    sent = WAYS[way](good(aud="x"))
    server.allow_log(r"AB0101: ")
    hidden, absent = ask(server, "/hidden", sent), ask(server, "/absent", {**sent, "suffix": ""})
    assert (hidden.status, hidden.body) == (404, absent.body)
    assert [name for name, _ in hidden.headers] == [name for name, _ in absent.headers]


def test_a_cache_where_nobody_asks(serve):
    """No token becomes the key of something that is kept."""
    def folder(root):
        (root / "cache").mkdir()
        (root / "cache").chmod(0o777)

    server = serve(ECHO + place("/open", "query", "Require all granted", "RewriteEngine On",
                                'RewriteRule "away" "/open/x.html"')
                   + place("/report", "query", REPORT, "Require valid-user") + """
CacheRoot "{root}/cache"
CacheEnable disk "/"
CacheQuickHandler On
CacheIgnoreNoLastMod On
ExpiresActive On
ExpiresDefault "access plus 1 hour"
""", {name: "x" for name in ("docs/open/x.html", "docs/report/x.html",
                                       "docs/open/index.html")},
                   modules="cache cache_disk expires", prepare=folder)
    server.allow_log(r"AB0314: ")
    for path in ("/open/x.html", "/open/", "/open/away", "/report/x.html"):
        token = good()
        answer = ask(server, path, query(token))
        assert answer.status == 200, answer
        kept = [one for one in (server.root / "cache").rglob("*") if one.is_file()
                and token.encode() in one.read_bytes()]
        assert kept == []


# Modes

def test_a_forward_proxy_has_no_preflights(serve):
    with backend() as behind:
        server = serve("""
ProxyRequests On
<Proxy "*">
""" + TRUST + """    AuthBearerPreflight On
    Require valid-user
</Proxy>
""", modules="proxy proxy_http")
        url = f"http://127.0.0.1:{behind.port}/"
        flight = [("Origin", "https://app.example"), ("Access-Control-Request-Method", "GET")]
        server.allow_log(r"AB0101: ")
        for more in ([], [("Proxy-Authorization", "Bearer " + good(aud="x"))]):
            answer = server.request("OPTIONS", url, flight + more)
            assert answer.status == 407, answer
        assert behind.got == []


def test_a_password_beside_a_cookie(serve):
    """What was typed goes before what a browser sends unasked."""
    server = serve(ECHO + place("/beside", "header cookie:session", trust=BESIDE)
                   + place("/only", "basic")
                   + 'AliasMatch "^/.+" "{docs}/index.html"\n', {"passwords": PASSWORDS})
    passed(ask(server, "/beside", password("secret", "bob"), cookie(good())), "bob", "Basic")
    passed(ask(server, "/beside", password("secret", "bob"), cookie(good(aud="x"))), "bob", "Basic")
    server.allow_log(r"AH01617: ")
    refused(server, ask(server, "/beside", password("wrong", "bob"), cookie(good())), "no_token")


def test_two_passwords(serve):
    server = serve(ECHO + place("/only", "basic")
                   + 'AliasMatch "^/.+" "{docs}/index.html"\n')
    token, other = good(), good(sub="bob")
    one = password(token)["headers"][0]
    for headers in ([one, password(other)["headers"][0]], [(one[0], one[1] + " Bearer x")]):
        answer = server.get("/only", headers)
        assert (answer.status, answer.header("X-Reason")) == (400, "request_malformed"), answer
    passed(server.get("/only", [(one[0], one[1].replace("Basic ", "basic   "))]))
    server.allow_log(r"AB0101: ")


def test_nobody_stays_known_in_report(serve):
    """A redirect from a section that enforces into one that reports."""
    server = serve(ECHO + location("/in", "AuthBearerEnv sub", "RewriteEngine On",
                                   'RewriteRule "x" "/cgi/env.cgi"', "Require valid-user")
                   + location("/cgi", REPORT, "AuthBearerEnv sub", "Require valid-user")
                   + 'ScriptAlias /cgi/ "{docs}/cgi/"\n',
                   {"docs/cgi/env.cgi": CGI, "docs/in/x": "x"}, modules="cgi")
    server.allow_log(r"AB0314: ")
    answer = server.get("/in/x", token=good())
    assert answer.status == 200, answer
    assert not re.search(r"^(REMOTE_USER|AUTH_TYPE|BEARER_|HTTP_AUTH|REDIRECT_BEARER_CLAIM)",
                         answer.text, re.MULTILINE), answer.text


@pytest.mark.parametrize("mode", [REPORT, "AuthBearerPreflight On"])
@pytest.mark.parametrize("claim", [
    "Require expr bearer('sub') == 'bob'",
    "Require expr %{REMOTE_USER} != '' && bearer('sub') == 'bob'",
    "Require claim sub = bob", "Require scope write", "Require user bob"])
@pytest.mark.parametrize("first", [True, False])
def test_an_address_that_is_denied(serve, mode, claim, first):
    """Wherever it stands among rules that must all hold, but for what docs/directives.md says."""
    hidden = first and claim.startswith("Require expr bearer")  # httpd stops at it: it may be ours
    rules = [claim, "Require ip 192.0.2.1"]
    server = serve(location("/p", mode, "<RequireAll>", *(rules if first else rules[::-1]),
                            "</RequireAll>"))
    server.allow_log(r"AB0103: ", r"AB0314: ", r"AB0401: ")
    answer = server.request("OPTIONS", "/p", [
        ("Origin", "https://app.example"), ("Access-Control-Request-Method", "GET")])
    assert answer.status == (200 if hidden else 403), answer


def test_a_line_without_a_referer(serve):
    """<If> is asked before a token is taken out of the page's address that a browser sends."""
    server = serve(ECHO + place("/if", "query", "Require valid-user",
                                "<If \"bearer('sub') == 'x'\">", "Header set X-A b", "</If>"),
                   {"docs/if/x.html": "x"})
    token = good()
    answer = server.get("/if/x.html" + query(good())["suffix"],
                        [("Referer", f"http://localhost/if/y.html?access_token={token}")])
    assert answer.status == 200, answer
    assert "AB0401: " in server.log() and token not in server.log()
