"""One token at several places, again and again: each judges it by its own rules, whatever another
one thought of it before. Each row names the mistake of a cache that it would find."""

import json
import re

import pytest

import tokens
from expect import ECHO, location, passed, refused
from hot import KEPT, Line, check, fresh, thrice
from tokens import basic, key

AS, OTHER = "AuthBearerIssuer https://as.example", "AuthBearerIssuer https://other.example"
OURS, THEIRS = f"{AS} keys=jwks:{{keys}}/as.jwks", f"{OTHER} keys=jwks:{{keys}}/as.jwks"
PREFIXED = f"{THEIRS} user-prefix=o:"
API, BLUE = "https://api.example", "bearer('tenant') == 'blue'"


def place(*lines, issuers=(OURS,), audience=API):
    """What stands in a section; without a rule of its own any user may pass."""
    rule = [] if any("Require" in line for line in lines) else ["Require valid-user"]
    return ["AuthType Bearer", "AuthName api", *issuers, f"AuthBearerAudience {audience}", *lines,
            *rule]


def keys(source, options=""):
    return place(issuers=[f"{AS} keys={source} {options}"])


PLACES = {
    "/plain": place(),
    "/same": place(),
    "/other-audience": place(audience="https://other.example"),
    "/any-audience": place(audience="any"),
    "/line-audience": place(issuers=[f"{OURS} audience=https://line.example"]),
    "/other-keys": keys("jwks:{keys}/other.jwks"),
    "/forged-keys": keys("jwks:{keys}/forged.jwks"),
    "/renamed-keys": keys("jwks:{keys}/renamed.jwks"),
    "/unnamed-keys": keys("jwks:{keys}/unnamed.jwks"),
    "/bound-keys": keys("jwks:{keys}/bound.jwks"),
    "/copied-keys": keys("jwks:{keys}/copied.jwks"),
    "/pem": keys("pem:{keys}/rsa.pem"),
    "/other-pem": keys("pem:{keys}/other.pem"),
    "/ec-only": keys("jwks:{keys}/as.jwks", "algorithms=ES256,ES384"),
    "/rsa-only": keys("jwks:{keys}/as.jwks", "algorithms=RS256,PS256"),
    "/secret": keys("secret:{keys}/secret.bin", "algorithms=HS256,HS384,HS512"),
    "/secret-512": keys("secret:{keys}/secret.bin", "algorithms=HS512"),
    "/other-secret": keys("secret:{keys}/other.bin", "algorithms=HS256"),
    "/jwt-only": keys("jwks:{keys}/as.jwks", "types=JWT"),
    "/id": keys("jwks:{keys}/as.jwks", "types=JWT,at+jwt,id"),
    "/logout": keys("jwks:{keys}/as.jwks", "types=logout+jwt"),
    "/two-types": place(issuers=[f"{OURS} types=JWT", f"{THEIRS} types=at+jwt"]),
    "/foreign": place(issuers=[THEIRS]),
    "/two": place(issuers=[OURS, PREFIXED]),
    "/two-back": place(issuers=[PREFIXED, OURS]),
    "/swapped": place(issuers=[f"{AS} keys=jwks:{{keys}}/other.jwks", THEIRS]),
    "/fresh": place("AuthBearerMaxAge 60"),
    "/this-month": place("AuthBearerMaxAge 2592000"),
    "/strict": place("AuthBearerLeeway 0"),
    "/patient": place("AuthBearerLeeway 300"),
    "/email": place("AuthBearerUser email sub"),
    "/name": place("AuthBearerUser person.name"),
    "/client": place(issuers=[f"{OURS} user=client_id"]),
    "/prefix": place(issuers=[f"{OURS} user-prefix=as:"]),
    "/read": place("Require scope read"),
    "/write": place("Require scope write"),
    "/not-read": place("<RequireAll>", "Require valid-user", "Require not scope read",
                       "</RequireAll>"),
    "/roles": place("AuthBearerScopeClaim roles", "Require scope read"),
    "/blue": place("Require claim tenant = blue"),
    "/red": place("Require claim tenant = red"),
    "/blue-expression": place(f'Require expr "{BLUE}"'),
    "/of-ours": place("Require issuer https://as.example", issuers=[OURS, THEIRS]),
    "/of-theirs": place("Require issuer https://other.example", issuers=[OURS, THEIRS]),
    "/alice": place("Require user alice"),
    "/bob": place("Require user bob"),
    "/small": place("AuthBearerMaxTokenSize 400"),
    "/hidden": place("AuthBearerHide On", audience="https://other.example"),
    "/env": place("AuthBearerEnv tenant roles"),
    "/env-named": place("AuthBearerEnv tenant=TENANT"),
    "/env-off": place("AuthBearerEnv Off"),
    "/password": ["AuthType Basic", "AuthName api", "AuthBasicProvider bearer", OURS,
                  f"AuthBearerAudience {API}", "Require valid-user"],
}
BESIDE = {
    "/plain": place(audience="https://beside.example"),
    "/same": place(),
    "/two": place(issuers=[THEIRS]),
    "/other-keys": place(),
}
HTACCESS = {"read": "Require scope read\nAuthBearerEnv tenant\n", "write": "Require scope write\n",
            "blue": "Require claim tenant = blue\n"}


