"""In which section the rules stand: each holds for what it covers, for every method and spelling of
a path that httpd takes for the same, and for nothing else."""

import pytest

from expect import ECHO, TRUST, passed, refused
from makers import signed
from tokens import AUDIENCE, good

OTHER = "https://other.example"
AT_SERVER = """
AuthBearerIssuer https://as.example keys=jwks:{keys}/as.jwks
AuthBearerAudience https://api.example
"""
SIGN_IN = "AuthType Bearer\nAuthName api\n"
CONF = ECHO + AT_SERVER + 'AliasMatch "^/(if|rx|limit)" "{docs}/index.html"\n' + f"""
<If "%{{REQUEST_URI}} =~ m#^/if/secret#">
    {SIGN_IN}
    Require scope read
</If>
<If "%{{REQUEST_URI}} =~ m#^/if/either# && -n %{{HTTP:Authorization}}">
    {SIGN_IN}
    Require scope read
</If>
<ElseIf "%{{REQUEST_URI}} =~ m#^/if/either#">
    Require ip 192.0.2.1
</ElseIf>
<If "%{{REQUEST_URI}} =~ m#^/if/tenant#">
    {SIGN_IN}
    Require valid-user
    <If "%{{HTTP_HOST}} == 'other.example'">
        AuthBearerAudience {OTHER}
    </If>
    <Else>
        Require scope write
    </Else>
</If>
<LocationMatch "^/rx/(?<ROOM>[a-z]+)/">
    {SIGN_IN}
    Require claim room exists
</LocationMatch>
<LocationMatch "^/rx/strict/(?<ROOM>[a-z]+)">
    {SIGN_IN}
    AuthMerging Off
    Require expr "%{{env:MATCH_ROOM}} == bearer('room')"
</LocationMatch>
<Location "/limit/writes">
    {SIGN_IN}
    <LimitExcept GET OPTIONS>
        Require scope write
    </LimitExcept>
    <Limit GET OPTIONS>
        Require all granted
    </Limit>
</Location>
<Location "/limit/put">
    {SIGN_IN}
    <Limit PUT>
        Require scope write
    </Limit>
    <LimitExcept PUT>
        Require all denied
    </LimitExcept>
</Location>
<Directory "{{docs}}/files">
    <Files "*.secret">
        {SIGN_IN}
        Require valid-user
    </Files>
    <FilesMatch "^[ab]+\\.html$">
        {SIGN_IN}
        AuthBearerAudience {OTHER}
        Require valid-user
    </FilesMatch>
</Directory>
<Directory "{{docs}}/outer">
    {SIGN_IN}
    Require scope read
    <Files "inner.html">
        AuthMerging And
        Require scope write
        <If "%{{QUERY_STRING}} == 'open'">
            AuthMerging Off
            Require all granted
        </If>
    </Files>
</Directory>
<Directory "{{docs}}/outer/deep">
    AuthBearerAudience {OTHER}
</Directory>
<DirectoryMatch "/tenants/[a-z]+">
    {SIGN_IN}
    Require valid-user
</DirectoryMatch>
<Directory "{{docs}}/ht">
    AllowOverride AuthConfig
</Directory>
"""
INDEX = "<p>the index\n"
FILES = {f"docs/{name}": INDEX for name in (
    "files/a.secret", "files/ab.html", "files/open.html", "outer/page.html", "outer/inner.html",
    "outer/deep/page.html", "outer/deep/inner.html", "tenants/red/page.html",
    "ht/on/page.html", "ht/on/open/page.html", "ht/on/more/page.html", "ht/none/page.html",
    "ht/if/page.html", "ht/files/page.html", "ht/files/a.secret")}
FILES.update({
    "docs/ht/on/.htaccess": SIGN_IN + "Require scope read\n",
    "docs/ht/on/open/.htaccess": "Require all granted\n",
    "docs/ht/on/more/.htaccess": "AuthMerging And\nRequire claim level >= 3\n",
    "docs/ht/if/.htaccess": '<If "%{QUERY_STRING} != \'open\'">\n' + SIGN_IN
                            + "Require valid-user\n</If>\n",
    "docs/ht/files/.htaccess": '<Files "*.secret">\n' + SIGN_IN + "Require valid-user\n</Files>\n",
})


@pytest.fixture(scope="module")
def server(serve):
    server = serve(CONF, FILES)
    server.allow_log("refused: (audience_wrong|scope_lacking|rule_denied)")
    return server


