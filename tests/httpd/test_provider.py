"""Providers of other modules: their order, their answers, and what they cannot do."""

import pytest

from another import MODULE, bring
from expect import ANY_PATH, ECHO, location, log_line, passed, refused
from server import Httpd, module
from test_basic import USERS, schemes
from tokens import basic, good, key

OWN = "    AuthType Bearer\n    AuthName api\n"
ISSUER = """    AuthBearerIssuer https://as.example keys=jwks:{keys}/as.jwks
    AuthBearerAudience https://api.example
"""
BASIC = """    AuthType Basic
    AuthName api
    AuthBasicProvider file
    AuthUserFile {root}/users
    AuthBearer On
"""
PASSWORD = BASIC.replace("Provider file", "Provider bearer file").replace("    AuthBearer On\n", "")
VALID = "Require valid-user"
SETS = "AuthBearerProvider "

CONF = MODULE + ECHO + ANY_PATH + "".join([
    location("/own", SETS + "example", VALID, trust=OWN),
    location("/two", SETS + "example second", VALID, trust=OWN),
    location("/turned", SETS + "second", SETS + "example", VALID, trust=OWN),
    location("/jwt-first", SETS + "jwt example", VALID, trust=OWN + ISSUER),
    location("/jwt-last", SETS + "example jwt", VALID, trust=OWN + ISSUER),
    location("/no-issuer", SETS + "jwt example", VALID, trust=OWN),
    location("/default", VALID, trust=OWN + ISSUER),
    location("/lenient", SETS + "example", "AuthBearerAuthoritative Off", VALID, trust=BASIC),
    location("/lenient-alone", SETS + "example", "AuthBearerAuthoritative Off", VALID, trust=OWN),
    location("/beside", SETS + "example", VALID, trust=BASIC),
    location("/password", SETS + "example jwt", VALID, trust=PASSWORD + ISSUER),
    location("/scope", SETS + "example", "Require scope read", trust=OWN),
    location("/claim", SETS + "example", "Require claim sub alice", trust=OWN),
    location("/claim-not", SETS + "example", "Require claim sub != bob", trust=OWN),
    location("/claim-exists", SETS + "example", "Require claim sub exists", trust=OWN),
    location("/issuer", SETS + "example", "Require issuer https://as.example \"\"", trust=OWN),
    location("/expr", SETS + "example", "Require expr bearer('sub') == ''", trust=OWN),
    location("/not-scope", SETS + "example", "<RequireAll>", VALID, "Require not scope banned",
             "Require not issuer https://as.example", "</RequireAll>", trust=OWN),
    location("/user", SETS + "example", "Require user alice", trust=OWN),
    location("/env", SETS + "example", "AuthBearerEnv sub", VALID,
             'Header always set X-Sub "%{BEARER_CLAIM_SUB}e"', trust=OWN),
    location("/small", SETS + "example", "AuthBearerMaxTokenSize 64", VALID, trust=OWN),
    location("/hide", SETS + "example", "AuthBearerHide On", VALID, trust=OWN),
])


@pytest.fixture(scope="module")
def server(serve):
    return serve(CONF, {"users": USERS}, bring)


def asked(answer):
    return answer.all("Example-Asked")


@pytest.mark.mpm
def test_its_tokens_are_accepted(server):
    answer = server.get("/own", token="letmein-alice")
    passed(answer, "alice")
    assert asked(answer) == ["example bearer"]
    server.expect_log(r'\[auth_bearer:debug\] .*AB0102: accepted: user "alice"; provider example')


@pytest.mark.mpm
@pytest.mark.parametrize("token, reason", [
    ("deny-alice", "token_refused"), ("invalid-alice", "token_refused"),
    ("expired-alice", "expired"), ("broken-alice", "provider_failed"),
    ("odd-alice", "provider_failed"), ("nobody", "user_missing"), ("letmein-", "user_missing"),
    ("control", "user_missing"), ("mismatch-alice", "token_malformed"),
    ("whatever", "token_malformed"), (None, "no_token"),
])
def test_each_answer(server, token, reason):
    """A name is left in r->user by most; none is known in the end."""
    answer = server.get("/own", token=token)
    refused(server, answer, reason)
    assert (answer.header("X-User"), answer.header("X-Auth")) == ("", "")
    assert len(asked(answer)) == (token is not None)


