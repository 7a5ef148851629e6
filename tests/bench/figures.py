"""Reads result files and computes what the tables and charts show: medians over the rounds, and
ratios to the base cells before and after.

A row of type "cell": set, group, peer, base, alg, work, value, round, place, us (processor
microseconds for one answered request), rps, p50_ms, p99_ms, wrong (answers that were not as
expected), repeated (cold tokens came again), others (share of the server's processor that somebody
else had). work is "base" where the peer served as the base of its neighbours.
"""
import dataclasses
import json
import statistics


@dataclasses.dataclass
class Results:
    machine: dict
    cells: list
    flood: list
    left_out: list


@dataclasses.dataclass
class Figure:
    """One case over all rounds. ratio and base are None where no base was measured."""
    us: float
    least: float
    most: float
    ratio: float
    ratio_least: float
    ratio_most: float
    base: float
    rps: float
    p99_ms: float
    wrong: int
    repeated: bool
    rounds: int


def read(paths):
    rows = []
    for path in paths:
        with open(path) as file:
            rows += [json.loads(line) for line in file]

    def of(kind):
        return [row for row in rows if row["type"] == kind]

    return Results(next(iter(of("machine")), {}), of("cell"), of("flood"), of("left out"))


def base_of(cell, cells):
    """The mean of the base cells nearest before and after it in its round and group."""
    near = [row for row in cells if row["work"] == "base" and row["peer"] == cell["base"]
            and all(row[name] == cell[name] for name in ("set", "group", "round"))]
    before = [row for row in near if row["place"] < cell["place"]]
    after = [row for row in near if row["place"] > cell["place"]]
    found = ([max(before, key=lambda row: row["place"])] if before else []) \
        + ([min(after, key=lambda row: row["place"])] if after else [])
    return statistics.mean(row["us"] for row in found) if found else None


def figure(rows, cells):
    bases = [base_of(row, cells) for row in rows]
    ratios = [row["us"] / base for row, base in zip(rows, bases) if base]
    times = [row["us"] for row in rows]
    return Figure(
        us=statistics.median(times), least=min(times), most=max(times),
        ratio=statistics.median(ratios) if ratios else None,
        ratio_least=min(ratios, default=None), ratio_most=max(ratios, default=None),
        base=statistics.median(base for base in bases if base) if ratios else None,
        rps=statistics.median(row["rps"] for row in rows),
        p99_ms=statistics.median(row["p99_ms"] for row in rows),
        wrong=sum(row["wrong"] for row in rows), repeated=any(row["repeated"] for row in rows),
        rounds=len(rows))


def summary(cells):
    """{(set, peer, alg, work, value): Figure} of all cases but the bases."""
    cases = {}
    for row in cells:
        if row["work"] != "base":
            key = tuple(row[name] for name in ("set", "peer", "alg", "work", "value"))
            cases.setdefault(key, []).append(row)
    return {key: figure(rows, cells) for key, rows in cases.items()}


def bases(cells, name):
    """{peer: (median, least, most) of its processor time as a base} in a set."""
    times = {}
    for row in cells:
        if row["work"] == "base" and row["set"] == name:
            times.setdefault(row["peer"], []).append(row["us"])
    return {peer: (statistics.median(us), min(us), max(us)) for peer, us in times.items()}


def noise(cells):
    """How quiet the machine was: the spread of the bases (standard deviation over mean), and what
    others had of the server's processor, as median and most. None where it is not known."""
    same = {}
    for row in cells:
        if row["work"] == "base":
            same.setdefault((row["set"], row["group"], row["peer"]), []).append(row["us"])
    spreads = [statistics.pstdev(us) / statistics.mean(us) for us in same.values() if len(us) > 2]
    others = [row["others"] for row in cells if row.get("others") is not None]
    return (statistics.median(spreads) if spreads else None,
            statistics.median(others) if others else None, max(others, default=None))
