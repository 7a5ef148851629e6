"""A private httpd for tests: its own directory under /tmp, its own port on loopback, run as an
unprivileged user.

    with Httpd(conf).running() as server:
        assert server.get("/").status == 200

BEARER_BUILD names the directory of mod_auth_bearer.so, BEARER_MPM the MPM (event), BEARER_PRELOAD
a library to preload, BEARER_ASAN_LOG where to copy sanitizer reports; BEARER_KEEP=1 keeps the
directories.
"""

import atexit
import contextlib
import functools
import grp
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import client
import logwatch
import tokens

PROJECT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("BEARER_BUILD", PROJECT / "build"))
CORE = ("authn_core authz_core authz_user authz_host authz_groupfile authn_file auth_basic "
        "auth_digest alias dir mime env setenvif rewrite headers include negotiation autoindex")
ALWAYS = "unixd log_config version watchdog"     # part of the binary on some systems
START_SECONDS = 15.0
# Logged at notice when the parent takes signals; before that a signal would end it.
SERVING = re.compile("resuming normal operations")

MPM = {
    "event": "StartServers 1\nServerLimit 4\nThreadsPerChild 8\nMaxRequestWorkers 32\n"
             "MinSpareThreads 1\nMaxSpareThreads 32",
    "worker": "StartServers 1\nServerLimit 4\nThreadsPerChild 8\nMaxRequestWorkers 32\n"
              "MinSpareThreads 1\nMaxSpareThreads 32",
    "prefork": "StartServers 2\nServerLimit 8\nMaxRequestWorkers 8\n"
               "MinSpareServers 1\nMaxSpareServers 4",
}

HEAD = """\
ServerRoot "{root}"
DefaultRuntimeDir "{root}/run"
PidFile "{root}/run/httpd.pid"
Listen 127.0.0.1:{port}
ServerName localhost
{modules}
{user}
{mpm}
TypesConfig "{root}/mime.types"
DocumentRoot "{docs}"
ErrorLog "{root}/logs/error_log"
LogFormat "%h %l %u \\"%r\\" %>s %b \\"%{Referer}i\\" %{BEARER_REASON}e" access
CustomLog "{root}/logs/access_log" access
LogLevel {level}
Timeout 30
KeepAliveTimeout 5
HostnameLookups Off
TraceEnable Off
<Directory />
    AllowOverride None
    Require all denied
</Directory>
<Directory "{docs}">
    Require all granted
</Directory>
"""


@functools.lru_cache(maxsize=None)
def apxs(name):
    """A value of the httpd at hand, as apxs tells it."""
    tool = shutil.which("apxs") or shutil.which("apxs2") or "/usr/bin/apxs"
    return subprocess.run([tool, "-q", name], check=True, capture_output=True,
                          text=True).stdout.strip()


@functools.lru_cache(maxsize=None)
def binary():
    named = Path(apxs("SBINDIR")) / apxs("PROGNAME")
    found = str(named) if named.exists() else shutil.which("apache2") or shutil.which("httpd")
    assert found, "no httpd found: neither by apxs nor in PATH"
    return found


