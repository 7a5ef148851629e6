"""What a refusal looks like: bodies, headers, challenges, error documents, and how it is hidden."""

import json

import pytest

import client
from expect import ANY_PATH, ECHO, TRUST, location, log_line, passed, refused
from tokens import bearer, good

SERVERLESS = "    AuthType Bearer\n    AuthName api\n"
CONF = ECHO + """
Alias /cgi "{docs}/cgi"
<Directory "{docs}/cgi">
    Options +ExecCGI
    SetHandler cgi-script
</Directory>
""" + "".join([
    location("/auto", "Require scope read"),
    location("/problem", "AuthBearerErrorBody problem", "Require scope read"),
    location("/json", "AuthBearerErrorBody json", "Require scope read"),
    location("/own", "AuthBearerErrorBody httpd", "Require scope read"),
    location("/short", "AuthBearerErrorDetail Off", "Require scope read"),
    location("/shortjson", "AuthBearerErrorDetail Off", "AuthBearerErrorBody json",
             "Require scope read"),
    location("/rule", "Require user root"),
    location("/rulejson", "AuthBearerErrorBody json", "Require user root"),
    location("/unset", "Require valid-user", trust=SERVERLESS),
    location("/unsetjson", "AuthBearerErrorBody json", "Require valid-user", trust=SERVERLESS),
    location("/formjson", "AuthBearerErrorBody json", "AuthBearerTokenFrom form",
             "Require valid-user"),
    location("/text", 'ErrorDocument 401 "a text of the administrator"', "Require scope read"),
    location("/local", "ErrorDocument 401 /errors/401.html", "ErrorDocument 403 /errors/401.html",
             "Require scope read"),
    location("/cgierror", "ErrorDocument 401 /cgi/env.cgi", "AuthBearerEnv sub",
             "Require scope read"),
    location("/walled", "ErrorDocument 401 /walled/errors/401.html", "Require scope read"),
    location("/wall", "ErrorDocument 401 /other-wall/401.html", "Require scope read"),
    location("/other-wall", "Require scope other"),
    location("/missing", "ErrorDocument 401 /no/such/file", "Require scope read"),
    location("/moved", "ErrorDocument 401 https://elsewhere.example/401",
             "ErrorDocument 403 https://elsewhere.example/403", "Require scope read"),
    location("/other", "ErrorDocument 404 /errors/401.html", "Require scope read"),
    location("/realm/quotes", "Require valid-user",
             trust=TRUST.replace("api\n", '"a \\"b\\" c"\n', 1)),
    location("/realm/comma", "Require valid-user",
             trust=TRUST.replace("api\n", '"a, b=c; Basic realm"\n', 1)),
    location("/realm/utf8", "Require valid-user", trust=TRUST.replace("api\n", '"für alle"\n', 1)),
    location("/realm/none", "Require valid-user", trust=TRUST.replace("    AuthName api\n", "")),
]) + 'AliasMatch "^/(auto|json|own|problem|short|local|walled|realm)[^.]*$" "{docs}/index.html"\n'

FILES = {"docs/errors/401.html": "<p>an error page\n",
         "docs/walled/errors/401.html": "<p>a walled page\n",
         "docs/other-wall/401.html": "<p>secret\n",
         "docs/cgi/env.cgi": "#!/bin/sh\necho Content-Type: text/plain\necho\nenv\n"}


@pytest.fixture(scope="module")
def server(serve):
    server = serve(CONF, FILES, modules="cgi")
    server.expect_log(r"\[auth_bearer:warn\] .*AuthName")       # of /realm/none
    server.expect_log(r"AB0317: .*/unset")
    return server


def lacking():
    return good(scope="x")


KINDS = {"problem": "application/problem+json", "html": "text/html"}
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
ACCEPT = [
    (None, "problem"), ("*/*", "problem"), ("", "problem"), ("application/json", "problem"),
    ("application/problem+json", "problem"), ("text/html", "html"), ("TEXT/HTML", "html"),
    (BROWSER, "html"),
    ("text/*", "html"), ("text/html;q=0", "problem"), ("text/html;q=0.5, */*;q=0.5", "problem"),
    ("text/html;q=0.4, application/problem+json;q=0.5", "problem"),
    ("text/html;q=0.6, application/problem+json;q=0.5", "html"),
    ("text/html, application/problem+json", "problem"),
    ("text/html;level=1;q=0.9, */*;q=0.1", "html"),
    ("text/html;q=0.001", "html"), ("application/*, text/html;q=0.9", "problem"),
    ("*/*;q=0.1, text/html;q=0.2", "html"), (",,,", "problem"), ("image/png", "problem"),
]


