"""Random trees of Require lines under random tokens: the module agrees with oracle.py.

BEARER_SEED varies what is tried; each failure names the seed, the smallest tree, the token's
claims and both answers.
"""

import os
import random
from collections import Counter, namedtuple
from contextlib import contextmanager

import pytest

import client
import oracle
import oracle_random
import oracle_shrink
import tokens
from expect import ANY_PATH, ECHO, log_line
from oracle import Answer
from server import Httpd

SEED = int(os.environ.get("BEARER_SEED", "20240611"))
TREES, CALLERS, POOL = 500, 10, 200
SHOWN = 3
OMITTED = 0.03                                  # of all pairs: where a limited search may say less

TRUST = f"""
MaxKeepAliveRequests 0
AuthBearerIssuer {tokens.ISSUER} keys=jwks:{{keys}}/as.jwks
AuthBearerIssuer {oracle_random.OTHER} keys=jwks:{{keys}}/other.jwks \
user-prefix={oracle_random.PREFIX}
AuthBearerAudience {tokens.AUDIENCE}
"""
KEY_SETS = {f"keys/{name}.jwks": tokens.jwks([tokens.key("ed25519", number)])
            for name, number in (("as", 1), ("other", 2))}

Pair = namedtuple("Pair", "tree who wanted got")


def configuration(trees):
    sections = [f'<Location "/{n:04}">\nAuthType Bearer\nAuthName api\n'
                + "\n".join(oracle.location_lines(tree)) + "\n</Location>\n"
                for n, tree in enumerate(trees)]
    return ECHO + ANY_PATH + TRUST + "".join(sections)


@contextmanager
def line_to(trees):
    """A connection to a server with these trees. It is closed after the server has stopped: the
    event MPM may crash when it stops while a connection is just closing."""
    with private(trees).running() as server:
        line = client.Connection(server.port)
        yield line
    line.close()


def private(trees):
    server = Httpd(level="notice")
    for name, text in KEY_SETS.items():
        server.write(name, text)
    server.configure(configuration(trees))
    server.allow_log(*[log_line(reason) for reason in
                       ("signature_bad", "audience_wrong", "scope_lacking", "rule_denied")],
                     "AB03(09|10|11|16): ")
    return server


def seen(response):
    """The answer as it came, in the oracle's words."""
    challenge = response.bearer or {}
    scope = challenge.get("scope")
    error = challenge.get("error")
    if response.status == 401 and response.bearer is None:
        error = "no challenge"
    reason = response.header("X-Reason")
    return Answer(response.status, error, None if reason == "(null)" else reason,
                  response.header("X-User") or "",
                  None if scope is None else frozenset(scope.split()))


def ask(line, number, callers):
    """Every caller at one location, all requests sent before the first answer is read."""
    headers = [[] if token is None else [tokens.bearer(token)]
               for token in map(oracle_random.token_of, callers)]
    line.send(b"".join(client.render("GET", f"/{number:04}", some, close=False)
                       for some in headers))
    return [seen(line.receive()) for _ in callers]


def judged(line, number, tree, callers):
    return [Pair(tree, who, oracle.answers(tree, who), got)
            for who, got in zip(callers, ask(line, number, callers))]


def gave_up(pair):
    return pair.got not in pair.wanted and oracle.may_give_up(*pair)


def differs(pair):
    return pair.got not in pair.wanted and not gave_up(pair)


# What is shown of a disagreement

def disagree(pairs):
    with line_to([tree for tree, _ in pairs]) as line:
        return [differs(judged(line, n, tree, [who])[0]) for n, (tree, who) in enumerate(pairs)]


def described(pair):
    tree, who = oracle_shrink.shrink(pair.tree, pair.who, disagree)
    with line_to([tree]) as line:
        pair = judged(line, 0, tree, [who])[0]
    return "\n".join([*oracle.location_lines(pair.tree), f"token: {who.state} {who.claims}",
                      *[f"wanted: {one}" for one in pair.wanted], f"got:    {pair.got}", ""])


def report(pairs):
    if not pairs:
        return ""
    shown = pairs[::max(1, len(pairs) // SHOWN)][:SHOWN]
    return (f"BEARER_SEED={SEED}: {len(pairs)} disagreements, some of them made small:\n"
            + "\n".join(map(described, shown)))


# The trial

@pytest.fixture(scope="module")
def trees():
    rng = random.Random(SEED)
    return [oracle_random.tree(rng) for _ in range(TREES)]


@pytest.fixture(scope="module")
def line(trees):
    with line_to(trees) as made:
        yield made


@pytest.fixture(scope="module")
def pairs(line, trees):
    """Every caller of every tree, with the oracle's answer and the module's."""
    rng = random.Random(SEED + 1)
    everybody = oracle_random.callers(rng, POOL)
    return [pair for number, tree in enumerate(trees) for pair in
            judged(line, number, tree, oracle_random.pick(rng, everybody, CALLERS, tree))]


def test_module_and_oracle_agree(pairs):
    assert len(pairs) == TREES * CALLERS
    different = [pair for pair in pairs if differs(pair)]
    assert not different, report(different)


def test_scopes_are_seldom_left_out(pairs):
    omitted = sum(map(gave_up, pairs))
    print(f"scopes left out in {omitted} of {len(pairs)} answers")
    assert omitted <= OMITTED * len(pairs), f"BEARER_SEED={SEED}: {omitted} of {len(pairs)}"


# Answers of each kind that a trial must hold to say something.
WANTED = {
    (200, "accepted"): 800, (200, None): 30, (401, "no_token"): 300, (401, "expired"): 50,
    (401, "signature_bad"): 50, (401, "audience_wrong"): 50, (403, "scope_lacking"): 300,
    (403, "rule_denied"): 300, (403, None): 30,
}


def test_every_kind_of_answer_came(pairs):
    came = Counter((pair.got.status, pair.got.reason) for pair in pairs)
    assert not [kind for kind, least in WANTED.items() if came[kind] < least], (SEED, came)
    assert not set(came) - set(WANTED), (SEED, came)
    sizes = Counter(len(pair.got.scopes) for pair in pairs if pair.got.scopes)
    assert all(sizes[size] >= 20 for size in (1, 2, 3)), (SEED, sizes)


def test_the_scopes_named_let_the_caller_in(line, trees, pairs):
    """A token with exactly the scopes that the 403 named, and one that has its old ones too."""
    lacking = {pair.tree: pair for pair in pairs
               if pair.got.reason == "scope_lacking" and pair.got.scopes}
    assert len(lacking) >= TREES // 5
    for tree, pair in lacking.items():
        asked = [oracle_random.with_scopes(pair.who, scopes)
                 for scopes in (pair.got.scopes, pair.got.scopes | pair.who.scopes)]
        for who, got in zip(asked, ask(line, trees.index(tree), asked)):
            assert got == Answer(200, None, "accepted", who.user), \
                (SEED, oracle.location_lines(tree), who, got)
