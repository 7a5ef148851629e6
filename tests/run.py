#!/usr/bin/python3
"""Runs the tests in stages, two at a time, and sums them up: run.py [--stages lint,unit] [--jobs 2]

The last line is `N passed, N failed, N skipped`. A stage that crashes, hangs or executes nothing
counts as failed."""
import argparse
import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as xml
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = Path(os.environ.get("BEARER_BUILD", ROOT / "build"))
SHOWN_LINES = 400
PYTEST_SECONDS = 1500
ASAN, TSAN = ROOT / "build-asan", ROOT / "build-tsan"
# Without fair-sched a thread that only waits for another can keep valgrind's one lock for minutes.
VALGRIND = ["valgrind", "-q", "--fair-sched=yes", "--error-exitcode=99", "--leak-check=full",
            "--errors-for-leak-kinds=definite"]


class Stage:
    """Where one stage writes what it does and counts."""

    def __init__(self, name):
        self.name = name
        self.passed = self.failed = self.skipped = 0
        self.seconds = 0.0
        self.text = []

    def say(self, text):
        if text.strip():
            self.text.append(text.rstrip("\n"))

    def fail(self, why):
        self.failed += 1
        self.say(f"FAILED: {why}")

    def count(self, passed, failed, skipped):
        self.passed += passed
        self.failed += failed
        self.skipped += skipped

    def summary(self):
        return (f"{self.name:12} {self.passed:5} passed {self.failed:4} failed"
                f" {self.skipped:4} skipped {self.seconds:6.1f} s")


running = set()


def end(children):
    """Ends programs with all their processes: asked first, so that they can stop their servers."""
    for number, patience in ((signal.SIGINT, 10), (signal.SIGKILL, 0)):
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, number)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and any(child.poll() is None for child in children):
            time.sleep(0.1)


def give_up(number, _frame):
    """Whoever ends the run ends what it started."""
    end(list(running))
    os._exit(128 + number)


