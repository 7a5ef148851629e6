"""What these tests stand on: programs of the system, scripts for node, services on loopback.

A part that is missing fails the tests that want it; they are skipped only where the archive of this
system has no package.
"""

import contextlib
import functools
import http.client
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from server import apxs, run_user

HERE = Path(__file__).resolve().parent


def _policy(*names):
    return subprocess.run(["apt-cache", "policy", *names], capture_output=True, text=True,
                          env={**os.environ, "LC_ALL": "C"}).stdout


@functools.lru_cache(maxsize=None)
def has_package(name):
    """Whether the archive of this system has it; yes, too, where nothing is known of an archive."""
    if shutil.which("apt-cache") is None or not re.search(r"^ *\d+ \w+:/", _policy(), re.MULTILINE):
        return True
    return re.search(r"Candidate: (?!\(none\))", _policy(name)) is not None


def _missing(what, package):
    if has_package(package):
        pytest.fail(f"{what} is missing: the package {package} has it", pytrace=False)
    pytest.skip(f"{what} is missing, and this system has no package {package}")


def program(name, package):
    """The path of a program."""
    return shutil.which(name) or _missing(f"the program {name}", package)


def file(path, package):
    return path if Path(path).exists() else _missing(path, package)


def httpd_module(name, package):
    return file(f"{apxs('LIBEXECDIR')}/mod_{name}.so", package)


def node(script, *words):
    """The command that runs one of our scripts."""
    command = [program("node", "nodejs"), str(HERE / script), *map(str, words)]
    assert (HERE / "node_modules").is_dir(), "no node_modules in tests/interop: npm ci makes it"
    return command


def ask_node(script, question):
    """Gives a script a JSON text on standard input and returns what it answers, JSON too."""
    done = subprocess.run(node(script), input=json.dumps(question), capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == 0, f"{script}: {done.stderr}"
    return json.loads(done.stdout)


@contextlib.contextmanager
def service(command, unprivileged=False, **how):
    """A program in the background; it is ended, and waited for, in the end."""
    if unprivileged and run_user():
        how.update(zip(("user", "group"), run_user()), extra_groups=[])
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **how)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()


def fetch(port, method, path, headers=None, body=None, tls=None):
    """(status, headers, body) of a request to a service on loopback; over TLS with a context."""
    if tls:
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=20, context=tls)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    with contextlib.closing(connection):
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()


def run(command, cwd=None, code=0, feed="", **env):
    """What a client printed, fed with this text; it must end with this exit code (None: any but 0).
    """
    done = subprocess.run([str(word) for word in command], cwd=cwd, input=feed,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60,
                          env={**os.environ, "LC_ALL": "C.UTF-8", **env})
    right = done.returncode != 0 if code is None else done.returncode == code
    assert right, f"{command[0]}: exit code {done.returncode}: {done.stdout}"
    return done.stdout


def give_away(folder):
    """Makes a folder and all in it the property of the user whom servers run as."""
    if run_user():
        for path in [folder, *folder.rglob("*")]:
            shutil.chown(path, *run_user())
