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
from server import Httpd
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


# Where a directory leads to: the lines of a place with a backend.
BEYOND = {"open": ["Require all granted"], "report": [REPORT, "Require valid-user"],
          "enforced": ["Require valid-user"]}
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
         "docs/views/app.cgi": ENV, "docs/nest/inner/app.cgi": ENV, "docs/told/x": "x", "docs/told/app.cgi": ENV,
         **{f"docs/{start}-to-{end}/x": "x" for start in MODES for end in BEYOND},
         "docs/cgi/env.cgi": ENV, "docs/cgi/told.cgi": ENV, "docs/page/same/env.cgi": ENV,
         **{f"docs/page/{mode}/p.html": '<!--#include virtual="/cgi/env.cgi" -->'
                                        '<!--#include virtual="/cgi/told.cgi" -->\n'
            for mode in MODES}}


def front_controllers():
    """A program that answers for whatever is not there, and alone asks for a token."""
    text = ""
    for name, lead, more in (("front", "FallbackResource /front/app.cgi", ""),
                             ("list", "DirectoryIndex app.cgi", ""),
                             ("views", "Options +MultiViews\nMultiViewsMatch Handlers", ""),
                             ("nest/inner", "DirectoryIndex app.cgi", ""),
                             ("told", "FallbackResource /told/app.cgi", "\n".join(TELLS))):
        inside = f'<Files "app.cgi">\n{TRUST}AuthBearerTokenFrom {ALL_WAYS}\n{more}\n' \
                 "Require valid-user\n</Files>"
        text += DIRECTORY.format(name=name, lines=f"Options +ExecCGI\nAddHandler cgi-script .cgi\n"
                                                  f"{lead}\n{inside}")
    return text + DIRECTORY.format(name="nest", lines="DirectoryIndex inner/")


PAGES = """
ScriptAlias /cgi/ "{docs}/cgi/"
<Directory "{docs}/page">
    Options +Includes
    AddOutputFilter INCLUDES .html
</Directory>
<Location "/cgi/told.cgi">
    """ + "\n    ".join(TELLS) + """
</Location>
""" + "".join(place(f"/page/{mode}", ALL_WAYS, *TELLS, *lines, "ErrorDocument 404 /cgi/env.cgi",
                    "ErrorDocument 401 /cgi/told.cgi")
              for mode, (lines, _) in MODES.items()) \
    + place("/page/strict", ALL_WAYS, *TELLS, "Require scope write",
            "ErrorDocument 403 /cgi/told.cgi") \
    + place("/page/same", ALL_WAYS, *TELLS, REPORT, "Require valid-user",
            "ErrorDocument 404 /page/same/env.cgi", "Options +ExecCGI",
            "AddHandler cgi-script .cgi") \
    + place("/hide", ALL_WAYS, "AuthBearerHide On", "Require valid-user") \
    + location("/hide-foreign", "AuthBearerHide On", "Require valid-user", trust=FOREIGN) \
    + place("/hide-both/", ALL_WAYS, "AuthBearerHide On", 'AuthBearerProxy "abc"',
            "Require valid-user") \
    + '<Location "/hide-both/inner/">\n    AuthBearerPass On\n    ProxyPass' \
      " http://127.0.0.1:{behind}/\n</Location>\n"


def beyond():
    """Each directory leads by mod_dir to each place of a backend."""
    text = ""
    for start, (lines, _) in MODES.items():
        for end in BEYOND:
            text += DIRECTORY.format(name=f"{start}-to-{end}", lines="\n".join(
                [f"FallbackResource /beyond-{end}/", TRUST, f"AuthBearerTokenFrom {ALL_WAYS}",
                 *lines]))
    for end, lines in BEYOND.items():
        path = f"/beyond-{end}/"
        text += place(path, ALL_WAYS, to(path), *TELLS, *PASSES["minted"], *lines)
    return text


def configuration():
    text = MODULE + ECHO + front_controllers() + beyond()
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
    for name, (lines, _) in MODES.items():
        text += place(f"/view-{name}", ALL_WAYS, SHOWS, *TELLS, *lines)
        text += location(f"/view-foreign-{name}", SHOWS, *TELLS, f"AuthBearerTokenFrom {ALL_WAYS}",
                         *lines, trust=FOREIGN)
    text += PAGES
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
        server.allow_log(r"AB0103: would be refused: ", "AH00687")
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


@pytest.mark.mpm
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