OPEN, US = "", "=alice"
READ, WRITE = signed(), signed(scope="write")
THEIRS = signed(aud=OTHER)
# (method, path, outcome without a token, then what makes one and its outcome: a reason, or the user
# behind `=`; "" is the page for anybody, a number a bare status)
ROWS = [
    ("GET", "/if/secret", "no_token", READ, US), ("POST", "/if/secret/x", "no_token", READ, US),
    ("GET", "/if/secret", "no_token", WRITE, "scope_lacking"),
    ("GET", "/if/public", OPEN, READ, OPEN), ("GET", "//if/./secret", "no_token", READ, US),
    ("GET", "/if/x/../secret", "no_token", READ, US), ("GET", "/if/s%65cret", "no_token", READ, US),
    ("GET", "/if/either", 403, READ, US), ("GET", "/if/either", 403, WRITE, "scope_lacking"),
    ("GET", "/if/either", 403, THEIRS, "audience_wrong"),
    ("GET", "/if/tenant", "no_token", WRITE, US),
    ("GET", "/if/tenant", "no_token", READ, "scope_lacking"),
    ("GET", "/if/tenant", "no_token", THEIRS, "audience_wrong"),
    ("GET", "other.example/if/tenant", "no_token", THEIRS, US),
    ("GET", "other.example/if/tenant", "no_token", WRITE, "audience_wrong"),
    ("GET", "/rx/red/a", "no_token", signed(room="red"), US),
    ("GET", "/rx/red/a", "no_token", READ, "rule_denied"),
    ("GET", "/rx/Red/a", OPEN, READ, OPEN), ("GET", "/rx/red", OPEN, READ, OPEN),
    ("GET", "/rx/red%2fa", 404, READ, 404), ("GET", "//rx//red//a", "no_token",
                                             signed(room="red"), US),
    ("GET", "/rx/strict/red", "no_token", signed(room="red"), US),
    ("GET", "/rx/strict/red", "no_token", signed(room="blue"), "rule_denied"),
    ("GET", "/rx/strict/red", "no_token", READ, "rule_denied"),
    ("GET", "/limit/writes", OPEN, WRITE, OPEN), ("OPTIONS", "/limit/writes", 200, WRITE, 200),
    ("HEAD", "/limit/writes", 200, READ, 200),
    ("POST", "/limit/writes", "no_token", READ, "scope_lacking"),
    ("POST", "/limit/writes", "no_token", WRITE, US),
    ("DELETE", "/limit/writes", "no_token", READ, "scope_lacking"),
    ("PROPFIND", "/limit/writes", "no_token", READ, "scope_lacking"),
    ("BREW", "/limit/writes", "no_token", READ, "scope_lacking"),
    ("PUT", "/limit/put", "no_token", READ, "scope_lacking"),
    ("GET", "/limit/put", 403, WRITE, 403), ("BREW", "/limit/put", 403, WRITE, 403),
    ("GET", "/files/a.secret", "no_token", READ, US), ("GET", "/files/open.html", OPEN, READ, OPEN),
    ("GET", "/files/ab.html", "no_token", THEIRS, US),
    ("GET", "/files/ab.html", "no_token", READ, "audience_wrong"),
    ("GET", "/files/a.secret", "no_token", THEIRS, "audience_wrong"),
    ("GET", "/files/a.secret/more", "no_token", THEIRS, "audience_wrong"),
    ("GET", "/outer/page.html", "no_token", READ, US),
    ("GET", "/outer/page.html", "no_token", WRITE, "scope_lacking"),
    ("GET", "/outer/inner.html", "no_token", READ, "scope_lacking"),
    ("GET", "/outer/inner.html", "no_token", signed(scope="read write"), US),
    ("GET", "/outer/inner.html?open", OPEN, READ, OPEN),
    ("GET", "/outer/page.html?open", "no_token", READ, US),
    ("GET", "/outer/deep/page.html", "no_token", READ, "audience_wrong"),
    ("GET", "/outer/deep/page.html", "no_token", THEIRS, US),
    ("GET", "/outer/deep/inner.html", "no_token", THEIRS, "scope_lacking"),
    ("GET", "/tenants/red/page.html", "no_token", READ, US),
    ("GET", "/ht/none/page.html", OPEN, READ, OPEN),
    ("GET", "/ht/on/page.html", "no_token", READ, US),
    ("GET", "/ht/on/page.html", "no_token", WRITE, "scope_lacking"),
    ("GET", "/ht/on/page.html", "no_token", THEIRS, "audience_wrong"),
    ("GET", "/ht/on/open/page.html", OPEN, READ, OPEN),
    ("GET", "/ht/on/more/page.html", "no_token", READ, "rule_denied"),
    ("GET", "/ht/on/more/page.html", "no_token", signed(level=3), US),
    ("GET", "/ht/on/more/page.html", "no_token", signed(level=3, scope="x"), "scope_lacking"),
    ("GET", "/ht/if/page.html", "no_token", READ, US), ("GET", "/ht/if/page.html?open", OPEN, READ,
                                                        OPEN),
    ("GET", "/ht/files/a.secret", "no_token", READ, US), ("GET", "/ht/files/page.html", OPEN, READ,
                                                          OPEN),
]


def check(server, answer, outcome):
    if isinstance(outcome, int):
        assert answer.status == outcome and answer.header("X-User") == "", answer
    elif outcome == OPEN or outcome.startswith("="):
        user = outcome[1:]
        assert (answer.header("X-User"), answer.challenges) == (user, []), answer
        assert answer.status in (200, 405), answer
        if answer.status == 200 and answer.header("Content-Length") != "0":
            passed(answer, user, "Bearer" if user else "")
    else:
        refused(server, answer, outcome, ...)


@pytest.mark.mpm
@pytest.mark.parametrize("method, path, without, make, outcome", ROWS,
                         ids=[f"{n} {row[0]} {row[1]}" for n, row in enumerate(ROWS)])
def test_section(server, method, path, without, make, outcome):
    host, slash, path = path.partition("/")
    headers = [("Host", host)] if host else []
    check(server, server.request(method, slash + path, headers), without)
    check(server, server.request(method, slash + path, headers, token=make()), outcome)


def test_htaccess_is_read_anew(server):
    """A rule that is written while the server runs holds for the next request, and for tokens that
    were known before."""
    token = good(aud=AUDIENCE)
    path = "/ht/none/page.html"
    passed(server.get(path, token=token), "", "")
    server.write("docs/ht/none/.htaccess", SIGN_IN + "Require scope write\n")
    refused(server, server.get(path), "no_token", "write")
    refused(server, server.get(path, token=token), "scope_lacking", "write")
    server.write("docs/ht/none/.htaccess", SIGN_IN + "Require scope read\n")
    passed(server.get(path, token=token))
    (server.docs / "ht/none/.htaccess").unlink()
    passed(server.get(path, token=token), "", "")
