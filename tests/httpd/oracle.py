"""What must be answered to a token under a tree of Require lines, written from httpd's source, the
RFCs and the manual of the module, apart from the module itself.

A tree is made of Leaf and Section; a Location is Section("any", ...). A Caller is who asks.
answers() says what must come back.
"""

import ipaddress
import itertools
import json
import re
from dataclasses import dataclass, field, replace

GRANTED, DENIED, NEEDS_USER, NEUTRAL = "granted", "denied", "needs a user", "neutral"
ADDRESS = ipaddress.ip_address("127.0.0.1")
WALKS = 16                                      # the module asks httpd's rules so often, no more

# What makes a token unacceptable here, and the reason that must be given.
BROKEN = {"expired": "expired", "forged": "signature_bad", "foreign": "audience_wrong"}


@dataclass(frozen=True)
class Leaf:
    """One Require line. For claim: arguments are (path, operator, value ...); an operator of ""
    stands for the = that may be left out."""
    word: str
    arguments: tuple = ()
    negate: bool = False


@dataclass(frozen=True)
class Section:
    kind: str                                   # any, all, none
    children: tuple


@dataclass(frozen=True)
class Caller:
    """state: none (no token), valid, or a word of BROKEN."""
    state: str
    claims: dict = field(default_factory=dict)
    scopes: frozenset = frozenset()
    user: str = ""


@dataclass(frozen=True)
class Answer:
    status: int
    error: str = None
    reason: str = None                          # None: nobody judged a token
    user: str = ""
    scopes: frozenset = None                    # of the challenge; None: no such attribute


# As configuration text

def quoted(value):
    """A value of a claim as a word of the line: a string that reads as a number, as a boolean, as
    an operator or with blanks needs quotes."""
    if not isinstance(value, str):
        return json.dumps(value)
    bare = re.fullmatch(r"[a-z^$.|]+", value) and value not in ("true", "false", "exists")
    return value if bare else f'"{value}"'


def line(leaf):
    words = list(leaf.arguments)
    if leaf.word == "claim":
        words = [words[0], words[1], *map(quoted, words[2:])]
    return " ".join(["Require", *["not"] * leaf.negate, leaf.word, *filter(None, words)])


def lines(tree, indent=""):
    """The lines of a tree, those of a section inside its tags."""
    if isinstance(tree, Leaf):
        return [indent + line(tree)]
    tag = "Require" + tree.kind.capitalize()
    inner = [text for child in tree.children for text in lines(child, indent + "    ")]
    return [f"{indent}<{tag}>", *inner, f"{indent}</{tag}>"]


def location_lines(tree):
    return [text for child in tree.children for text in lines(child)]


# The rules of one line

def at(claims, path):
    """The claim at a dotted path; a list of none or one value."""
    for step in path.split("."):
        if not isinstance(claims, dict) or step not in claims:
            return []
        claims = claims[step]
    return [claims]


def kind_of(value):
    return "number" if isinstance(value, (int, float)) and not isinstance(value, bool) \
        else type(value).__name__


def equal(value, wanted):
    return kind_of(value) == kind_of(wanted) and value == wanted


def ordered(compare):
    return lambda value, wanted: kind_of(value) == "number" and compare(value, wanted)


POSITIVE = {
    "": equal, "=": equal,
    "~": lambda value, wanted: isinstance(value, str) and re.search(wanted, value) is not None,
    "<": ordered(lambda value, wanted: value < wanted),
    "<=": ordered(lambda value, wanted: value <= wanted),
    ">": ordered(lambda value, wanted: value > wanted),
    ">=": ordered(lambda value, wanted: value >= wanted),
}


def claim_holds(claims, path, operator, *wanted):
    found = at(claims, path)
    if not found or operator == "exists":
        return bool(found)
    values = found[0] if isinstance(found[0], list) else found
    if operator in POSITIVE:
        return any(POSITIVE[operator](value, one) for value in values for one in wanted)
    if operator == "!~" and not all(isinstance(value, str) for value in values):
        return False                            # no expression can be held against it
    return not any(POSITIVE[operator[1:]](value, one) for value in values for one in wanted)


# Rules that hold or not for a verified token: (leaf's arguments, caller, scopes) -> bool
OF_A_TOKEN = {
    "scope": lambda arguments, caller, scopes: scopes >= set(arguments),
    "claim": lambda arguments, caller, scopes: claim_holds(caller.claims, *arguments),
    "issuer": lambda arguments, caller, scopes: caller.claims["iss"] in arguments,
    "user": lambda arguments, caller, scopes: caller.user in arguments,
    "valid-user": lambda arguments, caller, scopes: True,
}


def plain_result(leaf, caller, scopes):
    if leaf.word == "all":
        return GRANTED if leaf.arguments == ("granted",) else DENIED
    if leaf.word == "ip":
        return GRANTED if any(ADDRESS in ipaddress.ip_network(net) for net in leaf.arguments) \
            else DENIED
    if leaf.word == "scope" and scopes is not None:
        return GRANTED if scopes >= set(leaf.arguments) else DENIED
    if caller is None:
        return NEEDS_USER
    return GRANTED if OF_A_TOKEN[leaf.word](leaf.arguments, caller, scopes) else DENIED


