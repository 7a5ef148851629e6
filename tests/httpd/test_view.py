"""What other modules see of a request: the functions of mod_auth_bearer.h."""

import subprocess

import pytest

from another import MODULE, bring, seen
from expect import ANY_PATH, ECHO, location, log_line, refused
from server import PROJECT, apxs
from test_basic import USERS
from tokens import basic, good

NOTHING = {"accepted": "0", "user": "(NULL)", "issuer": "(NULL)", "scopes": "(NULL)",
           "claim": "(NULL)", "json": "(NULL)"}
ALICE = {"reason": "accepted", "accepted": "1", "user": "alice", "issuer": "https://as.example"}
SHOWS = "SetHandler example-view"
BASIC = """    AuthType Basic
    AuthName api
    AuthBasicProvider file
    AuthUserFile {root}/users
    AuthBearer On
    AuthBearerIssuer https://as.example keys=jwks:{keys}/as.jwks
    AuthBearerAudience https://api.example
"""

CONF = MODULE + ECHO + """
RewriteEngine On
RewriteRule "^/redirect/(.*)" "/$1" [PT,END]
<Location "/page">
    Require all granted
    SetHandler example-view
</Location>
<Location "/open">
    Require all granted
    SetHandler example-view
</Location>
<Directory "{docs}/part">
    Options +Includes
    AddType text/html .shtml
    AddOutputFilter INCLUDES .shtml
</Directory>
""" + "".join([
    location("/view", SHOWS, "Require valid-user"),
    location("/strict", SHOWS, "Require scope admin", "ErrorDocument 403 /page?sub",
             "ErrorDocument 401 /page?sub"),
    location("/same", SHOWS, "Require scope admin", "ErrorDocument 403 /view?sub"),
    location("/both", SHOWS, "Require valid-user", trust=BASIC),
    location("/prefix", SHOWS, "Require valid-user",
             trust="    AuthType Bearer\n    AuthName api\n    AuthBearerIssuer https://as.example"
                   " keys=jwks:{keys}/as.jwks user-prefix=idp/\n"
                   "    AuthBearerAudience https://api.example\n"),
    location("/name", SHOWS, "AuthBearerProvider example", "Require valid-user"),
    location("/part", "Require valid-user", "DirectoryIndex none view"),
]) + ANY_PATH.replace("^/.+", "^/(view|strict|same|both|prefix|name|page|open)")
PARTS = {"docs/part/inner.shtml": '<!--#include virtual="/part/view?sub" -->',
         "docs/part/outside.shtml": '<!--#include virtual="/open?sub" -->',
         "docs/part/judged.shtml": '<!--#include virtual="/view?sub" -->',
         "docs/part/view": "", "docs/part/.htaccess": ""}


@pytest.fixture(scope="module")
def server(serve):
    return serve(CONF + '<Location "/part/view">\n    SetHandler example-view\n</Location>\n',
                 {"users": USERS, **PARTS}, bring)


def has(answer, **wanted):
    told = seen(answer)
    assert answer.status == 200 and {name: told.get(name) for name in wanted} == wanted, answer


@pytest.mark.mpm
def test_an_accepted_token(server):
    answer = server.get("/view", token=good(scope="read write read"))
    has(answer, **ALICE, scopes="[read,write]")
    assert (answer.header("Example-User"), answer.header("Example-Subject")) == ("alice", "alice")
    assert answer.header("Example-Early") == "0 (NULL)", "before authentication nobody is known"
    has(server.get("/prefix?sub", token=good()), user="idp/alice", claim="alice", json='"alice"')
    has(server.get("/view", token=good(scope=None)), scopes="[]")


@pytest.mark.parametrize("path, claim, json", [
    ("sub", "alice", '"alice"'), ("n", "7", "7"), ("n.x", None, None), ("no", "false", "false"),
    ("deep.nil", "null", "null"), ("list", '["a",1]', '["a",1]'), ("deep.er", "x", '"x"'),
    ("/list/0", "a", '"a"'), ("/deep/er", "x", '"x"'), ("empty", "", '""'),
    ("line", None, '"a\\r\\nb"'), ("quote", '"', '"\\""'), ("absent", None, None),
    ("/~", None, None), ("a..b", None, None), ("", None, None),
])
def test_claims(server, path, claim, json):
    token = good(n=7, no=False, list=["a", 1], deep={"er": "x", "nil": None}, empty="",
                 quote='"', line="a\r\nb")
    answer = server.get(f"/view?{path}" if path else "/view", token=token)
    told = dict(line.split(" ", 1) for line in answer.text.splitlines())
    assert (told["claim"], told["json"]) == (claim if claim is not None else "(NULL)",
                                             json if json is not None else "(NULL)"), answer