@pytest.mark.mpm
@pytest.mark.parametrize("way", [way for way in WAYS if way != "form"])
@pytest.mark.parametrize("end", BEYOND)
@pytest.mark.parametrize("start", MODES)
def test_a_backend_beyond_a_directory(front, start, end, way):
    """It is told what its own place found out, whoever was known on the way there."""
    token = good()
    answer = ask(front, f"/{start}-to-{end}/nothing", WAYS[way](token), FORGED)
    got = arrived(answer)
    known = end == "enforced"
    check_authorization("minted", known, {}, got)
    assert fields(got, "X-User") == (["alice"] if known else []), got
    assert token not in json.dumps(got) and "mallory" not in json.dumps(got), got


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


@pytest.mark.mpm
@pytest.mark.parametrize("path", ["/front/nothing", "/list/", "/told/nothing", "/nest/",
                                  "/views/app"])
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


# Providers of other modules

@pytest.mark.parametrize("mode", ["foreign", "foreign-report"])
@pytest.mark.parametrize("sends", ["off", "minted", "proxy"])
def test_who_has_a_name_alone(front, mode, sends):
    """No claim, so no header; and a minted token that says whose server made it, and no more."""
    got = arrived(ask(front, f"/{mode}-{sends}/", header("letmein-alice"), FORGED))
    values = fields(got, "Authorization")
    if (mode, sends) == ("foreign", "minted"):
        assert set(claims_of(values[0])) == {"iss", "aud", "exp", "iat", "jti"}, got
    else:
        assert values == [], got
    assert fields(got, "X-User") == [], got
    assert fields(got, "X-Remote") == ["(null)|accepted" if mode == "foreign" else "(null)|(null)"]
    assert "letmein" not in json.dumps(got) and "mallory" not in json.dumps(got), got


NOBODY = {"accepted": "0", "user": "(NULL)", "issuer": "(NULL)", "scopes": "(NULL)",
          "claim": "(NULL)", "json": "(NULL)"}


@pytest.mark.parametrize("way", ["header", "basic", "cookie", "query", "named", "form"])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", ["", "foreign-"])
def test_what_other_modules_see(front, kind, mode, way):
    known = MODES[mode][1]
    token = "letmein-alice" if kind else good()
    answer = ask(front, f"/view-{kind}{mode}", WAYS[way](token))
    assert answer.status == 200, answer
    found = seen(answer)
    if not known:
        assert found == {"reason": "(NULL)", **NOBODY}, found
    else:
        assert (found["reason"], found["accepted"], found["user"]) == ("accepted", "1", "alice")
        assert found["issuer"] == ("(NULL)" if kind else "https://as.example"), found
    assert answer.header("X-User") == ("alice" if known else ""), answer


# Pages

def shows_nobody(answer, token):
    assert token not in answer.text and "mallory" not in answer.text, answer
    for name in ("REMOTE_USER", "API_USER", "HTTP_X_USER", "HTTP_AUTHORIZATION"):
        assert f"\n{name}=" not in answer.text, (name, answer)


@pytest.mark.parametrize("way", [way for way in WAYS if way != "form"])
@pytest.mark.parametrize("mode", MODES)
def test_parts_of_a_page(front, mode, way):
    """Of other places, that nobody protects: they are told nothing by the page around them, but for
    its user, by httpd."""
    token = good()
    answer = ask(front, f"/page/{mode}/p.html", WAYS[way](token), FORGED)
    assert answer.status == 200 and answer.text.count("REQUEST_METHOD=") == 2, answer
    assert token not in answer.text, answer
    assert "HTTP_X_USER=" not in answer.text, answer
    for name in ("API_USER", "REMOTE_USER") if not MODES[mode][1] else ("API_USER",):
        assert f"\n{name}=" not in answer.text, (name, answer)


@pytest.mark.parametrize("way", [way for way in WAYS if way != "form"])
@pytest.mark.parametrize("mode", MODES)
def test_pages_about_what_is_not_there(front, mode, way):
    token = good()
    answer = ask(front, f"/page/{mode}/nothing", WAYS[way](token), FORGED)
    assert answer.status == 404 and "REQUEST_METHOD=" in answer.text, answer
    shows_nobody(answer, token)


@pytest.mark.parametrize("way", [way for way in WAYS if way != "form"])
@pytest.mark.parametrize("path, changes, reason", [
    ("/page/enforced/p.html", {"exp": 1}, "expired"), ("/page/strict/x", {}, "scope_lacking"),
    ("/page/optional/p.html", {"aud": "x"}, "audience_wrong")])
