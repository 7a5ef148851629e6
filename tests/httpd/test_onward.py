"""What reaches a backend, in the backend's own view: claims as headers, the token or what stands in
its place, by every scheme of mod_proxy and as CGI."""

import pytest

import client
from backends import all_backends
from expect import TRUST, location, log_line
from tokens import bearer, good

SCHEMES = ("http", "balancer", "fcgi", "scgi", "uwsgi", "ajp", "fcgi-balancer", "handler")
MODULES = ("proxy proxy_http proxy_fcgi proxy_scgi proxy_uwsgi proxy_ajp proxy_balancer"
           " proxy_wstunnel lbmethod_byrequests slotmem_shm cgi")
PROTOCOL = {"balancer": "http", "fcgi-balancer": "fcgi", "handler": "uwsgi"}
SENT = ["AuthBearerHeader X-User sub", "AuthBearerHeader X-Groups groups"]
VARIANTS = {
    "off": ["Require valid-user", *SENT],
    "on": ["AuthBearerPass On", "Require valid-user"],
    "any": ["Require all granted", *SENT],
    "expr": ["AuthBearerProxy \"%{bearer:upstream}\"", "Require valid-user"],
    "word": ["AuthBearerProxy of-this-server", "Require valid-user"],
    "admin": ["RequestHeader set Authorization \"Bearer of-the-administrator\"",
              "Require valid-user"],
}


def target(scheme):
    protocol = PROTOCOL.get(scheme, scheme)
    if "balancer" in scheme:
        return f"balancer://{scheme}"
    return f"{protocol}://127.0.0.1:{{{protocol}}}"


def places():
    """A location for each variant and scheme; programs may see Authorization wherever it is."""
    text = "".join(f'<Proxy "balancer://{name}">\n    BalancerMember "{member}://127.0.0.1:'
                   f'{{{member}}}"\n</Proxy>\n'
                   for name, member in (("balancer", "http"), ("fcgi-balancer", "fcgi")))
    for name, lines in VARIANTS.items():
        text += location(f"/{name}", "CGIPassAuth On", *lines)
        for scheme in SCHEMES:
            text += f'ProxyPass "/{name}/{scheme}" "{target(scheme)}/{name}"'
            text += " upgrade=websocket\n" if scheme == "http" else "\n"
            if scheme == "handler":
                # mod_proxy takes what it has marked, whatever handler is set.
                text += (f'<Location "/{name}/{scheme}">\n    SetHandler cgi-script\n'
                         "</Location>\n")
    return text


CONF = places() + """
ProxyPass "/off/ws" "ws://127.0.0.1:{http}/off/ws"
<Location "/idle.cgi">
    AuthBearerHeader X-User sub
</Location>
AliasMatch "^/cgi" "{docs}/env.cgi"
<Directory "{docs}">
    Options +ExecCGI +Includes
    AddHandler cgi-script .cgi
    AddOutputFilter INCLUDES .html
</Directory>
RewriteEngine On
RewriteRule "^/rewritten$" "/off/http" [PT]
ErrorDocument 404 /error.cgi
""" + location("/cgi", "Require valid-user", *SENT) \
    + location("/cgi/open", "Require all granted") \
    + location("/cgi/inner", "AuthBearerHeader X-Tenant tenant") \
    + location("/cgi/inner/again", "AuthBearerHeader X-User email", "AuthBearerHeader X-More more")\
    + location("/ssi.html", "Require all granted") \
    + location("/user.html", "Require valid-user", *SENT) \
    + location("/error.cgi", "Require all granted", *SENT) \
    + location("/both.html", "Require all granted") + """
<Location "/cgi/if">
    <If "-n req('X-User')">
        Header set X-Seen yes
    </If>
</Location>
<Directory "{docs}/many">
    DirectoryIndex index.cgi
    Options +MultiViews
    MultiViewsMatch Handlers
    <Files "index.cgi">
        RequestHeader set X-More more
        RequestHeader set X-Told "expr=%{HTTP:X-User}"
        AuthBearerHeader X-User sub
        Require all granted
    </Files>
    <Files "page.*">
""" + TRUST + """        AuthBearerHeader X-User sub
        Require valid-user
    </Files>
</Directory>
<Directory "{docs}/away">
    DirectoryIndex /plain.cgi
""" + TRUST + """    AuthBearerHeader X-User sub
    Require valid-user
</Directory>
<Directory "{docs}/fallback">
    FallbackResource /plain.cgi
""" + TRUST + """    AuthBearerHeader X-User sub
    Require valid-user
</Directory>
<Directory "{docs}/set">
    SetHandler "proxy:fcgi://127.0.0.1:{fcgi}"
    CGIPassAuth On
""" + TRUST + """    AuthBearerHeader X-User sub
    Require valid-user
</Directory>
<Directory "{docs}/rewrite">
    RewriteEngine On
    RewriteRule "(.*)" "ajp://127.0.0.1:{ajp}/$1" [P]
""" + TRUST + """    AuthBearerHeader X-User sub
    Require valid-user
</Directory>
<Directory "{docs}/dir">
    DirectoryIndex index.cgi
    <Files "index.cgi">
""" + TRUST + """        AuthBearerHeader X-User sub
        Require valid-user
    </Files>
</Directory>
<Directory "{docs}/per-dir">
    RewriteEngine On
    RewriteRule "^go$" "/cgi/there"
    RewriteRule "^plain$" "/plain.cgi"
""" + TRUST + """    AuthBearerHeader X-User email
    Require valid-user
</Directory>
"""
ENV = ("#!/bin/sh\ncat > /dev/null\necho Content-Type: text/plain\necho\n"
       "env -0 | tr '\\n\\0' '?\\n'\n")
