"""Every file of conf.example: a server starts with it, finds the keys where that issuer publishes
them, and tokens of its shape get the answers that the rules promise."""

import json
import shutil
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import urljoin

import pytest

from expect import ANY_PATH, ECHO, await_keys, passed, refused
from server import PROJECT, run_user
from tokens import b64url_decode, basic, bearer, jwks, key, mint, remember, store
from worldwide import World, oauth_address, openid_address

FOLDER = PROJECT / "conf.example"
TENANT = "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0"
POOL = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab1Cd2Ef3"
LOGIN = "https://login.example.com"
API = "https://api.example.com"
OWN = {"iss": LOGIN, "aud": API, "sub": "alice", "scope": "read write"}
GITHUB = {"iss": "https://token.actions.githubusercontent.com", "aud": "https://deploy.example.com",
          "sub": "repo:octo/site:environment:production", "repository": "octo/site",
          "repository_id": "123456789", "repository_owner_id": "987654", "ref": "refs/heads/main",
          "event_name": "push", "environment": "production"}
GITLAB = {"iss": "https://gitlab.example.com", "aud": "https://deploy.example.com",
          "sub": "project_path:group/site:ref_type:branch:ref:main", "project_id": "4711",
          "project_path": "group/site", "ref": "main", "ref_type": "branch",
          "ref_protected": "true"}
POD = {"namespace": "payments", "serviceaccount": {"name": "reporter", "uid": "a-b"}}
CLUSTER = "https://kubernetes.default.svc.cluster.local"
CLUSTER_TOKEN = remember("the-token-of-the-service-account-key-reader")

# Where the issuers have their key sets, from their metadata, and the metadata itself.
ISSUERS = {
    LOGIN: ("/oauth2/jwks", oauth_address),
    LOGIN + "/realms/main": ("/realms/main/protocol/openid-connect/certs", openid_address),
    TENANT: (TENANT.replace("/v2.0", "/discovery/v2.0/keys"), openid_address),
    "https://example.eu.auth0.com/": ("/.well-known/jwks.json", openid_address),
    "https://example.okta.com/oauth2/default": ("/oauth2/default/v1/keys", openid_address),
    POOL: (POOL + "/.well-known/jwks.json", openid_address),
    GITHUB["iss"]: ("/.well-known/jwks", openid_address),
    GITLAB["iss"]: ("/oauth/discovery/keys", openid_address),
    # An API server names itself by its address.
    CLUSTER: ("https://10.96.0.1:6443/openid/v1/jwks", openid_address),
}
# What of the other issuers' ways differs.
OTHERWISE = {CLUSTER: {"kind": "application/jwk-set+json", "token": CLUSTER_TOKEN}}
OFFLINE = "offline-keys"


class Example:
    """What a file's issuer sends and how it must be answered.

    typ: of the header. user: who a good token makes. schemes: of the challenges. scope: what they
    name, None where no scope would help. wrong: changes that make it a 403. foreign: one that makes
    it a 401."""

    def __init__(self, path, claims, user, wrong, scope=None, first=None, typ="JWT", foreign=None,
                 reason="audience_wrong", good=(), schemes="Bearer"):
        self.path, self.claims, self.user, self.typ = path, claims, user, typ
        self.wrong, self.scope, self.first = wrong, scope, first or scope
        self.foreign, self.reason = foreign or {"aud": "https://other.example.com"}, reason
        self.good = [{}, *good]
        self.schemes = schemes.split()

    def token(self, **changes):
        now = int(time.time())
        claims = {"iat": now, "exp": now + 300, "jti": "1", **self.claims, **changes}
        claims = {name: value for name, value in claims.items() if value is not None}
        return mint(key("rsa"), "RS256", claims, {"typ": self.typ})


