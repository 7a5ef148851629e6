"""Requests that pass without authentication on purpose: AuthBearerOptional, AuthBearerPreflight and
AuthBearerEnforce report. What they let through, what still holds, and that nobody is known then."""

import json
import re

import pytest

from backend import backend, fields
from expect import ANY_PATH, ECHO, TRUST, location, log_line, passed, refused
from tokens import basic, bearer, good

BESIDE = TRUST.replace("AuthType Bearer", "AuthType Basic") \
    + "    AuthBasicProvider file\n    AuthUserFile {root}/passwords\n    AuthBearer On\n"
REPORT = "AuthBearerEnforce report"
ALL_RULES = "<RequireAll>\n    Require ip {}\n    Require scope write\n    </RequireAll>"
CONF = ECHO + ANY_PATH + """
LogFormat "%U %{bearer_report}n %u" reports
CustomLog "{root}/logs/report_log" reports
""" + "".join([
    location("/plain", "Require valid-user"),
    location("/preflight", "AuthBearerPreflight On", "Require valid-user"),
    location("/preflight-ip", "AuthBearerPreflight On", ALL_RULES.format("192.0.2.1")),
    location("/preflight-none", "AuthBearerPreflight On", "Require all denied"),
    location("/preflight-claim", "AuthBearerPreflight On", "Require expr bearer('sub') == 'alice'"),
    location("/preflight-beside", "AuthBearerPreflight On", "Require valid-user", trust=BESIDE),
    location("/optional", "AuthBearerOptional On", "Require all granted"),
    location("/optional-user", "AuthBearerOptional On", "Require valid-user"),
    location("/optional-scope", "AuthBearerOptional On", "<RequireAny>\n    Require method GET\n"
             "    Require scope write\n    </RequireAny>"),
    location("/optional-beside", "AuthBearerOptional On", "Require all granted", trust=BESIDE),
    location("/report", REPORT, "AuthBearerEnv sub", "Require valid-user"),
    location("/report-scope", REPORT, "Require scope write"),
    location("/report-user", REPORT, "Require user bob"),
    location("/report-open", REPORT, "Require all granted"),
    location("/report-optional", REPORT, "AuthBearerOptional On", "Require all granted"),
    location("/report-ip", REPORT, ALL_RULES.format("192.0.2.1")),
    location("/report-ip-here", REPORT, ALL_RULES.format("127.0.0.1")),
    location("/report-claim", REPORT, "Require expr bearer('sub') == 'bob'"),
    location("/report-not", REPORT, "<RequireAll>\n    Require valid-user\n"
             "    Require not scope read\n    </RequireAll>"),
    location("/report-rule", REPORT, "Require claim sub = bob"),
    location("/report-rules", REPORT, "Require claim sub = bob", "Require claim sub = eve"),
    location("/rule", "Require claim sub = bob"),
    location("/rules", "Require claim sub = bob", "Require claim sub = eve"),
    location("/report-beside", REPORT, "Require valid-user", trust=BESIDE),
    location("/report-hidden", REPORT, "AuthBearerHide On", "Require valid-user"),
    location("/report-preflight", REPORT, "AuthBearerPreflight On", "Require valid-user"),
    location("/report-cgi", REPORT, "AuthBearerEnv sub", "Require valid-user"),
]) + """
<Location "/report-outer">
""" + TRUST + "    AuthBearerEnforce report\n    Require valid-user\n</Location>\n" + """
<Location "/report-outer/inner">
    AuthBearerEnforce on
</Location>
ScriptAlias /report-cgi/ "{docs}/cgi/"
"""
PASSWORDS = "bob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n"       # secret
CGI = "#!/bin/sh\necho Content-Type: text/plain\necho\nenv\n"


@pytest.fixture(scope="module")
def server(serve):
    server = serve(CONF.replace('AliasMatch "^/.+"', 'AliasMatch "^/(?!report-cgi).+"'),
                   {"passwords": PASSWORDS, "docs/cgi/env.cgi": CGI}, modules="cgi")
    server.allow_log(r"AH016\d\d: ", r"AB0401: ", r"AB0314: ")
    return server