def sections(places):
    return "".join(location(path, *lines, trust="") for path, lines in places.items())


PAGES = 'AliasMatch "^/(?!htaccess/).+" "{docs}/index.html"\n'
CONF = KEPT + ECHO + PAGES + """
Header always set X-Tenant "%{BEARER_CLAIM_TENANT}e"
Header always set X-Roles "%{BEARER_CLAIM_ROLES}e"
Header always set X-Named "%{TENANT}e"
<Directory "{docs}/htaccess">
    AllowOverride AuthConfig
""" + "\n".join(place()) + """
</Directory>
<VirtualHost *:{port}>
    ServerName localhost
</VirtualHost>
<VirtualHost *:{port}>
    ServerName beside.example
""" + sections(BESIDE) + "</VirtualHost>\n" + sections(PLACES)


@pytest.fixture(scope="module")
def server(serve):
    files = {
        "keys/other.jwks": tokens.jwks([key("rsa", 2), key("p256", 2)]),
        "keys/forged.jwks": tokens.jwks([key("rsa", 2).jwk(kid="rsa-1")]),
        "keys/renamed.jwks": tokens.jwks([key("rsa").jwk(kid="renamed")]),
        "keys/unnamed.jwks": tokens.jwks([key("rsa").jwk(kid=None)]),
        "keys/bound.jwks": tokens.jwks([key("rsa").jwk(alg="PS256")]),
        "keys/copied.jwks": tokens.jwks(), "keys/rsa.pem": key("rsa").public_pem(),
        "keys/other.pem": key("rsa", 2).public_pem(), "keys/secret.bin": key("hs512").secret,
        "keys/other.bin": key("hs256").secret,
    }
    for name, rules in HTACCESS.items():
        files[f"docs/htaccess/{name}/.htaccess"] = rules
        files[f"docs/htaccess/{name}/index.html"] = "<p>the index\n"
    return serve(CONF, {name: text.encode() if isinstance(text, str) else text
                        for name, text in files.items()})


@pytest.fixture
def line(server):
    with Line(server) as line:
        yield line


pytestmark = pytest.mark.mpm

LINE, BESIDES = "https://line.example", "https://beside.example"
HS256 = fresh("HS256", signer=key("hs512"))

