"""AuthBearerPass minted: the backend gets a token of this server's making, or nothing at all."""

import json
import os
import subprocess
import threading
import time

import pytest

from backends import all_backends
from expect import ECHO, TRUST, location, log_line, passed, refused
from hot import KEPT, Line
from server import BUILD
from tokens import basic, bearer, good, key, remember, store

jwk = pytest.importorskip("jwcrypto.jwk", reason="needs python3-jwcrypto")
jws = pytest.importorskip("jwcrypto.jws")

GATEWAY, INNER = "https://gateway.example", "https://inner.example"
SCHEMES = ("http", "fcgi", "scgi", "uwsgi", "ajp", "balancer")
MODULES = ("proxy proxy_http proxy_fcgi proxy_scgi proxy_uwsgi proxy_ajp proxy_balancer"
           " lbmethod_byrequests slotmem_shm")
SIGNER = key("p256", 7)


def mint(words="", source="key=pem:{keys}/mint.pem algorithm=ES256"):
    return f"AuthBearerMint {source} issuer={GATEWAY} audience={INNER} {words}".rstrip()


# Path -> the directives of its location.
LOCATIONS = {
    "/plain": ["AuthBearerPass minted", mint()],
    "/rich": ["AuthBearerPass minted",
              mint("kid=k-1 ttl=3600 claims=email,realm_access.roles=roles,iss=idp,/x.y=z,sub"),
              "AuthBearerHeader X-User sub"],
    "/brief": ["AuthBearerPass minted", mint("ttl=6")],
    "/two": ["AuthBearerPass minted",
             mint("claims=azp=client_id").replace(INNER, f"{INNER},urn:b")],
    "/secret": ["AuthBearerPass minted",
                mint(source="key=secret:{keys}/hs512.bin algorithm=HS512")],
    "/rsa": ["AuthBearerPass minted", mint(source="key=pem:keys/rsa.pem algorithm=RS256")],
    "/off": [mint()],
}
EMPTY = TRUST.replace("    AuthType Bearer\n", "    AuthType Basic\n    AuthBearer On\n"
                      "    AuthBasicProvider bearer file\n    AuthUserFile {root}/users\n")


def places():
    text = '<Proxy "balancer://all">\n    BalancerMember "http://127.0.0.1:{http}"\n</Proxy>\n'
    for path, lines in LOCATIONS.items():
        text += location(path, "CGIPassAuth On", "Require valid-user", *lines)
        text += "".join(f'ProxyPass "{path}/{one}" "{one}://127.0.0.1:{{{one}}}{path}"\n'
                        for one in SCHEMES if one != "balancer")
        text += f'ProxyPass "{path}/balancer" "balancer://all{path}"\n'
    return text


# The body of an error may see the reason and no claim.
LOCATIONS["/page"] = [*LOCATIONS["/plain"], "AuthBearerEnv sub=API_USER",
                      'ErrorDocument 503 "for %{reqenv:API_USER} %{BEARER_REASON}"']

CONF = KEPT + ECHO + places() + "".join(
    f'ProxyPass "/{name}" "http://127.0.0.1:{{http}}/{name}"\n'
    for name in ("open", "basic", "free", "bare", "own", "both", "static")) \
    + location("/open", "AuthBearerPass minted", mint(), "Require all granted") \
    + location("/basic", "AuthBearerPass minted", mint(), "Require valid-user", trust=EMPTY) \
    + f'<Location "/free">\n    AuthBearerPass minted\n    {mint()}\n    Require all granted\n' \
      "</Location>\n" \
    + location("/both", "AuthBearerProxy abc", "Require valid-user") \
    + location("/both/on", "AuthBearerPass On") + location("/both/minted", mint(),
                                                           "AuthBearerPass minted") \
    + location("/both/off", "AuthBearerProxy off", "AuthBearerPass On")