@functools.lru_cache(maxsize=None)
def run_user():
    """An unprivileged user and group of this system; None where the tests are not run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("www-data", "apache", "http", "nobody"):
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam(name)
            return name, grp.getgrgid(user.pw_gid).gr_name
    raise RuntimeError("no unprivileged user to run httpd as")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@functools.lru_cache(maxsize=None)
def module():
    """A copy of the module for all servers of this run, whatever is built meanwhile."""
    folder = Path(tempfile.mkdtemp(prefix="bearer-", dir="/tmp"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o755)
    return shutil.copy(BUILD / "mod_auth_bearer.so", folder)


def default_mpm():
    return os.environ.get("BEARER_MPM", "event")


class Httpd:
    """conf: configuration text after the harness's own; {root}, {docs}, {keys} and {port} are
    replaced in it.

    modules: further modules to load (without mod_ and .so). bearer=False leaves ours out.
    level: the argument of LogLevel; notice at least, since start() reads the log.
    """

    def __init__(self, conf="", modules="", mpm=None, bearer=True, level="info auth_bearer:debug"):
        self.root = Path(tempfile.mkdtemp(prefix="bearer-", dir="/tmp"))
        self.root.chmod(0o755)
        self.docs, self.keys, self.logs = self.root / "docs", self.root / "keys", self.root / "logs"
        for path in (self.docs, self.keys, self.logs, self.root / "run", self.root / "asan"):
            path.mkdir(mode=0o755)
        (self.root / "asan").chmod(0o1777)
        self.port = free_port()
        self.mpm = mpm or default_mpm()
        self.bearer, self.modules = bearer, modules
        self.level = level if bearer else "info"
        self.allowed, self.expected = [], []
        self.process = None
        atexit.register(self.discard)
        self.write("mime.types", "text/html html htm\ntext/plain txt\napplication/json json\n")
        self.write("docs/index.html", "<p>the index\n")
        self.configure(conf)

    # Files

    def write(self, name, content, mode=0o644):
        """A file below the root, placeholders replaced in text; returns its path."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = self.fill(content).encode() if isinstance(content, str) else content
        part = path.with_name(path.name + ".part")
        part.write_bytes(data)
        part.chmod(mode)
        part.rename(path)
        return path

    def write_keys(self, name="as.jwks", keys=None, **changes):
        """A JWK Set below {keys}: every asymmetric key of tokens.py unless told."""
        return self.write(f"keys/{name}", tokens.jwks(keys, **changes).encode())

    def write_cgi(self, name, script):
        return self.write(f"docs/{name}", script, 0o755)

    def fill(self, text, **more):
        places = {"root": self.root, "docs": self.docs, "keys": self.keys, "port": self.port,
                  **more}
        for name, value in places.items():
            text = text.replace("{%s}" % name, str(value))
        return text

    # Configuration

    def _load(self, names):
        folder = Path(apxs("LIBEXECDIR"))
        lines = [f"LoadModule {name}_module {folder}/mod_{name}.so" for name in names.split()
                 if name not in ALWAYS.split() or (folder / f"mod_{name}.so").exists()]
        if self.bearer:
            lines.append(f"LoadModule auth_bearer_module {module()}")
        return "\n".join(lines)

    def configure(self, conf):
        """Replaces the configuration; takes effect at start() or graceful()."""
        wanted = self.modules.split()
        cgi = "cgi" if self.mpm == "prefork" else "cgid"
        wanted = [cgi if name == "cgi" else name for name in wanted]
        names = f"{ALWAYS} mpm_{self.mpm} {CORE} {' '.join(wanted)}"
        user = "User %s\nGroup %s" % run_user() if run_user() else ""
        head = self.fill(HEAD, modules=self._load(names), user=user, mpm=MPM[self.mpm],
                         level=self.level)
        if self.bearer:
            head += self.fill('AuthBearerStateDir "{root}/run/keys"\n')
        if "cgid" in wanted:
            head += self.fill("ScriptSock {root}/run/cgisock\n")
        self.write("httpd.conf", head + self.fill(conf))

    def _command(self, *words):
        return [binary(), "-d", str(self.root), "-f", str(self.root / "httpd.conf"), *words]

    def _environment(self):
        env = {**os.environ, "LC_ALL": "C.UTF-8"}
        preload = os.environ.get("BEARER_PRELOAD")
        if preload:
            report = f"log_path={self.root}/asan/report"
            env.update(LD_PRELOAD=preload,
                       ASAN_OPTIONS=f"detect_leaks=0:abort_on_error=0:handle_segv=2:{report}",
                       UBSAN_OPTIONS=f"print_stacktrace=1:{report}")
        return env

    def configtest(self):
        """(exit code, text) of httpd -t."""
        done = subprocess.run(self._command("-t"), capture_output=True, text=True, errors="replace",
                              env=self._environment(), timeout=60)
        return done.returncode, done.stdout + done.stderr

    # Life

    def start(self):
        with open(self.logs / "console", "ab") as console:
            self.process = subprocess.Popen(self._command("-DFOREGROUND"), stdin=subprocess.DEVNULL,
                                            stdout=console, stderr=console, env=self._environment(),
                                            start_new_session=True)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert self.process.poll() is None, "httpd did not start:\n" + self.tail()
            if SERVING.search(self.log()):
                return self
            time.sleep(0.02)
        self.kill()
        raise AssertionError("httpd does not answer:\n" + self.tail())

    def graceful(self):
        """Graceful restart; returns when the new generation serves."""
        before = len(SERVING.findall(self.log()))
        self.process.send_signal(signal.SIGUSR1)
        self.wait_for(lambda: len(SERVING.findall(self.log())) > before, "a graceful restart")

    def stop(self):
        if self.process is None:
            return
        time.sleep(0.1)     # mpm_event falls over a connection that closes at that very moment
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(15)
        self.kill()

    def kill(self):
        """Ends whatever is left of this httpd: it runs in a session of its own."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def children(self):
        """The process numbers of the children."""
        found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.process.pid)],
                               capture_output=True, text=True)
        return [int(word) for word in found.stdout.split()]

    def wait_for(self, condition, what, seconds=15.0):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if condition():
                return
            time.sleep(0.05)
        raise AssertionError(f"waited in vain for {what}:\n{self.tail()}")

    @contextlib.contextmanager
    def running(self):
        """Started, and stopped and judged by its logs in the end."""
        try:
            self.start()
            yield self
        except BaseException:
            self.stop()
            self.remove()
            raise
        self.stop()
        try:
            self.judge()
        finally:
            self.remove()

    def remove(self):
        if not os.environ.get("BEARER_KEEP"):
            shutil.rmtree(self.root, ignore_errors=True)

    def discard(self):
        """For the end of the tests, however it comes: nothing stays behind."""
        self.kill()
        self.remove()

    # Logs

    def log(self, name="error_log"):
        with contextlib.suppress(FileNotFoundError):
            return (self.logs / name).read_text(errors="replace")
        return ""

    def tail(self, lines=25):
        text = "\n".join(self.log(name).rstrip("\n") for name in ("console", "error_log"))
        return "\n".join(text.splitlines()[-lines:])

    def wait_log(self, regex, seconds=5.0):
        self.wait_for(lambda: re.search(regex, self.log()), f"a log line {regex!r}", seconds)

    def expect_log(self, *regexes):
        """Lines that must appear in the error log before the end, at whatever level."""
        self.expected += [regex for regex in regexes if regex not in self.expected]

    def allow_log(self, *regexes):
        """Lines at warn or worse that may appear."""
        self.allowed += [regex for regex in regexes if regex not in self.allowed]

    def judge(self):
        """Fails for what the logs hold and should not, or lack and should hold."""
        lines = self.log().splitlines() + self.log("console").splitlines()
        wrong = [f"crash: {line}" for line in logwatch.crashes(lines)]
        wrong += [f"undeclared: {line}"
                  for line in logwatch.undeclared(lines, self.allowed + self.expected)]
        wrong += [f"never logged: {regex}" for regex in logwatch.missing(lines, self.expected)]
        for path in sorted(self.logs.iterdir()):
            wrong += [f"{path.name} holds a token or secret: {found}"
                      for found in logwatch.leaks(path.read_bytes())]
        wrong += self._sanitizer_reports()
        assert not wrong, "\n".join(wrong)

    def _sanitizer_reports(self):
        reports = sorted((self.root / "asan").iterdir())
        target = os.environ.get("BEARER_ASAN_LOG")
        for number, report in enumerate(reports):
            if target:
                shutil.copy(report, f"{target}.{self.port}.{number}")
        return ["sanitizer report:\n" + report.read_text(errors="replace")[:3000]
                for report in reports]

    # Requests

    def request(self, method, path, headers=(), body=None, token=None, **how):
        headers = list(headers) + ([tokens.bearer(token)] if token is not None else [])
        return client.request(self.port, method, path, headers, body, **how)

    def get(self, path, headers=(), token=None, **how):
        return self.request("GET", path, headers, token=token, **how)