# What a cache might get wrong: (what makes the token, {place: user behind `=`, or reason})
ROWS = {
    "nothing is wrong, and two equal lines are one": (
        fresh(), {"/plain": "=alice", "/same": "=alice", "/copied-keys": "=alice"}),
    "an acceptance for one audience is one for all": (
        fresh(), {"/plain": "=alice", "/other-audience": "audience_wrong",
                  "/any-audience": "=alice"}),
    "a refusal for one audience is one for all": (
        fresh(aud="https://other.example"), {"/plain": "audience_wrong",
                                             "/other-audience": "=alice"}),
    "a list of audiences is cut to the one that matched": (
        fresh(aud=["https://other.example", API]), {"/plain": "=alice",
                                                    "/other-audience": "=alice",
                                                    "/line-audience": "audience_wrong"}),
    "no audience at all is taken for a good one": (
        fresh(aud=None), {"/any-audience": "=alice", "/plain": "audience_wrong"}),
    "audience= of another line is used": (
        fresh(aud=LINE), {"/line-audience": "=alice", "/plain": "audience_wrong"}),
    "audience= of the line is skipped": (
        fresh(), {"/line-audience": "audience_wrong", "/plain": "=alice"}),
    "found by iss alone, whatever the keys of the line": (
        fresh(), {"/plain": "=alice", "/other-keys": "key_unknown"}),
    "found by iss and kid, whatever key has that name": (
        fresh(), {"/plain": "=alice", "/forged-keys": "signature_bad"}),
    "found by iss, where the true keys are those of another line": (
        fresh(signer=key("rsa", 2)), {"/other-keys": "=alice", "/plain": "key_unknown",
                                      "/forged-keys": "key_unknown"}),
    "found by the key itself, whatever its name here": (
        fresh(), {"/plain": "=alice", "/renamed-keys": "key_unknown", "/pem": "=alice"}),
    "a key without a name is not found again": (
        fresh(), {"/unnamed-keys": "=alice", "/plain": "=alice", "/other-pem": "signature_bad"}),
    "a token without kid counts for every key": (
        fresh(header={"kid": None}), {"/plain": "=alice", "/other-keys": "signature_bad",
                                      "/renamed-keys": "=alice", "/pem": "=alice"}),
    "a key that serves one algorithm serves all": (
        fresh(), {"/plain": "=alice", "/bound-keys": "alg_refused"}),
    "a key that serves one algorithm does not serve it": (
        fresh("PS256"), {"/plain": "=alice", "/bound-keys": "=alice"}),
    "algorithms= is not asked again": (
        fresh(), {"/rsa-only": "=alice", "/ec-only": "alg_refused", "/plain": "=alice"}),
    "algorithms= is not asked again, EC": (
        fresh("ES256"), {"/rsa-only": "alg_refused", "/ec-only": "=alice"}),
    "algorithms= is not asked again, secrets": (
        HS256, {"/secret": "=alice", "/secret-512": "alg_refused", "/plain": "alg_refused",
                "/other-secret": "signature_bad"}),
    "what a secret signed counts for public keys": (
        fresh("HS512"), {"/secret": "=alice", "/secret-512": "=alice", "/pem": "alg_refused"}),
    "types= is not asked again": (
        fresh(), {"/plain": "=alice", "/jwt-only": "type_wrong", "/logout": "type_wrong"}),
    "types= is not asked again, no typ": (
        fresh(header={"typ": None}), {"/plain": "=alice", "/jwt-only": "type_wrong"}),
    "types= of another line lets a strange kind in": (
        fresh(header={"typ": "logout+jwt"}), {"/logout": "=alice", "/plain": "type_wrong"}),
    "types= is that of the issuer beside": (
        fresh(), {"/plain": "=alice", "/two-types": "type_wrong"}),
    "types= is that of the issuer beside, the other way": (
        fresh(iss="https://other.example"), {"/foreign": "=alice", "/two-types": "=alice"}),
    "an ID token that was accepted is one everywhere": (
        fresh(at_hash="x"), {"/id": "=alice", "/plain": "type_wrong"}),
    "an ID token by its payload is accepted everywhere": (
        fresh(typ="ID"), {"/id": "=alice", "/plain": "type_wrong", "/jwt-only": "type_wrong"}),
    "trusted here, so trusted there": (
        fresh(), {"/plain": "=alice", "/foreign": "issuer_unknown"}),
    "an issuer that was unknown stays so": (
        fresh(iss="https://other.example"), {"/foreign": "=alice", "/plain": "issuer_unknown",
                                             "/two": "=o:alice"}),
    "the first line of the place is taken for the issuer": (
        fresh(iss="https://other.example"), {"/two": "=o:alice", "/two-back": "=o:alice",
                                             "/foreign": "=alice"}),
    "the last line of the place is taken for the issuer": (
        fresh(), {"/two": "=alice", "/two-back": "=alice", "/prefix": "=as:alice"}),
    "a key of one issuer counts for the other one beside it": (
        fresh(), {"/two": "=alice", "/swapped": "key_unknown"}),
    "a key of one issuer counts for the other one, swapped": (
        fresh(signer=key("rsa", 2)), {"/swapped": "=alice", "/two": "key_unknown"}),
    "AuthBearerMaxAge is not asked again": (
        fresh(ahead=[("iat", -120)]), {"/plain": "=alice", "/fresh": "too_old",
                                       "/this-month": "=alice"}),
    "AuthBearerMaxAge is not asked again, no iat": (
        fresh(iat=None), {"/plain": "=alice", "/fresh": "too_old", "/this-month": "too_old"}),
    "exp is kept with another leeway": (
        fresh(ahead=[("exp", -10)]), {"/plain": "=alice", "/strict": "expired",
                                      "/patient": "=alice"}),
    "an entry ends at exp, and its token with it": (
        fresh(ahead=[("exp", -100)]), {"/plain": "expired", "/strict": "expired",
                                       "/patient": "=alice"}),
    "nbf is not asked again": (
        fresh(ahead=[("nbf", 15)]), {"/plain": "=alice", "/strict": "not_yet_valid"}),
    "iat in the future is not asked again": (
        fresh(ahead=[("iat", 15)]), {"/plain": "=alice", "/strict": "not_yet_valid"}),
    "the user is kept": (
        fresh(email="a@x.example", person={"name": "carol"}, client_id="app"),
        {"/plain": "=alice", "/email": "=a@x.example", "/name": "=carol", "/client": "=app",
         "/prefix": "=as:alice"}),
    "a user is kept where there is none": (
        fresh(), {"/plain": "=alice", "/name": "user_missing", "/client": "user_missing",
                  "/email": "=alice"}),
    "a malformed user is passed over": (
        fresh(email="a\nb"), {"/plain": "=alice", "/email": "user_missing"}),
    "scopes are kept from other claims": (
        fresh(scope="read", roles=["x"]), {"/read": "=alice", "/roles": "scope_lacking"}),
    "scopes are kept from other claims, the other way": (
        fresh(scope="x", roles=["read"]), {"/read": "scope_lacking", "/roles": "=alice"}),
    "the form of claims is judged by another place": (
        fresh(roles=7), {"/plain": "=alice", "/read": "=alice", "/roles": "claim_malformed"}),
    "Require scope is not asked again": (
        fresh(), {"/read": "=alice", "/write": "scope_lacking", "/not-read": "rule_denied"}),
    "a scope that was asked for is one of the token": (
        fresh(scope="write"), {"/read": "scope_lacking", "/write": "=alice",
                               "/not-read": "=alice"}),
    "Require claim is not asked again": (
        fresh(tenant="blue"), {"/blue": "=alice", "/red": "rule_denied",
                               "/blue-expression": "=alice"}),
    "claims of a token are lost": (
        fresh(tenant="red"), {"/blue": "rule_denied", "/red": "=alice",
                              "/blue-expression": "rule_denied"}),
    "Require issuer is not asked again": (
        fresh(), {"/of-ours": "=alice", "/of-theirs": "rule_denied"}),
    "Require issuer asks the line of another place": (
        fresh(iss="https://other.example"), {"/of-ours": "rule_denied", "/of-theirs": "=alice"}),
    "Require user is not asked again": (
        fresh(), {"/alice": "=alice", "/bob": "rule_denied"}),
    "AuthBearerMaxTokenSize is asked for a miss only": (
        fresh(), {"/plain": "=alice", "/small": "token_too_large"}),
    "a host beside is the same place by its path": (
        fresh(), {"/plain": "=alice", "beside.example/plain": "audience_wrong",
                  "beside.example/same": "=alice"}),
    "a host beside is the same place, the other way": (
        fresh(aud=BESIDES), {"/plain": "audience_wrong", "beside.example/plain": "=alice"}),
    "a host beside trusts whom this one does": (
        fresh(), {"/two": "=alice", "beside.example/two": "issuer_unknown",
                  "beside.example/other-keys": "=alice", "/other-keys": "key_unknown"}),
    ".htaccess is not asked again": (
        fresh(tenant="red"), {"/htaccess/read/index.html": "=alice",
                              "/htaccess/write/index.html": "scope_lacking",
                              "/htaccess/blue/index.html": "rule_denied"}),
    "two rules are broken, and a hit names the later one: alg and audience": (
        fresh(aud="x"), {"/any-audience": "=alice", "/ec-only": "alg_refused",
                         "/plain": "audience_wrong"}),
    "two rules are broken, and a hit names the later one: time and audience": (
        fresh(ahead=[("exp", -10)]), {"/any-audience": "=alice", "/other-audience":
                                      "audience_wrong", "/strict": "expired"}),
    "two rules are broken, and a hit names the later one: typ and what follows": (
        fresh(header={"typ": "logout+jwt"}), {"/logout": "=alice", "/foreign": "type_wrong",
                                              "/other-keys": "type_wrong",
                                              "/ec-only": "type_wrong"}),
    "two rules are broken, and a hit names the later one: issuer and kind": (
        fresh(typ="ID"), {"/id": "=alice", "/foreign": "issuer_unknown",
                          "/other-keys": "key_unknown"}),
}


