"""htbearer check and verify: what is asked of which token, and the answer."""

import pytest

import htbearer
from authority import Authority
from htbearer import AUDIENCE, CLAIMS, ISSUER
from issuer import OPENID, Answer

NOW = 1_700_000_000
REASONS = [
    ([], [], "accepted", None),
    (["ttl=60"], [f"now={NOW + 89}"], "accepted", None),
    (["ttl=60"], [f"now={NOW + 90}"], "expired", "exp has passed by 30 s"),
    (["ttl=60"], [f"now={NOW + 60}", "leeway=0"], "expired", "exp has passed by 0 s"),
    (["ttl=-60"], [], "expired", "exp has passed by 60 s"),
    ([f"claim=nbf={NOW + 31}"], [], "not_yet_valid", "nbf is ahead by 31 s"),
    ([], ["max-age=10", f"now={NOW + 41}"], "too_old", "was issued before 41 s"),
    ([], [f"audience={AUDIENCE}/other"], "audience_wrong",
     f'aud names others: "{AUDIENCE}", and wanted is "{AUDIENCE}/other"'),
    ([], ["audience=x,y"], "audience_wrong",
     f'aud names others: "{AUDIENCE}", and wanted is "x" or another'),
    ([], ["audience=any"], "accepted", None),
    ([], [f"audience=x,{AUDIENCE}"], "accepted", None),
    ([], ["issuer=https://other.example.com"], "issuer_unknown",
     f'iss is "{ISSUER}", and trusted here is "https://other.example.com"'),
    (["typ=dpop+jwt"], [], "type_wrong", 'the header\'s typ is "dpop+jwt"'),
    (["typ=dpop+jwt"], ["types=dpop+jwt"], "accepted", None),
    (["typ="], ["types=JWT"], "type_wrong", "the header has no typ"),
    (["claim=token_use=id"], [], "type_wrong", "an ID or other token, no access token"),
    (['json={"exp":null}'], [], "claim_malformed", "exp is absent"),
    (["claim=scp=1"], [], "claim_malformed", "the scope claim"),
    (['json={"sub":null}'], [], "user_missing", "no user claim is present"),
    (['json={"sub":null}', "claim=client_id=robot"], [], "accepted", None),
    ([], ["user=email"], "user_missing", "no user claim is present"),
    (['claim=cnf={"jkt":"x"}'], [], "binding_unchecked", None),
    (['header={"crit":["exp"]}'], [], "crit_refused", None),
    (["kid=unheard-of"], [], "key_unknown", "ES256"),
    ([], ["scope=read"], "accepted", None),
    ([], ["scope=write read"], "accepted", None),
    ([], ["scope=read admin"], "scope_lacking", "scope read admin"),
    ([], ["require=scope admin"], "scope_lacking", "scope admin"),
    ([], ["require=claim sub = alice bob"], "accepted", None),
    ([], ["require=claim sub bob"], "rule_denied", "claim sub bob"),
    ([], ["require=claim sub = alice", "require=claim sub ~ ^b"], "rule_denied", "claim sub ~ ^b"),
    ([], [f"require=issuer {ISSUER}"], "accepted", None),
    (['claim=roles=["a","b"]'], ["require=claim roles = b"], "accepted", None),
    (['claim=roles=["a","b"]'], ["scope-claim=roles", "scope=a b"], "accepted", None),
    (["claim=n=3"], ["require=claim n >= 3"], "accepted", None),
    (['claim=n="3"'], ["require=claim n >= 3"], "rule_denied", "claim n >= 3"),
]


@pytest.mark.parametrize("said, asked, reason, detail", REASONS, ids=range(len(REASONS)))
def test_reasons(keys, said, asked, reason, detail):
    if not any(word.startswith("now=") for word in asked):
        asked = [*asked, f"now={NOW}"]
    result = keys("ES256").check(keys("ES256").mint(*CLAIMS, f"now={NOW}", *said), *asked)
    assert (result.reason, result.lines.get("detail")) == (reason, detail)
    assert result.code == (0 if reason == "accepted" else 1)


def test_user_words(keys):
    token = keys("ES256").mint(*CLAIMS, "claim=email=alice@example.com")
    result = keys("ES256").check(token, "user=email", "user-prefix=main:", code=0)
    assert result.lines["user"] == "main:alice@example.com"


NO_TOKENS = [
    ("", "no_token"),
    ("\n", "no_token"),
    ("\r\n", "no_token"),
    ("abc", "token_malformed"),
    ("a.b.c.d.e", "token_malformed"),
    ("eyJhbGciOiJub25lIn0.e30.", "token_malformed"),
    ("eyJhbGciOiJub25lIn0.e30.eA", "alg_refused"),
    ("a" * 65536, "token_malformed"),
    ("a" * 65536 + "\r\n", "token_malformed"),
    ("a" * 65537, "token_too_large"),
    ("a" * 70000, "token_too_large"),
]


@pytest.mark.parametrize("token, reason", NO_TOKENS, ids=range(len(NO_TOKENS)))
def test_what_is_no_token(keys, token, reason):
    for result in (keys("ES256").verify(token, code=1), keys("ES256").check(token, code=1)):
        assert result.reason == reason


@pytest.mark.parametrize("before, after, reason", [
    ("", "", "accepted"), ("", "\n", "accepted"), ("", "\r\n", "accepted"),
    ("", "\n\n", "token_malformed"), (" ", "", "token_malformed"), ("", " ", "token_malformed"),
    ("\n", "", "token_malformed"), ("Bearer ", "", "token_malformed"),
    ("", "\nx", "token_malformed"),
])
def test_the_line_of_the_token(keys, before, after, reason):
    assert keys("ES256").verify(before + keys("ES256").mint(*CLAIMS) + after).reason == reason


