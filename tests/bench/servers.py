"""A server under measurement: httpd or haproxy with a peer's configuration, on a processor of its
own, in the run's folder, on a free port of loopback.

    with Server(material, peer, "RS256", Setup()) as server:
        ... server.port, server.process.pid
"""
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import server as harness
import peers

START_SECONDS = 30.0        # 200 issuers are as many key sets
CHILDREN, THREADS = 2, 64

# As many connections as there are in most cells must find a thread or process each.
THREADED = (f"StartServers {CHILDREN}\nServerLimit {CHILDREN}\nThreadLimit {THREADS}\n"
            f"ThreadsPerChild {THREADS}\nMaxRequestWorkers {CHILDREN * THREADS}\n"
            f"MinSpareThreads 1\nMaxSpareThreads {CHILDREN * THREADS}\n")
MPM = {
    "event": THREADED + "AsyncRequestWorkerFactor 16\n",
    "worker": THREADED,
    "prefork": "StartServers 72\nServerLimit 72\nMaxRequestWorkers 72\n"
               "MinSpareServers 1\nMaxSpareServers 72\n",
}

HTTPD = """\
ServerRoot "{root}"
DefaultRuntimeDir "{root}"
PidFile "{root}/pid"
Mutex "file:{root}"
Listen 127.0.0.1:{port}
ListenBackLog 2048
ServerName localhost
{modules}
{user}
{mpm}
MaxConnectionsPerChild 0
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 60
ErrorLog "{root}/error_log"
LogLevel warn
TraceEnable Off
TypesConfig /dev/null
LimitRequestFieldSize 8190
DocumentRoot "{docs}"
{server}
<Directory />
    AllowOverride None
    Require all denied
</Directory>
<Directory "{docs}/open">
    Require all granted
</Directory>
<Directory "{docs}/closed">
{folder}
</Directory>
"""

HAPROXY = """\
global
    nbthread 1
    maxconn 4096
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    timeout http-keep-alive 60s
frontend bench
    bind 127.0.0.1:{port} backlog 2048
    acl closed path_beg /closed/
{folder}
    http-request return status 200 content-type text/plain file {page}
"""


def processors():
    """One for the server and one for the load; (None, None) where there is but one."""
    here = sorted(os.sched_getaffinity(0))
    return (here[0], here[1]) if len(here) > 1 else (None, None)


def pinned(cpu, command):
    return command if cpu is None else ["taskset", "-c", str(cpu), *command]


class Server:
    def __init__(self, material, peer, alg, setup):
        self.material, self.peer, self.port = material, peer, harness.free_port()
        self.name = f"{peer.name} {alg}"
        self.root = Path(tempfile.mkdtemp(prefix=f"{peer.name}-", dir=material.folder))
        self.root.chmod(0o1777)         # mod_oauth2 keeps its semaphores' files there
        self.process = None
        server, folder = peer.lines(material, alg, setup)
        words = {"root": self.root, "docs": material.folder / "docs", "port": self.port,
                 "server": server, "folder": folder, "page": material.page}
        self.conf = self.root / "conf"
        if peer.kind == "haproxy":
            self.conf.write_text(HAPROXY.format(**words))
            command = [peers.haproxy(), "-db", "-f", str(self.conf)]
        else:
            self.conf.write_text(HTTPD.format(**words, **self._httpd(setup)))
            command = [harness.binary(), "-DFOREGROUND", "-f", str(self.conf)]
        self.command = pinned(processors()[0], command)

    def _httpd(self, setup):
        names = [name for name in ("unixd", "watchdog") if peers.module_file(name).exists()]
        names += [f"mpm_{setup.mpm}", "authn_core", "authz_core", "authz_user", "mime"]
        lines = [f"LoadModule {name}_module {peers.module_file(name)}"
                 for name in [*names, *self.peer.modules]]
        if self.peer.own:
            lines.append(f"LoadModule auth_bearer_module {harness.module()}")
        user = "User %s\nGroup %s" % harness.run_user() if harness.run_user() else ""
        return {"modules": "\n".join(lines), "user": user, "mpm": MPM[setup.mpm]}

    def answers(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def said(self):
        texts = [path.read_text(errors="replace") for name in ("console", "error_log")
                 if (path := self.root / name).exists()]
        return "\n".join("\n".join(texts).splitlines()[-8:])

    def __enter__(self):
        with open(self.root / "console", "wb") as console:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=console,
                                            stderr=console, start_new_session=True)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            if self.answers():
                return self
            time.sleep(0.02)
        said = self.said()
        self.__exit__()
        raise RuntimeError(f"{self.name} did not start: {said}")

    def __exit__(self, *_):
        time.sleep(0.1)     # mpm_event falls over a connection that closes at that very moment
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        with contextlib.suppress(ProcessLookupError):       # it runs in a process group of its own
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        if not os.environ.get("BEARER_KEEP"):
            shutil.rmtree(self.root, ignore_errors=True)