def orders(places):
    """Each place thrice or more, so that every one is the first, and is asked again at once and
    after all the others."""
    back = places[::-1]
    return {"in turn": places * 3, "in turn, backwards": back * 3,
            "one by one": [one for one in places for _ in range(3)] + places,
            "one by one, backwards": [one for one in back for _ in range(3)] + back}


@pytest.mark.parametrize("name", ROWS)
def test_each_place_judges(server, line, name):
    make, outcomes = ROWS[name]
    for order, sequence in orders(list(outcomes)).items():
        token = make()
        for number, where in enumerate(sequence, 1):
            check(server, line.get(where, token), outcomes[where],
                  f"{order}, request {number}, {where}")


def test_a_second_token_finds_the_first_ones_answer(server, line):
    """Tokens of all rows among each other, each at its places: none is taken for another."""
    kept = [(name, make(), outcomes) for name, (make, outcomes) in ROWS.items()]
    for turn in range(2):
        for name, token, outcomes in kept[::-1] if turn else kept:
            for where, outcome in outcomes.items():
                check(server, line.get(where, token), outcome, f"{name}, {where}, turn {turn}")


def exported(answer):
    passed(answer)
    return tuple(answer.header(name) for name in ("X-Tenant", "X-Roles", "X-Named"))


def test_claims_of_another_place_or_token_are_exported(server, line):
    kinds = [({"tenant": "blue", "roles": ["x", "y"]}, "blue", '["x","y"]'),
             ({"tenant": "red"}, "red", "(null)"), ({}, "(null)", "(null)")]
    made = [(fresh(**claims)(), tenant, roles) for claims, tenant, roles in kinds]
    nothing = "(null)"
    for token, tenant, roles in made * 3 + made[::-1] * 2:
        assert exported(line.get("/env", token)) == (tenant, roles, nothing)
        assert exported(line.get("/plain", token)) == (nothing, nothing, nothing)
        assert exported(line.get("/env-named", token)) == (nothing, nothing, tenant)
        assert exported(line.get("/env-off", token)) == (nothing, nothing, nothing)
        assert exported(line.get("/htaccess/read/index.html", token)) == (tenant, nothing, nothing)


