#!/usr/bin/python3
"""Counts what judging a token takes, hot and cold, with valgrind's callgrind: the same on every
run, however busy the machine is. Without words it prints a table; `count.py --record` writes it
down for this distribution in instructions.json, against which tests/tool/test_instructions.py holds
it.

Instructions and allocations are those outside OpenSSL, whose code differs by processor; what is
asked of OpenSSL and jansson is counted in calls."""
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CORE = Path(os.environ.get("BEARER_BUILD", ROOT / "build")) / "bench/core"
RECORDED = Path(__file__).with_name("instructions.json")
ALGORITHMS = ("RS256", "ES256", "EdDSA", "HS256")
WAYS = ("hot", "cold")
FEW, MANY = 20, 120             # judgements; the difference leaves out what happens only once
LIBRARY = "libcrypto"
CALLS = {"malloc": "allocations", "json_loadb": "JSON documents",
         "EVP_DigestVerify": "signatures", "EVP_MAC_final": "signatures",
         "EVP_DigestFinal_ex": "digests"}


def distribution():
    """Compiler and libraries count: figures are for one distribution."""
    release = platform.freedesktop_os_release()
    return f"{release['ID']} {release.get('VERSION_ID', 'unstable')} {platform.machine()}"


def totals(profile):
    """(instructions by shared object, calls by function) of a callgrind file."""
    instructions, calls = Counter(), Counter()
    owner, called, inclusive = None, None, False
    for line in profile.splitlines():
        if inclusive:                       # the cost of a call is in the called function too
            inclusive = False
        elif found := re.match(r"(ob|cfn|calls)=(\S+)", line):
            if found[1] == "ob":
                owner = found[2]
            elif found[1] == "cfn":
                called = found[2]
            else:
                inclusive = True
                if LIBRARY not in (owner or ""):        # what it asks itself is its own matter
                    calls[called] += int(found[2])
        elif found := re.match(r"[+*-]?\d* ?(\d+)$", line):
            instructions[owner] += int(found[1])
    return instructions, calls


def profile_of(way, algorithm, number):
    with tempfile.NamedTemporaryFile("r") as out:
        subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out.name}",
                        "--toggle-collect=bench_judge", "--compress-strings=no",
                        "--compress-pos=no", CORE, "count", way, algorithm, str(number)],
                       check=True, capture_output=True, timeout=300)
        return totals(out.read())


def measure(way, algorithm):
    """What one judgement takes."""
    (few, few_calls), (many, many_calls) = (profile_of(way, algorithm, n) for n in (FEW, MANY))
    each = MANY - FEW
    figures = Counter(instructions=round(sum(
        many[owner] - few[owner] for owner in many if LIBRARY not in (owner or "")) / each))
    for function, name in CALLS.items():
        figures[name] += round((many_calls[function] - few_calls[function]) / each)
    return dict(figures)


def measure_all():
    names = [(way, algorithm) for way in WAYS for algorithm in ALGORITHMS]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return {f"{way} {algorithm}": figures for (way, algorithm), figures
                in zip(names, pool.map(lambda name: measure(*name), names))}


def main():
    found = measure_all()
    for name, figures in found.items():
        print(f"{name:12}", *(f"{value:8} {what}" for what, value in figures.items()))
    if sys.argv[1:] == ["--record"]:
        recorded = json.loads(RECORDED.read_text()) if RECORDED.exists() else {}
        recorded[distribution()] = found
        RECORDED.write_text(json.dumps(recorded, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
