"""Where a token may come from: AuthBearerTokenFrom. Each way alone, in pairs, and what goes on from
there: bodies byte for byte, no token in addresses, cookies, logs and backends."""

import json
import re
import time
import urllib.parse

import pytest

import client
from backend import backend, fields
from expect import ANY_PATH, ECHO, TRUST, location, passed, refused
from tokens import basic, bearer, good

FORM = ("Content-Type", "application/x-www-form-urlencoded")


def place(path, ways, *lines, trust=TRUST):
    return location(path, f"AuthBearerTokenFrom {ways}", *(lines or ("Require valid-user",)),
                    trust=trust)


BESIDE = TRUST.replace("AuthType Bearer", "AuthType Basic") \
    + "    AuthBasicProvider file\n    AuthUserFile {root}/passwords\n    AuthBearer On\n"
CONF = ECHO + ANY_PATH + """
LogFormat "%r|%U|%q|%{Cookie}i|%{Referer}i|%{X-Token}i" all
CustomLog "{root}/logs/all_log" all "expr=%{REQUEST_URI} =~ m#^/(all|optional)#"
""" + "".join([
    place("/header", "header"),
    place("/named", "header:X-Token"),
    place("/basic", "basic header:X-None"),
    place("/only", "basic"),
    place("/either", "header basic"),
    place("/form", "form"),
    place("/formtok", "form:tok"),
    place("/query", "query"),
    place("/querytok", "query:tok"),
    place("/cookie", "cookie:session"),
    place("/all", "header header:X-Token basic form query cookie:session"),
    place("/scoped", "header basic query", "Require scope write"),
    place("/beside", "header basic", trust=BESIDE),
    place("/optional", "header form query cookie:session", "AuthBearerOptional On",
          "Require all granted"),
    place("/hidden", "form query", "AuthBearerHide On", "Require valid-user"),
])
PASSWORDS = "bob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n"       # secret


@pytest.fixture(scope="module")
def server(serve):
    return serve(CONF, {"passwords": PASSWORDS})


def form(token, name="access_token", more="a=1&", **how):
    body = f"{more}{name}={urllib.parse.quote(token)}"
    return {"method": "POST", "headers": [FORM], "body": body, **how}


def query(token, name="access_token", more="a=1&"):
    return {"suffix": f"?{more}{name}={token}"}


def cookie(token, name="session"):
    return {"headers": [("Cookie", f"a=1; {name}={token}; b=2")]}


def field(token, name="X-Token"):
    return {"headers": [(name, token)]}


def header(token):
    return {"headers": [bearer(token)]}


def password(token, user="bearer"):
    return {"headers": [basic(user, token)]}


WAYS = {"header": header, "named": field, "basic": password, "form": form, "query": query,
        "cookie": cookie}


def ask(server, path, how, *more, **further):
    """The request that is made of all these."""
    sent = {"method": "GET", "headers": [], "body": None, "suffix": ""}
    for one in (how, *more):
        sent["method"] = one.get("method", sent["method"])
        sent["headers"] = sent["headers"] + one.get("headers", [])
        sent["body"] = one.get("body", sent["body"])
        sent["suffix"] += one.get("suffix", "") if not sent["suffix"] \
            else one.get("suffix", "").replace("?", "&")
    return server.request(sent["method"], path + sent["suffix"], sent["headers"], sent["body"],
                          **further)


@pytest.mark.mpm
@pytest.mark.parametrize("way", WAYS)
def test_each_way_alone(server, way):
    """It leads to the user where it is named, and nowhere else."""
    send, token = WAYS[way], good()
    for path in ("header", "named", "basic", "form", "query", "cookie", "all"):
        if way == "query" and path not in ("query", "all"):
            continue        # where it is not taken out it would be logged, as every address is
        answer = ask(server, f"/{path}", send(token))
        if path in (way, "all"):
            passed(answer)
        else:
            refused(server, answer, "no_token")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("change,reason", [
    ({"ahead": -99}, "expired"), ({"aud": "x"}, "audience_wrong"), ({"iss": "x"}, "issuer_unknown"),
])
def test_a_bad_token(server, way, change, reason):
    change = dict(change)
    if "ahead" in change:
        change = {"exp": int(time.time()) + change["ahead"]}
    refused(server, ask(server, f"/{way}", WAYS[way](good(**change))), reason)


@pytest.mark.parametrize("way", [way for way in WAYS if way != "basic"])
@pytest.mark.parametrize("text", ["a b", "ab%00c", "%zz", "\xe9", "a,b", "{}"])
def test_what_is_no_token(server, way, text):
    """It breaks the syntax: 400, with no word of it in the answer."""
    if way == "form":
        sent = form("", more=f"access_token={text}&", name="b")
    elif way == "query":
        sent = query(text.replace(" ", "+").replace("\xe9", "%e9"))
    else:
        sent = WAYS[way](text)
    refused(server, ask(server, f"/{way}", sent), "request_malformed")


