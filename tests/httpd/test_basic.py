"""Beside mod_auth_basic and mod_auth_digest, and under mod_auth_basic as its provider `bearer`."""

import base64
import hashlib
import re
import time

import pytest

from expect import ANY_PATH, ECHO, location, log_line, passed, refused
from tokens import basic, bearer, good, key

ISSUER = """    AuthName api
    AuthBearerIssuer https://as.example keys=jwks:{keys}/as.jwks
    AuthBearerAudience https://api.example
"""
BOTH = """    AuthType Basic
    AuthBasicProvider file
    AuthUserFile {root}/users
    AuthBearer On
""" + ISSUER
DIGEST = """    AuthType Digest
    AuthDigestProvider file
    AuthUserFile {root}/digest
    AuthBearer On
""" + ISSUER
PASSWORD = """    AuthType Basic
    AuthBasicProvider bearer file
    AuthUserFile {root}/users
""" + ISSUER
FILE_FIRST, CACHE, CACHE_FIRST = (PASSWORD.replace("bearer file", order) for order in (
    "file bearer", "bearer socache file", "socache bearer file"))


def line(user, password):
    return f"{user}:{{SHA}}{base64.b64encode(hashlib.sha1(password.encode()).digest()).decode()}\n"


USERS = line("alice", "wonderland") + line("eve", "a.b.c") + line("carol", "x" * 20)
DIGEST_USERS = "alice:api:" + hashlib.md5(b"alice:api:wonderland").hexdigest() + "\n"

CONF = ECHO + ANY_PATH + "".join([
    location("/both", "Require valid-user", trust=BOTH),
    location("/scope", "Require scope read", trust=BOTH),
    location("/either", "<RequireAny>\nRequire scope read\nRequire user alice\n</RequireAny>",
             trust=BOTH),
    location("/lenient", "AuthBearerAuthoritative Off", "Require valid-user", trust=BOTH),
    location("/lenient-alone", "AuthType Bearer", "AuthBearerAuthoritative Off",
             "Require valid-user", trust=ISSUER),
    location("/quiet", "AuthBearerChallenge Off", "Require scope read", trust=BOTH),
    location("/quiet-alone", "AuthType Bearer", "AuthBearerChallenge Off", "Require scope read",
             trust=ISSUER),
    location("/davfs", 'AuthBearerChallenge "%{HTTP_USER_AGENT} !~ /davfs/"', "Require valid-user",
             trust=BOTH),
    location("/digest", "Require valid-user", trust=DIGEST),
    location("/plain", "Require valid-user", trust=BOTH.replace("    AuthBearer On\n", "")),
    location("/pw", "Require valid-user", trust=PASSWORD),
    location("/pw-scope", "Require scope read", trust=PASSWORD),
    location("/pw-both", "AuthBearer On", "Require scope read", trust=PASSWORD),
    location("/pw-unset", "Require valid-user", trust="    AuthType Basic\n    AuthName api\n"
             "    AuthBasicProvider bearer file\n    AuthUserFile {root}/users\n"),
    location("/pw-last", "Require valid-user", trust=FILE_FIRST),
    location("/cache", "AuthnCacheProvideFor file", "AuthBearerLeeway 0", "Require valid-user",
             trust=CACHE),
    location("/cache-first", "AuthnCacheProvideFor bearer file", "AuthBearerLeeway 0",
             "Require valid-user",
             trust=CACHE_FIRST),
])


@pytest.fixture(scope="module")
def server(serve):
    server = serve(CONF, {"users": USERS, "digest": DIGEST_USERS},
                   modules="authn_socache socache_shmcb")
    server.expect_log("AB0311: ")           # a name, of a token or of a password
    server.expect_log("AB0315: .*/plain")
    return server


def schemes(answer):
    return [value.partition(" ")[0] for value in answer.challenges]


def forged():
    return good(signer=key("rsa", 2), header={"kid": "rsa-1"})


@pytest.mark.mpm
@pytest.mark.parametrize("path", ["/both", "/scope", "/either", "/lenient"])
def test_no_credentials(server, path):
    answer = server.get(path)
    assert (answer.status, schemes(answer)) == (401, ["Bearer", "Basic"]), answer
    assert "error" not in answer.bearer
    assert answer.bearer.get("scope") == ("read" if path == "/scope" else None)


@pytest.mark.mpm
def test_each_credential_by_its_own_module(server):
    passed(server.get("/both", [basic("alice", "wonderland")]), scheme="Basic")
    passed(server.get("/both", token=good(sub="bob")), "bob")
    passed(server.get("/either", [basic("alice", "wonderland")]), scheme="Basic")
    passed(server.get("/either", token=good(sub="bob")), "bob")
    passed(server.get("/scope", token=good()))