EXAMPLES = {
    "first-steps": Example("/api", OWN, "alice", [{"scope": "write"}, {"scope": None}], "read",
                           typ="at+jwt"),
    "offline-keys": Example("/api", OWN, "alice", [{"scope": "write"}], "read", typ="at+jwt"),
    "keycloak": Example(
        "/api", {"iss": LOGIN + "/realms/main", "aud": [API, "account"], "sub": "f:1:alice",
                 "typ": "Bearer", "azp": "web", "scope": "openid profile",
                 "preferred_username": "alice", "realm_access": {"roles": ["x", "report-reader"]}},
        "f:1:alice", [{"realm_access": {"roles": ["x"]}}, {"realm_access": None},
                      {"realm_access": "report-reader"}]),
    "entra": Example(
        "/api", {"iss": TENANT, "aud": "66666666-7777-8888-9999-000000000000", "ver": "2.0",
                 "oid": "oid-1", "sub": "pairwise", "tid": "11111111-2222-3333-4444-555555555555",
                 "scp": "Reports.Read User.Read"},
        "oid-1", [{"scp": "User.Read"}, {"scp": None}, {"scp": None, "roles": ["Other"]}],
        "Reports.Read", first=..., good=[{"scp": None, "roles": ["Reports.Read.All"]}]),
    "auth0": Example(
        "/api", {"iss": "https://example.eu.auth0.com/", "aud": [API, "https://x/userinfo"],
                 "sub": "auth0|123", "azp": "client", "scope": "openid",
                 "permissions": ["read:reports"]},
        "auth0|123", [{"permissions": []}, {"permissions": None, "scope": "read:reports"}],
        "read:reports"),
    "okta": Example(
        "/api", {"iss": "https://example.okta.com/oauth2/default", "aud": "api://default",
                 "sub": "alice@example.com", "uid": "00u1", "cid": "0oa1",
                 "scp": ["openid", "reports.read"]},
        "00u1", [{"scp": ["openid"]}, {"scp": ["openid reports.read"]}], "reports.read", typ=None),
    "cognito": Example(
        "/api", {"iss": POOL, "sub": "uuid-1", "username": "alice", "token_use": "access",
                 "client_id": "1example23456789", "scope": "openid reports/read"},
        "uuid-1", [{"client_id": "another"}, {"client_id": None}, {"token_use": "other"}],
        first="reports/read", typ=None, foreign={"iss": POOL[:-1] + "4"}, reason="issuer_unknown"),
    "github-actions": Example(
        "/deploy", GITHUB, GITHUB["sub"],
        [{"repository_id": "1"}, {"repository_id": 123456789}, {"ref": "refs/heads/other"},
         {"event_name": "pull_request_target"}, {"environment": None},
         {"repository_owner_id": "1"}], good=[{"event_name": "workflow_dispatch"}]),
    "gitlab-ci": Example(
        "/deploy", GITLAB, GITLAB["sub"],
        [{"project_id": "1"}, {"ref_protected": "false"}, {"ref_type": "tag"}, {"ref": "x"}]),
    "kubernetes": Example(
        "/reports", {"iss": CLUSTER, "aud": ["https://reports.example.com"], "kubernetes.io": POD,
                     "sub": "system:serviceaccount:payments:reporter"},
        "system:serviceaccount:payments:reporter",
        [{"kubernetes.io": {**POD, "namespace": "other"}}, {"kubernetes.io": None},
         {"kubernetes.io": {**POD, "serviceaccount": {"name": "other"}}},
         {"kubernetes": {"io": POD}, "kubernetes.io": None}], typ=None),
    "basic-and-bearer": Example(
        "/files", {**OWN, "aud": "https://files.example.com", "scope": "files.read"}, "idp/alice",
        [{"scope": "read"}, {"sub": "backup", "scope": "read"}], "files.read", first=...,
        typ="at+jwt", schemes="Bearer Basic"),
    "git": Example(
        "/git/project.git/info/refs", {**OWN, "aud": "https://git.example.com",
                                       "scope": "git.read"}, "idp/alice",
        [{"scope": "git.write"}, {"sub": "backup", "scope": "read"}], "git.read", first=...,
        typ="at+jwt", schemes="Bearer Basic"),
    "svn": Example(
        "/svn/index.html", {**OWN, "aud": "https://svn.example.com", "scope": "svn.read"}, "alice",
        [{"scope": "svn.write"}, {"scope": None}], "svn.read", typ="at+jwt",
        schemes="Bearer Basic"),
    "webdav": Example(
        "/dav/index.html", {**OWN, "aud": "https://dav.example.com", "scope": "dav.read"}, "alice",
        [{"scope": "dav.write"}, {"scope": None}], "dav.read", typ="at+jwt",
        schemes="Bearer Basic"),
    "reverse-proxy": Example("/api", {**OWN, "tenant": "blue"}, "alice", [{"scope": "write"}],
                             "read", typ="at+jwt"),
    "minted-backend": Example("/orders", {**OWN, "scope": "orders.read"}, "alice",
                              [{"scope": "read"}], "orders.read", typ="at+jwt"),
    "cookie-and-websocket": Example("/app", OWN, "alice", [{"scope": "write"}], "read",
                                    typ="at+jwt"),
    "report-only": Example("/api", OWN, "alice", [{"scope": "write"}], "read", typ="at+jwt"),
}
PROXIED, BESIDE, COOKIE = "reverse-proxy", "basic-and-bearer", "cookie-and-websocket"
WATCHED, MINTED = "report-only", "minted-backend"
# What is only watched is judged here as it will be when that line is gone.
REPORT = "    AuthBearerEnforce   report\n"
LOGIN_SHOWN = 'Header always set X-Login "%{API_LOGIN}e"\n'


