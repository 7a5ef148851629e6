"""The ways of a request through httpd: subrequests, redirects, methods, proxies. Nothing gets
around, nobody gets mixed up."""

import pytest

import client
from expect import ECHO, TRUST, location, log_line, passed, refused
from server import Httpd
from tokens import basic, bearer, good

VALID = TRUST + "    Require valid-user\n"
CONF = ECHO + """
<Directory "{docs}/dir">
    DirectoryIndex index.html
    <Files "index.html">
""" + VALID + """    </Files>
</Directory>
<Directory "{docs}/cgi">
    Options +ExecCGI
    AddHandler cgi-script .cgi
    DirectoryIndex env.cgi
    RewriteEngine On
    RewriteRule "^alias$" "env.cgi"
    AuthBearerEnv sub scope
""" + VALID + """</Directory>
<Directory "{docs}/fallback">
    FallbackResource /fallback/index.html
""" + VALID + """</Directory>
<Directory "{docs}/ssi">
    Options +Includes
    AddOutputFilter INCLUDES .html
</Directory>
<Directory "{docs}/secret">
""" + VALID + """</Directory>
<Directory "{docs}/bobs">
""" + TRUST.replace("api.example", "other.example") + """
    Require valid-user
</Directory>
<Directory "{docs}/mv">
    Options +MultiViews +Indexes
    <Files "page.*">
""" + VALID + """    </Files>
</Directory>
<Directory "{docs}/limit">
    Options +ExecCGI
    AddHandler cgi-script .cgi
""" + TRUST + """    <Limit GET>
        Require valid-user
    </Limit>
</Directory>
<Directory "{docs}/satisfy">
""" + VALID + """    Order deny,allow
    Allow from 127.0.0.1
    Satisfy Any
</Directory>
<Directory "{docs}/satisfy-none">
""" + VALID + """    Order deny,allow
    Deny from all
    Satisfy Any
</Directory>
DavLockDB {root}/run/dav
<Directory "{docs}/dav">
    Dav On
""" + TRUST + """    Require scope write
</Directory>
RewriteEngine On
RewriteRule "^/moved/(.*)" "/secret/$1" [PT]
Redirect /gone /secret/page.html
"""
FILES = {
    "docs/dir/index.html": "<p>the index\n", "docs/secret/page.html": "<p>the secret page\n",
    "docs/bobs/page.html": "<p>the other page\n", "docs/fallback/index.html": "<p>the index\n",
    "docs/cgi/env.cgi": "#!/bin/sh\necho Content-Type: text/plain\necho\nenv\n",
    "docs/limit/env.cgi": "#!/bin/sh\necho Content-Type: text/plain\necho\nenv\n",
    "docs/ssi/open.html": 'in <!--#include virtual="/secret/page.html" --> out\n',
    "docs/ssi/two.html": '<!--#include virtual="/secret/page.html" -->'
                          '<!--#include virtual="/bobs/page.html" -->\n',
    "docs/mv/page.html": "<p>the index\n", "docs/mv/open.html": "<p>open\n",
    "docs/satisfy/index.html": "<p>the index\n", "docs/satisfy-none/index.html": "<p>the index\n",
}


def prepare(root):
    """What mod_dav writes to as the run user."""
    (root / "docs/dav").mkdir()
    for name in ("docs/dav", "run"):
        (root / name).chmod(0o777)


@pytest.fixture(scope="module")
def server(serve):
    return serve(CONF, FILES, prepare, modules="access_compat cgi dav dav_fs")


pytestmark = pytest.mark.mpm


def test_protected_index_of_an_open_directory(server):
    answer = server.get("/dir/")
    assert answer.status == 401 and answer.bearer == {"realm": "api"}, answer
    passed(server.get("/dir/", token=good(sub="bob")), "bob")


def test_refusal_of_a_protected_index_is_whole(server):
    """Reason and body as anywhere, though mod_dir met the refusal in a subrequest."""
    refused(server, server.get("/dir/"), "no_token")


def environment(answer):
    assert answer.status == 200, answer
    return dict(line.partition("=")[::2] for line in answer.text.splitlines())


@pytest.mark.parametrize("path", ["/cgi/env.cgi", "/cgi/", "/cgi/alias", "/cgi/env.cgi/path/info"])
def test_user_and_claims_reach_cgi(server, path):
    refused(server, server.get(path), "no_token")
    env = environment(server.get(path, token=good(sub="bob", scope="read write")))
    assert (env.get("REMOTE_USER"), env.get("AUTH_TYPE")) == ("bob", "Bearer")
    assert (env.get("BEARER_CLAIM_SUB"), env.get("BEARER_CLAIM_SCOPE")) == ("bob", "read write")
    assert "HTTP_AUTHORIZATION" not in env and "REDIRECT_HTTP_AUTHORIZATION" not in env