FILES = {"docs/idle.cgi": ENV,
         "docs/many/index.cgi": ENV, "docs/many/page.cgi": ENV, "docs/away/x": "x",
         "docs/fallback/x": "x", "docs/set/x": "x", "docs/rewrite/x": "x",
         "docs/both.html": '<!--#include virtual="/word/fcgi" -->|<!--#include virtual="/cgi" -->|'
                           """<!--#if expr="req('X-User') == 'carol'" -->kept<!--#endif -->""",
         "docs/env.cgi": ENV, "docs/plain.cgi": ENV, "docs/dir/index.cgi": ENV,
         "docs/error.cgi": ENV, "docs/per-dir/x": "x",
         "docs/ssi.html": '<!--#echo var="HTTP_X_USER" --><!--#include virtual="/cgi/open" -->',
         "docs/user.html": '<!--#echo var="HTTP_X_USER" --><!--#include virtual="/plain.cgi" -->'}


@pytest.fixture(scope="module")
def backends():
    with all_backends() as made:
        yield made


@pytest.fixture(scope="module")
def front(serve, backends):
    conf = CONF
    for name, backend in backends.items():
        conf = conf.replace("{%s}" % name, str(backend.port))
    return serve(conf, FILES, modules=MODULES)


@pytest.fixture
def ask(front, backends):
    """ask(path, headers, ...) -> what reached the backend of the path's scheme."""
    def ask(path, headers=(), token=None, status=200):
        scheme = path.split("/")[2].partition("?")[0]
        seen = backends[PROTOCOL.get(scheme, scheme)].seen
        seen.clear()
        answer = front.get(path, headers, token=token)
        assert answer.status == status, answer
        assert len(seen) == (1 if status == 200 else 0), answer
        return seen[0] if seen else None
    return ask


pytestmark = pytest.mark.mpm
HOSTILE = [*((name, "mallory") for name in ("X-User", "x-user", "X_User", "X.User", "x.uSER")),
           *((name, "cronies") for name in ("X-Groups", "X_Groups", "X~Groups")),
           ("Connection", "close, X-User, x_groups;X-Groups")]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_claims_reach_a_backend(ask, scheme):
    token = good(groups=["a", "b,c", "d%2C"], sub="Zo\u00eb")
    seen = ask(f"/off/{scheme}", HOSTILE, token)
    assert seen.values("X-User") == ["Zo%C3%AB"]
    assert seen.values("X-Groups") == ["a,b%2Cc,d%252C"]
    assert b"mallory" not in seen.raw and b"cronies" not in seen.raw
    assert token.encode() not in seen.raw and seen.values("Authorization") == []


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("headers", [HOSTILE, [*HOSTILE, bearer(good())], [*HOSTILE, bearer("x")]],
                         ids=["none", "good", "bad"])
def test_where_nobody_is_asked_nothing_is_claimed(ask, scheme, headers):
    seen = ask(f"/any/{scheme}", headers)
    assert seen.values("X-User") == seen.values("X-Groups") == []
    assert b"mallory" not in seen.raw and b"cronies" not in seen.raw
    assert seen.values("Authorization") == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_an_absent_claim_is_no_header(ask, scheme):
    seen = ask(f"/off/{scheme}", HOSTILE, good(groups=[]))
    assert (seen.values("X-User"), seen.values("X-Groups")) == (["alice"], [])


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_token_goes_on_only_where_it_may(ask, scheme):
    token = good()
    assert ask(f"/on/{scheme}", token=token).values("Authorization") == [f"Bearer {token}"]
    assert token.encode() not in ask(f"/off/{scheme}", token=token).raw


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_token_of_an_expression(ask, scheme):
    token = good(upstream="for-the-backend")
    seen = ask(f"/expr/{scheme}", token=token)
    assert seen.values("Authorization") == ["Bearer for-the-backend"]
    assert token.encode() not in seen.raw
    seen = ask(f"/word/{scheme}", token=token)
    assert seen.values("Authorization") == ["Bearer of-this-server"]
    seen = ask(f"/expr/{scheme}", token=good())
    assert seen.values("Authorization") == [], "an empty value lets nothing on"