@pytest.mark.parametrize("accept, body", ACCEPT)
def test_negotiated_body(server, accept, body):
    headers = [] if accept is None else [("Accept", accept)]
    for token, reason, scope in ((None, "no_token", "read"), (lacking(), "scope_lacking", "read")):
        answer = server.get("/auto", headers, token=token)
        refused(server, answer, reason, scope)
        assert answer.header("Content-Type").partition(";")[0] == KINDS[body], answer


# (path, what makes the token, reason, the problem document, the json document)
BAD = {"type": "about:blank", "title": "Unauthorized", "status": 401, "error": "invalid_token"}
BODIES = [
    ("/problem", None, "no_token", {"type": "about:blank", "title": "Unauthorized", "status": 401}),
    ("/problem", "x", "token_malformed", {**BAD, "detail": ...}),
    ("/problem", "a b", "request_malformed",
     {"type": "about:blank", "title": "Bad Request", "status": 400, "error": "invalid_request",
      "detail": ...}),
    ("/problem", lacking, "scope_lacking",
     {"type": "about:blank", "title": "Forbidden", "status": 403, "error": "insufficient_scope",
      "detail": ...}),
    ("/rule", good, "rule_denied", {"type": "about:blank", "title": "Forbidden", "status": 403}),
    ("/unset", good, "not_configured", {"type": "about:blank", "title": "Service Unavailable",
                                        "status": 503}),
    ("/json", None, "no_token", {"error": "unauthorized"}),
    ("/json", "x", "token_malformed", {"error": "invalid_token", "error_description": ...}),
    ("/json", "a b", "request_malformed", {"error": "invalid_request", "error_description": ...}),
    ("/json", lacking, "scope_lacking", {"error": "insufficient_scope", "error_description": ...}),
    ("/rulejson", good, "rule_denied", {"error": "access_denied"}),
    ("/unsetjson", good, "not_configured", {"error": "temporarily_unavailable"}),
]


@pytest.mark.mpm
@pytest.mark.parametrize("path, token, reason, document", BODIES,
                         ids=[f"{r[0]} {r[2]}" for r in BODIES])
def test_json_bodies(server, path, token, reason, document):
    answer = server.get(path, token=token() if callable(token) else token)
    refused(server, answer, reason, ...)
    kind = "application/json" if "json" in path else "application/problem+json"
    assert answer.header("Content-Type") == kind
    description = (answer.bearer or {}).get("error_description")
    wanted = {name: description if value is ... else value for name, value in document.items()}
    assert json.loads(answer.body) == wanted
    assert answer.header("Content-Length") == str(len(answer.body))


@pytest.mark.parametrize("path, kind", [("/short", "application/problem+json"),
                                        ("/shortjson", "application/json")])
def test_no_detail(server, path, kind):
    for token, code in (("x", "invalid_token"), ("a b", "invalid_request"),
                        (lacking(), "insufficient_scope")):
        answer = server.get(path, token=token)
        assert answer.bearer.get("error") == code, answer
        assert "error_description" not in answer.bearer, answer
        assert answer.header("Content-Type") == kind
        assert not {"detail", "error_description"} & set(json.loads(answer.body))
    server.allow_log(log_line("token_malformed"), log_line("request_malformed"),
                     log_line("scope_lacking"))


def test_the_body_for_a_large_form(server):
    answer = server.request("POST", "/formjson", [
        ("Content-Type", "application/x-www-form-urlencoded")], "a=" + "x" * 70000)
    refused(server, answer, "form_too_large")
    assert json.loads(answer.body)["error"] == "invalid_request"


def test_own_body(server):
    answer = server.get("/own", [("Accept", "application/json")])
    refused(server, answer, "no_token", "read")
    assert answer.header("Content-Type").startswith("text/html") and "401" in answer.text


@pytest.mark.parametrize("path", ["/auto", "/problem", "/json", "/own", "/text", "/local", "/rule",
                                  "/unset"])
@pytest.mark.parametrize("token", [None, "x", "a b", lacking])
def test_head_is_as_get(server, path, token):
    server.allow_log("AB[0-9]{4}: refused: ")
    headers = [] if token is None else [bearer(token() if callable(token) else token)]
    get, head = (server.request(method, path, headers) for method in ("GET", "HEAD"))
    assert head.body == b"" and head.status == get.status
    ours = path in ("/auto", "/problem", "/json", "/rule", "/unset")
    drop = ("date",) if ours else ("date", "content-length")
    plain = [[(n, v) for n, v in answer.headers if n.lower() not in drop] for answer in (get, head)]
    assert plain[0] == plain[1]