class Backend(BaseHTTPRequestHandler):
    """Answers with the index, and keeps what came."""
    seen = []

    def do_GET(self):
        Backend.seen.append(self.headers)
        self.send_response(200)
        self.send_header("Content-Length", "13")
        self.end_headers()
        self.wfile.write(b"<p>the index\n")

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def backend():
    server = HTTPServer(("127.0.0.1", 0), Backend)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def world():
    """The issuers. Each has a key for encryption beside the one for tokens, as Keycloak does."""
    keys = jwks([key("rsa"), key("rsa", 3).jwk(use="enc", alg="RSA-OAEP")])
    with World() as world:
        for issuer, (place, address) in ISSUERS.items():
            world.issuer(issuer, place, keys, address, **OTHERWISE.get(issuer, {}))
        yield world


def repository(root):
    """A Subversion repository with the index."""
    folder = root / "srv/svn/project"
    folder.mkdir(parents=True)
    for command in (["svnadmin", "create", folder],
                    ["svn", "import", "-q", "-m", "first", root / "docs", f"file://{folder}"]):
        subprocess.run(command, check=True)
    if run_user():
        for path in folder.rglob("*"):
            shutil.chown(path, *run_user())


def share(root):
    shutil.copytree(root / "docs", root / "srv/dav")


# Modules that an example wants, what stands where it looks, and examples with paths of their own.
MODULES = {PROXIED: "proxy proxy_http", COOKIE: "proxy proxy_http", MINTED: "proxy proxy_http",
           "git": "cgi", "svn": "dav dav_svn", "webdav": "dav dav_fs"}
PREPARE = {"svn": repository, "webdav": share}
OWN_PATHS = (PROXIED, COOKIE, MINTED, "webdav")


@pytest.fixture(scope="module")
def servers(backend, world, serve):
    """The server of an example, started once. It has its keys."""
    started = {}

    def start(name):
        files = {"login.jwks": jwks([key("rsa")]),
                 "kubernetes-ca.crt": world.authority.file.read_text(),
                 "kubernetes.token": CLUSTER_TOKEN + "\n",
                 "gateway.pem": (store() / f"{key('p256', 5).name}.pem").read_text(),
                 "users": "backup:{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=\n"}      # test
        text = world.configuration((FOLDER / f"{name}.conf").read_text())
        text = text.replace(REPORT, "").replace("/etc/apache2/bearer/", "{keys}/")
        text = text.replace(":8080/", f":{backend}/").replace("/srv/", "{root}/srv/")
        asked = len(world.asked())
        before = ECHO + LOGIN_SHOWN + ("" if name in OWN_PATHS else ANY_PATH)
        server = serve(before + text, {f"keys/{file}": what for file, what in files.items()},
                       modules=MODULES.get(name, ""), prepare=PREPARE.get(name))
        server.allow_log("AH00671")     # that the path of an example is one of any
        await_keys(server, EXAMPLES[name].path, EXAMPLES[name].token())
        server.asked = [one.url for one in world.asked()[asked:]]
        return server

    def get(name):
        if name not in started:
            started[name] = start(name)
        return started[name]

    return get


