"""Makes a disagreement small: leaves out lines, sections, words and claims while it stays."""

from dataclasses import replace

import oracle
import oracle_random
from oracle import Leaf, Section

STEPS = 25
NEEDED = ("iss", "aud", "sub", "iat", "exp", "scope", "scp")


def smaller_trees(tree):
    """Each tree with one thing less."""
    if isinstance(tree, Leaf):
        if tree.word in ("scope", "user", "ip", "issuer"):
            yield from (replace(tree, arguments=fewer) for fewer in without_one(tree.arguments)
                        if fewer)
        return
    for i, child in enumerate(tree.children):
        before, after = tree.children[:i], tree.children[i + 1:]
        yield Section(tree.kind, before + after)
        if isinstance(child, Section):
            yield from (Section(tree.kind, before + (one,) + after) for one in child.children)
        yield from (Section(tree.kind, before + (one,) + after) for one in smaller_trees(child))


def without_one(items):
    return [items[:i] + items[i + 1:] for i in range(len(items))]


def smaller_callers(who):
    if who.state == "none":
        return
    for word in sorted(who.scopes):
        yield oracle_random.with_scopes(who, who.scopes - {word})
    for name in who.claims:
        if name not in NEEDED:
            kept = {other: value for other, value in who.claims.items() if other != name}
            yield replace(who, claims=kept)


def shrink(tree, who, disagree):
    """disagree(pairs) tells of each (tree, caller) whether oracle and server differ."""
    for _ in range(STEPS):
        pairs = [(one, who) for one in smaller_trees(tree) if oracle.is_legal(one)]
        pairs += [(tree, one) for one in smaller_callers(who)]
        left = [pair for pair, differs in zip(pairs, disagree(pairs)) if differs] if pairs else []
        if not left:
            break
        tree, who = left[0]
    return tree, who
