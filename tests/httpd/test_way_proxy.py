"""Ways to a backend: it is asked for nobody who was refused, told the right user, and given no
token."""

import contextlib

import pytest

import client
from origin import Backend, answer, plain, upgraded
from expect import ECHO, TRUST, log_line
from tokens import AUDIENCE, bearer, good

OTHER = "https://other.example"
RULES = {"ours": TRUST + "Require valid-user\n",
         "theirs": TRUST.replace(AUDIENCE, OTHER) + "AuthBearerUser email\nRequire valid-user\n"}
USERS = {"ours": "alice", "theirs": "alice@mail.example"}
# Way -> configuration that leads a Location to the backend, outside and inside the section. {rules}
# stand outside where there is no section.
WAYS = {
    "pass": ('ProxyPass "{at}" "http://127.0.0.1:{backend}/x"\n', ""),
    "inside": ("", 'ProxyPass "http://127.0.0.1:{backend}/x"\n'),
    "match": ('ProxyPassMatch "^{at}(.*)" "http://127.0.0.1:{backend}/x$1"\n', ""),
    "rewrite": ('RewriteRule "^{at}(.*)" "http://127.0.0.1:{backend}/x$1" [P]\n', ""),
    "directory": ("", 'RewriteEngine On\nRewriteRule ".*" "http://127.0.0.1:{backend}/x" [P]\n'),
    "handler": ("", 'SetHandler "proxy:http://127.0.0.1:{backend}/x"\n'),
    "proxy": ('ProxyPass "{at}" "http://127.0.0.1:{backend}/for{at}"\n'
              '<Proxy "http://127.0.0.1:{backend}/for{at}*">\n{rules}</Proxy>\n', None),
    "proxy-match": ('RewriteRule "^{at}(.*)" "http://127.0.0.1:{backend}/for{at}$1" [P]\n'
                    '<ProxyMatch "^http://127.0.0.1:[0-9]*/for{at}">\n{rules}</ProxyMatch>\n',
                    None),
    "balancer": ('ProxyPass "{at}" "balancer://pool"\n', ""),
    "unix": ('ProxyPass "{at}" "unix:{root}/run/backend|http://localhost/x"\n', ""),
    "unix-handler": ("", 'SetHandler "proxy:unix:{root}/run/backend|http://localhost/x"\n'),
    "websocket": ('ProxyPass "{at}" "ws://127.0.0.1:{backend}/x"\n', ""),
    "upgrade": ('ProxyPass "{at}" "http://127.0.0.1:{backend}/up{at}" upgrade=websocket\n', ""),
}
MODULES = "proxy proxy_http proxy_balancer lbmethod_byrequests slotmem_shm proxy_wstunnel"
# Without it mod_proxy_http does the work for ws: too.
ALONE = "ProxyWebsocketFallbackToProxyHttp Off\n"
HANDSHAKE = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
             ("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==")]


def path(way, place):
    return f"/{way}-{place}"


def configuration():
    text = ECHO + """
RequestHeader set X-User "expr=%{REMOTE_USER}"
RewriteEngine On
<Proxy "balancer://pool">
    BalancerMember "http://127.0.0.1:{backend}/x"
</Proxy>
"""
    for way, (outside, inside) in WAYS.items():
        for place, rules in RULES.items():
            at = path(way, place)
            text += outside.replace("{at}", at).replace("{rules}", rules)
            if inside is not None:
                text += f'<Location "{at}">\n{inside}{rules}</Location>\n'
    return text + f"""
ProxyPass "/errors" "http://127.0.0.1:{{backend}}/errors"
<Location "/errors">
{RULES["ours"]}</Location>
ProxyPass "/override" "http://127.0.0.1:{{backend}}/errors"
<Location "/override">
    ProxyErrorOverride On
{RULES["ours"]}</Location>
"""


def reply(hit):
    if hit.all("Sec-WebSocket-Key"):
        return upgraded(hit)
    if "/errors" in hit.line:
        status = hit.all("X-Want")[0]
        return answer(b"the backend says no\n", f"{status} No",
                      [("WWW-Authenticate", 'Bearer realm="backend"')])
    return plain(hit)


@pytest.fixture(scope="module")
def backends():
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(Backend(reply)), stack]