FILES = {"users": "carol:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n"}      # password
WHOLE = "AuthBearerPass minted\n" + 'ProxyPass "/bare" "http://127.0.0.1:{http}/"\n' \
    'ProxyPass "/own" "http://127.0.0.1:{http}/"\nAliasMatch "^/file" "{docs}/index.html"\n' \
    + ECHO + location("/bare", "Require valid-user") + location("/file", "Require valid-user") \
    + location("/own", "Require valid-user", mint())


def prepare(root):
    """Keys that root alone can read, where root starts the server."""
    for name, source in (("mint.pem", "p256-7.pem"), ("rsa.pem", "rsa-1.pem"),
                         ("hs512.bin", "hs512-1.bin")):
        (root / "keys" / name).write_bytes((store() / source).read_bytes())
        (root / "keys" / name).chmod(0o600)


@pytest.fixture(scope="module")
def backends():
    assert key("rsa") and key("hs512")
    with all_backends() as made:
        yield made


def filled(text, backends):
    for name, backend in backends.items():
        text = text.replace("{%s}" % name, str(backend.port))
    return text.replace("key=pem:keys/", "key=pem:{keys}/")


@pytest.fixture(scope="module")
def front(serve, backends):
    return serve(filled(CONF, backends), FILES, prepare, modules=MODULES)


@pytest.fixture
def ask(front, backends):
    """ask(path, token) -> the token that reached the backend, None if there was none."""
    def ask(path, token=None, headers=(), line=None, status=200):
        scheme = path.split("/")[2] if path.count("/") > 1 else "http"
        seen = backends["http" if scheme not in backends else scheme].seen
        seen.clear()
        headers = [*headers, *([bearer(token)] if token else [])]
        answer = (line or front).get(path, headers=headers)
        assert answer.status == status, answer
        assert len(seen) == (status == 200), answer
        if not seen:
            return None
        assert not token or token.encode() not in seen[0].raw
        values = seen[0].values("Authorization")
        assert len(values) <= 1 and all(value.startswith("Bearer ") for value in values), values
        return remember(values[0][len("Bearer "):]) if values else None
    return ask


def read(token, signer=SIGNER):
    """(header, claims) of a token whose signature jwcrypto finds to hold."""
    if signer.is_secret:
        public = jwk.JWK.from_json(json.dumps(signer.jwk()))
    else:
        public = jwk.JWK.from_pem(signer.public_pem())
    made = jws.JWS()
    made.deserialize(token)
    made.verify(public)
    return json.loads(made.objects["protected"]), json.loads(made.payload)


def claims(token, signer=SIGNER):
    return read(token, signer)[1]


pytestmark = pytest.mark.mpm


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_scheme(ask, scheme):
    header, found = read(ask(f"/plain/{scheme}", good(scope="read write")))
    assert header == {"alg": "ES256", "typ": "at+jwt"}
    assert abs(found.pop("iat") - time.time()) < 5 and 55 < found.pop("exp") - time.time() <= 60
    assert len(found.pop("jti")) == 32
    assert found == {"iss": GATEWAY, "aud": INNER, "sub": "alice", "scope": "read write"}
    assert ask(f"/off/{scheme}", good()) is None


# (path, claims of the client's token, what of them is in the new one, changed names)
COPIES = [
    ("/plain", {"client_id": "app", "email": "x"}, {"client_id": "app"}),
    ("/plain", {"act": {"sub": "a", "act": {"sub": "b"}}, "scope": None, "nonce": "n"},
     {"act": {"sub": "a", "act": {"sub": "b"}}}),
    ("/rich", {"email": "a@b.example", "realm_access": {"roles": ["x"]}, "x.y": 1, "scope": "s"},
     {"email": "a@b.example", "roles": ["x"], "idp": "https://as.example", "z": 1}),
    ("/rich", {"email": None, "realm_access": []}, {"idp": "https://as.example"}),
    ("/two", {"azp": "web", "client_id": "other"}, {"client_id": "web"}),
    ("/two", {"client_id": "other"}, {}),
]


