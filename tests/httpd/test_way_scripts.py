"""CGI and FastCGI programs: they are told who asks, and never see the token unless the
administrator says so."""

import pytest

from expect import ECHO, TRUST, refused
from fastcgi import Responder
from tokens import bearer, good

RULES = TRUST + "AuthBearerEnv sub scope realm_access.roles=ROLES\nRequire valid-user\n"
SCRIPT = "#!/bin/sh\necho Content-Type: text/plain\necho\nenv\ncat\n"
FASTCGI = "fcgi://127.0.0.1:{fcgi}/"
# Way -> path of the program, what stands in its Location beside the rules.
WAYS = {
    "cgi": ("/cgi/env.cgi", ""),
    "cgi-index": ("/index/", ""),
    "cgi-alias": ("/bin/env.cgi/path/info?query", ""),
    "cgi-action": ("/action/page.act", ""),
    "fcgi": ("/fcgi/a.fcgi", f'ProxyPass "{FASTCGI}"\n'),
    "fcgi-handler": ("/handler/a.fcgi", f'SetHandler "proxy:{FASTCGI}"\n'),
    "fcgi-balancer": ("/balancer/a.fcgi", 'ProxyPass "balancer://fcgi/"\n'),
    "fcgi-pass": ("/fcgipass/a.fcgi", f'AuthBearerPass On\nProxyPass "{FASTCGI}"\n'),
    "cgi-asked": ("/asked/env.cgi", "CGIPassAuth On\n"),
    "fcgi-asked": ("/asked-fcgi/a", f'CGIPassAuth On\nProxyPass "{FASTCGI}"\n'),
    "fcgi-both": ("/both/a", f'CGIPassAuth On\nAuthBearerPass On\nProxyPass "{FASTCGI}"\n'),
}
# CGI has no other way to the token; for FastCGI, which mod_proxy speaks, both must say so.
TOKEN = {"cgi-asked", "fcgi-both"}

CONF = ECHO + """
<Directory "{docs}">
    Options +ExecCGI
    AddHandler cgi-script .cgi
</Directory>
<Directory "{docs}/index">
    DirectoryIndex env.cgi
</Directory>
ScriptAlias "/bin" "{docs}/cgi"
Action act-type /runner/env.cgi
<Location "/action">
    AddHandler act-type .act
</Location>
<Location "/runner">
""" + RULES + """</Location>
<Proxy "balancer://fcgi">
    BalancerMember "fcgi://127.0.0.1:{fcgi}"
</Proxy>
""" + "".join(f'<Location "{path[:path.index("/", 1)]}">\n{more}{RULES}</Location>\n'
              for path, more in WAYS.values())


@pytest.fixture(scope="module")
def responder():
    with Responder() as made:
        yield made


@pytest.fixture(scope="module")
def server(serve, responder):
    files = {f"docs/{name}/env.cgi": SCRIPT for name in ("cgi", "index", "runner", "asked")}
    files["docs/action/page.act"] = "x"
    return serve(CONF.replace("{fcgi}", str(responder.port)), files,
                 modules="cgi actions proxy proxy_fcgi proxy_balancer lbmethod_byrequests "
                         "slotmem_shm")


def environment(answer):
    assert answer.status == 200, answer
    return dict(line.partition("=")[::2] for line in answer.text.splitlines() if "=" in line)


ROLES = {"roles": ["x", "y"]}
SMUGGLED = [("X-Kept", "yes"), ("Remote-User", "root"), ("Auth-Type", "Basic"),
            ("BEARER-CLAIM-SUB", "root"), ("Proxy-Authorization", "Basic cm9vdDpyb290")]

pytestmark = pytest.mark.mpm


@pytest.mark.parametrize("way", WAYS)
def test_what_a_program_is_told(server, responder, way):
    path, _ = WAYS[way]
    token = good(sub="bob", scope="a b", realm_access=ROLES)
    env = environment(server.get(path, SMUGGLED, token=token))
    assert (env["REMOTE_USER"], env["AUTH_TYPE"]) == ("bob", "Bearer"), env
    assert (env["BEARER_CLAIM_SUB"], env["BEARER_CLAIM_SCOPE"]) == ("bob", "a b")
    assert (env["ROLES"], env["BEARER_REASON"]) == ('["x","y"]', "accepted")
    assert env["HTTP_X_KEPT"] == "yes"
    shown = {name: value for name, value in env.items() if token in value}
    assert shown == ({"HTTP_AUTHORIZATION": f"Bearer {token}"} if way in TOKEN else {}), shown


@pytest.mark.parametrize("way", WAYS)
def test_nobody_is_told_of_a_refused_one(server, responder, way):
    path, _ = WAYS[way]
    responder.seen.clear()
    refused(server, server.get(path, SMUGGLED), "no_token")
    refused(server, server.get(path, token=good(exp=1)), "expired")
    assert responder.seen == []


@pytest.mark.parametrize("way", ["cgi", "cgi-action", "fcgi"])
def test_a_body(server, way):
    body = bytes(range(32, 127)) * 100
    answer = server.request("POST", WAYS[way][0], [bearer(good())], body)
    assert answer.status == 200 and answer.body.endswith(b"\n" + body)


@pytest.mark.parametrize("way", ["cgi", "fcgi", "fcgi-handler"])
def test_one_user_after_the_other(server, way):
    """The connection to a FastCGI program may be kept, the user is not."""
    for claims in ({"sub": "alice", "realm_access": ROLES}, {"sub": "bob"}, {"sub": "alice"}):
        env = environment(server.get(WAYS[way][0], token=good(**claims)))
        assert env["REMOTE_USER"] == env["BEARER_CLAIM_SUB"] == claims["sub"]
        assert ("ROLES" in env) == ("realm_access" in claims)
