"""What docs/security.md tells administrators about httpd around this module: that the traps are
real, and that the advice works."""

import base64
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

import client
from expect import TRUST, location
from tokens import basic, bearer, good

ISSUER = "\n".join(TRUST.splitlines()[2:]) + "\n"
SECURE = 'RequestHeader set X-Remote-User "expr=%{REMOTE_USER}"'
CONF = """
AliasMatch "^/(open|any|either|limit|except|and|page|far|prefix)" "{docs}/index.html"
ProxyPass "/cached" "http://127.0.0.1:{backend}/cached"
ProxyPass "/api" "http://127.0.0.1:{backend}/api"
ProxyPass "/bare" "http://127.0.0.1:{backend}/bare"
CacheRoot "{root}/cache"
CacheEnable disk "/cached"
<Directory "{root}/cache">
    Require all granted
</Directory>
""" + "".join([
    location("/open"),
    location("/any", "Satisfy Any", "Order deny,allow", "Deny from all", "Allow from 127.0.0.1",
             "Require scope read"),
    location("/either", "<RequireAny>", "Require ip 127.0.0.1", "Require scope read",
             "</RequireAny>"),
    location("/limit", "<Limit GET>", "Require scope read", "</Limit>"),
    location("/except", "<LimitExcept GET HEAD OPTIONS>", "Require scope write", "</LimitExcept>",
             "<Limit GET HEAD OPTIONS>", "Require scope read", "</Limit>"),
    location("/and", "Require scope read"),
    location("/and/more", "AuthMerging And", "Require scope admin", trust=""),
    location("/and/instead", "Require scope admin", trust=""),
    location("/far", "ErrorDocument 403 https://elsewhere.example/403", "Require scope admin"),
    location("/page", "ErrorDocument 401 /wall/page.html", "Require scope read"),
    location("/wall", "Require scope other"),
    location("/cached", "SetEnvIf X-From office OFFICE", "<RequireAny>", "Require env OFFICE",
             "Require scope read", "</RequireAny>"),
    location("/api", SECURE, "Require scope read"),
])
PREFIXED = """
AliasMatch "^/" "{docs}/index.html"
<Location "/">
    AuthType Basic
    AuthName api
    AuthBasicProvider file
    AuthUserFile {root}/users
    AuthBearer On
    AuthBearerIssuer https://as.example keys=jwks:{keys}/as.jwks %s
    AuthBearerAudience https://api.example
    Require user root
</Location>
"""