@pytest.fixture(scope="module")
def front(serve, backends):
    tcp, stack = backends

    def prepare(root):
        (root / "run").chmod(0o755)
        backends.append(stack.enter_context(Backend(reply, root / "run/backend")))

    server = serve(configuration().replace("{backend}", str(tcp.port)), {}, prepare,
                   modules=MODULES)
    server.allow_log(log_line("audience_wrong"))
    return server


def seen(backends):
    """What came to the backends since the last time."""
    hits = [hit for one in backends if isinstance(one, Backend) for hit in one.hits]
    for one in backends:
        if isinstance(one, Backend):
            one.hits.clear()
    return hits


PLAIN = [way for way in WAYS if way != "websocket"]
TOKENS = {"none": (None, ()), "ours": (AUDIENCE, ("ours",)), "theirs": (OTHER, ("theirs",)),
          "both": ([AUDIENCE, OTHER], ("ours", "theirs"))}


@pytest.mark.mpm
@pytest.mark.parametrize("way", PLAIN)
@pytest.mark.parametrize("place", RULES)
def test_each_way(front, backends, way, place):
    seen(backends)
    for audience, places in TOKENS.values():
        token = audience and good(aud=audience, email="alice@mail.example")
        got = front.get(path(way, place) + "/page", [("X-User", "root"), ("X-Kept", "yes")],
                        token=token)
        hits = seen(backends)
        if place not in places:
            assert (got.status, hits) == (401, []), got
            assert got.bearer is not None
            continue
        assert (got.status, got.text) == (200, f"for {USERS[place]}"), got
        assert got.header("X-User") == USERS[place]
        assert [hit.all("Authorization") for hit in hits] == [[]], hits[0].fields
        assert [hit.all("X-Kept") for hit in hits] == [["yes"]]
        assert token not in str(hits[0].fields) + hits[0].line


@pytest.fixture(scope="module")
def alone(serve, backends):
    server = serve(ALONE + configuration().replace("{backend}", str(backends[0].port)),
                   modules=MODULES)
    server.allow_log(log_line("audience_wrong"))
    return server


@pytest.mark.mpm
@pytest.mark.parametrize("way", ["websocket", "upgrade", "tunnel"])
def test_tunnel(front, alone, backends, way):
    """No tunnel without a token of this place; with it one that works both ways, and whose
    handshake bears no token."""
    seen(backends)
    if way == "tunnel":
        front, way = alone, "websocket"
    for headers in ([], [bearer(good(exp=1))], [bearer(good(aud=OTHER))]):
        with client.Connection(front.port) as line:
            got = line.request("GET", path(way, "ours"), HANDSHAKE + headers)
            assert (got.status, seen(backends)) == (401, []), got
    with client.Connection(front.port) as line:
        got = line.request("GET", path(way, "ours"), [*HANDSHAKE, bearer(good())])
        assert (got.status, got.header("Upgrade")) == (101, "websocket"), got
        for number in range(3):
            line.send(b"frame %d\n" % number)
            assert line.stream.readline() == b"echo frame %d\n" % number
    hit, = seen(backends)
    assert (hit.all("Authorization"), hit.all("X-User")) == ([], ["alice"]), hit.fields


def test_connections_to_the_backend_are_shared_and_users_are_not(front, backends):
    seen(backends)
    with client.Connection(front.port) as line:
        for number in range(20):
            for user in ("alice", "bob", None):
                got = line.request("GET", path("pass", "ours"),
                                   [bearer(good(sub=user))] if user else [])
                assert got.text == f"for {user}" if user else got.status == 401
    assert len(seen(backends)) == 40


@pytest.mark.parametrize("status", [401, 403, 400, 503])
def test_what_the_backend_answers_stays(front, status):
    """Its challenge is its own, and its body no refusal of ours."""
    got = front.get("/errors", [("X-Want", str(status))], token=good())
    assert (got.status, got.body) == (status, b"the backend says no\n"), got
    assert got.bearer == {"realm": "backend"} and got.header("X-Reason") == "accepted"
    assert got.all("Cache-Control") == got.all("Retry-After") == []
    got = front.get("/override", [("X-Want", str(status))], token=good())
    assert got.status == status and b"backend says" not in got.body
    assert "json" not in got.header("Content-Type"), "no word of ours"
