"""Reads the logs of a private httpd: nothing undeclared at level warn or worse, never a token."""

import re

import tokens

# httpd's own lines about ordinary refusals, and about servers that tests stop.
ORDINARY = [
    r"\(9\)Bad file descriptor: AH0309[23]: process_",      # a connection open while it stops
    r"AH00045: child process \d+ still did not exit",
    r"AH01629: authorization failure \(no authenticated user\)",
    r"AH01797: client denied by server configuration",
    r"AH01630: client denied by server configuration",
    r"AH01631: user .*: authorization failure",
    r"AH01617: user .*: authentication failure",
    r"AH01618: user .* not found",
    r"AH0166[3-8]: Authorization of user .* failed",
    r"AH01614: client used wrong authentication scheme",
    r"AH0178\d: Digest: client used wrong authentication scheme",
    r"AH01788: Digest: user .* not found",
    r"AH01790: user `.*' in realm `.*' not found",
    r"AH01794: user .*: password mismatch",
]
LEVELS = ("emerg", "alert", "crit", "error", "warn")
LINE = re.compile(r"\[[A-Z][a-z]{2} [A-Z][a-z]{2} [^\]]*\] \[([a-z_0-9]*):([a-z0-9]+)\] ")
# The start of base64url JSON: a token's header or payload, whoever made it.
JSON_START = re.compile(rb"eyJ[A-Za-z0-9_-]{12,}")
WORD = re.compile(rb"[A-Za-z0-9_\-.~+/=]{16,}")
CRASH = re.compile(r"exit signal|AddressSanitizer|runtime error:|LeakSanitizer|Assertion .* failed")


def level(line):
    """The level of a line of the error log, None where it has not httpd's form."""
    found = LINE.match(line)
    return found[2] if found else None


def undeclared(lines, allowed):
    """The lines that a test must declare and did not. A line of unknown form is one, too."""
    patterns = [re.compile(pattern) for pattern in [*ORDINARY, *allowed]]
    return [line for line in lines
            if line.strip() and (level(line) is None or level(line) in LEVELS)
            and not any(pattern.search(line) for pattern in patterns)]


def missing(lines, expected):
    """The patterns that no line has."""
    return [pattern for pattern in expected
            if not any(re.search(pattern, line) for line in lines)]


def crashes(lines):
    return [line for line in lines if CRASH.search(line)]


def leaks(data):
    """What of any registered token or secret stands in these bytes, too short to be of use."""
    words = b"\n".join(set(WORD.findall(data)))
    found = [secret for secret in tokens.secrets()
             if secret in (words if WORD.fullmatch(secret) else data)]
    found += JSON_START.findall(words)
    return sorted({repr(secret[:6]) + f"... ({len(secret)} bytes)" for secret in found})