def test_claims_cannot_be_sent(server):
    env = environment(server.get("/cgi/env.cgi",
                                 [("BEARER-CLAIM-SUB", "root"), ("Remote-User", "root"),
                                                  ("BEARER_CLAIM_SUB", "root")], token=good()))
    assert env["BEARER_CLAIM_SUB"] == "alice" and env["REMOTE_USER"] == "alice"


def test_fallback_resource(server):
    refused(server, server.get("/fallback/nothing/here"), "no_token")
    passed(server.get("/fallback/nothing/here", token=good(sub="bob")), "bob")


def test_included_file_is_judged_on_its_own(server):
    server.allow_log("unable to include", log_line("audience_wrong"), log_line("signature_bad"))
    answer = server.get("/ssi/open.html")
    assert answer.status == 200 and "secret page" not in answer.text
    answer = server.get("/ssi/open.html", token=good())
    assert answer.status == 200 and "the secret page" in answer.text


def test_a_verdict_does_not_travel(server):
    """The same token, two included files, two audiences: each section judges for itself."""
    server.allow_log("unable to include")
    answer = server.get("/ssi/two.html", token=good())
    assert "the secret page" in answer.text and "the other page" not in answer.text
    answer = server.get("/ssi/two.html", token=good(aud="https://other.example"))
    assert "the secret page" not in answer.text and "the other page" in answer.text


def test_rewritten_into_the_area(server):
    refused(server, server.get("/moved/page.html"), "no_token")
    answer = server.get("/moved/page.html", token=good())
    assert answer.status == 200 and answer.header("X-User") == "alice"


@pytest.mark.parametrize("path", ["/secret", "/secret/", "/secret/nothing", "/secret/page",
                                  "/mv/page",
                                  "/secret/../secret/page.html", "//secret/page.html",
                                  "/secret%2fpage.html",
                                  "/secret/./page.html", "/SECRET/page.html", "/secret/page.html/",
                                  "/secret;x/page.html"])
def test_no_name_is_revealed(server, path):
    answer = server.get(path)
    assert answer.status in (401, 404), answer
    assert "secret page" not in answer.text and answer.header("Location") is None
    if path.startswith("/secret/") or path == "/secret":
        assert answer.status == 401


def test_negotiated_file(server):
    server.allow_log("AH00687: Negotiation: discovered file")
    assert server.get("/mv/page").status in (401, 404)
    passed(server.get("/mv/page", token=good()))


def test_listing_hides_what_is_protected(server):
    answer = server.get("/mv/")
    assert answer.status == 200 and "open.html" in answer.text and "page.html" not in answer.text


@pytest.mark.parametrize("method, status", [("GET", 401), ("HEAD", 401), ("POST", 200),
                                            ("PUT", 200)])
def test_limit_get_leaves_the_rest_open(server, method, status):
    """So httpd has it, and so the manual says: use no Limit, or LimitExcept."""
    assert server.request(method, "/limit/env.cgi",
                          body=None if method in ("GET", "HEAD") else b"").status == status


def test_satisfy_any(server):
    for headers in ([], [bearer("nonsense")], [bearer(good(exp=1))]):
        assert server.get("/satisfy/index.html", headers).status == 200
    refused(server, server.get("/satisfy-none/index.html"), "no_token")
    refused(server, server.get("/satisfy-none/index.html", token="nonsense"), "token_malformed")
    passed(server.get("/satisfy-none/index.html", token=good()))


def test_dav(server):
    token = good(scope="write")
    away = [("Destination", f"http://localhost:{server.port}/dav/b.txt"),
            ("Host", f"localhost:{server.port}")]
    refused(server, server.request("PUT", "/dav/a.txt", body=b"hello"), "no_token", "write")
    refused(server, server.request("PUT", "/dav/a.txt", body=b"hello", token=good()),
            "scope_lacking", "write")
    assert server.request("PUT", "/dav/a.txt", body=b"hello", token=token).status == 201
    assert server.request("PROPFIND", "/dav/", [("Depth", "1")], token=token).status == 207
    assert server.request("COPY", "/dav/a.txt", away).status == 401
    assert server.request("COPY", "/dav/a.txt", away, token=token).status == 201
    assert server.request("MOVE", "/dav/a.txt", [away[0], ("Overwrite", "T"), away[1]],
                          token=token).status == 204
    assert server.get("/dav/b.txt", token=token).body == b"hello"
    assert server.request("DELETE", "/dav/b.txt", token=token).status == 204