# httpd's sections

def combined(kind, results):
    """mod_authz_core: denied rules an AND, granted rules an OR; then that a user may change it;
    what is neutral has no say."""
    first = [DENIED, NEEDS_USER, GRANTED] if kind == "all" else [GRANTED, NEEDS_USER, DENIED]
    return next((result for result in first if result in results), NEUTRAL)


def negated(result):
    return {GRANTED: DENIED, NEUTRAL: NEUTRAL}.get(result, NEUTRAL)


def result_of(tree, caller, scopes):
    """caller None: nobody is known yet. scopes None: none are pretended then, either."""
    if isinstance(tree, Leaf):
        result = plain_result(tree, caller, scopes)
        return negated(result) if tree.negate else result
    result = combined(tree.kind, {result_of(child, caller, scopes) for child in tree.children})
    return negated(result) if tree.kind == "none" else result


def is_legal(tree):
    """httpd starts with it: nothing negative in an OR, and something positive in each section."""
    if isinstance(tree, Leaf):
        return True
    negative = [is_negative(child) for child in tree.children]
    return (bool(negative) and all(map(is_legal, tree.children))
            and not (all(negative) if tree.kind == "all" else any(negative)))


def is_negative(tree):
    return tree.negate if isinstance(tree, Leaf) else tree.kind == "none"


# Scopes that would do

def leaves(tree):
    if isinstance(tree, Leaf):
        return [tree]
    return [leaf for child in tree.children for leaf in leaves(child)]


def scope_rules(tree):
    return [leaf.arguments for leaf in leaves(tree) if leaf.word == "scope"]


def words_of(tree):
    """In configuration order."""
    return list(dict.fromkeys(itertools.chain.from_iterable(scope_rules(tree))))


def walks_bound(tree, caller):
    """How many walks any search that joins the sets of scope rules can need."""
    sets = {frozenset()}
    for rule in scope_rules(tree):
        sets |= {one | frozenset(rule) for one in sets}
    return len(sets) * (1 if caller is None else 2)


def would_pass(tree, caller, scopes):
    """With exactly these scopes. Before a token is known: unless it is certain that nobody will."""
    result = result_of(tree, caller, scopes)
    return result == GRANTED or (caller is None and result == NEEDS_USER)


def smallest(tree, caller):
    """Every smallest set of scopes that would have let the caller pass, in configuration order;
    none if scopes are not what is missing."""
    words = words_of(tree)
    held = frozenset() if caller is None else caller.scopes
    if caller is None and would_pass(tree, None, frozenset()):
        return []
    sets = [frozenset(some) for size in range(1, len(words) + 1)
            for some in itertools.combinations(words, size) if not held.issuperset(some)]
    sets.sort(key=lambda some: cost(some, held))
    for _, group in itertools.groupby(sets, lambda some: cost(some, held)):
        found = [some for some in group
                 if would_pass(tree, caller, some) and would_pass(tree, caller, held | some)]
        if found:
            return found
    return []


def cost(scopes, held):
    return len(scopes - held), len(scopes)


def first_of(tree, sets):
    """Equally small sets go by configuration order. A word of several lines has no one place: a
    walk need not come by all of them. Then any will do."""
    once = all(sum(word in rule for rule in scope_rules(tree)) == 1
               for some in sets for word in some)
    return sets[:1] if once else sets


# The answer

def answers(tree, caller):
    """Every answer that is right; several where equally small sets of scopes would do."""
    userless = result_of(tree, None, None)
    if userless == GRANTED:
        return [Answer(200)]
    if userless != NEEDS_USER:
        return [Answer(403)]
    if caller.state not in ("none", "valid"):
        return [Answer(401, "invalid_token", BROKEN[caller.state])]
    if caller.state == "valid" and result_of(tree, caller, caller.scopes) == GRANTED:
        return [Answer(200, None, "accepted", caller.user)]
    return refusals(tree, caller)


def refusals(tree, caller):
    known = caller if caller.state == "valid" else None
    sets = smallest(tree, known)
    if known is None:
        with_scope, plain = Answer(401, None, "no_token"), Answer(401, None, "no_token")
    else:
        with_scope = Answer(403, "insufficient_scope", "scope_lacking", caller.user)
        plain = Answer(403, None, "rule_denied", caller.user)
    return [replace(with_scope, scopes=some) for some in first_of(tree, sets)] if sets else [plain]


def may_give_up(tree, caller, wanted, got):
    """The answer lacks only the attribute that a limited search may leave out, or says that scopes
    lack where it could not find out that none help."""
    known = caller if caller.state == "valid" else None
    if got.scopes is not None or walks_bound(tree, known) <= WALKS:
        return False
    return got in [replace(one, scopes=None) for one in wanted] + [
        replace(one, error="insufficient_scope", reason="scope_lacking") for one in wanted
        if one.reason == "rule_denied"]