@pytest.mark.mpm
def test_nothing_where_none_was_asked_for(server):
    has(server.get("/open?sub"), reason="(NULL)", **NOTHING)
    has(server.get("/open?sub", token=good()), reason="(NULL)", **NOTHING)
    answer = server.get("/both?sub", [basic("alice", "wonderland")])
    has(answer, **NOTHING)
    has(server.get("/both?sub", token=good()), **ALICE, claim="alice")


@pytest.mark.mpm
def test_a_name_of_another_provider(server):
    has(server.get("/name?sub", token="letmein-bob"), reason="accepted", accepted="1", user="bob",
        issuer="(NULL)", scopes="[]", claim="(NULL)", json="(NULL)")


@pytest.mark.mpm
@pytest.mark.parametrize("how, status, reason", [
    ({"token": good}, 403, "scope_lacking"), ({}, 401, "no_token"),
    ({"token": lambda: good(aud="x")}, 401, "audience_wrong")])
def test_an_error_page_sees_the_reason_alone(server, how, status, reason):
    server.allow_log(log_line(reason))
    answer = server.get("/strict", **{name: make() for name, make in how.items()})
    told = seen(answer)
    assert answer.status == status and told.pop("reason") == reason
    assert told == NOTHING, "nothing of the request before"
    assert answer.header("Example-User") is None


def test_an_error_page_that_is_protected(server):
    """It is judged for itself: then it is its own claims that are seen."""
    answer = server.get("/same", token=good(sub="bob"))
    assert answer.status == 403
    told = seen(answer)
    assert (told["reason"], told["user"], told["claim"]) == ("accepted", "bob", "bob")
    server.expect_log(log_line("scope_lacking"))


@pytest.mark.mpm
def test_redirects(server):
    has(server.get("/redirect/view?sub", token=good()), **ALICE, claim="alice")
    has(server.get("/redirect/open?sub", token=good()), **NOTHING)
    refused(server, server.get("/redirect/view"), "no_token")


@pytest.mark.mpm
@pytest.mark.parametrize("page, wanted", [
    ("judged", {**ALICE, "claim": "alice"}),
    ("outside", NOTHING),
])
def test_subrequests(server, page, wanted):
    has(server.get(f"/part/{page}.shtml", token=good()), **wanted)


def test_the_index_of_a_folder(server):
    """mod_dir turns the request into the one for the index."""
    has(server.get("/part/?sub", token=good()), **ALICE, claim="alice")
    has(server.get("/part/view?sub", token=good()), **ALICE, claim="alice")


TRUNK = """#include_next <mod_auth.h>
#define AUTHT_PROVIDER_GROUP "autht"
#define AUTHT_PROVIDER_VERSION "0"
#define AUTHT_PROVIDER_NAME_NOTE "autht_provider_name"
typedef enum {
    AUTHT_DENIED, AUTHT_GRANTED, AUTHT_GENERAL_ERROR, AUTHT_MISMATCH, AUTHT_EXPIRED, AUTHT_INVALID
} autht_status;
typedef struct {
    autht_status (*check_token)(request_rec *r, const char *type, const char *token);
} autht_provider;
"""
USE = """#include <mod_auth_bearer.h>
#include <mod_auth_bearer.h>
static autht_status check(request_rec *r, const char *type, const char *token)
{
    (void)r, (void)type, (void)token;
    return AUTHT_MISMATCH;
}
extern const autht_provider provider;
const autht_provider provider = { check };
"""


@pytest.mark.parametrize("language", ["c", "c++"])
@pytest.mark.parametrize("httpd", ["2.4", "trunk"])
def test_the_header_alone(tmp_path, language, httpd):
    """In C and C++, without the project's other headers, also where httpd has the interface."""
    (tmp_path / "mod_auth_bearer.h").write_text(
        (PROJECT / "include/mod_auth_bearer.h").read_text())
    if httpd == "trunk":
        (tmp_path / "mod_auth.h").write_text("#pragma GCC system_header\n" + TRUNK)
    (tmp_path / "use.c").write_text(USE)
    flags = subprocess.run(["pkg-config", "--cflags", "apr-1", "apr-util-1"], check=True,
                           capture_output=True, text=True).stdout.split()
    compiler = "gcc" if language == "c" else "g++"
    done = subprocess.run([compiler, "-x", language, "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
                           f"-I{tmp_path}", "-isystem", apxs("INCLUDEDIR"), *flags,
                           str(tmp_path / "use.c")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
