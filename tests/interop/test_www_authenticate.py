"""Each challenge that a suite has seen, read as clients read it: by challenge.mjs and oauth4webapi.

BEARER_CHALLENGES names the file where client.py keeps them (challenges.txt of the build). This file
stands last of its folder, so that those of its neighbours are there."""

import os
from pathlib import Path

import pytest

import challenges
import parts
from expect import ANY_PATH, TRUST, location
from server import BUILD
from tokens import good

# As AuthName has it, and as a client reads it. httpd halves backslashes twice, as it reads the
# configuration and the expression in it; the quoted-string of the field does so once more.
REALMS = {
    "/plain": ("api", "api"),
    "/quoted": (r'a \"quoted\" realm', 'a "quoted" realm'),
    "/comma": ("a, b=c; Basic realm=x", "a, b=c; Basic realm=x"),
    "/backslash": (r"C:\\\\\\\\api", r"C:\api"),
}
BOTH = TRUST.replace("AuthType Bearer", "AuthType Basic\n    AuthBasicProvider bearer\n"
                     "    AuthBearer On")
CONF = ANY_PATH + "".join(
    location(path, f'AuthName "{realm}"', "Require scope read write", trust=TRUST)
    for path, (realm, _) in REALMS.items()) + location(
    "/both", "Require scope read write", trust=BOTH) + location(
    "/quiet", "AuthBearerErrorDetail Off", "Require scope read write")

DESCRIPTIONS = {
    "invalid_token": "The token has expired",
    "invalid_request": "The request does not carry one well-formed bearer token",
    "insufficient_scope": "The token lacks a scope that is needed here",
}
# What is sent, and the parameters beside the realm.
ANSWERS = {
    "none": (lambda: None, {"scope": "read write"}),
    "expired": (lambda: good(exp=1), {"error": "invalid_token"}),
    "blanks": (lambda: "two words", {"error": "invalid_request"}),
    "scope": (good, {"error": "insufficient_scope", "scope": "read write"}),
}
BROKEN = [
    "", "Bearer", "Bearer ", 'Bearer realm="a" error="b"', 'Bearer realm="a",, error="b"',
    'Bearer realm="a", ', 'Bearer realm="a', 'Bearer realm="a"b', 'Bearer realm= "a"',
    'Bearer  realm="a"', 'Bearer realm="\u00e4"', 'Bearer realm="a", realm="b"',
    'Bearer realm="a\tb"',
    'Bearer error="invalid_token"', 'Bearer realm="a", error="other"',
    'Bearer realm="a", error_description="no error"', 'Bearer realm="a", scope="a  b"',
    'Bearer realm="a", scope=""', 'Bearer realm="a", Basic realm="b"', "Bearer abc=",
]


def ask(answers):
    return parts.ask_node("challenge.mjs", answers)


@pytest.fixture(scope="module")
def server(serve):
    running = serve(CONF, prepare=lambda server: server.write_keys())
    running.allow_log(r"refused: (request_malformed|scope_lacking)")
    return running


@pytest.fixture(scope="module")
def answers(server):
    """(path, what was sent): the fields of the answer, and how they are read."""
    fields = {(path, sent): server.get(path, token=make()).challenges
              for path in [*REALMS, "/both", "/quiet"] for sent, (make, _) in ANSWERS.items()}
    return dict(zip(fields, zip(fields.values(), ask(list(fields.values())))))


@pytest.mark.parametrize("sent", ANSWERS)
@pytest.mark.parametrize("path", [*REALMS, "/both", "/quiet"])
def test_parameters(answers, path, sent):
    fields, read = answers[path, sent]
    wanted = {"realm": REALMS.get(path, ("", "api"))[1], **ANSWERS[sent][1]}
    if "error" in wanted and path != "/quiet":
        wanted["error_description"] = DESCRIPTIONS[wanted["error"]]
    first = read["strict"][0]
    assert first == ["bearer", wanted], fields
    assert read["joined"] == read["strict"], fields
    basic = path == "/both" and sent in ("none", "expired")
    assert read["strict"][1:] == ([["basic", {"realm": "api"}]] if basic else []), fields


@pytest.fixture(scope="module")
def kept(answers):
    """Every distinct field value of all suites, with those of the answers above."""
    path = Path(os.environ.get("BEARER_CHALLENGES", BUILD / "challenges.txt"))
    values = path.read_bytes().decode("latin-1").splitlines()
    assert set(sum((fields for fields, _ in answers.values()), [])) <= set(values)
    return values


def test_each_that_a_suite_has_seen(kept):
    wrong = []
    for value, read in zip(kept, ask([[value] for value in kept])):
        found = challenges.parse(value)
        wanted = [[found.scheme.lower(), dict(found.parameters)]]
        if not read["strict"] == read["joined"] == wanted:
            wrong.append((value, read))
    assert not wrong
    assert any(value.startswith("Bearer ") for value in kept)


def test_each_beside_basic(kept):
    """As fetch joins them: the Bearer challenge first, whole, and the other one after it."""
    ours = [value for value in kept if challenges.is_bearer(value)]
    for value, read in zip(ours, ask([[value, 'Basic realm="x"'] for value in ours])):
        parameters = dict(challenges.parse(value).parameters)
        wanted = [["bearer", parameters], ["basic", {"realm": "x"}]]
        assert read == {"strict": wanted, "joined": wanted}, value


@pytest.mark.parametrize("value", BROKEN)
def test_the_strict_reader_refuses(value):
    assert isinstance(ask([[value]])[0]["strict"], str)


def test_the_strict_reader_wants_bearer_first():
    read = ask([['Basic realm="x"', 'Bearer realm="x"']])[0]
    assert read["strict"] == "Bearer is not the first challenge"