@pytest.mark.parametrize("path,sent,outcome", [
    ("/form", form(""), "request_malformed"), ("/query", query(""), "request_malformed"),
    ("/cookie", cookie(""), "no_token"), ("/named", field(""), "request_malformed"),
    ("/basic", password(""), "no_token"), ("/basic", password("no-jwt"), "token_malformed"),
    ("/basic", {"headers": [("Authorization", "Basic !!!!")]}, "no_token"),
])
def test_empty(server, path, sent, outcome):
    refused(server, ask(server, path, sent), outcome)


@pytest.mark.parametrize("one", [way for way in WAYS if way != "cookie"])
@pytest.mark.parametrize("other", [way for way in WAYS if way != "cookie"])
def test_two_ways_at_once(server, one, other):
    """RFC 6750 section 2: one method a request."""
    token = good()
    if (one, other) in (("header", "header"), ("basic", "basic"), ("header", "basic"),
                        ("basic", "header"), ("named", "named")):
        return          # one field: test_authn.py
    sent = ask(server, "/all", WAYS[one](token), WAYS[other](token)) if one != other else \
        ask(server, "/all", form(token, more=f"access_token={token}&")) if one == "form" else \
        ask(server, "/all", query(token, more=f"access_token={token}&"))
    refused(server, sent, "request_malformed")


@pytest.mark.parametrize("way", [way for way in WAYS if way != "cookie"])
def test_a_cookie_gives_way(server, way):
    """A browser sends it unasked."""
    alice, bob = good(), good(sub="bob")
    passed(ask(server, "/all", WAYS[way](bob), cookie(alice)), "bob")
    passed(ask(server, "/all", WAYS[way](bob), cookie("no token")), "bob")
    refused(server, ask(server, "/all", WAYS[way](good(aud="x")), cookie(alice)), "audience_wrong")


def test_a_cookie_twice(server):
    token = good()
    refused(server, ask(server, "/cookie",
                        {"headers": [("Cookie", f"session={token}; session={token}")]}),
            "request_malformed")


@pytest.mark.parametrize("path,name", [("/formtok", "tok"), ("/querytok", "tok")])
def test_a_name_of_ones_own(server, path, name):
    send = form if "form" in path else query
    passed(ask(server, path, send(good(), name)))
    passed(ask(server, path, send(good(), "%74ok" if send is query else "%74ok")))
    refused(server, ask(server, path, send("not-looked-at")), "no_token")


@pytest.mark.parametrize("change", [
    {"method": "GET"}, {"method": "DELETE"}, {"method": "OPTIONS"},
    {"headers": [("Content-Type", "text/plain")]}, {"headers": []},
    {"headers": [("Content-Type", "application/x-www-form-urlencodedx")]},
    {"headers": [FORM, ("Content-Encoding", "identity")]},
])
def test_what_is_no_form(server, change):
    refused(server, ask(server, "/form", form(good(), **change)), "no_token")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded;charset=UTF-8",
                                  "APPLICATION/X-WWW-FORM-URLENCODED"])
def test_what_is_a_form(server, method, kind):
    answer = ask(server, "/form", form(good(), method=method, headers=[("Content-Type", kind)]))
    assert answer.header("X-Reason") == "accepted"


def test_the_size_of_a_form(server):
    """64 KiB are looked at, announced or in pieces; what is longer is refused before it is read."""
    token = good()
    fits = 65536 - len(token) - len("a=&access_token=")
    passed(ask(server, "/form", form(token, more=f"a={'x' * fits}&")))
    refused(server, ask(server, "/form", form(token, more=f"a={'x' * (fits + 1)}&")),
            "form_too_large")
    for size, outcome in ((fits, "accepted"), (fits + 1, "form_too_large")):
        body = f"a={'x' * size}&access_token={token}".encode()
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(body[at:at + 9999]), body[at:at + 9999])
                          for at in range(0, len(body), 9999)) + b"0\r\n\r\n"
        answer = server.request("POST", "/form", [FORM, ("Transfer-Encoding", "chunked")], chunks)
        assert answer.header("X-Reason") == outcome, answer
    head = client.render("POST", "/form", [FORM, ("Content-Length", "1000000000"),
                                           ("Expect", "100-continue")])
    answer = client.raw(server.port, head, "POST")
    assert (answer.status, answer.interim) == (413, []), answer
    assert ask(server, "/hidden", form(token, more=f"a={'x' * 70000}&")).status == 404


def test_a_form_that_is_cut_off(server):
    with client.Connection(server.port) as line:
        line.send(client.render("POST", "/form", [FORM, ("Content-Length", "100")]) + b"access")
    for chunk in (b"zz\r\nabc\r\n", b"-5\r\nabc\r\n"):
        answer = client.raw(server.port, client.render(
            "POST", "/form", [FORM, ("Transfer-Encoding", "chunked")]) + chunk, "POST")
        assert answer.status == 400, answer
    passed(ask(server, "/form", form(good())))


