"""What the measurements were made on: processor, system, versions."""
import os
import platform
import re
import ssl
import subprocess
from pathlib import Path

import peers
import server as harness

PACKAGES = {"oauth2": "libapache2-mod-oauth2", "openidc": "libapache2-mod-auth-openidc",
            "haproxy": "haproxy"}


def output(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except OSError:
        return ""
    return done.stdout + done.stderr


def matched(pattern, text):
    found = re.search(pattern, text, re.MULTILINE)
    return found[1].strip() if found else "unknown"


def package(name):
    """The version of a Debian package; empty elsewhere."""
    found = output("dpkg-query", "-W", "-f", "${Version}", name)
    return "" if "no packages found" in found else found


def module_version():
    text = (harness.PROJECT / "include/bearer/version.h").read_text()
    return matched(r'"([0-9][^"]*)"', text)


def facts():
    release = Path("/etc/os-release").read_text() if Path("/etc/os-release").exists() else ""
    memory = int(matched(r"^MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text()))
    return {
        "processor": matched(r"^model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text()),
        "processors": os.cpu_count(), "memory_gib": round(memory / 2 ** 20),
        "system": matched(r'^PRETTY_NAME="(.*)"', release),
        "kernel": matched(r"^(\d+\.\d+)", platform.release()),
        "httpd": matched(r"Apache/(\S+)", output(harness.binary(), "-v")),
        "openssl": matched(r"OpenSSL (\S+)", ssl.OPENSSL_VERSION),
        "bearer": module_version(),
        **{name: package(value) for name, value in PACKAGES.items()},
        "wrk": matched(r"wrk (?:debian/)?(\S+)", output("wrk", "-v")),
    }


def lacking(available=peers.ALL):
    """{peer: what is missing here} for the peers that cannot run."""
    found = {peer.name: peer.lacking() for peer in available}
    return {name: what for name, what in found.items() if what}
