"""Forward proxies: the proxy's own credential is in Proxy-Authorization, and ends there; that of
the origin server passes through untouched."""

import contextlib

import pytest

import challenges
import client
from origin import Backend, answer
from expect import TRUST, log_line
from tokens import bearer, good

CONF = """
Header always set X-Reason "%{BEARER_REASON}e"
ProxyRequests On
AllowCONNECT {origin} {other}
<Proxy "*">
""" + TRUST + """    <RequireAll>
        Require valid-user
        <RequireAny>
            Require method GET CONNECT
            Require scope write
        </RequireAny>
    </RequireAll>
</Proxy>
<Proxy "http://127.0.0.1:{other}/*">
    AuthName other
    AuthBearerAudience https://other.example
</Proxy>
<Proxy "http://127.0.0.1:{open}/*">
    Require all granted
</Proxy>
<Proxy "http://127.0.0.1:{mixed}/*">
    AuthType Basic
    AuthName mixed
    AuthBearer On
    AuthUserFile {root}/users
</Proxy>
<Proxy "http://127.0.0.1:{text}/*">
    ErrorDocument 407 "a text of the administrator"
</Proxy>
<Location "/here">
""" + TRUST + """    Require valid-user
</Location>
"""
USERS = {"users": "carol:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n", "docs/here": "<p>the index\n"}
NAMES = ("origin", "other", "open", "mixed", "text")
OTHER = "https://other.example"


def reply(_):
    return answer(b"the origin\n", fields=[("WWW-Authenticate", 'Basic realm="origin"')])


@pytest.fixture(scope="module")
def origins():
    with contextlib.ExitStack() as stack:
        yield {name: stack.enter_context(Backend(reply)) for name in NAMES}


@pytest.fixture(scope="module")
def proxy(serve, origins):
    conf = CONF
    for name, origin in origins.items():
        conf = conf.replace("{%s}" % name, str(origin.port))
    server = serve(conf, USERS, modules="proxy proxy_http proxy_connect")
    server.allow_log(log_line("(audience_wrong|scope_lacking|token_malformed|request_malformed)"))
    return server


def proof(token, scheme="Bearer"):
    return ("Proxy-Authorization", f"{scheme} {token}")


def through(proxy, origins, name, headers=(), method="GET", body=None):
    """(answer of the proxy, what came to the origin server)"""
    origin = origins[name]
    origin.hits.clear()
    url = f"http://127.0.0.1:{origin.port}/x"
    return proxy.request(method, url, headers, body), list(origin.hits)


def refused(got, status=407, error=None, realm="api", scope=None):
    answer, hits = got
    assert (answer.status, hits) == (status, []), answer
    assert answer.challenges == [] and b"the origin" not in answer.body
    assert "no-store" in answer.header("Cache-Control")
    found = [challenges.parse(value) for value in answer.all("Proxy-Authenticate")]
    assert found and found[0].scheme == "Bearer", answer
    parameters = dict(found[0].parameters)
    assert (parameters["realm"], parameters.get("error")) == (realm, error), answer
    assert parameters.get("scope") == scope, answer
    return found


@pytest.mark.mpm
def test_refused(proxy, origins):
    refused(through(proxy, origins, "origin"))
    refused(through(proxy, origins, "origin", [bearer(good())]))
    refused(through(proxy, origins, "origin", [proof(good(exp=1))]), error="invalid_token")
    refused(through(proxy, origins, "origin", [proof("x")]), error="invalid_token")
    refused(through(proxy, origins, "origin", [proof("a b")]), 400, "invalid_request")
    refused(through(proxy, origins, "origin", [proof(good()), proof(good())]), 400,
            "invalid_request")
    refused(through(proxy, origins, "origin", [proof(good(exp=1)), bearer(good())]),
            error="invalid_token")
    refused(through(proxy, origins, "origin", [proof(good())], "PUT", b"x"), 403,
            "insufficient_scope", scope="write")


@pytest.mark.mpm
@pytest.mark.parametrize("credential", [None, "Bearer of-the-origin", "Basic Y2Fyb2w6cGFzc3dvcmQ="])
def test_the_origins_credential_passes_through(proxy, origins, credential):
    headers = [("Authorization", credential)] if credential else []
    answer, (hit,) = through(proxy, origins, "origin", [proof(good()), *headers])
    assert (answer.status, answer.body) == (200, b"the origin\n")
    assert hit.all("Authorization") == ([credential] if credential else [])
    assert hit.all("Proxy-Authorization") == []
    assert answer.challenges == ['Basic realm="origin"'], "the origin's own"