def test_trace_answers_before_anything(serve):
    """httpd's own way with TraceEnable On; the server says so when it starts."""
    server = serve("TraceEnable On\n" + location("/p", "Require valid-user"))
    answer = server.request("TRACE", "/p", [("X-Mark", "m")])
    assert answer.status == 200 and "X-Mark: m" in answer.text
    server.expect_log(r"\[auth_bearer:(warn|notice)\] .*TraceEnable")


# Proxies

FRONT = """
AliasMatch "^/both" "{docs}/index.html"
ProxyPass "/off" "http://127.0.0.1:{backend}/"
ProxyPass "/on" "http://127.0.0.1:{backend}/"
ProxyPass "/open" "http://127.0.0.1:{backend}/"
ProxyPass "/mixed" "http://127.0.0.1:{backend}/"
ProxyPass "/ws" "http://localhost:{backend}/" upgrade=websocket
""" + location("/off", "Require valid-user") + location("/on", "AuthBearerPass On",
                                                        "Require valid-user") \
    + location("/ws", "Require valid-user") \
    + location("/mixed", "AuthBearer On", "AuthBasicProvider bearer file",
               "AuthUserFile {root}/users",
               "Require valid-user", trust=TRUST.replace("AuthType Bearer", "AuthType Basic"))


@pytest.fixture(scope="module")
def backend():
    server = Httpd("Header always echo ^(Authorization|X-Kept)$\n", bearer=False)
    with server.running():
        yield server


@pytest.fixture(scope="module")
def front(serve, backend):
    return serve(FRONT.replace("{backend}", str(backend.port)),
                 {"users": "carol:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n"}, modules="proxy proxy_http")


def test_what_a_backend_gets(front):
    token = good()
    answer = front.get("/off", [("X-Kept", "yes")], token=token)
    assert (answer.status, answer.header("X-Kept"), answer.all("Authorization")) == (200, "yes", [])
    answer = front.get("/on", token=token)
    assert (answer.status, answer.all("Authorization")) == (200, [f"Bearer {token}"])
    answer = front.get("/open", token=token)
    assert (answer.status, answer.all("Authorization")) == (200, [f"Bearer {token}"])


def test_a_token_as_password_stays_here(front):
    answer = front.get("/mixed", [basic("bearer", good())])
    assert (answer.status, answer.all("Authorization")) == (200, [])
    answer = front.get("/mixed", token=good())
    assert (answer.status, answer.all("Authorization")) == (200, [])
    header = basic("carol", "password")
    answer = front.get("/mixed", [header])
    assert (answer.status, answer.all("Authorization")) == (200, [header[1]])


@pytest.mark.parametrize("path", ["/off", "/on"])
def test_refused_before_the_backend(front, path):
    for token, status in ((None, 401), ("x", 401), ("a b", 400)):
        assert front.get(path, token=token).status == status
    front.allow_log(log_line("token_malformed"), log_line("request_malformed"))


def test_no_tunnel_without_a_token(front):
    headers = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
               ("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==")]
    with client.Connection(front.port) as line:
        answer = line.request("GET", "/ws", headers)
    assert answer.status == 401 and answer.bearer == {"realm": "api"}


FORWARD = "ProxyRequests On\n<Proxy \"*\">\n" + VALID + "</Proxy>\n"


@pytest.fixture(scope="module")
def forward(serve):
    return serve(FORWARD, modules="proxy proxy_http proxy_connect")


def through(forward, backend, headers):
    return forward.get(f"http://127.0.0.1:{backend.port}/", headers)


def test_forward_proxy(forward, backend):
    answer = through(forward, backend, [])
    assert (answer.status, answer.challenges) == (407, []), answer
    assert answer.all("Proxy-Authenticate") == ['Bearer realm="api"']
    answer = through(forward, backend, [bearer(good())])
    assert answer.status == 407, "Authorization is for the origin server"
    answer = through(forward, backend, [("Proxy-Authorization", f"Bearer {good()}")])
    assert answer.status == 200 and answer.body == b"<p>the index\n"
    answer = through(forward, backend, [("Proxy-Authorization", f"Bearer {good(exp=1)}")])
    assert answer.status == 407 and 'error="invalid_token"' in answer.header("Proxy-Authenticate")
