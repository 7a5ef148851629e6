"""What judging a token takes has not grown (tests/bench/count.py counts it): instructions by no
more than a tenth, and not one allocation, parsing, digest or signature more. Who makes it dearer
for a good reason records it anew: tests/bench/count.py --record"""
import json
import sys

import pytest

from htbearer import PROJECT

sys.path.insert(0, str(PROJECT / "tests/bench"))
import count  # noqa: E402  pylint: disable=wrong-import-position

MOST = 1.10


@pytest.fixture(scope="module")
def found():
    return count.measure_all()


@pytest.fixture(scope="module")
def recorded():
    known = json.loads(count.RECORDED.read_text())
    if count.distribution() not in known:
        pytest.skip(f"no figures for {count.distribution()}")
    return known[count.distribution()]


@pytest.mark.parametrize("algorithm", count.ALGORITHMS)
@pytest.mark.parametrize("way", count.WAYS)
def test_judging_is_not_dearer(found, recorded, way, algorithm):
    before, now = (figures[f"{way} {algorithm}"] for figures in (recorded, found))
    assert now["instructions"] <= before["instructions"] * MOST, (before, now)
    assert {key: now[key] for key in now if key != "instructions"} \
        == {key: before[key] for key in before if key != "instructions"}


@pytest.mark.parametrize("algorithm", count.ALGORITHMS)
def test_a_token_that_was_seen_is_only_hashed(found, algorithm):
    figures = found[f"hot {algorithm}"]
    assert {key: figures[key] for key in figures if key != "instructions"} \
        == {"allocations": 0, "JSON documents": 0, "signatures": 0, "digests": 1}


def test_a_profile_is_read_rightly():
    profile = ("ob=/lib/a.so\nfl=???\nfn=f\n0 5\n12 7\n"
               "cob=/lib/libcrypto.so\ncfn=EVP_DigestFinal_ex\n"
               "calls=3 0\n0 900\n+1 2\nfn=g\ncfn=malloc\ncalls=4 0\n0 44\n\nob=/lib/libcrypto.so\n"
               "fn=EVP_DigestFinal_ex\n0 800\ncfn=malloc\ncalls=9 0\n0 100\n")
    instructions, calls = count.totals(profile)
    assert instructions == {"/lib/a.so": 14, "/lib/libcrypto.so": 800}
    assert calls == {"EVP_DigestFinal_ex": 3, "malloc": 4}
