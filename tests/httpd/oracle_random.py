"""Random trees of Require lines that httpd accepts, and random tokens that suit them."""

import json
from dataclasses import replace
from functools import lru_cache

import oracle
import tokens
from oracle import Caller, Leaf, Section

OTHER = "https://other.example"
PREFIX = "other:"                               # before the users of the other issuer
WORDS = ["read", "write", "admin", "list", "https://api.example/x:all", "a", "b", "files.read"]
WORDS_A_TREE = 6
LARGEST = 9                                     # lines of a tree
NEARLY = 3                                      # callers of a tree that hold most of its scopes
USERS = ["alice", "bob", "eve"]

ROLES = ["admin", "guest", "dev ops", "5", "true"]
PATTERNS = ["^adm", "s$", "dev ops|guest", "^$", "."]
PATHS = ["role", "role", "level", "ok", "dept.name", "sub"]
VALUES = {"level": [1, 2, 2.5, "2"], "ok": [True, False, "true", 1]}
ORDERS = ["<", "<=", ">", ">="]

LEAVES = {"scope": 50, "claim": 22, "valid-user": 8, "user": 8, "issuer": 6, "ip": 4, "all": 2}


def some(rng, choices, most):
    return tuple(rng.sample(choices, rng.randint(1, most)))


def claim_arguments(rng):
    path = rng.choice(PATHS)
    operator = rng.choice(["", "=", "!=", "~", "!~", "exists", *ORDERS])
    if operator == "exists":
        return path, operator
    if operator in ORDERS:
        return rng.choice(["level", "level", path]), operator, rng.choice([1, 2, 2.5, 3])
    if "~" in operator:
        return (path, operator, *some(rng, PATTERNS, 2))
    return (path, operator, *some(rng, VALUES.get(path, ROLES + USERS[:1]), 2))


def arguments_of(rng, word, words):
    if word == "scope":
        return some(rng, words, min(3, len(words)) if rng.random() < 0.45 else 1)
    return {
        "claim": claim_arguments(rng),
        "user": some(rng, USERS + [PREFIX + USERS[0]], 2),
        "issuer": some(rng, [tokens.ISSUER, OTHER], 1),
        "ip": some(rng, ["127.0.0.0/8", "192.0.2.1", "192.0.2.1", "2001:db8::/32"], 2),
        "all": some(rng, ["granted", "denied", "denied"], 1),
    }.get(word, ())


def leaf(rng, words, negate=False):
    word = rng.choices(list(LEAVES), LEAVES.values())[0]
    return Leaf(word, arguments_of(rng, word, words), negate)


def section(rng, words, kind, depth):
    """Children of an AND may be negative, those of an OR are not: httpd refuses them."""
    children = []
    for _ in range(rng.randint(1, 3) + (kind == "all")):
        if depth > 0 and rng.random() < 0.35:
            kinds = ["any", "all", "none"] if kind == "all" else ["any", "all", "all"]
            children.append(section(rng, words, rng.choice(kinds), depth - 1))
        else:
            children.append(leaf(rng, words, kind == "all" and rng.random() < 0.25))
    return Section(kind, tuple(children))


def beside_constant(rng, made):
    """With a rule that no token changes, which may decide before anybody is asked for one."""
    word = rng.choice(["ip", "all"])
    rule = Leaf(word, arguments_of(rng, word, []))
    if rng.random() < 0.3:
        return Section("any", made.children + (rule,))
    pair = (made, rule) if rng.random() < 0.5 else (rule, made)
    return Section("any", (Section("all", pair),))


def alternatives(rng):
    """Sets of scopes of all sizes: which is the cheapest depends on what a token holds."""
    words = rng.sample(WORDS, WORDS_A_TREE)
    return Section("any", tuple(Leaf("scope", some(rng, words, 4)) for _ in range(3)))


