"""AuthBearerEnv: claims as environment variables, and what never becomes one."""

import json

import pytest

import tokens
from expect import TRUST, location, log_line
from tokens import good

CONF = """
AliasMatch "^/.+" "{docs}/env.cgi"
<Directory "{docs}">
    Options +ExecCGI
    SetHandler cgi-script
</Directory>
""" + "".join([
        location("/none", "Require valid-user"),
        location("/some",
                 "AuthBearerEnv sub email=MAIL realm_access.roles /https:~1~1x.example~1a level",
                 "Require valid-user"),
        location("/more", "AuthBearerEnv sub", "AuthBearerEnv iss", "Require valid-user"),
        location("/outer", "AuthBearerEnv sub", "Require valid-user"),
        location("/outer/off", "AuthBearerEnv Off", trust=""),
        location("/outer/other", "AuthBearerEnv iss=ISSUER", trust=""),
        location("/reset", "AuthBearerEnv value", "Require valid-user"),
        location("/open", "AuthBearerEnv sub", trust=TRUST),
    ])


# One variable a line, whatever is in it.
SCRIPT = "#!/bin/sh\necho Content-Type: text/plain\necho\nenv -0 | tr '\\n\\0' '?\\n'\n"


@pytest.fixture(scope="module")
def server(serve):
    server = serve(CONF, {"docs/env.cgi": SCRIPT}, modules="cgi")
    server.expect_log("AB0309: .*/open")    # which is what its test is about
    return server


def ours(answer):
    """The variables of ours, and those that rows name."""
    assert answer.status == 200, answer
    lines = dict(line.partition("=")[::2] for line in answer.text.splitlines())
    return {name: value for name,
            value in lines.items() if name.startswith("BEARER_CLAIM") or name in ("MAIL", "ISSUER")}


ALL = {"sub": "alice", "email": "a@b.example", "realm_access": {"roles": ["x", "y"]},
       "https://x.example/a": "z", "level": 3}

ROWS = [
    ("/none", ALL, {}),
    ("/some", {}, {"BEARER_CLAIM_SUB": "alice"}),
    ("/some", ALL, {"BEARER_CLAIM_SUB": "alice", "MAIL": "a@b.example",
                    "BEARER_CLAIM_REALM_ACCESS_ROLES": ["x", "y"],
                    "BEARER_CLAIM_HTTPS___X_EXAMPLE_A": "z", "BEARER_CLAIM_LEVEL": 3}),
    ("/some", {"email": ""}, {"BEARER_CLAIM_SUB": "alice", "MAIL": ""}),
    ("/some", {"level": True}, {"BEARER_CLAIM_SUB": "alice", "BEARER_CLAIM_LEVEL": True}),
    ("/some", {"email": "a\nMAIL=b"}, {"BEARER_CLAIM_SUB": "alice"}),
    ("/some", {"email": "a\tb"}, {"BEARER_CLAIM_SUB": "alice"}),
    ("/some", {"email": "%s%n $(id) `id`"}, {"BEARER_CLAIM_SUB": "alice",
                                             "MAIL": "%s%n $(id) `id`"}),
    ("/some", {"email": "gr\u00fcn"}, {"BEARER_CLAIM_SUB": "alice", "MAIL": "gr\u00fcn"}),
    ("/some", {"email": {"a": "b\nc"}}, {"BEARER_CLAIM_SUB": "alice", "MAIL": {"a": "b\nc"}}),
    ("/more", {}, {"BEARER_CLAIM_SUB": "alice", "BEARER_CLAIM_ISS": "https://as.example"}),
    ("/outer", {}, {"BEARER_CLAIM_SUB": "alice"}),
    ("/outer/off", {}, {}),
    ("/outer/other", {}, {"ISSUER": "https://as.example"}),
]


@pytest.mark.parametrize("path, claims, wanted", ROWS, ids=range(len(ROWS)))
def test_variables(server, path, claims, wanted):
    found = ours(server.get(path, token=good(**claims)))
    assert set(found) == set(wanted)
    for name, value in wanted.items():
        assert found[name] == value if isinstance(value, str) else json.loads(found[name]) == value


@pytest.mark.parametrize("headers", [[], [("BEARER_CLAIM_SUB", "root")],
                                     [("Bearer-Claim-Sub", "root")]])
def test_nothing_without_a_token(server, headers):
    """/open asks for no user: Require all granted is inherited from the directory."""
    assert ours(server.get("/open", headers)) == {}


def test_token_is_nowhere(server):
    token = good(email=tokens.b64url("x" * 30))
    text = server.get("/some", token=token).text
    assert token not in text and token.split(".")[1] not in text and token.split(".")[2] not in text
    assert "HTTP_AUTHORIZATION" not in text


def test_an_error_page_sees_no_claims(serve):
    """In an error page of the very section httpd does not authenticate again."""
    server = serve('Header always set X-Sub "%{BEARER_CLAIM_SUB}e"\n'
                   'ErrorDocument 403 /error.html\n'
                   + location("/", "AuthBearerEnv sub", "Require scope read"),
                   {"docs/error.html": "<p>no way\n"})
    server.allow_log(log_line("scope_lacking"))
    answer = server.get("/index.html", token=good(scope="x"))
    assert (answer.status, answer.text) == (403, "<p>no way\n")
    assert answer.header("X-Sub") == "(null)"
    answer = server.get("/index.html", token=good(scope="read"))
    assert (answer.status, answer.header("X-Sub")) == (200, "alice")