def test_no_name_in_the_log_of_access(server):
    server.get("/own", token="deny-mallory")
    server.allow_log(log_line("token_refused"))
    server.wait_for(lambda: "GET /own" in server.log("access_log"), "the access log")
    assert "mallory" not in server.log("access_log")


@pytest.mark.mpm
@pytest.mark.parametrize("path, token, user, providers", [
    ("/two", "letmein-alice", "alice", ["example"]),
    ("/turned", "letmein-alice", "second-alice", ["second"]),
    ("/jwt-first", "letmein-alice", "alice", ["example"]),
    ("/jwt-last", "letmein-alice", "alice", ["example"]),
    ("/no-issuer", "letmein-alice", "alice", ["example"]),
])
def test_the_order(server, path, token, user, providers):
    answer = server.get(path, token=token)
    passed(answer, user)
    assert asked(answer) == [f"{name} bearer" for name in providers]


@pytest.mark.mpm
def test_the_next_one_after_a_mismatch(server):
    for path, names in (("/two", ["example", "second"]), ("/turned", ["second", "example"])):
        answer = server.get(path, token="mismatch-alice")
        refused(server, answer, "token_malformed")
        assert asked(answer) == [f"{name} bearer" for name in names]


@pytest.mark.parametrize("token, reason", [
    ("deny-alice", "token_refused"), ("broken-alice", "provider_failed"),
    ("nobody", "user_missing"), ("expired-alice", "expired")])
def test_what_is_not_a_mismatch_is_final(server, token, reason):
    answer = server.get("/two", token=token)
    refused(server, answer, reason)
    assert asked(answer) == ["example bearer"]


@pytest.mark.mpm
def test_jwt_beside_it(server):
    for path, names in (("/jwt-first", []), ("/jwt-last", ["example bearer"])):
        answer = server.get(path, token=good())
        passed(answer)
        assert asked(answer) == names
        answer = server.get(path, token=good(signer=key("rsa", 2), header={"kid": "rsa-1"}))
        refused(server, answer, "signature_bad")
        assert asked(answer) == names
        answer = server.get(path, token=good(iss="https://other.example"))
        refused(server, answer, "issuer_unknown")
        assert asked(answer) == names
        refused(server, server.get(path, token="mismatch-x"), "token_malformed")


def test_the_name_jwt_is_ours(server):
    passed(server.get("/default", token=good()))
    answer = server.get("/default", token="letmein-alice")
    refused(server, answer, "token_malformed")
    assert asked(answer) == []


@pytest.mark.mpm
def test_not_authoritative(server):
    """What no provider knows is left to others; what one knows is not."""
    answer = server.get("/lenient", token="mismatch-x")
    assert (answer.status, schemes(answer)) == (401, ["Bearer", "Basic"])
    server.expect_log(log_line("token_malformed"))
    refused(server, server.get("/lenient-alone", token="mismatch-x"), "token_malformed")
    for path in ("/lenient", "/lenient-alone"):
        passed(server.get(path, token="letmein-bob"), "bob")
        for token, reason in (("deny-x", "token_refused"), ("expired-x", "expired"),
                              ("broken-x", "provider_failed"), ("nobody", "user_missing")):
            answer = server.get(path, token=token)
            refused(server, answer, reason)
            assert asked(answer) == ["example bearer"]


@pytest.mark.mpm
def test_beside_passwords(server):
    answer = server.get("/beside", [basic("alice", "wonderland")])
    passed(answer, scheme="Basic")
    assert asked(answer) == []
    passed(server.get("/beside", token="letmein-bob"), "bob")
    answer = server.get("/beside", token="deny-alice")
    refused(server, answer, "token_refused")
    assert schemes(answer) == ["Bearer", "Basic"]