def test_the_name_beside_a_token_as_password_is_asked_once_only(server, line):
    """The token is known from a Bearer field, and as a password; the name is judged each time."""
    server.allow_log("AB0101: refused: user_missing: .*the user name")
    token = fresh()()
    for name, status in (("alice", 200), ("bob", 401), ("bearer", 200), ("bob", 401)) * 2:
        answer = line.get("/password", headers=[basic(name, token)])
        assert (answer.status, answer.header("X-User")) == (status, "alice" if status == 200
                                                            else name), answer
        passed(line.get("/plain", token))


def test_hidden_is_forgotten(server, line):
    server.allow_log("AB0101: refused: audience_wrong")
    token = fresh()()
    for _ in range(3):
        passed(line.get("/plain", token))
        answer = line.get("/hidden", token)
        assert (answer.status, answer.challenges) == (404, []), answer
        assert answer.header("X-Reason") == "audience_wrong"


@pytest.mark.parametrize("where, number", [("/two", "AB0102"), ("/renamed-keys", "AB0101"),
                                           ("/other-audience", "AB0101")])
def test_a_hit_is_logged_with_less(server, line, where, number):
    """The log tells of each request as of the first: user or reason, issuer, key, fingerprint."""
    token = fresh()()
    for _ in range(4):
        passed(line.get("/plain", token))
        line.get(where, token)
    mark = tokens.fingerprint(token)
    told = [found for found in re.findall(r"AB010[12]: .*", server.log()) if mark in found]
    told = [re.sub(r", referer.*", "", found) for found in told]
    assert len(told) == 8 and len(set(told[::2])) == len(set(told[1::2])) == 1, told
    assert told[1].startswith(number) and "https://as.example" in told[1] and "rsa-1" in told[1]


def test_a_request_without_a_token_finds_the_last_one(server, line):
    token = fresh()()
    for _ in range(3):
        thrice(server, line, "/plain", token, "=alice")
        refused(server, line.get("/plain"), "no_token")
        assert json.loads(line.get("/plain").text)["status"] == 401
