"""From one place of a server to another within a request: subrequests and internal redirects. Each
place judges the token for itself, and the user at the end is that of the last one."""

import itertools

import pytest

from expect import ECHO, TRUST, log_line
from tokens import AUDIENCE, basic, bearer, good

OTHER = "https://other.example"
CLAIMS = {"email": "alice@mail.example", "scope": "read"}
# Place -> what protects it. Both take their user from claims of their own.
PLACES = {
    "open": "",
    "ours": TRUST + "AuthBearerEnv sub\nRequire valid-user\n",
    "theirs": TRUST.replace(AUDIENCE, OTHER).replace("AuthName api", "AuthName theirs")
    + "AuthBearerUser email\nAuthBearerEnv email=MAIL\nRequire valid-user\n",
}
USERS = {"open": "", "ours": "alice", "theirs": "alice@mail.example"}
CLAIM = {"open": {}, "ours": {"BEARER_CLAIM_SUB": "alice"},
         "theirs": {"MAIL": "alice@mail.example"}}
# Token -> the places where it is good.
KINDS = {"none": {"open"}, "ours": {"open", "ours"}, "theirs": {"open", "theirs"},
         "both": {"open", "ours", "theirs"}, "expired": {"open"}}
# Way -> what leads from a directory to {to}, the path that takes it there, and the status where the
# second place refuses.
WAYS = {
    "rewrite": ('RewriteEngine On\nRewriteRule "^go$" "{to}"\n', "go", 401),
    "fallback": ("FallbackResource {to}\n", "go", 401),
    "index": ("DirectoryIndex {to}\n", "", 401),
    "typemap": ("AddHandler type-map .var\n", "go.var", 401),
    "action": ("AddHandler act-{from}-{at} .act\nAction act-{from}-{at} {to}\n", "go.act", 401),
    "error": ("ErrorDocument 404 {to}\n", "nothing", 404),
    "denied": ('ErrorDocument 403 {to}\n<Files "go">\nRequire all denied\n</Files>\n', "go", 403),
    "include": ("Options +Includes\nAddOutputFilter INCLUDES .html\n", "go.html", 200),
}
FROM = "/{way}-{from}-{at}/"
MATRIX = list(itertools.product(WAYS, PLACES, PLACES))
SCRIPT = "#!/bin/sh\necho Content-Type: text/plain\necho\necho the page of {at}\nenv\n"


def fill(text, way, start, target):
    return (text.replace("{way}", way).replace("{from}", start).replace("{at}", target)
            .replace("{to}", f"/{target}/who.cgi"))


def directory(name, lines):
    return f'<Directory "{{docs}}/{name}">\n{lines}</Directory>\n'


def configuration():
    text = ECHO + 'Header always set X-Sub "expr=%{bearer:sub}"\nRewriteEngine On\n'
    for place, lines in PLACES.items():
        text += directory(place, "Options +ExecCGI\nAddHandler cgi-script .cgi\n" + lines)
        text += f'RewriteRule "^/moved/{place}$" "/{place}/who.cgi" [PT]\n'
    for way, start, target in MATRIX:
        text += directory(fill(FROM, way, start, target).strip("/"),
                          fill(WAYS[way][0], way, start, target) + PLACES[start])
    return text


def files():
    made = {f"docs/{place}/who.cgi": SCRIPT.replace("{at}", place) for place in PLACES}
    for way, start, target in MATRIX:
        folder = fill("docs" + FROM, way, start, target)
        made.update({
            folder + "go.act": "x", folder + "go.txt": "x",
            folder + "go.var": f"URI: ../{target}/who.cgi\nContent-type: text/plain\n",
            folder + "go.html": fill('start <!--#include virtual="{to}" --> end\n',
                                     way, start, target)})
    return made


@pytest.fixture(scope="module")
def server(serve):
    server = serve(configuration(), files(), modules="cgi actions access_compat")
    server.allow_log(log_line("audience_wrong"), "unable to include",
                     "AH00128: File does not exist")
    return server


def token(kind):
    audience = {"ours": AUDIENCE, "theirs": OTHER}.get(kind, [AUDIENCE, OTHER])
    changes = {"exp": 1} if kind == "expired" else {}
    return None if kind == "none" else good(aud=audience, **CLAIMS, **changes)


def variables(answer):
    return dict(line.partition("=")[::2] for line in answer.text.splitlines() if "=" in line)


def look(answer, way, start, target, reaches):
    """What an answer shows: of the target all, or of it nothing. For mod_dir the open target of a
    protected start is still the request that was let in there; mod_include tells of the user of its
    page."""
    user = USERS[start if target == "open" and way in ("index", "fallback") else target]
    shown = variables(answer)
    for place in PLACES:
        assert (f"the page of {place}" in answer.text) == (reaches and place == target), answer
    assert "HTTP_AUTHORIZATION" not in answer.text, answer
    ours = {name: value for name, value in shown.items()
            if "BEARER_CLAIM" in name or "MAIL" in name}
    assert ours == (CLAIM[target] if reaches else {}), answer
    if not reaches:
        assert "REMOTE_USER" not in answer.text, answer
        return
    assert shown.get("BEARER_REASON") == ("accepted" if user else None), answer
    if target != "open" or way != "include":
        assert shown.get("AUTH_TYPE") == ("Bearer" if user else None), answer
        assert shown.get("REMOTE_USER", "") == user, answer