@pytest.mark.parametrize("credential", [("alice", "wrong"), ("nobody", "wonderland"), ("", ""),
                                        ("alice", "")])
def test_a_bad_password(server, credential):
    answer = server.get("/both", [basic(*credential)])
    assert (answer.status, schemes(answer)) == (401, ["Bearer", "Basic"]), answer
    assert "error" not in answer.bearer


@pytest.mark.mpm
@pytest.mark.parametrize("path", ["/both", "/scope", "/either", "/lenient", "/digest"])
@pytest.mark.parametrize("make, reason", [(forged, "signature_bad"),
                                          (lambda: good(exp=1), "expired"),
                                          (lambda: good(aud="x"), "audience_wrong")])
def test_a_bad_token_is_never_rescued(server, path, make, reason):
    answer = server.get(path, token=make())
    refused(server, answer, reason)
    assert schemes(answer) == ["Bearer", "Digest" if path == "/digest" else "Basic"]


def test_two_fields_are_one_too_many(server):
    for headers in ([basic("alice", "wonderland"), bearer(good())],
                    [bearer(good()), basic("alice", "wonderland")]):
        refused(server, server.get("/both", headers), "request_malformed")


def test_a_token_as_password_is_a_password(server):
    """No provider `bearer` here: a user named like the subject, with a token as password."""
    for user in ("alice", "bearer", ""):
        answer = server.get("/both", [basic(user, good())])
        assert answer.status == 401 and schemes(answer) == ["Bearer", "Basic"], answer


def test_a_basic_user_holds_no_scope(server):
    """Known by password, named like a subject: a scope comes from a token only."""
    answer = server.get("/scope", [basic("alice", "wonderland")])
    assert (answer.status, schemes(answer)) == (401, ["Bearer", "Basic"]), answer
    assert "error" not in answer.bearer


def test_scope_lacking_beside_basic(server):
    refused(server, server.get("/scope", token=good(scope="x")), "scope_lacking", "read")
    refused(server, server.get("/either", token=good(scope="x", sub="bob")), "scope_lacking",
            "read")


@pytest.mark.parametrize("make", [lambda: "opaque", lambda: good(iss="https://foreign.example"),
                                  lambda: "a.b.c"])
@pytest.mark.parametrize("path", ["/lenient", "/lenient-alone"])
def test_left_to_others(server, path, make):
    """Nobody takes it in the end: 401, never 500."""
    server.allow_log(log_line("token_malformed"), log_line("issuer_unknown"))
    answer = server.get(path, token=make())
    assert answer.status == 401, answer
    assert schemes(answer) == (["Bearer", "Basic"] if path == "/lenient" else ["Bearer"])


def test_not_asked_for(server):
    answer = server.get("/plain", token=good())
    assert (answer.status, schemes(answer)) == (401, ["Basic"])
    assert server.get("/plain", [basic("alice", "wonderland")]).status == 200


@pytest.mark.parametrize("path, agent, token, status, wanted", [
    ("/quiet", "x", None, 401, ["Basic"]),
    ("/quiet", "x", "x", 401, ["Basic"]),
    ("/quiet", "x", "lacking", 403, ["Bearer"]),
    ("/quiet-alone", "x", None, 401, ["Bearer"]),
    ("/quiet-alone", "x", "x", 401, ["Bearer"]),
    ("/davfs", "davfs2/1.6", None, 401, ["Basic"]),
    ("/davfs", "curl/7", None, 401, ["Bearer", "Basic"]),
])
def test_challenge_kept_or_not(server, path, agent, token, status, wanted):
    server.allow_log(log_line("token_malformed"), log_line("scope_lacking"))
    token = good(scope="y") if token == "lacking" else token
    answer = server.get(path, [("User-Agent", agent)], token=token)
    assert answer.status == status, answer
    assert schemes(answer)[:1] == wanted[:1] and len(answer.challenges) >= len(wanted), answer
    assert "Bearer" not in schemes(answer) or "Bearer" in wanted, answer


def digest_header(answer, user, password, path):
    challenge = [value for value in answer.challenges if value.startswith("Digest")][0]
    nonce = re.search(r'nonce="([^"]+)"', challenge)[1]

    def md5(text):
        return hashlib.md5(text.encode()).hexdigest()

    secret, target = md5(f"{user}:api:{password}"), md5(f"GET:{path}")
    response = md5(f"{secret}:{nonce}:00000001:abc:auth:{target}")
    return ("Authorization",
            f'Digest username="{user}", realm="api", nonce="{nonce}", uri="{path}", qop=auth, '
            f'algorithm=MD5, nc=00000001, cnonce="abc", response="{response}"')


