"""What goes on from a request with a token in one of the ways of AuthBearerTokenFrom: bodies byte
for byte, no token in addresses, cookies, programs and backends, nothing in a cache."""

import json
import re
import threading

import pytest

from backend import backend, fields
from expect import ECHO, TRUST, refused
from tokens import bearer, good
from ways import FORM, WAYS, ask, cookie, place, query

def proxied(path, ways, *lines):
    return place(path, ways, "ProxyPass http://127.0.0.1:{port}/",
                 *(lines or ("Require valid-user",)))


ONWARDS = ECHO + "".join([
    proxied("/all/", "header header:X-Token form query cookie:session"),
    proxied("/open/", "header header:X-Token form query cookie:session", "Require all granted"),
    proxied("/pass/", "header header:X-Token form query cookie:session", "AuthBearerPass On",
            "Require valid-user"),
]) + place("/rewritten", "query") + """
RewriteEngine On
RewriteRule "^/rewritten(/.*)" "http://127.0.0.1:{port}$1" [P]
ScriptAlias /cgi/ "{docs}/cgi/"
""" + place("/cgi", "form query cookie:session header:X-Token")
CGI = "#!/bin/sh\necho Content-Type: text/plain\necho\nenv\necho --\ncat\n"


@pytest.fixture(scope="module")
def onwards(serve):
    with backend() as behind:
        server = serve(ONWARDS.replace("{port}", str(behind.port)), {"docs/cgi/env.cgi": CGI},
                       modules="proxy proxy_http cgi")
        server.behind = behind
        yield server


@pytest.mark.parametrize("path", ["/all/", "/open/", "/pass/"])
@pytest.mark.parametrize("way", [way for way in WAYS if way != "basic"])
def test_what_a_backend_gets(onwards, path, way):
    """No token, but in a form, which goes on as it came; with AuthBearerPass On all but a query's.
    Everything beside it arrives."""
    token = good()
    answer = ask(onwards, path, WAYS[way](token))
    assert answer.status == 200, answer
    got = json.loads(answer.body)
    text = json.dumps(got)
    assert (token in text) == (way == "form" or (path == "/pass/" and way != "query")), got
    if way == "form":
        assert got["body"] == f"a=1&access_token={token}"
    if way == "query":
        assert got["path"] == "/?a=1"
    if way == "cookie" and path != "/pass/":
        assert fields(got, "Cookie") == ["a=1; b=2"]


def test_a_rewritten_query(onwards):
    token = good()
    answer = ask(onwards, "/rewritten/x", query(token))
    assert answer.status == 200 and json.loads(answer.body)["path"] == "/x?a=1", answer


@pytest.mark.parametrize("size", [0, 1, 8191, 8192, 8193, 60000])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_form_goes_on_byte_for_byte(onwards, size, chunked):
    body = (f"access_token={good()}&x=" + "%00\xff+\r\n"[:size] + "x" * max(0, size - 8)
            + "&&;=&").encode("latin-1")
    sent = b"".join(b"%x\r\n%s\r\n" % (len(body[at:at + 777]), body[at:at + 777])
                    for at in range(0, len(body), 777)) + b"0\r\n\r\n" if chunked else body
    headers = [FORM] + ([("Transfer-Encoding", "chunked")] if chunked else [])
    answer = onwards.request("POST", "/all/", headers, sent)
    assert answer.status == 200, answer
    assert json.loads(answer.body)["body"].encode("latin-1") == body
    answer = onwards.request("POST", "/cgi/env.cgi", headers, sent)
    assert answer.status == 200 and answer.body.split(b"\n--\n", 1)[1] == body, answer


def test_other_bodies_are_not_touched(onwards):
    body = b"x" * 300000
    sent = [bearer(good()), ("Content-Type", "text/plain")]
    answer = onwards.request("POST", "/all/", sent, body)
    assert answer.status == 200 and json.loads(answer.body)["body"].encode() == body


@pytest.mark.parametrize("way", ["query", "cookie", "named"])
def test_programs_see_no_token(onwards, way):
    token = good()
    answer = ask(onwards, "/cgi/env.cgi", WAYS[way](token))
    assert answer.status == 200 and token not in answer.text, answer
    assert re.search(r"^REMOTE_USER=alice$", answer.text, re.MULTILINE)


def test_the_status_page(serve):
    """While a request is under way it is shown as everything else sees it."""
    server = serve(place("/cgi", "query") + """
ExtendedStatus On
ScriptAlias /cgi/ "{docs}/cgi/"
<Location "/status">
    SetHandler server-status
</Location>
""", {"docs/cgi/slow.cgi": "#!/bin/sh\nsleep 2\necho Content-Type: text/plain\necho\n"},
                   modules="status cgi")
    token = good()
    client = threading.Thread(target=ask, args=(server, "/cgi/slow.cgi", query(token)))
    client.start()
    server.wait_for(lambda: "GET /cgi/slow.cgi?a=1 HTTP/1.1" in server.get("/status").text,
                    "the request", 5)
    page = server.get("/status").text
    client.join()
    # It holds the first 64 characters of each request.
    assert "slow.cgi?a=1&amp;" not in page and token[:20] not in page, page