@pytest.mark.mpm
@pytest.mark.parametrize("way, start, target", MATRIX, ids=["-".join(row) for row in MATRIX])
def test_each_place_judges(server, way, start, target):
    _, path, refused = WAYS[way]
    for kind, places in KINDS.items():
        answer = server.get(fill(FROM, way, start, target) + path, token=token(kind))
        inside = start in places or way == "denied"     # which is so whoever asks
        reaches = inside and target in places
        if not inside:
            assert answer.status == 401 and answer.bearer is not None, (kind, answer)
        elif not reaches:
            assert answer.status == refused, (kind, answer)
        elif way not in ("error", "denied"):
            assert answer.status == 200, (kind, answer)
        if answer.status == 401:
            realm = "theirs" if (target if inside else start) == "theirs" else "api"
            assert answer.bearer["realm"] == realm, (kind, answer)
        else:
            assert answer.challenges == [], (kind, answer)
        look(answer, way, start, target, reaches)
        if reaches:
            stays = way == "include" or (target == "open" and way in ("index", "fallback"))
            user = USERS[start if stays else target]
            assert answer.header("X-User") == user, (kind, answer)
            assert answer.header("X-Sub") == ("alice" if user else ""), (kind, answer)


@pytest.mark.parametrize("target", PLACES)
def test_rewritten_in_the_server(server, target):
    for kind, places in KINDS.items():
        answer = server.get(f"/moved/{target}", token=token(kind))
        reaches = target in places
        assert answer.status == (200 if reaches else 401), (kind, answer)
        look(answer, "rewrite", "open", target, reaches)


# The page about a refusal that is refused itself

BESIDE = TRUST.replace("AuthType Bearer", "AuthType Basic\nAuthBearer On\n"
                                          "AuthUserFile {root}/users").replace("api\n", "page\n", 1)
WALLS = {
    "bearer": TRUST.replace("AuthName api", "AuthName page") + "Require claim page exists\n",
    "beside": BESIDE + "Require claim page exists\n",
    "basic": "AuthType Basic\nAuthName page\nAuthUserFile {root}/users\nRequire user nobody\n",
    "password": TRUST.replace("AuthType Bearer\n    AuthName api", "AuthType Basic\n"
                              "AuthName page\nAuthBasicProvider bearer") + "Require scope none\n",
}
ENTRY = TRUST.replace("AuthType Bearer", "AuthType Basic\nAuthBearer On\n"
                                         "AuthUserFile {root}/users")


@pytest.fixture(scope="module")
def walls(serve):
    text = ECHO
    for name, rules in WALLS.items():
        page = "".join(f"ErrorDocument {status} /{name}/page.html\n" for status in (401, 403, 404))
        text += directory(name, rules)
        for place, trust in (("alone", TRUST), ("both", ENTRY)):
            text += f'<Location "/{place}-{name}">\n{page}{trust}Require scope write\n</Location>\n'
        text += f'<Location "/gone-{name}">\n{page}</Location>\n'
    server = serve(text, {"users": "carol:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n", **{
        f"docs/{name}/page.html": "<p>the page\n" for name in WALLS}})
    server.allow_log(log_line("(scope_lacking|rule_denied)"), "AH01617", "AH00128")
    return server


@pytest.mark.mpm
@pytest.mark.parametrize("wall", WALLS)
def test_a_refused_page_leaves_the_answer_as_it_is(walls, wall):
    """Whoever refuses it: the way to log in that is named is the one to the place that was asked
    for."""
    carol = basic("carol", "password")
    for place, others in (("alone", []), ("both", ["Basic"])):
        for headers, status, schemes, error in (
                ([], 401, ["Bearer", *others], None), ([carol], 403 if others else 401, None, None),
                ([bearer(good(exp=1))], 401, ["Bearer", *others], "invalid_token"),
                ([bearer(good())], 403, ["Bearer"], "insufficient_scope")):
            answer = walls.get(f"/{place}-{wall}", headers)
            if schemes is not None:
                assert [one.split()[0] for one in answer.challenges] == schemes, answer
                assert (answer.bearer["realm"], answer.bearer.get("error")) == ("api", error)
                assert answer.status == status and "no-store" in answer.header("Cache-Control")
            assert 'realm="page"' not in str(answer.challenges) and "the page" not in answer.text
    for headers in ([], [carol], [bearer(good())]):
        answer = walls.get(f"/gone-{wall}", headers)
        assert answer.status == 404 and "the page" not in answer.text
        assert answer.challenges == [] or wall == "basic", "it is httpd's alone"