@pytest.fixture(params=EXAMPLES)
def case(request, servers):
    return servers(request.param), EXAMPLES[request.param]


def test_every_file_has_a_row():
    assert {path.stem for path in FOLDER.iterdir()} == set(EXAMPLES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_it_starts_without_a_warning(servers, name):
    lines = [line for line in servers(name).log().splitlines() if "AB03" in line]
    assert len(lines) == 1 and "AB0301" in lines[0], lines


@pytest.mark.parametrize("name", EXAMPLES)
def test_files_are_named_where_they_must(name):
    """Where an issuer can be asked nothing has to be fetched by hand."""
    text = (FOLDER / f"{name}.conf").read_text()
    assert ("keys=jwks:" in text) == (name == OFFLINE)


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name != OFFLINE])
def test_what_the_issuer_is_asked(servers, name):
    """The metadata at its addresses until one has it, then the set; nothing else, nobody else."""
    issuer = EXAMPLES[name].claims["iss"]
    place, address = ISSUERS[issuer]
    wanted = [oauth_address(issuer)]
    wanted += [openid_address(issuer)] if address is openid_address else []
    wanted += [urljoin(issuer, place)]
    assert servers(name).asked == wanted


def test_no_token(case):
    server, example = case
    answer = server.get(example.path)
    assert (answer.status, answer.header("X-Reason")) == (401, "no_token"), answer
    assert "error" not in answer.bearer
    assert answer.bearer.get("scope") == (None if example.first is ... else example.first)
    assert [value.split()[0] for value in answer.challenges] == example.schemes


def test_a_token_of_the_right_shape(case):
    server, example = case
    for changes in example.good:
        passed(server.get(example.path, token=example.token(**changes)), example.user)


def test_a_token_that_may_not(case):
    server, example = case
    for changes in example.wrong:
        answer = server.get(example.path, token=example.token(**changes))
        refused(server, answer, "scope_lacking" if example.scope else "rule_denied", example.scope)


def test_a_foreign_token(case):
    server, example = case
    refused(server, server.get(example.path, token=example.token(**example.foreign)),
            example.reason)


@pytest.mark.parametrize("changes", [{"at_hash": "x"}, {"typ": "ID"}, {"token_use": "id"}])
def test_an_id_token(case, changes):
    server, example = case
    refused(server, server.get(example.path, token=example.token(**changes)), "type_wrong")


def test_another_signer(case):
    server, example = case
    now = int(time.time())
    forged = mint(key("rsa", 2), "RS256", {**example.claims, "exp": now + 300},
                  {"typ": example.typ, "kid": "rsa-1"})
    refused(server, server.get(example.path, token=forged), "signature_bad")


def test_cognito_names_the_missing_scope(servers):
    server, example = servers("cognito"), EXAMPLES["cognito"]
    refused(server, server.get("/api", token=example.token(scope="openid")), "scope_lacking",
            "reports/read")


@pytest.mark.parametrize("login", ["alice", None])
def test_keycloak_shows_the_login(servers, login):
    """As a variable, beside the user that rules are about."""
    token = EXAMPLES["keycloak"].token(preferred_username=login)
    answer = servers("keycloak").get("/api", token=token)
    passed(answer, "f:1:alice")
    assert answer.header("X-Login") == (login or "(null)")


@pytest.mark.parametrize("name", [name for name, example in EXAMPLES.items()
                                  if "Basic" in example.schemes])
def test_a_token_as_password(servers, name):
    example = EXAMPLES[name]
    for user in ("bearer", "x-access-token", "", example.user):
        answer = servers(name).get(example.path, [basic(user, example.token())])
        passed(answer, example.user, "Basic")