def run(command, seconds, **more):
    """(exit code, text) of a program. None: it took too long and was ended."""
    env = dict(os.environ)
    env.pop("MAKEFLAGS", None)
    env.update(BEARER_BUILD=str(BUILD), PYTHONDONTWRITEBYTECODE="1")
    env.update({key: str(value) for key, value in more.items()})
    try:
        child = subprocess.Popen([str(word) for word in command], cwd=ROOT, env=env, text=True,
                                 errors="replace", start_new_session=True, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except OSError as error:
        return 127, f"{command[0]}: {error}\n"
    running.add(child)
    try:
        text, _ = child.communicate(timeout=seconds)
        return child.returncode, text
    except subprocess.TimeoutExpired:
        end([child])
        text, _ = child.communicate()
        return None, text + f"\nstopped after {seconds} s\n"
    finally:
        running.discard(child)


def ending(code):
    if code is None:
        return "took too long"
    return f"ended by signal {-code}" if code < 0 else f"exit code {code}"


# Programs

def lint(stage):
    for name in ("arrows", "mistakes", "words", "selftest"):
        code, text = run(["/usr/bin/python3", f"tests/lint/{name}.py"], 60)
        found = re.search(r"^(\d+) cases$", text, re.MULTILINE)
        stage.say(text)
        if code == 0:
            stage.passed += int(found[1]) if found else 1
        else:
            stage.fail(f"tests/lint/{name}.py: {ending(code)}")


def cmocka_counts(text):
    """(passed, failed, skipped, announced) from the summaries that cmocka prints for each group;
    since 1.1.6 the group's name stands in them."""
    def total(mark, words=""):
        pattern = rf"^\[{mark}\] (?:\S+ )?{words}(\d+) test\(s\)"
        return sum(int(number) for number in re.findall(pattern, text, re.MULTILINE))

    return total("  PASSED  "), total("  FAILED  "), total("  SKIPPED "), total("=+", "Running ")


CMOCKA_NOISE = re.compile(r"\[[ =A-Z]*\]| *\d+ SKIPPED TEST|\s*$")


def unit(stage, build=BUILD, **env):
    for source in sorted((ROOT / "tests/unit").glob("test_*.c")):
        code, text = run([build / "unit" / source.stem], 120, **env)
        passed, failed, skipped, announced = cmocka_counts(text)
        stage.count(passed, failed, skipped)
        stage.say(f"{source.stem}: {passed} passed, {failed} failed, {skipped} skipped")
        if code == 0 and failed == 0:
            stage.say("\n".join(line for line in text.splitlines() if not CMOCKA_NOISE.match(line)))
        else:
            stage.say(text)
        if announced == 0 or passed + failed + skipped != announced or (code != 0 and failed == 0):
            stage.fail(f"{source.stem}: {ending(code)}, {announced} tests announced")


def fuzz(stage):
    for source in sorted((ROOT / "tests/fuzz").glob("fuzz_*.c")):
        name = source.stem[len("fuzz_"):]
        code, text = run([BUILD / "fuzz" / f"replay_{name}", ROOT / "tests/fuzz/corpus" / name], 60)
        stage.say(f"{name}: {text}")
        if code == 0:
            stage.passed += 1
        else:
            stage.fail(f"corpus of {source.stem}: {ending(code)}")


def valgrind(stage):
    for source in sorted((ROOT / "tests/unit").glob("test_*.c")):
        code, text = run([*VALGRIND, BUILD / "unit" / source.stem], 600)
        if code == 0 and cmocka_counts(text)[0] > 0:
            stage.passed += 1
        else:
            stage.say(text)
            stage.fail(f"{source.stem} under valgrind: {ending(code)}")


# pytest

def junit_counts(path):
    """(passed, failed, skipped) of a pytest report; failing in the teardown is failing."""
    worst = {}
    for case in xml.parse(path).iter("testcase"):
        kinds = {child.tag for child in case}
        state = 2 if kinds & {"failure", "error"} else 1 if "skipped" in kinds else 0
        name = case.get("classname"), case.get("name")
        worst[name] = max(state, worst.get(name, 0))
    states = list(worst.values())
    return states.count(0), states.count(2), states.count(1)


def pytest(stage, folder, *words, **env):
    report = BUILD / "reports" / f"{stage.name}.xml"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    code, text = run(["/usr/bin/python3", "-m", "pytest", "-q", "-rs", "--tb=short",
                      "-o", f"cache_dir={BUILD}/.pytest_cache/{stage.name}",
                      f"--junitxml={report}", folder, *words], PYTEST_SECONDS, **env)
    stage.say("\n".join(text.splitlines()[-SHOWN_LINES:]))
    counts = (0, 0, 0)
    try:
        counts = junit_counts(report)
    except (OSError, xml.ParseError):
        stage.say(f"{report.name} is missing or broken")
    stage.count(*counts)
    if code not in (0, 1) or (code == 1 and counts[1] == 0) or sum(counts) == counts[2]:
        stage.fail(f"pytest {folder}: {ending(code)}")


def asan_preload():
    _, text = run(["ldd", ASAN / "mod_auth_bearer.so"], 20)
    found = re.search(r"libasan\S* => (\S+)", text)
    return found[1] if found else None


def asan_build(stage):
    code, text = run(["make", "-f", "apxs.mk", "asan-programs"], 400)
    if code != 0:
        stage.say(text)
        stage.fail(f"the build with sanitizers: {ending(code)}")
    return code == 0


def asan_unit(stage):
    if asan_build(stage):
        unit(stage, ASAN, BEARER_BUILD=ASAN)


def tsan(stage):
    code, text = run(["make", "-f", "apxs.mk", "tsan-programs"], 400)
    if code != 0:
        stage.say(text)
        stage.fail(f"the build with ThreadSanitizer: {ending(code)}")
        return
    for name in ("test_swap", "test_cache_shared", "test_minted"):
        code, text = run([TSAN / "unit" / name], 120, TSAN_OPTIONS="exitcode=66")
        if code == 0 and cmocka_counts(text)[0] > 0:
            stage.passed += 1
        else:
            stage.say(text)
            stage.fail(f"{name} under ThreadSanitizer: {ending(code)}")


def asan_system(stage):
    preload = asan_preload()
    if preload is None:
        stage.fail("build-asan/mod_auth_bearer.so does not exist or is not linked with libasan")
        return
    reports = ASAN / "reports"
    reports.mkdir(parents=True, exist_ok=True)
    pytest(stage, "tests/httpd", "--mpm", "event", BEARER_BUILD=ASAN, BEARER_PRELOAD=preload,
           BEARER_ASAN_LOG=reports / "asan", BEARER_RESTARTS=15)


def system(stage):
    pytest(stage, "tests/httpd", "--mpm", "event")


def worker(stage):
    pytest(stage, "tests/httpd", "--mpm", "worker", "-m", "mpm")


def prefork(stage):
    pytest(stage, "tests/httpd", "--mpm", "prefork", "-m", "mpm")


def tool(stage):
    pytest(stage, "tests/tool")


def interop(stage):
    pytest(stage, "tests/interop")


# In the order of starting, long ones early: what each runs, and what it waits for.
STAGES = {
    "lint":        (lint, None),
    "unit":        (unit, None),
    "fuzz":        (fuzz, None),
    "valgrind":    (valgrind, "unit"),
    "asan-unit":   (asan_unit, "unit"),
    "system":      (system, None),
    "asan-system": (asan_system, "asan-unit"),
    "tsan":        (tsan, "asan-unit"),
    "interop":     (interop, None),
    "tool":        (tool, None),
    "worker":      (worker, None),
    "prefork":     (prefork, None),
}


def execute(name):
    stage = Stage(name)
    begun = time.monotonic()
    try:
        STAGES[name][0](stage)
    except Exception as error:          # a broken stage must not silence the others
        stage.fail(f"{type(error).__name__}: {error}")
    if stage.passed + stage.failed == 0:
        stage.fail("nothing was executed")
    stage.seconds = time.monotonic() - begun
    return stage


def schedule(names, jobs):
    """Runs the stages, at most `jobs` at once; prints each as it ends and returns them all."""
    waiting, done = list(names), {}
    change = threading.Condition()

    def ready():
        return next((name for name in waiting
                     if STAGES[name][1] not in names or STAGES[name][1] in done), None)

    def work():
        while True:
            with change:
                change.wait_for(lambda: not waiting or ready())
                if not waiting:
                    return
                name = ready()
                waiting.remove(name)
                change.notify_all()
            stage = execute(name)
            with change:
                done[name] = stage
                print(f"== {stage.summary()}", *stage.text, sep="\n", flush=True)
                change.notify_all()

    workers = [threading.Thread(target=work) for _ in range(jobs)]
    for worker_thread in workers:
        worker_thread.start()
    for worker_thread in workers:
        worker_thread.join()
    return [done[name] for name in names]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stages", default=",".join(STAGES), help="which, parted by commas (all)")
    parser.add_argument("--jobs", type=int, default=2, help="stages at once (2)")
    options = parser.parse_args()
    unknown = set(options.stages.split(",")) - set(STAGES)
    if unknown:
        parser.error(f"no stage {', '.join(sorted(unknown))}; there are {', '.join(STAGES)}")
    names = [name for name in STAGES if name in options.stages.split(",")]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, give_up)
    (BUILD / "challenges.txt").unlink(missing_ok=True)      # what earlier builds answered
    stages = schedule(names, max(1, options.jobs))
    print("\n== all stages", *(stage.summary() for stage in stages), sep="\n")
    failed = sum(stage.failed for stage in stages)
    print(f"{sum(stage.passed for stage in stages)} passed, {failed} failed,"
          f" {sum(stage.skipped for stage in stages)} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