def tree(rng):
    while True:
        words = rng.sample(WORDS, rng.randint(2, WORDS_A_TREE))
        made = section(rng, words, "any", 3) if rng.random() < 0.9 else alternatives(rng)
        if rng.random() < 0.1:
            made = beside_constant(rng, made)
        if oracle.is_legal(made) and 2 <= len(oracle.leaves(made)) <= LARGEST:
            return made


def claims(rng):
    """Beside those that every token has; None: absent."""
    role = rng.choice([None, *ROLES, *ROLES, True, 5, [], ["x", "admin"], ["guest", 5], ["s"]])
    return {
        "iss": rng.choice([tokens.ISSUER, tokens.ISSUER, OTHER]),
        "sub": rng.choice(USERS),
        "role": role,
        "level": rng.choice([None, 1, 2, 2.5, 3, -1, "2", [1, 3], True]),
        "ok": rng.choice([None, True, False, "true", 1, [False, True]]),
        "dept": rng.choice([None, {"name": "admin"}, {"name": ["dev ops"]}, {"x": 1}, "name"]),
        **scope_claims(rng, rng.sample(WORDS, rng.choice([0, 1, 1, 2, 2, 3, 4, 5]))),
    }


def scope_claims(rng, words):
    """The same scopes in the shapes that issuers give them."""
    shape = rng.randrange(4)
    if shape == 0 or not words:
        return {"scope": " ".join(words)} if words else {"scope": rng.choice([None, "", []])}
    if shape == 1:
        return {"scope": None, "scp": words}
    if shape == 2:
        return {"scope": words + words[:1]}
    return {"scope": " ".join(words[1:] + words[:2]), "scp": words[:1]}


def scopes_in(made):
    found = []
    for name in ("scope", "scp"):
        value = made.get(name) or []
        found += value.split() if isinstance(value, str) else value
    return frozenset(found)


def caller(state, changes):
    """Who has a token with these claims, in the oracle's words."""
    made = tokens.claims(**changes)
    prefix = PREFIX if made["iss"] == OTHER else ""
    return Caller(state, made, scopes_in(made), prefix + made["sub"])


def callers(rng, count):
    """None, every kind of broken ones, and else valid ones."""
    made = [Caller("none")] + [caller(state, claims(rng)) for state in oracle.BROKEN]
    return made + [caller("valid", claims(rng)) for _ in range(count - len(made))]


def pick(rng, everybody, count, made):
    """Callers for a tree: nobody, sometimes a broken token, and valid ones, of which some have most
    of the scopes that the tree names."""
    broken = rng.sample(everybody[1:4], 1 if rng.random() < 0.7 else 0)
    valid = rng.sample(everybody[4:], count - 1 - len(broken))
    words = oracle.words_of(made)
    for i in range(min(NEARLY, len(words))):
        valid[i] = with_scopes(valid[i], rng.sample(words, max(len(words) - 1 - i, 1)))
    return everybody[:1] + broken + valid


# Tokens

KEYS = {tokens.ISSUER: 1, OTHER: 2}
CHANGES = {"expired": {"exp": 1000000000, "iat": 999999000},
           "foreign": {"aud": "https://x.example"}}


def token_of(who):
    """The header value, None without a token."""
    return None if who.state == "none" else minted(who.state, json.dumps(who.claims))


@lru_cache(maxsize=None)
def minted(state, text):
    made = {**json.loads(text), **CHANGES.get(state, {})}
    trusted = tokens.key("ed25519", KEYS[made["iss"]])
    signer = tokens.key("ed25519", 3) if state == "forged" else trusted
    return tokens.mint(signer, "EdDSA", made, {"kid": trusted.kid})


def with_scopes(who, scopes):
    """The same caller with a token that has exactly these scopes."""
    made = {name: value for name, value in who.claims.items() if name not in ("scope", "scp")}
    made["scope"] = " ".join(sorted(scopes))
    return replace(who, claims=made, scopes=frozenset(scopes))
