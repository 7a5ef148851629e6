"""The benchmark without a server: the order of its cells, and medians, ratios and tables from
results made by hand."""

import importlib.machinery
import importlib.util
import json
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parents[1] / "bench"


@pytest.fixture(scope="module")
def bench():
    """The modules of tests/bench, whose folder is in no path otherwise."""
    sys.path.insert(0, str(BENCH))
    try:
        import cells
        import figures
        import peers
        import tables
        loader = importlib.machinery.SourceFileLoader("bench_report", str(BENCH / "report"))
        report = importlib.util.module_from_spec(importlib.util.spec_from_loader("bench_report",
                                                                                 loader))
        loader.exec_module(report)
    finally:
        sys.path.remove(str(BENCH))
    report.tables, report.figures, report.cells, report.peers = tables, figures, cells, peers
    return report


def cell(work, us, round_, place, peer="bearer", **more):
    base = "haproxy-none" if peer.startswith("haproxy") else "none"
    return {"type": "cell", "set": "main", "group": "httpd", "peer": peer, "base": base,
            "alg": "RS256", "work": work, "value": None, "round": round_, "place": place, "us": us,
            "rps": 1e6 / us, "p50_ms": 1, "p99_ms": 2, "wrong": 0, "repeated": False,
            "others": 0.01, **more}


def base(us, round_, place, peer="none", **more):
    return cell("base", us, round_, place, peer, **more)


# Name, rows, the median, the median ratio, its least and most.
RATIOS = (
    ("one base before, one after", [base(40, 0, 0), cell("hot", 100, 0, 1), base(60, 0, 2)],
     100, 2.0, 2.0, 2.0),
    ("only one before", [base(40, 0, 0), cell("hot", 100, 0, 1)], 100, 2.5, 2.5, 2.5),
    ("only one after", [cell("hot", 100, 0, 0), base(50, 0, 1)], 100, 2.0, 2.0, 2.0),
    ("the nearest ones", [base(10, 0, 0), base(40, 0, 1), cell("hot", 90, 0, 2), base(50, 0, 3),
                          base(900, 0, 4)], 90, 2.0, 2.0, 2.0),
    ("each round by its own", [base(50, 0, 0), cell("hot", 100, 0, 1), base(100, 1, 0),
                               cell("hot", 300, 1, 1), base(10, 2, 0), cell("hot", 110, 2, 1)],
     110, 3.0, 2.0, 11.0),
    ("an even number of rounds", [base(50, 0, 0), cell("hot", 100, 0, 1), base(50, 1, 0),
                                  cell("hot", 200, 1, 1)], 150, 3.0, 2.0, 4.0),
    ("no base of another server", [base(10, 0, 0, "haproxy-none"), base(50, 0, 1),
                                   cell("hot", 100, 0, 2)], 100, 2.0, 2.0, 2.0),
    ("no base of another group", [base(10, 0, 0, group="x"), base(50, 0, 1),
                                  cell("hot", 100, 0, 2), base(10, 0, 3, group="x")],
     100, 2.0, 2.0, 2.0),
    ("no base of another set", [base(50, 0, 0), cell("hot", 100, 0, 1), base(10, 0, 2, set="mpm")],
     100, 2.0, 2.0, 2.0),
    ("no base at all", [cell("hot", 100, 0, 0)], 100, None, None, None),
)


@pytest.mark.parametrize("rows, us, ratio, least, most", [row[1:] for row in RATIOS],
                         ids=[row[0] for row in RATIOS])
def test_ratio(bench, rows, us, ratio, least, most):
    (found,) = bench.figures.summary(rows).values()
    assert (found.us, found.ratio, found.ratio_least, found.ratio_most) == (us, ratio, least, most)


def test_cases_stay_apart(bench):
    rows = [base(50, 0, 0), cell("hot", 100, 0, 1), cell("cold", 200, 0, 2), base(50, 0, 3),
            cell("hot", 150, 0, 4, "oauth2"), cell("hot", 250, 0, 5, alg="ES256"), base(50, 0, 6)]
    found = {key[1:4]: value.ratio for key, value in bench.figures.summary(rows).items()}
    assert found == {("bearer", "RS256", "hot"): 2, ("bearer", "RS256", "cold"): 4,
                     ("oauth2", "RS256", "hot"): 3, ("bearer", "ES256", "hot"): 5}


# The names of cases, the turn, the order: B is the base.
PLANS = (("a", 0, "BaB"), ("abc", 0, "BabcB"), ("abcd", 0, "BabcBdB"), ("abcd", 1, "BbcdBaB"),
         ("abcd", 6, "BcdaBbB"))


@pytest.mark.parametrize("works, turn, wanted", PLANS)
def test_plan(bench, works, turn, wanted):
    peer = bench.peers.BY_NAME["bearer"]
    made = [bench.cells.Case("main", "httpd", peer, "RS256", work, Path("x")) for work in works]
    order = bench.cells.plan(made, turn)
    assert "".join("B" if case.work == "base" else case.work for case in order) == wanted
    assert {case.peer.name for case in order if case.work == "base"} == {"none"}


FLAWS = (({}, "| 100 | **2.00** (2.00\u20132.00) |"),
         ({"repeated": True}, "| 100 \\* | **2.00** (2.00\u20132.00) |"),
         ({"wrong": 3}, "| 100 ! | **2.00** (2.00\u20132.00) |"))


@pytest.mark.parametrize("flaw, wanted", FLAWS, ids=["none", "repeated", "wrong"])
def test_main_table(bench, flaw, wanted):
    rows = [base(50, 0, 0), cell("hot", 200, 0, 1), cell("cold", 100, 0, 2, **flaw), base(50, 0, 3)]
    results = bench.figures.Results({}, rows, [], [])
    (line,) = [line for line in bench.tables.blocks(results)["main"].splitlines()
               if "mod_auth_bearer" in line]
    assert "| 200 | **4.00** (4.00\u20134.00) |" in line and wanted in line


def test_noise(bench):
    rows = [base(us, number, 0) for number, us in enumerate((40, 50, 60))]
    spread, usual, most = bench.figures.noise([*rows, cell("hot", 99, 0, 1, others=0.5)])
    assert (round(spread, 3), usual, most) == (0.163, 0.01, 0.5)


def test_page(bench, tmp_path):
    """A block with results is replaced, one without stays, and so does what is around them."""
    rows = [base(50, 0, 0), cell("hot", 100, 0, 1)]
    path = tmp_path / "results.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    page = ("a\n<!-- begin main -->\nreplaced\n<!-- end main -->\nb\n<!-- begin mpm -->\nkept\n"
            "<!-- end mpm -->\n")
    text = bench.filled(page, bench.tables.blocks(bench.figures.read([path])))
    assert text.startswith("a\n<!-- begin main -->\n| algorithm") and "replaced" not in text
    assert text.endswith("<!-- end main -->\nb\n<!-- begin mpm -->\nkept\n<!-- end mpm -->\n")


def test_missing_place(bench):
    with pytest.raises(SystemExit):
        bench.filled("no marks", {"main": "x"})