def test_cache(serve):
    """mod_cache with its quick handler, and a backend that allows everybody to keep all."""
    with backend() as behind:
        ways = (("query", "query"), ("cookie", "cookie:session"), ("named", "header:X-Token"))
        conf = ECHO + "".join(proxied(f"/{way}/", word).replace("{port}", str(behind.port))
                              for way, word in ways) + """
CacheRoot "{root}/cache"
CacheEnable disk "/"
CacheQuickHandler On
CacheIgnoreNoLastMod On
CacheIgnoreCacheControl On
CacheStorePrivate On
CacheStoreNoStore On
"""
        def folder(root):
            (root / "cache").mkdir()
            (root / "cache").chmod(0o777)

        server = serve(conf, modules="proxy proxy_http cache cache_disk", prepare=folder)
        for control in ("public, max-age=600", "s-maxage=600", "max-age=600", "private", None):
            behind.fields = [("Cache-Control", control)] if control else \
                [("Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT")]
            for way in ("query", "cookie", "named"):
                path = f"/{way}/{control}".replace(" ", "").replace(",", "").replace("=", "")
                for user in ("alice", "bob"):
                    answer = ask(server, path, WAYS[way](good(sub=user)))
                    assert (answer.status, answer.header("X-User")) == (200, user), answer
                    assert "private" in answer.header("Cache-Control"), answer
                refused(server, ask(server, path, {}), "no_token")


@pytest.mark.mpm
def test_parts_and_redirects(serve):
    """What was taken out of a request is there for those that follow from it, judged anew."""
    other = TRUST.replace("api.example", "other.example")
    ways = "query cookie:session form"
    server = serve(ECHO + place("/own", ways) + place("/foreign", ways, trust=other) + """
<Directory "{docs}/page">
    Options +Includes
    AddOutputFilter INCLUDES .html
</Directory>
<Directory "{docs}/index">
    DirectoryIndex inner.html
    <Files "inner.html">
""" + TRUST + f"        AuthBearerTokenFrom {ways}\n        Require valid-user\n" + """    </Files>
</Directory>
RewriteEngine On
""" + place("/start", ways) + """
<Location "/start">
    RewriteEngine On
    RewriteRule "to-own" "/own/x.html"
    RewriteRule "to-foreign" "/foreign/x.html"
</Location>
""", {"docs/own/x.html": "own part\n", "docs/foreign/x.html": "foreign part\n",
      "docs/start/to-own": "", "docs/start/to-foreign": "", "docs/index/inner.html": "inner\n",
      "docs/page/p.html": '<!--#include virtual="/own/x.html" -->'
                          '<!--#include virtual="/foreign/x.html" -->'})
    server.allow_log(r"unable to include", r"AB0101: ")
    for way in ("query", "cookie"):
        token = good()
        answer = ask(server, "/start/to-own", WAYS[way](token))
        assert (answer.status, answer.body) == (200, b"own part\n"), answer
        assert answer.header("X-User") == "alice" and "private" in answer.header("Cache-Control")
        answer = ask(server, "/start/to-foreign", WAYS[way](token))
        assert answer.status == 401 and b"part" not in answer.body, answer
        answer = ask(server, "/index/", WAYS[way](token))
        assert (answer.status, answer.body) == (200, b"inner\n"), answer
    page = ask(server, "/page/p.html", cookie(good()))
    assert b"own part" in page.body and b"foreign part" not in page.body, page


@pytest.mark.mpm
def test_a_token_of_one_part(serve):
    """In its own address: it is no other part's, nor does it replace the client's there."""
    own, two = good(sub="part"), '<!--#include virtual="/two/x" -->'
    both = f'<!--#include virtual="/own/x?access_token={own}" -->' + two
    server = serve("""
ScriptAliasMatch "^/(own|two)/.*" "{docs}/who.cgi"
<Directory "{docs}">
    Options +Includes
    AddOutputFilter INCLUDES .html
</Directory>
""" + place("/page", "query") + place("/own", "query") + place("/two", "query"), {
        "docs/who.cgi": '#!/bin/sh\necho Content-Type: text/plain\necho\necho "<$REMOTE_USER>"\n',
        "docs/page/both.html": both, "docs/page/two.html": two, "docs/both.html": both,
        "docs/two.html": two}, modules="cgi")
    server.allow_log(r"unable to include", r"AB0101: ")
    for path, token, users in (
            ("/two.html", None, []), ("/both.html", None, ["part"]),
            ("/two.html", "bob", ["bob"]), ("/both.html", "bob", ["part", "bob"]),
            ("/page/two.html", "bob", ["bob"]), ("/page/both.html", "bob", ["part", "bob"])):
        answer = ask(server, path, query(good(sub=token)) if token else {})
        assert re.findall(r"<(\w*)>", answer.text) == users, (path, token, answer)