@pytest.mark.parametrize("path, sent, wanted", COPIES)
def test_what_is_copied(ask, path, sent, wanted):
    found = claims(ask(f"{path}/http", good(**sent)))
    if path != "/two":
        wanted = {**wanted, "sub": "alice"}
    if path == "/plain" and sent.get("scope", "read"):
        wanted = {**wanted, "scope": "read"}
    assert {name: value for name, value in found.items()
            if name not in ("iss", "aud", "exp", "iat", "jti")} == wanted
    assert found["aud"] == ([INNER, "urn:b"] if path == "/two" else INNER)
    assert found["iss"] == GATEWAY


@pytest.mark.parametrize("path, signer, alg", [("/secret", key("hs512"), "HS512"),
                                               ("/rsa", key("rsa"), "RS256")])
def test_other_keys(ask, path, signer, alg):
    header, found = read(ask(f"{path}/http", good()), signer)
    assert (header["alg"], found["sub"]) == (alg, "alice")


def test_a_kid(ask):
    assert read(ask("/rich/http", good()))[0]["kid"] == "k-1"


def test_the_tool_accepts_it(ask, tmp_path):
    (tmp_path / "public.pem").write_bytes(SIGNER.public_pem())
    done = subprocess.run([BUILD / "htbearer", "check", f"issuer={GATEWAY}",
                           f"keys=pem:{tmp_path}/public.pem", f"audience={INNER}", "types=at+jwt"],
                          input=ask("/plain/http", good()), capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0 and done.stdout.startswith("accepted"), done


def test_it_never_outlives_the_token(ask):
    exp = int(time.time()) + 20
    assert claims(ask("/plain/http", good(exp=exp)))["exp"] == exp
    assert claims(ask("/rich/http", good(exp=exp)))["exp"] == exp
    late = int(time.time()) - 5         # still within the leeway
    assert claims(ask("/plain/http", good(exp=late)))["exp"] == late


def test_it_is_used_until_half_its_life_is_gone(front, ask):
    token, path = good(), "/brief/http"
    with Line(front) as line:
        first = ask(path, token, line=line)
        assert ask(path, token, line=line) == first
        assert ask(path, good(scope="other"), line=line) != first
        assert ask("/plain/http", token, line=line) != first
        begun = claims(first)["iat"]
        time.sleep(max(0, begun + 3.2 - time.time()))
        second = ask(path, token, line=line)
        assert second != first and claims(second)["jti"] != claims(first)["jti"]
        assert claims(second)["exp"] >= begun + 9
        assert ask(path, token, line=line) == second


def test_nobody_gets_the_token_of_another(front, ask):
    """Many users and few places for what was made, twice, in one process."""
    exp = int(time.time()) + 300
    users = {f"user-{n}": good(sub=f"user-{n}", exp=exp) for n in range(60)}
    with Line(front) as line:
        for _ in range(2):
            for user, token in users.items():
                assert claims(ask("/plain/http", token, line=line))["sub"] == user


def test_at_once(front, backends):
    """Threads and processes side by side: each request has its own user's token."""
    backends["http"].seen.clear()
    users = [f"user-{n}" for n in range(8)]

    def run(user):
        token = good(sub=user)
        for _ in range(20):
            assert front.get(f"/plain/http?{user}", token=token).status == 200

    threads = [threading.Thread(target=run, args=(user,)) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seen = list(backends["http"].seen)
    assert len(seen) == 160
    for one in seen:
        user = one.raw.split(b" ")[1].partition(b"?")[2].decode()
        assert claims(remember(one.values("Authorization")[0][7:]))["sub"] == user


@pytest.mark.parametrize("path", ["/open", "/free"])
def test_where_nobody_is_asked(ask, path):
    """Nobody to speak for; and a client's token is never taken for one of this server's."""
    assert ask(path) is None
    assert ask(path, good()) is None
    assert ask(path, headers=[("Authorization", "bearer x, y")]) is None


def test_passwords(front, ask, backends):
    assert claims(ask("/basic", headers=[basic("bearer", good())]))["sub"] == "alice"
    assert claims(ask("/basic", good()))["sub"] == "alice"
    backends["http"].seen.clear()
    header = basic("carol", "password")
    assert front.get("/basic", [header]).status == 200
    assert backends["http"].seen[0].values("Authorization") == [header[1]]


def test_beside_headers(ask, backends):
    ask("/rich/http", good(), [("X_User", "mallory")])
    assert backends["http"].seen[0].values("X-User") == ["alice"]
    assert b"mallory" not in backends["http"].seen[0].raw


@pytest.mark.parametrize("path", ["/both/on", "/both/minted"])
def test_two_ways_meet_by_merging(front, backends, path):
    """One way in the outer section, another in the inner one: the backend is not asked."""
    backends["http"].seen.clear()
    refused(front, front.get(path, token=good()), "not_configured")
    assert backends["http"].seen == []
    front.expect_log("contradict each other")


def test_one_way_switched_off(front, backends):
    backends["http"].seen.clear()
    token = good()
    assert front.get("/both/off", token=token).status == 200
    assert backends["http"].seen[0].values("Authorization") == [f"Bearer {token}"]


def test_no_description_by_merging(serve, backends):
    """What is not proxied needs none."""
    server = serve(filled(WHOLE, backends), prepare=prepare, modules=MODULES)
    backends["http"].seen.clear()
    refused(server, server.get("/bare", token=good()), "not_configured")
    assert backends["http"].seen == []
    server.expect_log("AuthBearerPass minted wants AuthBearerMint")
    passed(server.get("/file", token=good()))
    assert server.get("/own", token=good()).status == 200
    assert claims(remember(backends["http"].seen[0].values("Authorization")[0][7:]))


def test_a_forward_proxy_hands_nothing_on(serve, backends):
    conf = 'ProxyRequests On\n<Proxy "*">\n' + TRUST \
        + f"    AuthBearerPass minted\n    {mint()}\n    Require valid-user\n</Proxy>\n"
    server = serve(conf, prepare=prepare, modules="proxy proxy_http")
    backends["http"].seen.clear()
    port, token = backends["http"].port, good()
    answer = server.get(f"http://127.0.0.1:{port}/", [("Proxy-Authorization", f"Bearer {token}")])
    assert answer.status == 200 and token.encode() not in backends["http"].seen[0].raw
    assert backends["http"].seen[0].values("Authorization") == []


BROKEN = """#include <unistd.h>
int RAND_bytes(unsigned char *bytes, int count);
int RAND_bytes(unsigned char *bytes, int count)
{
    (void)bytes, (void)count;
    return 0;
}
"""


def test_no_token_no_request(start, backends, tmp_path, monkeypatch):
    """Where none can be made nothing goes on: neither the request, nor the client's token."""
    (tmp_path / "broken.c").write_text(BROKEN)
    tmp_path.chmod(0o755)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", tmp_path / "broken.so",
                    tmp_path / "broken.c"], check=True)
    before = os.environ.get("BEARER_PRELOAD")       # a sanitizer's library stands first
    monkeypatch.setenv("BEARER_PRELOAD", f"{before + ':' if before else ''}{tmp_path}/broken.so")
    server = start(filled(CONF, backends),
                   prepare=lambda server: (prepare(server.root), server.write_keys(),
                                           server.write("users", FILES["users"])), modules=MODULES)
    backends["http"].seen.clear()
    refused(server, server.get("/plain/http", token=good()), "keys_unavailable")
    refused(server, server.get("/plain/balancer", token=good()), "keys_unavailable")
    answer = server.get("/page/http", token=good())
    assert answer.status == 503 and answer.text.strip() == "for  keys_unavailable"
    assert backends["http"].seen == []
    server.expect_log("no token for the backend: no random number")