def test_as_a_password(server):
    """Only what is shaped like a JWT is a token there: other passwords are nobody else's."""
    answer = server.get("/password", [basic("alice", "letmein-alice")])
    assert (answer.status, asked(answer)) == (401, [])
    passed(server.get("/password", [basic("alice", "wonderland")]), scheme="Basic")
    answer = server.get("/password", [basic("bearer", "letmein-a.b.c")])
    passed(answer, "a.b.c", "Basic")
    answer = server.get("/password", [basic("mallory", "letmein-a.b.c")])
    assert (answer.status, answer.header("X-Reason")) == (401, "user_missing")
    server.expect_log(log_line("user_missing"))
    answer = server.get("/password", [basic("alice", "broken-a.b.c")])
    refused(server, answer, "provider_failed")
    passed(server.get("/password", [basic("bearer", good())]), scheme="Basic")


@pytest.mark.mpm
@pytest.mark.parametrize("path, reason, scope", [
    ("/scope", "scope_lacking", "read"), ("/claim", "rule_denied", None),
    ("/claim-not", "rule_denied", None), ("/claim-exists", "rule_denied", None),
    ("/issuer", "rule_denied", None),
])
def test_a_name_and_nothing_else(server, path, reason, scope):
    refused(server, server.get(path, token="letmein-alice"), reason, scope=scope)


def test_rules_that_a_name_fulfils(server):
    passed(server.get("/user", token="letmein-alice"))
    refused(server, server.get("/user", token="letmein-bob"), "rule_denied")
    passed(server.get("/not-scope", token="letmein-alice"))
    passed(server.get("/expr", token="letmein-alice"))
    answer = server.get("/env", token="letmein-alice")
    passed(answer)
    assert answer.header("X-Sub") in (None, "", "(null)")


def test_before_it_is_asked(server):
    answer = server.get("/small", token="letmein-" + "x" * 60)
    refused(server, answer, "token_too_large")
    assert asked(answer) == []
    answer = server.get("/own", token="letmein alice")
    refused(server, answer, "request_malformed")
    assert asked(answer) == []


def test_hidden(server):
    passed(server.get("/hide", token="letmein-alice"))
    answer = server.get("/hide", token="deny-alice")
    assert (answer.status, answer.challenges) == (404, [])
    server.expect_log(log_line("token_refused"))


OURS = "LoadModule auth_bearer_module {module}\n"


@pytest.mark.mpm
@pytest.mark.parametrize("order", [OURS + MODULE + "{rest}", MODULE + OURS + "{rest}",
                                   OURS + "{rest}" + MODULE, MODULE + "{rest}" + OURS])
def test_modules_in_any_order(start, order):
    rest = 'AuthBearerStateDir "{root}/run/keys"\n' + ECHO + ANY_PATH + location(
        "/p", "AuthBearerProvider jwt example", VALID, trust=OWN + ISSUER)
    conf = order.replace("{rest}", rest).replace("{module}", str(module()))
    server = start(conf, bearer=False, prepare=lambda one: (bring(one.root), one.write_keys()))
    passed(server.get("/p", token="letmein-alice"))
    passed(server.get("/p", token=good()))
    server.graceful()
    passed(server.get("/p", token="letmein-alice"))


@pytest.fixture(scope="module")
def workshop():
    server = Httpd()
    bring(server.root)
    yield server
    server.remove()


@pytest.mark.parametrize("first, name, words", [
    ("", "exmaple", ["unknown provider 'exmaple'", "want jwt, or one of a module"]),
    (MODULE, "exmaple", ["unknown provider 'exmaple' (is 'example' meant?)", "jwt", "second"]),
    (MODULE, "hollow", ["unknown provider 'hollow'"]),
    ("", "example", ["unknown provider 'example'"]),
    (MODULE, "jwt exampl", ["'exampl' (is 'example' meant?)"]),
])
def test_names_that_stop_the_server(workshop, first, name, words):
    workshop.configure(first + location("/p", f"AuthBearerProvider {name}", VALID, trust=OWN))
    code, text = workshop.configtest()
    assert code != 0 and "AuthBearerProvider: " in text, text
    assert [word for word in words if word not in text] == [], text