@pytest.mark.parametrize("value", ["a b", "a,b", "\u00e9", "a\u0000b", "=", "a=b"])
def test_a_value_that_is_no_token(ask, front, value):
    if "\u0000" in value:
        front.allow_log(log_line("token_malformed"))
        ask("/expr/http", token=good(upstream=value), status=401)
        return
    front.expect_log(log_line("not_configured"))
    ask("/expr/http", token=good(upstream=value), status=503)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_what_an_administrator_set_stays(ask, scheme):
    token = good()
    seen = ask(f"/admin/{scheme}", token=token)
    assert seen.values("Authorization") == ["Bearer of-the-administrator"]
    assert token.encode() not in seen.raw


@pytest.mark.parametrize("path", ["/off/http", "/off/ws"])
def test_a_tunnel(front, backends, path):
    token = good()
    headers = [("Upgrade", "websocket"), ("Connection", "Upgrade, X-User, keep-alive"),
               ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="),
               ("X_User", "mallory"), bearer(token)]
    backends["http"].seen.clear()
    with client.Connection(front.port) as line:
        answer = line.request("GET", path, headers)
    assert answer.status == 101, answer
    seen, = backends["http"].seen
    assert seen.values("X-User") == ["alice"] and seen.values("Upgrade") == ["websocket"]
    assert token.encode() not in seen.raw


def test_refused_before_the_backend(ask, front):
    for headers, status in (([], 401), ([bearer("x")], 401), ([bearer("a b")], 400)):
        ask("/off/http", headers, status=status)
    front.allow_log(log_line("token_malformed"), log_line("request_malformed"))


# Programs

def variables(answer):
    assert answer.status == 200, answer
    return dict(line.partition("=")[::2] for line in answer.text.splitlines())


USERS = [row for row in HOSTILE if row[1] == "mallory"]


def x_fields(answer):
    return {name: value for name, value in variables(answer).items()
            if name.startswith(("HTTP_X_", "REDIRECT_HTTP_X"))}


# (a claim's value, the variable or None)
VALUES = [
    ("alice", "alice"), ("", ""), (" a  b ", "%20a  b%20"), ("100%", "100%25"), ("%41", "%2541"),
    ("a,b", "a%2Cb"), ("a\r\nX-Admin: 1", "a%0D%0AX-Admin: 1"), ("\u20ac", "%E2%82%AC"),
    ("\x7f", "%7F"), ("'\"<>&;|", "'\"<>&;|"), (True, "true"), (False, "false"), (0, "0"),
    (-1.5, "-1.5"), (2 ** 62, str(2 ** 62)), (None, None), ([], None), ([""], ""), (["a"], "a"),
    (["a", "b"], "a,b"), (["a,b", "c"], "a%2Cb,c"), (["", ""], ","), ([" a", "b "], "%20a,b%20"),
    ([1, True, None, "1"], "1,true,null,1"), ([["a", "b"], {"c": 1, "d": 2}],
                                              '["a"%2C"b"],{"c":1%2C"d":2}'),
    ({}, "{}"), ({"a": 1, "b": "\u00e9%"}, '{"a":1,"b":"%C3%A9%25"}'),
]


@pytest.mark.parametrize("value, wanted", VALUES, ids=[repr(row[0]) for row in VALUES])
def test_values(front, value, wanted):
    found = variables(front.get("/cgi", HOSTILE, token=good(groups=value)))
    assert found.get("HTTP_X_GROUPS") == wanted
    assert found.get("HTTP_X_USER") == "alice"


def test_names_in_a_connection_field(front):
    """The rest of the field stays as it was sent."""
    for sent, left in (("close", "close"), ("X-User, close", "close"), ("x_user", None),
                       ("close;X-User", "close"), ("a, X-User  b,close", "a, b, close"),
                       ('"X-User", close', '"X-User", close')):
        found = variables(front.get("/cgi", [("Connection", sent)], token=good()))
        assert (found.get("HTTP_CONNECTION"), found["HTTP_X_USER"]) == (left, "alice"), sent