class Backend(BaseHTTPRequestHandler):
    """Tells what it got, and that everybody may store that."""

    def do_GET(self):
        body = json.dumps(self.headers.items()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", "application/json")
        self.send_header("Cache-Control", "public, max-age=60")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def backend():
    server = HTTPServer(("127.0.0.1", 0), Backend)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield str(server.server_port)
    server.shutdown()
    server.server_close()


def furnish(root):
    (root / "cache").mkdir()
    (root / "cache").chmod(0o1777)
    (root / "docs" / "wall").mkdir()
    (root / "docs" / "wall" / "page.html").write_text("a walled page\n")


@pytest.fixture(scope="module")
def servers(serve, backend):
    started = {}

    def get(more=""):
        if more not in started:
            server = serve((more + CONF).replace("{backend}", backend), prepare=furnish,
                           modules="proxy proxy_http cache cache_disk access_compat")
            server.allow_log(r"AB0101: refused: ", r"AH00\d+: .*cache")
            server.expect_log(r"\[auth_bearer:warn\] .*AB0309: .*<Location \"/open\">")
            started[more] = server
        return started[more]

    return get


def seen(answer):
    """What the backend got, names as it got them."""
    assert answer.status == 200, answer
    return {name: value for name, value in json.loads(answer.body)}


@pytest.mark.parametrize("method, path, token, status", [
    ("GET", "/open", None, 200),                                # no Require: that of the folder
    ("GET", "/any", None, 200), ("GET", "/any", {"exp": 1}, 200),
    ("GET", "/either", None, 200),
    ("GET", "/limit", None, 401), ("POST", "/limit", None, 200),
    ("GET", "/except", None, 401), ("POST", "/except", None, 401), ("PUT", "/except", None, 401),
    ("GET", "/except", {}, 200), ("POST", "/except", {}, 403), ("HEAD", "/except", None, 401),
    ("POST", "/except", {"scope": "write"}, 200),
    ("GET", "/and/more", {"scope": "admin"}, 403),
    ("GET", "/and/more", {"scope": "read admin"}, 200),
    ("GET", "/and/instead", {"scope": "admin"}, 200),
    ("GET", "/far", {}, 302),
])
def test_sections(servers, method, path, token, status):
    headers = [bearer(good(**token))] if token is not None else []
    answer = servers().request(method, path, headers, b"x" if method == "POST" else None)
    assert answer.status == status, answer


def test_an_error_page_behind_another_wall(servers):
    answer = servers().get("/page")
    assert answer.status == 401 and "a walled page" not in answer.text


def test_a_cache_before_authentication(servers):
    """What rules let in without a token goes to everybody from the quick handler; what a token
    opened does not."""
    server, office = servers(), [("X-From", "office")]
    assert server.get("/cached/a", token=good()).status == 200
    assert server.get("/cached/a").status == 401
    assert server.get("/cached/b", office).status == 200
    server.wait_for(lambda: server.get("/cached/b").status == 200, "an answer from the cache")


@pytest.mark.parametrize("how", [{"token": good()}, {"headers": [("X-From", "office")]}])
def test_a_cache_after_authentication(servers, how):
    server = servers("CacheQuickHandler off\n")
    for _ in range(2):
        assert server.get("/cached/c", **how).status == 200
        assert server.get("/cached/c").status == 401


def test_headers_for_a_backend(servers):
    server = servers()
    token = bearer(good())
    assert seen(server.get("/api", [token, ("X-Remote-User", "root")]))["X-Remote-User"] == "alice"
    folded = seen(server.get("/api", [token, ("X_Remote_User", "root")]))
    assert folded.get("X_Remote_User") == "root"
    dropped = seen(server.get("/api", [token, ("Connection", "close, X-Remote-User")]))
    assert "X-Remote-User" not in dropped
    assert seen(server.get("/bare", [("X-Remote-User", "root")]))["X-Remote-User"] == "root"


def test_headers_unset_early(servers):
    server = servers("RequestHeader unset X-Remote-User early\n"
                     "RequestHeader unset X_Remote_User early\n")
    sent = [("X-Remote-User", "root"), ("X_Remote_User", "root")]
    assert not {"X-Remote-User", "X_Remote_User"} & set(seen(server.get("/bare", sent)))
    inside = seen(server.get("/api", [bearer(good()), *sent]))
    assert inside["X-Remote-User"] == "alice" and "X_Remote_User" not in inside


def test_a_prefix_keeps_users_apart(serve):
    users = "root:{SHA}" + base64.b64encode(hashlib.sha1(b"secret").digest()).decode() + "\n"
    without = serve(PREFIXED % "", {"users": users})
    with_prefix = serve(PREFIXED % "user-prefix=idp/", {"users": users})
    without.expect_log(r"\[auth_bearer:warn\] .*AB0311: .*want user-prefix=")
    with_prefix.expect_log("refused: rule_denied")
    for server, status in ((without, 200), (with_prefix, 403)):
        assert server.get("/", token=good(sub="root")).status == status
        assert server.get("/", [basic("root", "secret")]).status == 200


def test_trace_sends_the_token_back(serve):
    server = serve("TraceEnable on\n" + location("/api", "Require scope read"))
    server.expect_log(r"\[auth_bearer:warn\] .*AB0305: .*TraceEnable off")
    token = good()
    answer = client.request(server.port, "TRACE", "/api", [bearer(token)])
    assert answer.status == 200 and token in answer.text
