"""The sets of measurements: which cases each consists of."""
import material as made
import peers
from cells import Case
from peers import Setup

USUAL = "RS256"         # where a set does not vary the algorithm
SIZES = (350, 1000, 2000, 4000, 6000)
KEYS = (1, 10, 100, 1000)
ISSUERS = (1, 10, 50, 200)
CONNECTIONS = (1, 10, 100, 1000)
MPMS = ("event", "worker", "prefork")


def main(material, chosen):
    """The same token again and again, and each token but once, for every algorithm."""
    for alg in made.ALGORITHMS:
        for peer in chosen:
            if alg in peer.algorithms:
                for work in ("hot", "cold"):
                    yield Case("main", peer.kind, peer, alg, work, material.tokens(work, alg))
    for peer in chosen:
        if peer.scheme == "Basic":
            yield Case("main", peer.kind, peer, "-", "hot", material.tokens("basic", "-"))


def refuse(material, chosen):
    """What is refused, beside what is accepted."""
    for peer in chosen:
        if USUAL not in peer.algorithms:
            continue
        yield Case("refuse", peer.kind, peer, USUAL, "cold", material.tokens("cold", USUAL))
        for work in ("none", "malformed", "expired", "signature", "audience"):
            if work != "audience" or peer.own:
                yield Case("refuse", peer.kind, peer, USUAL, work, material.tokens(work, USUAL),
                           expect=401)


def size(material, chosen):
    """Tokens of several sizes. Each size has a base of its own, which reads as long a field."""
    for value in SIZES:
        for peer in chosen:
            if "ES256" in peer.algorithms:
                for work in ("hot", "cold"):
                    yield Case("size", f"{peer.kind} {value}", peer, "ES256", work,
                               material.sized(work, "ES256", value), value)


def varied(name, alg, setups, material, chosen, shared):
    """Hot and cold under several set-ups; with one base for all where they concern no base."""
    for value, setup in setups:
        for peer in chosen:
            if alg in peer.algorithms and not (setup.mpm != "event" and peer.kind != "httpd"):
                for work in ("hot", "cold"):
                    yield Case(name, peer.kind if shared else f"{peer.kind} {value}", peer, alg,
                               work, material.tokens(work, alg), value, setup=setup)


def keys(material, chosen):
    """The token's key is the last of so many."""
    own = [peer for peer in chosen if peer.own]
    return varied("keys", "ES256", [(n, Setup(keys=n)) for n in KEYS], material, own, True)


def issuers(material, chosen):
    """The token's issuer is the last of so many lines."""
    own = [peer for peer in chosen if peer.own]
    return varied("issuers", USUAL, [(n, Setup(issuers=n)) for n in ISSUERS], material, own, True)


def connections(material, chosen):
    return varied("connections", USUAL, [(n, Setup(connections=n)) for n in CONNECTIONS], material,
                  chosen, False)


def mpm(material, chosen):
    return varied("mpm", USUAL, [(name, Setup(mpm=name)) for name in MPMS], material, chosen, False)


# In the order of running. The flood is no row of cells: flood.py.
ALL = {"main": main, "refuse": refuse, "size": size, "keys": keys, "issuers": issuers,
       "connections": connections, "mpm": mpm}
NAMES = (*ALL, "flood")
# Sets that measure every peer unless told; the others are about this module.
COMPARING = ("main", "refuse")


def chosen(name, available, pattern):
    """The peers of a set, without the bases, which come by themselves."""
    candidates = [peer for peer in available if peer.base != peer.name]
    if pattern is not None:
        return [peer for peer in candidates if pattern.search(peer.name)]
    return [peer for peer in candidates if name in COMPARING or peer.own]


def cases(name, material, available, pattern):
    return list(ALL[name](material, chosen(name, available, pattern)))


def bases(selected):
    return {peers.BY_NAME[case.peer.base] for case in selected}