def test_output_tells_no_secrets_and_obeys_no_terminal(keys):
    made = keys("ES256")
    token = made.mint(*CLAIMS, 'header={"kid":"\\u001b[2J\\n' + "k" * 600 + '"}')
    result = made.check(token, code=1)
    assert result.reason == "key_unknown" and result.lines["kid"].startswith("\\x1b[2J\\x0akkk")
    assert len(result.lines["kid"]) < 530 and result.lines["kid"].endswith("...")
    for part in token.split("."):
        assert part not in result.output + result.error
    named = made.check(made.mint(*CLAIMS, 'json={"sub":"a\\u00e9\\\\"}'), code=0)
    assert named.lines["user"] == "a\u00e9\\x5c"
    refused = made.check(made.mint(*CLAIMS, 'json={"sub":"a\\u009b31m"}'))
    assert "\x9b" not in refused.output


def signed(keys, server, *words):
    """A token of that issuer, which publishes its key."""
    made = keys("ES256")
    server.publish({"keys": [made.jwk()]}, place=OPENID)
    return made.mint(f"issuer={server.url}", f"audience={AUDIENCE}", "subject=alice", *words)


@pytest.mark.parametrize("more", [[], ["keys=discovery"], ["keys={set}"]])
def test_keys_from_the_network(keys, serve, more):
    server = serve()
    token = signed(keys, server)
    more = [word.format(set=f"{server.url}/jwks") for word in more]
    result = htbearer.run("check", f"issuer={server.url}", f"audience={AUDIENCE}", "timeout=9",
                          "max-stale=1", *more, stdin=token, code=0)
    assert result.lines["user"] == "alice" and "/jwks" in server.paths()
    assert result.error == (f"htbearer: note: {more[0][5:] if '://' in str(more) else server.url}"
                            f": 1 keys fetched from {server.url}/jwks\n")
    more = more or ["keys=discovery"]
    more += [f"issuer={server.url}"] if more == ["keys=discovery"] else []
    assert htbearer.run("verify", *more, stdin=token, code=0).reason == "accepted"


def test_the_time_to_judge_at_is_not_that_of_fetching(keys, serve):
    server = serve()
    token = signed(keys, server, f"now={NOW}")
    htbearer.run("check", f"issuer={server.url}", f"audience={AUDIENCE}", f"now={NOW}",
                 stdin=token, code=0)


@pytest.mark.parametrize("page", [Answer("", 500), {"keys": []}, "<html>", Answer("", 302)])
def test_keys_that_cannot_be_fetched(keys, serve, page):
    server = serve()
    token = signed(keys, server)
    server.serve("/jwks", page)
    result = htbearer.run("check", f"issuer={server.url}", f"audience={AUDIENCE}", stdin=token,
                          code=1)
    assert result.reason == "keys_unavailable"
    assert result.error.startswith(f"htbearer: warning: {server.url}: no keys were fetched: "
                                   f"{server.url}/jwks: ") and result.error.count("\n") == 1
    result = htbearer.run("verify", f"keys={server.url}/jwks", stdin=token, code=1)
    assert result.reason == "keys_unavailable" and "no keys were fetched" in result.error


def test_sources_beside_each_other(keys, serve):
    made, server, broken = keys("ES256"), serve(), serve()
    signed(keys, server)
    broken.serve("/jwks", Answer(how="hang"))
    token = keys("Ed25519").mint(*CLAIMS)
    sources = [f"keys={broken.url}/gone", f"keys={broken.url}/jwks", f"keys={server.url}/jwks",
               "keys=pem:public.pem"]
    for words in (["verify"], ["check", f"issuer={ISSUER}", f"audience={AUDIENCE}"]):
        result = htbearer.run(*words, *sources, "timeout=3", stdin=token,
                              cwd=keys("Ed25519").folder, code=0)
        assert result.error.count("no keys were fetched") == 2
    # Once each, whatever failed meanwhile.
    assert sorted(broken.paths()) == ["/gone"] * 2 + ["/jwks"] * 2
    assert htbearer.run("verify", *sources[2:3], stdin=made.mint(*CLAIMS), code=0)


def test_algorithms_and_keys_from_the_network(keys, serve):
    server = serve()
    token = signed(keys, server)
    for words in (["verify", f"keys={server.url}/jwks"],
                  ["check", f"issuer={server.url}", f"audience={AUDIENCE}"]):
        result = htbearer.run(*words, "algorithms=RS256", stdin=token, code=1)
        assert result.reason == "alg_refused"


def test_nothing_is_fetched_for_what_is_no_token(keys, serve):
    server = serve()
    signed(keys, server)
    htbearer.run("check", f"issuer={server.url}", f"audience={AUDIENCE}", stdin="", code=1)
    htbearer.run("verify", f"keys={server.url}/jwks", stdin="", code=1)
    assert server.hits == []


def test_private_authority(keys, serve):
    authority = Authority("tests")
    server = serve(authority)
    token = signed(keys, server)
    words = ["check", f"issuer={server.url}", f"audience={AUDIENCE}"]
    htbearer.run(*words, "ca=ca.pem", stdin=token, cwd=authority.folder, code=0)
    result = htbearer.run(*words, stdin=token, cwd=authority.folder, code=1)
    assert result.reason == "keys_unavailable" and "certificate" in result.error
