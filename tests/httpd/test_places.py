"""Where a token may come from: AuthBearerTokenFrom. Each way alone, in pairs, and the answers."""

import time

import pytest

import client
from expect import ANY_PATH, ECHO, TRUST, passed, refused
from tokens import bearer, good
from ways import FORM, WAYS, ask, cookie, field, form, header, password, place, query

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
    ("/basic", password("a word\x01"), "token_malformed"),
    ("/basic", password("a:b"), "token_malformed"),
    ("/basic", {"headers": [("Authorization", "Basic !!!!")]}, "no_token"),
])
def test_empty(server, path, sent, outcome):
    refused(server, ask(server, path, sent), outcome)


@pytest.mark.parametrize("path, sent, words", [
    ("/header", {"headers": [("Authorization", "Bearer")]},
     "request_malformed: header: nothing stands behind Bearer, for"),
    ("/header", {"headers": [("Authorization", "Bearer a b")]},
     "request_malformed: header: what stands behind Bearer is not one token"),
    ("/header", {"headers": [("Authorization", "Token abc")]},
     "no_token: Authorization has another scheme than Bearer, or none, for"),
    ("/header", {"headers": [("Authorization", "eyJhbGciOi")]},
     "no_token: Authorization has another scheme than Bearer, or none, for"),
    ("/header", {}, "no_token, for"),
    ("/only", password(""), "no_token: Authorization has no token as password, for"),
    ("/query", header("a.b.c"), "no_token: Authorization is not looked at here"),
    ("/query", {"suffix": "?access_token=a&access_token=a"},
     "request_malformed: query:access_token: it stands there twice"),
    ("/query", query("a+b"),
     "request_malformed: query:access_token: it is empty, or has characters"),
    ("/form", form(""), "request_malformed: form:access_token: it is empty"),
    ("/named", field("a b"), "request_malformed: header:X-Token: it is empty, or has characters"),
    ("/basic", {"headers": [("Authorization", "Basic YTpi, Basic YTpi")]},
     "request_malformed: basic: two credentials stand in one field"),
    ("/all", {"headers": [bearer("a"), ("X-Token", "a")]},
     "request_malformed: header:X-Token: two ways have a token"),
])
def test_the_log_says_what_is_not_clear(server, path, sent, words):
    before = len(server.log())
    ask(server, path, sent)
    server.allow_log("AB0101: refused: request_malformed")
    assert f"AB0101: refused: {words}" in server.log()[before:]


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
