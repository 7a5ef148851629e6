"""One measurement: a fresh server, a short warm-up on an open page, some seconds of load. The main
figure is the processor time of the server's whole family of processes for one answered request."""
import contextlib
import dataclasses
import json
import os
import re
import subprocess
from pathlib import Path

import peers
import processes
import servers
from peers import Setup

SCRIPT = Path(__file__).with_name("cycle.lua")
WARMING = 4000


@dataclasses.dataclass(frozen=True)
class Case:
    """What is measured: a peer doing a kind of work. group: cases that share a base; tokens: a
    file; value: what a set varies."""
    set: str
    group: str
    peer: peers.Peer
    alg: str
    work: str
    tokens: Path
    value: object = None
    expect: int = 200
    setup: Setup = Setup()

    def base(self):
        return dataclasses.replace(self, peer=peers.BY_NAME[self.peer.base], work="base",
                                   expect=200)


def wrk(server, tokens, connections, seconds):
    """What wrk says of a load."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "--latency",
               "-s", str(SCRIPT), f"http://127.0.0.1:{server.port}/closed/page.txt"]
    done = subprocess.run(servers.pinned(servers.processors()[1], command), capture_output=True,
                          text=True, env={**os.environ, "BENCH_TOKENS": str(tokens)},
                          timeout=seconds + 60)
    found = re.search(r"^figures (.*)$", done.stdout, re.MULTILINE)
    if not found:
        raise RuntimeError(f"wrk: {done.stdout[-300:]}{done.stderr[-300:]}")
    row = json.loads(found[1])
    if not row["requests"]:
        raise RuntimeError(f"{server.name} answered no request")
    return row


def load(server, tokens, connections, seconds):
    """What wrk says, what the server used for it, and what others had of its processor."""
    pid, cpu = server.process.pid, servers.processors()[0]
    used, (busy, spent) = processes.cpu_seconds(pid), processes.ticks(cpu)
    row = wrk(server, tokens, connections, seconds)
    after, used = processes.ticks(cpu), processes.cpu_seconds(pid) - used
    row.update(cpu_seconds=round(used, 3), us=round(used * 1e6 / row["requests"], 2),
               rps=round(row["requests"] / row["seconds"], 1), others=None)
    if after[1] > spent:
        others = (after[0] - busy) - used * processes.TICK
        row["others"] = round(max(0.0, others / (after[1] - spent)), 3)
    return row


def warm(server, connections):
    """Every process and thread has worked once; no token is seen."""
    url = f"http://127.0.0.1:{server.port}/open/page.txt"
    subprocess.run(servers.pinned(servers.processors()[1],
                                  ["ab", "-q", "-k", "-n", str(WARMING), "-c",
                                   str(min(connections, 100)), url]),
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)


def lines(path):
    with open(path, "rb") as file:
        return sum(1 for _ in file)


def measure(material, case, seconds):
    """The row of one cell."""
    with servers.Server(material, case.peer, case.alg, case.setup) as server:
        warm(server, case.setup.connections)
        row = load(server, case.tokens, case.setup.connections, seconds)
        row["resident"] = sum(processes.resident(server.process.pid))
    different = lines(case.tokens)
    right = row["requests"] - row["not_2xx"] if case.expect == 200 else row["not_2xx"]
    row["wrong"] = row["requests"] - right if case.work != "base" else row["not_2xx"]
    row["repeated"] = case.work == "cold" and row["requests"] > different
    return {"type": "cell", "set": case.set, "group": case.group, "peer": case.peer.name,
            "base": case.peer.base, "alg": case.alg, "work": case.work, "value": case.value,
            "mpm": case.setup.mpm, "connections": case.setup.connections, **row}


def plan(cases, turn, every=3):
    """One round: group by group, turned by some places each round, a base cell before every third
    case and at the end."""
    groups = {}
    for case in cases:
        groups.setdefault(case.group, []).append(case)
    order = []
    for members in groups.values():
        start = turn % len(members)
        turned = members[start:] + members[:start]
        for number, case in enumerate(turned):
            if number % every == 0:
                order.append(case.base())
            order.append(case)
        order.append(turned[-1].base())
    return order


def rounds(material, cases, options, write):
    """Measures all cases so many times."""
    for number in range(options.rounds):
        step = number * max(1, len(cases) // options.rounds)
        for place, case in enumerate(plan(cases, step)):
            row = None
            with contextlib.suppress(subprocess.TimeoutExpired):
                try:
                    row = measure(material, case, options.seconds)
                except RuntimeError as error:
                    print(f"  {case.set} {case.peer.name} {case.work}: {error}", flush=True)
            if row:
                write({**row, "round": number, "place": place})
                print(f"  {case.set:11} {number + 1}/{options.rounds} {case.peer.name:12}"
                      f" {case.alg:6} {case.work:10} {str(case.value or ''):8}"
                      f" {row['us']:8.1f} us {row['rps']:9.0f}/s"
                      f"{' WRONG ANSWERS' if row['wrong'] else ''}", flush=True)
