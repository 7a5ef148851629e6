"""Where features meet: ways of a token, modes that let requests through, what goes on to backends
and programs, providers of other modules, hiding. In every mixture: who is not known is not told,
what a client sends under a name of the server's own is removed, and no token goes on unasked."""

import base64
import json

import pytest

from another import bring, seen
from backend import backend, fields
from expect import TRUST, location, log_line, refused
from mixtures import (APART, BEYOND, BOB, FILES, FLIGHT, FORGED, MODES, PASSES, TELLS,
                      configuration)
from server import Httpd
from tokens import basic, good, key, remember, store
from ways import FORM, WAYS, ask, cookie, header, query


def prepare(root):
    bring(root)
    (root / "keys" / "mint.pem").write_bytes((store() / "p256-7.pem").read_bytes())


@pytest.fixture(scope="module")
def front(serve):
    assert key("p256", 7)
    with backend() as behind:
        server = serve(configuration().replace("{behind}", str(behind.port)), FILES, prepare,
                       modules="proxy proxy_http cgi actions")
        server.allow_log(r"AB0103: would be refused: ", r"AB0314: ", "AH00687")
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


@pytest.mark.parametrize("more", [{}, cookie("x.y.z")], ids=["alone", "with-a-cookie"])
@pytest.mark.parametrize("sends", PASSES)
@pytest.mark.parametrize("mode", ["enforced", "report"])
def test_a_password_beside(front, mode, sends, more):
    """It is mod_auth_basic's, and so is the user: no token is made, and no claim is told."""
    answer = ask(front, f"/beside-{mode}-{sends}/", {"headers": [BOB]}, more, FORGED)
    got = arrived(answer)
    assert (answer.header("X-User"), answer.header("X-Auth")) == ("bob", "Basic"), answer
    assert fields(got, "Authorization") == (
        ["Bearer of-the-administrator"] if sends == "admin" else [BOB[1]]), got
    assert fields(got, "X-User") == [] and fields(got, "X-Remote") == ["(null)|(null)"], got
    assert "mallory" not in json.dumps(got), got


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("sends", PASSES)
@pytest.mark.parametrize("mode", ["enforced", "report"])
def test_a_token_beside_passwords(front, mode, sends, way):
    known = mode == "enforced"
    token = good(upstream="for-the-backend")
    sent = WAYS[way](token)
    got = arrived(ask(front, f"/beside-{mode}-{sends}/", sent, FORGED))
    check_authorization(sends, known, sent, got)
    assert fields(got, "X-User") == (["alice"] if known else []), got


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