@pytest.mark.parametrize("path, headers", [("/cgi/inner", {"HTTP_X_TENANT": "blue"}), (
    "/cgi/inner/again", {"HTTP_X_USER": "a@b.example", "HTTP_X_MORE": "m"})])
def test_an_inner_section_replaces_the_list(front, path, headers):
    """And what an outer one has is still not a client's to send."""
    sent = [(name, "forged") for name in ("X-User", "X-Groups", "X-Tenant")]
    token = good(groups="g", tenant="blue", email="a@b.example", more="m")
    found = variables(front.get(path, sent, token=token))
    assert {name: value for name, value in found.items() if name.startswith("HTTP_X_")} == headers


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "PUT", "ANY"])
def test_methods(front, method):
    answer = front.request(method, "/cgi/open", HOSTILE, body=b"")
    assert not [name for name in variables(answer) if name.startswith("HTTP_X_")]


def test_without_authentication(front):
    assert x_fields(front.get("/idle.cgi", [*USERS, bearer(good())])) == {}


def test_subrequests(front):
    """A page that anybody may read shows what was sent; what it includes has nothing of it."""
    text = front.get("/ssi.html", HOSTILE).text
    assert text.startswith("mallory, mallory") and "HTTP_X_USER=" not in text.partition("\n")[2]
    assert text.count("mallory") == 2 and "HTTP_X_USER" not in text
    text = front.get("/user.html", HOSTILE, token=good()).text
    assert text.startswith("alice") and "HTTP_X_USER" not in text


def test_redirects(front):
    token = good(sub="bob", email="b@b.example")
    assert variables(front.get("/per-dir/go", HOSTILE, token=token))["HTTP_X_USER"] == "bob"
    found = variables(front.get("/per-dir/plain", HOSTILE, token=token))
    assert not [name for name, value in found.items() if "X_USER" in name or "mallory" in value]


def test_an_index(front):
    assert variables(front.get("/dir/", HOSTILE, token=good()))["HTTP_X_USER"] == "alice"
    assert front.get("/dir/", HOSTILE).status == 401


def test_an_index_that_anybody_may_see(front):
    """What other modules do to the fields of the index stays, too; and so does a body."""
    wanted = {"HTTP_X_MORE": "more", "HTTP_X_TOLD": ""}
    assert x_fields(front.get("/many/", USERS)) == wanted
    answer = front.request("POST", "/many/", USERS, body=b"some text")
    assert x_fields(answer) == wanted
    assert variables(answer)["CONTENT_LENGTH"] == "9"


@pytest.mark.parametrize("path", ["/away/", "/fallback/nothing"])
def test_elsewhere(front, path):
    """The resource is another location's, which sends nothing."""
    assert x_fields(front.get(path, USERS, token=good())) == {}


def test_a_negotiated_program(front):
    front.allow_log("AH00687: Negotiation: discovered file")
    answer = front.get("/many/page", USERS, token=good())
    assert x_fields(answer) == {"HTTP_X_USER": "alice"}


@pytest.mark.parametrize("path, name", [("/set/x", "fcgi"), ("/rewrite/x", "ajp")])
def test_other_ways_to_a_backend(front, backends, path, name):
    token = good()
    backends[name].seen.clear()
    assert front.get(path, HOSTILE, token=token).status == 200
    seen, = backends[name].seen
    assert seen.values("X-User") == ["alice"] and seen.values("Authorization") == []
    assert token.encode() not in seen.raw and b"mallory" not in seen.raw


def test_a_page_with_a_backend_in_it(front):
    """What happens to the fields of one part happens to those of no other one."""
    backend, program, page = front.get("/both.html", [("X-User", "carol")], good()).text.split("|")
    assert "the index" in backend and "HTTP_X_USER=alice" in program and page.strip() == "kept"


def test_a_condition_sees_what_was_sent(front):
    answer = front.get("/cgi/if", [("X-User", "mallory")], token=good())
    assert answer.header("X-Seen") == "yes" and variables(answer)["HTTP_X_USER"] == "alice"
    assert front.get("/cgi/if", token=good()).header("X-Seen") is None


@pytest.mark.parametrize("field", ["Proxy-Connection", "Keep-Alive", "TE", "Trailer", "Upgrade",
                                   "connection"])
def test_fields_of_one_hop(ask, field):
    seen = ask("/off/http", [(field, "X-User")], good())
    assert seen.values("X-User") == ["alice"]


def test_an_error_page(front):
    answer = front.get("/off-the-map", HOSTILE)
    assert answer.status == 404 and "X_USER" not in answer.text and "mallory" not in answer.text