def anonymous(answer):
    """The resource, and nobody is known."""
    assert (answer.status, answer.body) == (200, b"<p>the index\n"), answer
    assert (answer.header("X-User"), answer.header("X-Auth")) == ("", ""), answer
    assert answer.header("X-Reason") == "(null)" and answer.challenges == [], answer


# Preflights

FLIGHT = [("Origin", "https://app.example"), ("Access-Control-Request-Method", "GET")]


def let_through(answer):
    assert answer.status == 200 and answer.challenges == [], answer
    assert (answer.header("X-User"), answer.header("X-Reason")) == ("", "(null)"), answer


@pytest.mark.mpm
@pytest.mark.parametrize("path", ["/preflight", "/preflight-claim", "/preflight-beside",
                                  "/report-preflight"])
def test_a_preflight(server, path):
    let_through(server.request("OPTIONS", path, FLIGHT))


@pytest.mark.parametrize("path,method,headers", [
    ("/plain", "OPTIONS", FLIGHT), ("/preflight", "GET", FLIGHT), ("/preflight", "POST", FLIGHT),
    ("/preflight", "OPTIONS", FLIGHT[:1]), ("/preflight", "OPTIONS", FLIGHT[1:]),
    ("/preflight", "OPTIONS", []), ("/preflight", "OPTIONS", [("Origin", ""), FLIGHT[1]]),
    ("/preflight-claim", "GET", []),
])
def test_what_is_no_preflight(server, path, method, headers):
    refused(server, server.request(method, path, headers), "no_token")


def test_a_preflight_keeps_other_rules(server):
    for path in ("/preflight-ip", "/preflight-none"):
        answer = server.request("OPTIONS", path, FLIGHT)
        assert (answer.status, answer.challenges) == (403, []), answer


def test_a_preflight_with_credentials_is_none(server):
    refused(server, server.request("OPTIONS", "/preflight", FLIGHT, token=good(aud="x")),
            "audience_wrong")
    answer = server.request("OPTIONS", "/preflight", FLIGHT, token=good())
    assert (answer.status, answer.header("X-User")) == (200, "alice"), answer


# Optional

@pytest.mark.mpm
def test_optional(server):
    """Anonymous requests are the business of Require; a token that is there is judged always."""
    for path in ("/optional", "/optional-scope", "/optional-beside"):
        anonymous(server.get(path))
        passed(server.get(path, token=good()))
        refused(server, server.get(path, token=good(aud="x")), "audience_wrong")
        refused(server, server.get(path, token="a b"), "request_malformed")
    refused(server, server.get("/optional-user"), "no_token")
    passed(server.get("/optional-user", token=good()))
    refused(server, server.request("DELETE", "/optional-scope", token=good()), "scope_lacking",
            "write")
    anonymous(server.get("/optional-beside", [basic("bob", "wrong")]))


# Report

REPORTS = [
    # path, what is sent, what would have become of it
    ("/report", None, "no_token"), ("/report", {}, "accepted"),
    ("/report", {"aud": "x"}, "audience_wrong"), ("/report", "a b", "request_malformed"),
    ("/report", {"exp": 1}, "expired"), ("/report", "x.y.z", "token_malformed"),
    ("/report-scope", {}, "scope_lacking"), ("/report-scope", {"scope": "write"}, "accepted"),
    ("/report-scope", None, "no_token"),
    ("/report-user", {}, "rule_denied"), ("/report-user", {"sub": "bob"}, "accepted"),
    ("/report-ip-here", {}, "scope_lacking"), ("/report-ip-here", {"scope": "write"}, "accepted"),
    ("/report-claim", {}, "rule_denied"), ("/report-claim", {"sub": "bob"}, "accepted"),
    ("/report-claim", None, "no_token"),
    ("/report-not", {}, "rule_denied"), ("/report-not", {"scope": "x"}, "accepted"),
    ("/report-beside", {"aud": "x"}, "audience_wrong"), ("/report-beside", None, "no_token"),
    ("/report-hidden", {"aud": "x"}, "audience_wrong"),
    ("/report-optional", {"aud": "x"}, "audience_wrong"), ("/report-optional", {}, "accepted"),
    ("/report-open", {"aud": "x"}, None), ("/report-optional", None, None),
    ("/report-outer", {"aud": "x"}, "audience_wrong"),
]