def test_error_document_text(server):
    answer = server.get("/text")
    refused(server, answer, "no_token", "read")
    assert answer.body.startswith(b"a text of the administrator")


@pytest.mark.parametrize("path, token, status, error, text", [
    ("/local", None, 401, None, "<p>an error page\n"),
    ("/local", "x", 401, "invalid_token", "<p>an error page\n"),
    ("/local", lacking, 403, "insufficient_scope", "<p>an error page\n"),
    ("/walled", None, 401, None, None),
    ("/wall", None, 401, None, None),
    ("/wall", "x", 401, "invalid_token", None),
    ("/missing", None, 401, None, None),
    ("/moved", None, 401, None, None),
    ("/moved", lacking, 302, "insufficient_scope", None),
])
def test_error_document_elsewhere(server, path, token, status, error, text):
    server.allow_log("AB[0-9]{4}: refused: (token_malformed|scope_lacking|no_token)")
    answer = server.get(path, token=token() if callable(token) else token)
    assert answer.status == status, answer
    assert answer.bearer is not None and answer.bearer.get("error") == error, answer
    assert "secret" not in answer.text
    assert text is None or answer.text == text


def test_error_document_sees_the_reason_and_no_claim(server):
    server.allow_log(log_line("token_malformed"))
    for token, reason in ((None, "no_token"), ("x", "token_malformed"), (good(exp=1), "expired")):
        answer = server.get("/cgierror", token=token)
        assert answer.status == 401, answer
        assert f"REDIRECT_BEARER_REASON={reason}\n" in answer.text, answer.text
        assert "BEARER_CLAIM" not in answer.text and "REMOTE_USER" not in answer.text
        assert "HTTP_AUTHORIZATION" not in answer.text


def test_other_statuses_are_left_alone(server):
    answer = server.get("/other", token=good())
    assert answer.status == 404 and answer.text == "<p>an error page\n" and answer.challenges == []
    answer = server.get("/problem/nothing.txt", token=good())
    assert answer.status == 404 and answer.header("Content-Type").startswith("text/html")
    assert answer.header("Cache-Control") is None


def test_success_has_nothing_of_ours(server):
    answer = server.get("/auto", token=good())
    passed(answer)
    assert answer.header("Cache-Control") is None and answer.header("Retry-After") is None


@pytest.mark.parametrize("name, realm", [("quotes", 'a "b" c'), ("comma", "a, b=c; Basic realm"),
                                         ("none", "localhost"), ("utf8", "f??r alle")])
def test_realm(server, name, realm):
    answer = server.get("/realm/" + name)
    refused(server, answer, "no_token")
    assert answer.bearer["realm"] == realm


def test_nothing_of_the_token_is_echoed(server):
    server.allow_log("AB[0-9]{4}: refused: ")
    mark = "CanaryOfTheToken"
    for token in (mark * 3, good(sub=mark), good(iss=mark), good(header={"kid": mark}),
                  good(scope=mark),
                  good(header={"typ": mark}), good(header={"alg": mark}), good(aud=mark),
                  f"{mark} {mark}"):
        for path in ("/problem", "/json", "/own"):
            answer = server.get(path, token=token)
            assert answer.status in (200, 400, 401, 403)
            assert mark not in answer.text and not any(mark in value for name,
                                                       value in answer.headers
                                                       if name != "X-User")


@pytest.mark.parametrize("headers, status", [
    ([("If-None-Match", "*")], 401), ([("Range", "bytes=0-3")], 401),
    ([("If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT")], 401),
])
def test_conditional_requests_do_not_get_around(server, headers, status):
    answer = server.get("/auto", headers)
    assert answer.status == status and b"the" not in answer.body[:4], answer


def test_no_100_before_a_401(server):
    answer = server.request("PUT", "/auto", [("Expect", "100-continue"), ("Content-Length", "5")])
    assert answer.status == 401 and answer.interim == []


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_old_clients(server, version):
    answer = client.request(server.port, "GET", "/auto", version=version)
    assert answer.status == 401 and answer.bearer == {"realm": "api", "scope": "read"}


# AuthBearerHide