# Answers

def test_challenges(server):
    """Every scheme that would be accepted is named; Basic where passwords are tokens."""
    for path, schemes in (("/header", ["Bearer"]), ("/only", ["Basic"]), ("/query", ["Bearer"]),
                          ("/either", ["Bearer", "Basic"]), ("/all", ["Bearer", "Basic"]),
                          ("/cookie", ["Bearer"]), ("/beside", ["Bearer", "Basic"])):
        for sent in ({}, password(good(aud="x")) if path == "/only" else header(good(aud="x"))):
            answer = ask(server, path, sent)
            assert answer.status == 401
            assert [one.split()[0] for one in answer.challenges] == schemes, (path, answer)
    answer = ask(server, "/scoped", password(good(scope="read")))
    refused(server, answer, "scope_lacking", "write")
    assert len(answer.challenges) == 1


@pytest.mark.parametrize("user,outcome", [
    ("alice", "accepted"), ("bearer", "accepted"), ("", "accepted"), ("bob", "user_missing")])
def test_the_name_beside_the_token(server, user, outcome):
    answer = ask(server, "/basic", password(good(), user))
    if outcome == "accepted":
        passed(answer)
    else:
        refused(server, answer, outcome)


def test_passwords_of_others(server):
    """Beside mod_auth_basic a password is that one's, a JWT is ours."""
    passed(ask(server, "/beside", password("secret", "bob")), "bob", "Basic")
    passed(ask(server, "/beside", password(good())))
    refused(server, ask(server, "/beside", password(good(aud="x"))), "audience_wrong")
    server.allow_log(r"AH01617: ")
    refused(server, ask(server, "/beside", password("wrong", "bob")), "no_token")


@pytest.mark.parametrize("way", WAYS)
def test_private_answers(server, way):
    answer = ask(server, "/all", WAYS[way](good()))
    passed(answer)
    assert answer.header("Cache-Control") == (None if way in ("header", "basic") else "private")
    assert answer.header("Referrer-Policy") == ("no-referrer" if way == "query" else None)


def test_optional(server):
    """Nobody is asked; who brings a token is judged."""
    passed(ask(server, "/optional", {}), "", "")
    for way in ("header", "form", "query", "cookie"):
        passed(ask(server, "/optional", WAYS[way](good())))
        refused(server, ask(server, "/optional", WAYS[way](good(aud="x"))), "audience_wrong")


def test_hidden(server):
    for sent in (form(good(aud="x")), form("a b"), query(""), {}):
        answer = ask(server, "/hidden", sent)
        assert (answer.status, answer.challenges) == (404, []), answer
    passed(ask(server, "/hidden", form(good())))


def test_logs_hold_no_token(server):
    """Not even of a request that nobody let in; the canary of the harness looks, too."""
    for token in (good(), good(aud="x")):
        for way in ("query", "cookie", "named", "form"):
            ask(server, "/all", WAYS[way](token),
                {"headers": [("Referer", f"http://localhost/all?access_token={token}&b=1")]})
        ask(server, "/optional", query(token))
    time.sleep(0.2)
    lines = server.log("all_log")
    assert "GET /all?a=1 HTTP/1.1|/all|?a=1|-|http://localhost/all?b=1|-" in lines
    assert "|a=1; b=2|" in lines and "eyJ" not in lines


# What goes on

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
    answer = onwards.request("POST", "/all/", [bearer(good()), ("Content-Type", "text/plain")], body)
    assert answer.status == 200 and json.loads(answer.body)["body"].encode() == body


@pytest.mark.parametrize("way", ["query", "cookie", "named"])
def test_programs_see_no_token(onwards, way):
    token = good()
    answer = ask(onwards, "/cgi/env.cgi", WAYS[way](token))
    assert answer.status == 200 and token not in answer.text, answer
    assert re.search(r"^REMOTE_USER=alice$", answer.text, re.MULTILINE)


def test_cache(serve):
    """mod_cache with its quick handler, and a backend that allows everybody to keep all."""
    with backend() as behind:
        conf = ECHO + "".join(proxied(f"/{way}/", ways).replace("{port}", str(behind.port))
                              for way, ways in (("query", "query"), ("cookie", "cookie:session"),
                                                ("named", "header:X-Token"), ("form", "form"))) + """
CacheRoot "{root}/cache"
CacheEnable disk "/"
CacheQuickHandler On
CacheIgnoreNoLastMod On
CacheIgnoreCacheControl On
CacheStorePrivate On
CacheStoreNoStore On
"""
        server = serve(conf, modules="proxy proxy_http cache cache_disk",
                       prepare=lambda root: (root / "cache").mkdir(mode=0o777)
                       or (root / "cache").chmod(0o777))
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