@pytest.mark.mpm
@pytest.mark.parametrize("path,sent,reason", REPORTS)
def test_report(server, path, sent, reason):
    """It passes, unknown; one line says what would have been, and a note for the access log."""
    before = len(server.log().splitlines())
    token = good(**sent) if isinstance(sent, dict) else sent
    server.allow_log(r"AB0103: would be refused: ")
    anonymous(server.get(path, token=token))
    if reason:
        server.wait_for(lambda: f"{path} {reason} -" in server.log("report_log"), reason)
    lines = [line for line in server.log().splitlines()[before:] if re.search("AB010[1-4]", line)]
    if reason is None:
        assert lines == []
    elif reason == "accepted":
        assert len(lines) == 1 and "AB0104: would be accepted" in lines[0], lines
    else:
        assert len(lines) == 1 and f"AB0103: would be refused: {reason}" in lines[0], lines


@pytest.mark.parametrize("path, words", [
    ("/report-rule", "AB0103: would be refused: rule_denied: Require claim sub = bob; "),
    ("/report-rules", "AB0103: would be refused: rule_denied: Require claim sub = eve, the last of"
                      " several that said no; "),
    ("/rule", "AB0101: refused: rule_denied: Require claim sub = bob; "),
    ("/rules", "AB0101: refused: rule_denied: Require claim sub = eve, the last of several that"
               " said no; "),
])
def test_the_rule_that_refuses_is_named(server, path, words):
    before = len(server.log())
    server.allow_log(r"AB010[13]: .*refused: rule_denied: Require claim")
    assert server.get(path, token=good()).status == (200 if "report" in path else 403)
    assert words in server.log()[before:]


def test_report_counts(server):
    server.allow_log(r"AB0103: would be refused: ")
    anonymous(server.get("/report"))
    assert re.search(r"AB0105: \d+ requests of this process would have been refused", server.log())


def test_report_keeps_other_rules(server):
    """Addresses and passwords; and an inner section that enforces."""
    for token in (None, good(scope="write")):
        answer = server.get("/report-ip", token=token)
        assert (answer.status, answer.challenges) == (403, []), answer
    refused(server, server.get("/report-beside", [basic("bob", "wrong")]), "no_token")
    passed(server.get("/report-beside", [basic("bob", "secret")]), "bob", "Basic")
    refused(server, server.get("/report-outer/inner"), "no_token")
    passed(server.get("/report-outer/inner", token=good()))


def test_report_leaks_nothing(server):
    """No user, no claim, no reason in a program's environment."""
    server.allow_log(r"AB0103: would be refused: ")
    for token in (good(), good(aud="x"), None):
        answer = server.get("/report-cgi/env.cgi", token=token)
        assert answer.status == 200, answer
        assert not re.search(r"^(REMOTE_USER|AUTH_TYPE|BEARER_|HTTP_AUTH)", answer.text,
                             re.MULTILINE), answer.text


def test_report_and_backends(serve):
    """What goes on to a backend is AuthBearerPass's business, as ever."""
    with backend() as behind:
        to = f"ProxyPass http://127.0.0.1:{behind.port}/"
        server = serve(location("/off/", REPORT, to, "Require valid-user")
                       + location("/on/", REPORT, to, "AuthBearerPass On", "Require valid-user"),
                       modules="proxy proxy_http")
        server.allow_log(r"AB0103: would be refused: ", r"AB0314: ")
        for token in (good(), good(aud="x")):
            assert fields(json.loads(server.get("/off/", token=token).body), "Authorization") == []
            got = json.loads(server.get("/on/", token=token).body)
            assert fields(got, "Authorization") == [bearer(token)[1]]


def test_log_lines(server):
    """A report is told apart from a refusal."""
    server.allow_log(r"AB0103: would be refused: ")
    server.get("/report", token=good(aud="x"))
    assert not re.search(log_line("audience_wrong") + ".*for /report$", server.log(), re.MULTILINE)