def test_passwords_beside_tokens(servers):
    server, example = servers(BESIDE), EXAMPLES[BESIDE]
    passed(server.get("/files", [basic("backup", "test")]), "backup", "Basic")
    assert server.get("/files", [basic("backup", "wrong")]).status == 401
    refused(server, server.get("/files", [basic("alice", example.token())]), "user_missing")


def test_what_a_backend_sees(servers):
    server, example = servers(PROXIED), EXAMPLES[PROXIED]
    Backend.seen.clear()
    hostile = [("X-Remote-User", "root"), ("x_remote_user", "admin"), ("X-Tenant", "red"),
               ("Connection", "close, X-Tenant")]
    answer = server.get("/api/a?b=c", [*hostile, bearer(example.token())])
    assert answer.status == 200 and len(Backend.seen) == 1
    headers = Backend.seen[0]
    assert headers.get_all("X-Remote-User") == ["alice"]
    assert headers.get_all("X-Tenant") == ["blue"]
    assert headers.get_all("Authorization") is None
    server.get("/api", hostile)
    assert len(Backend.seen) == 1, "a refused request reached the backend"
    server.expect_log(r"refused: no_token")


def test_a_backend_with_a_token_of_its_own(servers):
    server, example = servers(MINTED), EXAMPLES[MINTED]
    Backend.seen.clear()
    token = example.token()
    answer = server.get("/orders/1", [("x_user", "root"), bearer(token)])
    assert answer.status == 200 and len(Backend.seen) == 1
    headers = Backend.seen[0]
    assert (headers.get_all("X-User"), headers.get_all("x_user")) == (["alice"], None)
    made, = headers.get_all("Authorization")
    assert made.startswith("Bearer ") and remember(made[len("Bearer "):]) != token
    claims = json.loads(b64url_decode(made.split(".")[1]))
    assert {name: claims[name] for name in ("iss", "aud", "sub", "scope", "idp")} == {
        "iss": "https://gateway.example.com", "aud": "https://orders.internal", "sub": "alice",
        "scope": "orders.read", "idp": LOGIN}


CSRF = [
    ([], True), ([("Sec-Fetch-Site", "same-origin")], True), ([("Sec-Fetch-Site", "none")], True),
    ([("Origin", "https://app.example.com")], True),
    ([("Sec-Fetch-Site", "cross-site")], False), ([("Sec-Fetch-Site", "same-site")], False),
    ([("Origin", "https://evil.example")], False), ([("Origin", "null")], False),
    ([("Origin", "https://app.example.com.evil.example")], False),
]


@pytest.mark.parametrize("headers,own", CSRF)
def test_cookies_of_foreign_pages(servers, headers, own):
    server, example = servers(COOKIE), EXAMPLES[COOKIE]
    sent = [("Cookie", f"theme=dark; __Host-session={example.token()}"), *headers]
    Backend.seen.clear()
    answer = server.get("/app/x", sent)
    if not own:
        assert (answer.status, Backend.seen) == (403, []), answer
        return
    passed(answer)
    assert Backend.seen[0].get_all("Cookie") == ["theme=dark"]
    assert answer.header("Cache-Control") == "private"


def test_what_is_watched(world, serve):
    """The file as it stands: everybody gets in, and the log says what would have been."""
    text = world.configuration((FOLDER / f"{WATCHED}.conf").read_text())
    server, example = serve(ECHO + ANY_PATH + text), EXAMPLES[WATCHED]
    server.allow_log(r"AB0103: would be refused: ")
    server.expect_log(r"AB0314: AuthBearerEnforce report")
    for token, reason in ((None, "no_token"), (example.token(scope="x"), "scope_lacking"),
                          (example.token(), "accepted")):
        def as_told(token=token, reason=reason):
            answer = server.get("/api", token=token)
            assert (answer.status, answer.header("X-User")) == (200, ""), answer
            return f" /api 200 {reason}\n" in server.log("rollout_log")
        server.wait_for(as_told, reason)
