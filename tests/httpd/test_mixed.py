"""Where features meet: ways of a token, modes that let requests through, what goes on to backends
and programs, providers of other modules, hiding. In every mixture: who is not known is not told,
what a client sends under a name of the server's own is removed, and no token goes on unasked."""

import base64
import itertools
import json

import pytest

from another import MODULE, bring, seen
from backend import backend, fields
from expect import ANY_PATH, ECHO, TRUST, location, log_line, passed, refused
from tokens import basic, bearer, good, key, remember, store
from ways import FORM, WAYS, ask, cookie, field, form, header, password, place, query

ALL_WAYS = "header basic header:X-Token form query cookie:session"
MINT = ("AuthBearerMint key=pem:{keys}/mint.pem algorithm=ES256 issuer=https://gateway.example"
        " audience=https://inner.example")
FOREIGN = "    AuthType Bearer\n    AuthName api\n    AuthBearerProvider example\n"
REPORT = "AuthBearerEnforce report"
# Mode -> its lines, and whether it knows somebody who brings a token.
MODES = {
    "enforced": (["Require valid-user"], True),
    "open": (["Require all granted"], False),
    "report": ([REPORT, "Require valid-user"], False),
    "report-optional": ([REPORT, "AuthBearerOptional On", "Require all granted"], False),
    "optional": (["AuthBearerOptional On", "Require all granted"], True),
}
PASSES = {
    "off": [], "on": ["AuthBearerPass On"], "minted": ["AuthBearerPass minted", MINT],
    "proxy": ['AuthBearerProxy "%{bearer:upstream}"'],
    "admin": ['RequestHeader set Authorization "Bearer of-the-administrator"'],
}
TELLS = ["AuthBearerHeader X-User sub", "AuthBearerEnv sub=API_USER",
         'RequestHeader set X-Remote "%{API_USER}e|%{BEARER_REASON}e"']
FORGED = {"headers": [("X-User", "mallory"), ("x_user", "mallory")]}


def to(path):
    return f"ProxyPass http://127.0.0.1:{{behind}}{path}/"


FLIGHT = {"method": "OPTIONS", "headers": [("Origin", "https://app.example"),
                                           ("Access-Control-Request-Method", "GET")]}
# Sections that name no way of Authorization: what stands there is nobody's token.
APART = {"cookie": "cookie:session", "named": "header:X-Token", "form": "form"}
SHOWS = "SetHandler example-view"
DIRECTORY = """
<Directory "{{docs}}/{name}">
{lines}
</Directory>
"""
ENV = "#!/bin/sh\necho Content-Type: text/plain\necho\ncat > /dev/null\nenv\n"
FILES = {"docs/front/x": "x", "docs/front/app.cgi": ENV, "docs/list/app.cgi": ENV,
         "docs/told/x": "x", "docs/told/app.cgi": ENV}


def front_controllers():
    """A program that answers for whatever is not there, and alone asks for a token."""
    text = ""
    for name, lead, more in (("front", "FallbackResource /front/app.cgi", ""),
                             ("list", "DirectoryIndex app.cgi", ""),
                             ("told", "FallbackResource /told/app.cgi", "\n".join(TELLS))):
        inside = f'<Files "app.cgi">\n{TRUST}AuthBearerTokenFrom {ALL_WAYS}\n{more}\n' \
                 "Require valid-user\n</Files>"
        text += DIRECTORY.format(name=name, lines=f"Options +ExecCGI\nAddHandler cgi-script .cgi\n"
                                                  f"{lead}\n{inside}")
    return text


def configuration():
    text = MODULE + ECHO + front_controllers()
    for name in PASSES:
        path = f"/preflight-{name}/"
        text += place(path, ALL_WAYS, to(path), *TELLS, *PASSES[name], "AuthBearerPreflight On",
                      "Require valid-user")
    for (way, words), (name, more) in itertools.product(APART.items(), PASSES.items()):
        for mode in ("open", "report", "enforced"):
            path = f"/{way}-{mode}-{name}/"
            text += place(path, words, to(path), *more, *MODES[mode][0])
    for name in ("minted", "proxy", "off"):
        path = f"/foreign-{name}/"
        text += location(path, to(path), *TELLS, *PASSES[name], "Require valid-user",
                         trust=FOREIGN)
        path = f"/foreign-report-{name}/"
        text += location(path, to(path), *TELLS, *PASSES[name], REPORT, "Require valid-user",
                         trust=FOREIGN)
    for (mode, (lines, _)), (sends, more) in itertools.product(MODES.items(), PASSES.items()):
        path = f"/{mode}-{sends}/"
        text += place(path, ALL_WAYS, to(path), *TELLS, *more, *lines)
    return text


