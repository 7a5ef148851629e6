"""A strict reader of challenges (RFC 9110 section 11.6.1, RFC 6750 section 3), not the module's.

client.py applies check_response() to every response. Each distinct field value is also written to
a file, one a line, so that parsers of real clients can be run over them.
"""

import os
import re
from pathlib import Path

FIELDS = ("WWW-Authenticate", "Proxy-Authenticate")
TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
QUOTED = r'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*"'
PARAMETER = re.compile(rf"({TOKEN})=({TOKEN}|{QUOTED})")
CODES = {"invalid_request": 400, "invalid_token": 401, "insufficient_scope": 403}
DESCRIPTION = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+")
SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*")

_seen = set()


class Illegal(AssertionError):
    """A challenge that a strict client may refuse."""


class Challenge:
    def __init__(self, scheme, parameters):
        self.scheme = scheme
        self.parameters = parameters            # list of (name, value), without quotes and escapes


def _unquote(value):
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value


def parse(value):
    """One field value that holds one challenge with parameters. Illegal for anything else."""
    scheme = re.match(rf"({TOKEN})( +|$)", value)
    if not scheme:
        raise Illegal(f"no scheme at the start: {value!r}")
    rest, parameters = value[scheme.end():], []
    while rest:
        found = PARAMETER.match(rest)
        if not found:
            raise Illegal(f"no parameter at {rest!r} in {value!r}")
        parameters.append((found[1].lower(), _unquote(found[2])))
        rest = rest[found.end():]
        if rest:
            comma = re.match(r"[ \t]*,[ \t]*(?=[^\s,])", rest)
            if not comma:
                raise Illegal(f"no single comma at {rest!r} in {value!r}")
            rest = rest[comma.end():]
    names = [name for name, _ in parameters]
    if len(names) != len(set(names)):
        raise Illegal(f"a parameter twice: {value!r}")
    return Challenge(scheme[1], parameters)


def _check_bearer(value, status):
    challenge = parse(value)
    given = dict(challenge.parameters)
    if not given:
        raise Illegal(f"no parameter at all: {value!r}")
    if not re.search(r'(^|[ ,])realm="', value):
        raise Illegal(f"no realm as a quoted-string: {value!r}")
    if "error" in given and given["error"] not in CODES:
        raise Illegal(f"unknown error code: {value!r}")
    if "error" in given and CODES[given["error"]] != status and status not in (407, 302):
        raise Illegal(f"{given['error']} with status {status}: {value!r}")
    if "error_description" in given and "error" not in given:
        raise Illegal(f"a description without an error: {value!r}")
    for name, legal in (("error_description", DESCRIPTION), ("scope", SCOPE)):
        if name in given and not legal.fullmatch(given[name]):
            raise Illegal(f"illegal characters in {name}: {value!r}")


def is_bearer(value):
    return re.match(r"bearer( |$)", value, re.IGNORECASE) is not None


def of_response(response):
    """The Bearer challenges of a response, and the others where they have the same form."""
    found = []
    for field in FIELDS:
        for value in response.all(field):
            try:
                found.append(parse(value))
            except Illegal:
                if is_bearer(value):
                    raise
    return found


def check_response(response):
    """Fails for a field of ours that is not strictly legal, not alone in it, or not the first."""
    for field in FIELDS:
        values = response.all(field)
        ours = [is_bearer(value) for value in values]
        if sum(ours) > 1:
            raise Illegal(f"several Bearer challenges: {values}")
        if any(ours) and not ours[0]:
            raise Illegal(f"the Bearer challenge is not the first: {values}")
        for value, bearer in zip(values, ours):
            if bearer:
                _check_bearer(value, response.status)
            elif re.search(r"(^|,)\s*bearer\s", re.sub(QUOTED, '""', value), re.IGNORECASE):
                raise Illegal(f"a Bearer challenge joined to another: {value!r}")


def note(response):
    """Keeps each distinct field value for the parsers of real clients. Digest has too many."""
    for field in FIELDS:
        for value in response.all(field):
            if not value.startswith("Digest "):
                _note(value)


def _note(value):
    if value in _seen:
        return
    _seen.add(value)
    root = Path(__file__).resolve().parents[2]
    build = Path(os.environ.get("BEARER_BUILD", root / "build"))
    path = Path(os.environ.get("BEARER_CHALLENGES", build / "challenges.txt"))
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a+b") as out:
        out.seek(0)
        if value.encode("latin-1") not in out.read().split(b"\n"):
            out.write(value.encode("latin-1") + b"\n")