def test_pages_about_refusals(front, path, changes, reason, way):
    front.allow_log(log_line(reason))
    token = good(**changes)
    answer = ask(front, path, WAYS[way](token), FORGED)
    assert answer.status in (401, 403) and f"REDIRECT_BEARER_REASON={reason}" in answer.text, answer
    assert answer.header("Cache-Control") == "no-store", answer
    assert [one.split()[0] for one in answer.challenges] == (
        ["Bearer", "Basic"] if answer.status == 401 else ["Bearer"]), answer
    shows_nobody(answer, token)


def test_a_page_of_the_same_place(front):
    for way in ("header", "cookie", "query"):
        token = good()
        answer = ask(front, "/page/same/nothing", WAYS[way](token), FORGED)
        assert answer.status == 404 and "REQUEST_METHOD=" in answer.text, answer
        shows_nobody(answer, token)
        assert "BEARER_REASON" not in answer.text, answer


# Addresses

@pytest.mark.parametrize("mode", MODES)
def test_an_address_with_a_token_is_named_to_nobody(front, mode):
    """Whether or not anybody looked at the token."""
    answer = ask(front, f"/{mode}-off/", query(good()))
    assert answer.status == 200 and answer.header("Referrer-Policy") == "no-referrer", answer


# Forward proxies

@pytest.mark.parametrize("sends", ["off", "minted", "proxy"])
def test_a_forward_proxy_tells_nobody(serve, sends):
    """Whose servers are anybody's; but what a client sends under that name is still removed."""
    with backend() as behind:
        server = serve('ProxyRequests On\n<Proxy "*">\n' + TRUST + "\n".join(
            [*TELLS[:1], *PASSES[sends], "Require valid-user", "</Proxy>\n"]), prepare=prepare,
                       modules="proxy proxy_http")
        token = good(upstream="for-the-backend")
        answer = server.get(f"http://127.0.0.1:{behind.port}/", [
            ("Proxy-Authorization", f"Bearer {token}"), ("X_User", "mallory")])
        got = arrived(answer)
        assert fields(got, "X-User") == fields(got, "Authorization") == [], got
        assert token not in json.dumps(got) and "mallory" not in json.dumps(got), got


# Hiding

LARGE = {"method": "POST", "headers": [FORM], "body": "a=" + "x" * 70000}


@pytest.mark.parametrize("path, sent, reason", [
    ("/hide", LARGE, "form_too_large"), ("/hide", header("a b"), "request_malformed"),
    ("/hide", {"headers": [basic("mallory", "not a token")]}, "token_malformed"),
    ("/hide-foreign", header("broken-alice"), "provider_failed"),
    ("/hide-foreign", header("deny-alice"), "token_refused"),
    ("/hide-both/inner/", {}, "no_token")])
def test_hidden(front, path, sent, reason):
    answer = ask(front, path, sent)
    assert (answer.status, answer.challenges) == (404, []), answer
    assert answer.header("X-Reason") == reason
    assert answer.all("Cache-Control") == answer.all("Retry-After") == [], answer
    front.expect_log(log_line(reason))


def test_who_is_known_is_not_hidden_from(front):
    """What goes wrong behind a good token is said."""
    answer = ask(front, "/hide-both/inner/", header(good()))
    refused(front, answer, "not_configured")


# What contradicts itself

TAKES, SENDS = "AuthBearerTokenFrom header:X-User\n", "AuthBearerHeader X-User sub\n"


@pytest.mark.parametrize("server, section", [
    ("", TAKES + SENDS), (TAKES, SENDS), (SENDS, TAKES), (SENDS + TAKES, ""),
    ("", "AuthBearerHeader x-user sub\nAuthBearerTokenFrom header header:X_User")])
def test_one_field_for_both(workshop, server, section):
    """A client's token in a field that is the server's alone would be removed unseen."""
    workshop.configure(server + location("/p", *section.splitlines(), "Require valid-user"))
    code, text = workshop.configtest()
    assert code != 0 and "AB0501" in text and "AuthBearerTokenFrom header:" in text, text


def test_two_fields(workshop):
    workshop.configure(TAKES + location("/p", "AuthBearerTokenFrom header", SENDS.strip(),
                                        "Require valid-user"))
    assert workshop.configtest()[0] == 0, workshop.configtest()


@pytest.fixture(scope="module")
def workshop():
    server = Httpd()
    server.write_keys()
    yield server
    server.remove()