def test_also_a_good_token_of_ours_is_the_origins(proxy, origins):
    """In Authorization it is the client's to send, whoever issued it."""
    token = good(sub="bob")
    answer, (hit,) = through(proxy, origins, "origin", [proof(good()), bearer(token)])
    assert answer.status == 200 and hit.all("Authorization") == [f"Bearer {token}"]


def test_each_origin_has_its_rules(proxy, origins):
    refused(through(proxy, origins, "other", [proof(good())]), error="invalid_token",
            realm="other")
    answer, (hit,) = through(proxy, origins, "other", [proof(good(aud=OTHER))])
    assert answer.status == 200 and hit.all("Proxy-Authorization") == []
    refused(through(proxy, origins, "origin", [proof(good(aud=OTHER))]), error="invalid_token")


@pytest.mark.parametrize("token", [good, lambda: good(exp=1), lambda: "x"])
def test_not_asked_for_and_not_passed_on(proxy, origins, token):
    """Where everybody may, a token for the proxy is for the proxy still."""
    answer, (hit,) = through(proxy, origins, "open", [proof(token()), ("Authorization", "Basic x")])
    assert answer.status == 200
    assert (hit.all("Proxy-Authorization"), hit.all("Authorization")) == ([], ["Basic x"])


def test_beside_basic(proxy, origins):
    found = refused(through(proxy, origins, "mixed"), realm="mixed")
    assert [one.scheme for one in found] == ["Bearer", "Basic"]
    for header in (proof(good()), proof("Y2Fyb2w6cGFzc3dvcmQ=", "Basic")):
        answer, (hit,) = through(proxy, origins, "mixed", [header])
        assert answer.status == 200 and hit.all("Proxy-Authorization") == []
    refused(through(proxy, origins, "mixed", [proof(good(exp=1))]), error="invalid_token",
            realm="mixed")


def test_own_text_about_a_refusal(proxy, origins):
    """Of ErrorDocument 407 httpd shows texts alone, no page of its own, whatever the AuthType."""
    got = through(proxy, origins, "text")
    refused(got)
    assert got[0].body == b"a text of the administrator"


def test_the_servers_own_pages_look_at_authorization(proxy):
    """The same server, asked for itself: 401, and a token for the proxy counts for nothing."""
    for headers in ([], [proof(good())]):
        answer = proxy.get("/here", headers)
        assert (answer.status, answer.bearer) == (401, {"realm": "api"}), answer
        assert answer.all("Proxy-Authenticate") == []
    assert proxy.get("/here", token=good()).body == b"<p>the index\n"


@pytest.mark.mpm
def test_one_connection_many_users(proxy, origins):
    url = f"http://127.0.0.1:{origins['origin'].port}/x"
    with client.Connection(proxy.port) as line:
        for _ in range(5):
            for headers, status in (([proof(good())], 200), ([], 407),
                                    ([proof(good(sub="bob"))], 200), ([bearer(good())], 407)):
                assert line.request("GET", url, headers).status == status


@pytest.mark.mpm
@pytest.mark.parametrize("name", ["origin", "other"])
def test_connect(proxy, origins, name):
    """No tunnel without a token; through it goes what the client sends, and nothing else."""
    where = f"127.0.0.1:{origins[name].port}"
    origins[name].hits.clear()
    for headers in ([], [bearer(good())], [proof(good(exp=1))]):
        with client.Connection(proxy.port) as line:
            got = line.request("CONNECT", where, headers)
            refused((got, origins[name].hits), error="invalid_token" if headers[:1]
                    and headers[0][0].startswith("Proxy") else None)
    with client.Connection(proxy.port) as line:
        line.send(client.render("CONNECT", where, [proof(good())], close=False))
        assert line.stream.readline().startswith(b"HTTP/1.0 200")
        while line.stream.readline().strip():
            pass
        assert line.request("GET", "/in-the-tunnel").body == b"the origin\n"
    hit, = origins[name].hits
    assert hit.line == "GET /in-the-tunnel HTTP/1.1"
    assert hit.all("Proxy-Authorization") == hit.all("Authorization") == []