HIDDEN = ANY_PATH.replace("/.+", "/hidden/there") + "".join([
    location("/hidden", "AuthBearerHide On", "Require scope read"),
    location("/hiddenjson", "AuthBearerHide On", "AuthBearerErrorBody json", "Require scope read"),
    location("/hiddenunset", "AuthBearerHide On", "Require valid-user", trust=SERVERLESS),
    location("/pretty", "AuthBearerHide On", "ErrorDocument 404 /404.html", "Require scope read"),
    location("/prettyplain", "ErrorDocument 404 /404.html", trust=""),
]) + "".join(
    location(f"/by-{name}", "AuthBearerHide On", "<RequireAll>", rule, "Require scope read",
             "</RequireAll>")
    for name, rule in [("address", "Require ip 192.0.2.1"), ("not", "Require not ip 127.0.0.1"),
                       ("method", "Require method PUT"), ("expression", "Require expr false")])


@pytest.fixture(scope="module")
def hidden(serve):
    server = serve(HIDDEN, {"docs/404.html": "<p>a page for 404\n"})
    server.expect_log(r"AB0317: .*/hiddenunset")
    return server


def wire(answer):
    """All that goes over the wire but the date."""
    return answer.status, answer.reason, [h for h in answer.headers if h[0] != "Date"], answer.body


@pytest.mark.mpm
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("path, plain", [("/hidden/there", "/nothing"), ("/hiddenjson", "/nothing"),
                                         ("/hiddenunset", "/nothing"), ("/pretty", "/prettyplain")])
@pytest.mark.parametrize("value, reason", [
    (None, "no_token"), ("Bearer", "request_malformed"), ("Bearer x", "token_malformed"),
    ("Bearer " + "x" * 17000, None), ("expired", "expired"), ("Basic YTpi", "no_token"),
])
def test_hidden(hidden, method, path, plain, value, reason):
    hidden.allow_log("AB[0-9]{4}: refused: ")
    value = f"Bearer {good(exp=1)}" if value == "expired" else value
    headers = [("Accept", "application/json")] + ([("Authorization", value)] if value else [])
    ours = hidden.request(method, path, headers)
    assert wire(ours) == wire(hidden.request(method, plain, headers))
    if path != "/hiddenunset" and reason:
        hidden.expect_log(rf"AB\d{{4}}: refused: {reason}\b")


@pytest.mark.mpm
@pytest.mark.parametrize("name", ["address", "not", "method", "expression"])
@pytest.mark.parametrize("token", [None, good, "x"])
def test_hidden_from_those_who_are_not_asked(hidden, name, token):
    """A rule refuses before anybody is known: whoever it is gets the same 404."""
    token = token() if callable(token) else token
    assert wire(hidden.get(f"/by-{name}", token=token)) == wire(hidden.get("/nothing"))


def test_hidden_shows_itself_to_a_valid_token(hidden):
    assert hidden.get("/hidden/there", token=good()).body == b"<p>the index\n"
    answer = hidden.get("/hidden/there", token=lacking())
    assert answer.status == 403 and answer.bearer["error"] == "insufficient_scope"
    hidden.expect_log(log_line("scope_lacking"))


# A script beside ours: it takes everybody for a guest, whom one of the rules wants, or says no,
# before us or after us.
LENIENT = ("AuthBearerHide On", "AuthBearerAuthoritative Off", "LuaHookCheckUserID {root}/a.lua ")
BESIDE = ANY_PATH.replace("/.+", "/(hidden|guests|early|late)$") + "".join(
    location(path, *LENIENT[:2], LENIENT[2] + hook, rule) for path, hook, rule in [
        ("/hidden", "guest", "Require scope read"), ("/guests", "guest", "Require user guest"),
        ("/early", "deny early", "Require scope read"),
        ("/late", "deny late", "Require scope read")])
SCRIPT = """require "apache2"
function guest(r) r.user = "guest" return apache2.OK end
function deny(r) r.err_headers_out["WWW-Authenticate"] = "Script" return 401 end
"""


def test_hidden_beside_another_module(serve):
    server = serve(BESIDE, {"a.lua": SCRIPT}, modules="lua")
    server.allow_log("AB0101: refused: (issuer_unknown|no_token)")
    foreign = good(iss="https://else.example")
    assert server.get("/guests", token=foreign).status == 200
    assert server.get("/hidden", token=good()).status == 200
    for path in ("/hidden", "/early", "/late"):
        for token in (None, foreign):
            assert wire(server.get(path, token=token)) == wire(server.get("/nothing")), path


def test_hidden_reason_is_in_the_environment(hidden):
    hidden.get("/hidden/there", [("Referer", "row-of-this-test")], token=good(exp=1))
    hidden.wait_for(lambda: '"row-of-this-test" expired' in hidden.log("access_log"),
                    "the access log")