def prepare(root):
    bring(root)
    (root / "keys" / "mint.pem").write_bytes((store() / "p256-7.pem").read_bytes())


@pytest.fixture(scope="module")
def front(serve):
    assert key("p256", 7)
    with backend() as behind:
        server = serve(configuration().replace("{behind}", str(behind.port)), FILES, prepare,
                       modules="proxy proxy_http cgi actions")
        server.allow_log(r"AB0103: would be refused: ")
        server.behind = behind
        yield server


def claims_of(value):
    """What a minted token says; the signature is test_minted's business."""
    assert value.startswith("Bearer "), value
    part = remember(value[len("Bearer "):]).split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def arrived(answer):
    assert answer.status == 200, answer
    return json.loads(answer.body)


def check_authorization(sends, known, sent, got):
    """What the backend has in Authorization."""
    values = fields(got, "Authorization")
    if sends == "minted" and known:
        assert [claims_of(value)["sub"] for value in values] == ["alice"], got
    elif sends == "proxy" and known:
        assert values == ["Bearer for-the-backend"], got
    elif sends == "on":
        assert values == [value for name, value in sent.get("headers", [])
                          if name == "Authorization"], got
    else:
        assert values == (["Bearer of-the-administrator"] if sends == "admin" else []), got


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("sends", PASSES)
@pytest.mark.parametrize("mode", MODES)
def test_what_a_backend_is_told(front, mode, sends, way):
    known = MODES[mode][1]
    token = good(upstream="for-the-backend")
    sent = WAYS[way](token)
    answer = ask(front, f"/{mode}-{sends}/", sent, FORGED)
    got = arrived(answer)
    check_authorization(sends, known, sent, got)
    assert fields(got, "X-User") == (["alice"] if known else []), got
    assert fields(got, "X-Remote") == (["alice|accepted"] if known else ["(null)|(null)"]), got
    assert "mallory" not in json.dumps(got), got
    assert (answer.header("X-User"), answer.header("X-Auth")) == (
        ("alice", "Bearer") if known else ("", "")), answer
    if sends != "on" and way != "form":
        assert token not in json.dumps(got), got


@pytest.mark.parametrize("sends", PASSES)
@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "enforced"])
def test_who_brings_nothing(front, mode, sends):
    got = arrived(ask(front, f"/{mode}-{sends}/", FORGED))
    check_authorization(sends, False, {}, got)
    assert fields(got, "X-User") == [] and fields(got, "X-Remote") == ["(null)|(null)"], got
    assert "mallory" not in json.dumps(got), got


@pytest.mark.parametrize("sends", PASSES)
def test_a_preflight(front, sends):
    got = arrived(ask(front, f"/preflight-{sends}/", FLIGHT, FORGED))
    check_authorization(sends, False, {}, got)
    assert fields(got, "X-User") == [] and fields(got, "X-Remote") == ["(null)|(null)"], got
    assert "mallory" not in json.dumps(got), got


# Where Authorization is no way

@pytest.mark.parametrize("sends", PASSES)
@pytest.mark.parametrize("mode", ["open", "report", "enforced"])
@pytest.mark.parametrize("way", APART)
def test_another_token_in_authorization(front, way, mode, sends):
    """It is not looked at, and goes on like any field; but never where the backend trusts what this
    server puts there."""
    known = MODES[mode][1]
    token, other = good(upstream="for-the-backend"), good(sub="mallory")
    answer = ask(front, f"/{way}-{mode}-{sends}/", WAYS[way](token), header(other))
    got = arrived(answer)
    if sends in ("off", "on"):
        assert fields(got, "Authorization") == [f"Bearer {other}"], got
    else:
        check_authorization(sends, known, {}, got)
        assert other not in json.dumps(got), got


# Programs that answer for others

def variables(answer):
    assert answer.status == 200, answer
    return dict(line.partition("=")[::2] for line in answer.text.splitlines() if "=" in line)


@pytest.mark.parametrize("path", ["/front/nothing", "/list/", "/told/nothing"])
@pytest.mark.parametrize("way", [way for way in WAYS if way != "form"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_program_for_what_is_not_there(front, path, way, method):
    token = good()
    body = {"method": method, "body": b"some text" if method == "POST" else None}
    answer = ask(front, path, {**WAYS[way](token), **body}, FORGED)
    found = variables(answer)
    assert token not in answer.text, found
    assert found["REMOTE_USER"] == "alice"
    if path.startswith("/told"):
        assert found["HTTP_X_USER"] == "alice" and "mallory" not in answer.text