@pytest.mark.mpm
def test_beside_digest(server):
    first = server.get("/digest")
    assert (first.status, schemes(first)) == (401, ["Bearer", "Digest"]), first
    passed(server.get("/digest", [digest_header(first, "alice", "wonderland", "/digest")]),
           scheme="Digest")
    passed(server.get("/digest", token=good()))
    wrong = server.get("/digest", [digest_header(first, "alice", "x", "/digest")])
    assert (wrong.status, schemes(wrong)) == (401, ["Bearer", "Digest"])
    assert "error" not in wrong.bearer


# The authn provider

@pytest.mark.mpm
@pytest.mark.parametrize("path", ["/pw", "/pw-scope", "/pw-both", "/pw-last", "/cache",
                                  "/cache-first"])
@pytest.mark.parametrize("user", ["alice", "bearer", "x-access-token", ""])
def test_token_as_password(server, path, user):
    if user == "alice" and path in ("/pw-last", "/cache-first"):
        user = "bearer"         # alice is known to the provider before ours, by another password
    passed(server.get(path, [basic(user, good())]), "alice", "Basic")


@pytest.mark.parametrize("user", ["bob", "Alice", "alice ", "BEARER", "bearer2"])
def test_token_of_another_user(server, user):
    answer = server.get("/pw", [basic(user, good())])
    assert (answer.status, schemes(answer)) == (401, ["Basic"]), answer
    server.expect_log(r"\[auth_bearer:warn\] .*AB\d{4}: refused: .*the user name")


@pytest.mark.parametrize("make, reason", [(forged, "signature_bad"),
                                          (lambda: good(exp=1), "expired"),
                                          (lambda: good(aud="x"), "audience_wrong"),
                                          (lambda: good(iss="https://foreign.example"),
                                           "issuer_unknown")])
def test_bad_token_as_password(server, make, reason):
    answer = server.get("/pw", [basic("alice", make())])
    assert (answer.status, schemes(answer)) == (401, ["Basic"]), answer
    server.expect_log(log_line(reason))


def test_other_passwords_go_to_the_next_provider(server):
    passed(server.get("/pw", [basic("alice", "wonderland")]), scheme="Basic")
    passed(server.get("/pw", [basic("carol", "x" * 20)]), "carol", "Basic")
    assert server.get("/pw", [basic("alice", "a.b")]).status == 401
    assert server.get("/pw", [basic("alice", "")]).status == 401


def test_three_parts_are_a_token_and_final(server):
    """eve's password looks like a token: judged as one, and the file is not asked."""
    server.allow_log(log_line("token_malformed"))
    assert server.get("/pw", [basic("eve", "a.b.c")]).status == 401
    passed(server.get("/pw-last", [basic("eve", "a.b.c")]), "eve", "Basic")


def test_scopes_of_a_token_as_password(server):
    refused(server, server.get("/pw-both", [basic("bearer", good(scope="x"))]), "scope_lacking",
            "read")
    answer = server.get("/pw-scope", [basic("bearer", good(scope="x"))])
    assert (answer.status, answer.header("X-Reason")) == (403, "scope_lacking"), answer
    answer = server.get("/pw-scope", [basic("alice", "wonderland")])
    assert answer.status == 401


def test_unset_is_503(server):
    answer = server.get("/pw-unset", [basic("alice", good())])
    assert (answer.status, answer.challenges) == (503, []) and answer.header("Retry-After"), answer
    server.expect_log(log_line("not_configured"))
    passed(server.get("/pw-unset", [basic("alice", "wonderland")]), scheme="Basic")


@pytest.mark.parametrize("path", ["/cache", "/cache-first"])
def test_nothing_is_handed_to_the_cache(server, path):
    header = basic("bearer", good(exp=int(time.time()) + 2))
    passed(server.get(path, [header]), scheme="Basic")
    time.sleep(3)
    assert server.get(path, [header]).status == 401
    passed(server.get(path, [basic("alice", "wonderland")]), scheme="Basic")
    server.expect_log(log_line("expired"))


def test_bearer_and_token_as_password_together(server):
    passed(server.get("/pw-both", token=good()))
    answer = server.get("/pw-both")
    assert (answer.status, schemes(answer)) == (401, ["Bearer", "Basic"]), answer
