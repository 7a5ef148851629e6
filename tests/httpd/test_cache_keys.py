"""Keys and configurations that change under tokens that were seen before, and requests that are
judged at two places. What a cache might get wrong stands in the names."""

import threading
import time

import pytest

import tokens
from expect import ANY_PATH, BARE, ECHO, TRUST, await_keys, location, log_line
from fetching import ONE, TWO, section
from fetching import token as issued
from hot import KEPT, Line, check, fresh, thrice
from tokens import AUDIENCE, ISSUER, key

pytestmark = pytest.mark.mpm

OTHER = "https://other.example"
P1, P2, P3, RSA, MARK = key("p256"), key("p256", 2), key("p256", 3), key("rsa"), key("p384")


# Files

def issuer(path, *sources):
    return location(path, f"AuthBearerIssuer {ISSUER} " + " ".join(
        f"keys={source}" for source in sources), "Require valid-user", trust=BARE)


FILES = KEPT + ECHO + ANY_PATH + "".join([
    issuer("/live", "jwks:{keys}/live.jwks"), issuer("/busy", "jwks:{keys}/busy.jwks"),
    issuer("/still", "jwks:{keys}/still.jwks"),
    issuer("/pem", "pem:{keys}/live.pem"),
    issuer("/secret", "secret:{keys}/live.bin algorithms=HS256"),
    issuer("/both", "jwks:{keys}/one.jwks", "jwks:{keys}/two.jwks"),
])


@pytest.fixture(scope="module")
def files(serve):
    return serve(FILES, {
        "keys/live.jwks": tokens.jwks([P1]).encode(),
        "keys/still.jwks": tokens.jwks([P1, P2, RSA]).encode(),
        "keys/busy.jwks": tokens.jwks([P1, P2]).encode(),
        "keys/live.pem": P1.public_pem(), "keys/live.bin": key("hs256").secret,
        "keys/one.jwks": tokens.jwks([P1]).encode(),
        "keys/two.jwks": tokens.jwks([P1, P2]).encode(),
    })


@pytest.fixture
def line(files):
    with Line(files) as line:
        yield line


def arrived(server, line, path, token):
    """The process behind this line has the set whose key signed the token."""
    server.allow_log(log_line("(key_unknown|signature_bad|alg_refused)"))
    server.wait_for(lambda: line.get(path, token).status == 200, "new keys", 5.0)


# The name in the header, and the key that signed.
MAKERS = {
    "one": fresh("ES256", signer=P1), "two": fresh("ES256", signer=P2),
    "three": fresh("ES256", signer=P3), "unnamed": fresh("ES256", {"kid": None}, P1),
    "three as one": fresh("ES256", {"kid": P1.kid}, P3), "RS": fresh("RS256"), "PS": fresh("PS256"),
}
YES, UNKNOWN, BAD, ALG = "=alice", "key_unknown", "signature_bad", "alg_refused"
FIRST = {"one": YES, "two": YES, "three": UNKNOWN, "unnamed": YES, "three as one": BAD, "RS": YES,
         "PS": YES}
# One set after the other in one file: (what might be missed, keys, differences to the first set).
SETS = [
    ("a token is known before its key is", [P1, P2, RSA], {}),
    ("a key leaves, its tokens stay; a key comes, its tokens were refused", [P2, P3, RSA],
     {"one": UNKNOWN, "three": YES, "unnamed": BAD, "three as one": UNKNOWN}),
    ("a key comes back", [RSA, P2, P1], {}),
    ("another key takes the name; a key gets an algorithm",
     [P3.jwk(kid=P1.kid), P2, RSA.jwk(alg="PS256")],
     {"one": BAD, "unnamed": BAD, "three as one": YES, "RS": ALG}),
    ("a key loses its algorithm and one has its old name again", [P1, P2, RSA], {}),
    ("a key gets another name", [P1.jwk(kid="new"), P2, RSA.jwk(kid="new")],
     {"one": UNKNOWN, "three as one": UNKNOWN, "RS": UNKNOWN, "PS": UNKNOWN}),
    ("a key loses its name", [P1.jwk(kid=None), RSA.jwk(kid=None)],
     {"two": BAD, "three": BAD}),
    ("two keys have one name", [P1, P3.jwk(kid=P1.kid), P2, RSA], {"three as one": YES}),
    ("the first of two keys of one name leaves", [P3.jwk(kid=P1.kid), P2, RSA],
     {"one": BAD, "unnamed": BAD, "three as one": YES}),
    ("the key's place in the set is all that is kept", [P2, P1, P3, RSA],
     {"three": YES}),
    ("all keys of one kind leave", [P1, P2], {"RS": ALG, "PS": ALG}),
]


def test_sets_that_follow_each_other(files, line):
    """Tokens that were seen under each set so far, and new ones. The last key of a set tells that
    it is in use; another place has all keys all the time."""
    seen = {name: make() for name, make in MAKERS.items()}
    for number, (what, keys, differences) in enumerate(SETS):
        name, wanted = f"mark-{number}", {**FIRST, **differences}
        files.write("keys/live.jwks", tokens.jwks([*keys, MARK.jwk(kid=name)]).encode())
        arrived(files, line, "/live", fresh("ES384", {"kid": name}, MARK)())
        for made, make in MAKERS.items():
            thrice(files, line, "/live", seen[made], wanted[made], f"{what}: {made}, seen")
            thrice(files, line, "/live", make(), wanted[made], f"{what}: {made}, new")
            thrice(files, line, "/still", seen[made], FIRST[made], f"{what}: {made} elsewhere")


@pytest.mark.parametrize("path, file, contents, makers", [
    ("/pem", "live.pem", [one.public_pem() for one in (P1, P2)], [MAKERS["one"], MAKERS["two"]]),
    ("/secret", "live.bin", [key("hs256", number).secret for number in (1, 2)],
     [fresh("HS256", signer=key("hs256", number)) for number in (1, 2)]),
])
def test_a_key_without_a_name_is_exchanged(files, line, path, file, contents, makers):
    old, new = (make() for make in makers)
    for turn in range(2):
        thrice(files, line, path, old, YES, f"turn {turn}")
        thrice(files, line, path, new, BAD, f"turn {turn}")
        files.write(f"keys/{file}", contents[1])
        arrived(files, line, path, makers[1]())
        thrice(files, line, path, old, BAD, f"turn {turn}, exchanged")
        thrice(files, line, path, new, YES, f"turn {turn}, exchanged")
        files.write(f"keys/{file}", contents[0])
        arrived(files, line, path, makers[0]())


def test_a_key_of_two_files_leaves_one(files, line):
    """It serves until no file has it any more."""
    token = MAKERS["one"]()
    thrice(files, line, "/both", token, YES)
    for name, keys, signer, wanted in (("one", [P3], P3, YES),
                                       ("two", [P2, key("p256", 4)], key("p256", 4), UNKNOWN),
                                       ("one", [P1, key("p256", 5)], key("p256", 5), YES)):
        files.write(f"keys/{name}.jwks", tokens.jwks(keys).encode())
        arrived(files, line, "/both", fresh("ES256", signer=signer)())
        thrice(files, line, "/both", token, wanted, f"{name}.jwks is another")


def test_an_entry_outlives_the_set_that_it_points_to(files):
    """Sets follow each other under load: the key that stays serves all the time, the others are
    there or not, and nothing falls over what was freed."""
    files.allow_log(log_line("key_unknown"))
    hot, wrong, ended = {name: MAKERS[name]() for name in ("one", "two", "three")}, [], []

    def load():
        with Line(files) as line:
            while not ended and not wrong:
                for name, token in hot.items():
                    seen = line.get("/busy", token)
                    if (seen.status, seen.header("X-Reason")) != (200, "accepted") and (
                            name == "two" or seen.header("X-Reason") != "key_unknown"):
                        wrong.append((name, seen))

    clients = [threading.Thread(target=load, daemon=True) for _ in range(4)]
    for one in clients:
        one.start()
    for number in range(20):
        files.write("keys/busy.jwks", tokens.jwks([(P1, P3)[number % 2], P2]).encode())
        time.sleep(0.12)
    ended.append(True)
    for one in clients:
        one.join()
    assert not wrong, wrong[:3]
    lines = [found for found in files.log().splitlines() if "AB0102: accepted" in found]
    for name, token in hot.items():
        assert any(tokens.fingerprint(token) in found for found in lines), f"never: {name}"


# The network

def test_a_token_outlives_the_keys_of_an_issuer(start, issuer):
    """A key is withdrawn, comes back, and in the end nobody confirms the keys any more."""
    server = start(KEPT + ECHO + ANY_PATH + section("/p", issuer.url, "refresh=1 max-stale=4"))
    server.allow_log(r"AB0201: ", log_line("(key_unknown|keys_unavailable)"))
    old, new = issued(issuer.url, jti="old"), issued(issuer.url, TWO, jti="new")
    await_keys(server, "/p", old)
    with Line(server) as line:
        thrice(server, line, "/p", old, YES)
        for one, outcomes in ((TWO, (UNKNOWN, YES)), (ONE, (YES, UNKNOWN))):
            issuer.publish(tokens.jwks([one]))
            server.wait_for(lambda: line.get("/p", issued(issuer.url, one)).status == 200,
                            "the new set", 8.0)
            for token, outcome in zip((old, new), outcomes):
                thrice(server, line, "/p", token, outcome, f"keys: {one.kid}")
        issuer.serve("/jwks", "down", 500)
        # httpd ends the connection with a 503: the next is another child's, that ends its own set
        server.wait_for(lambda: all(line.get("/p", issued(issuer.url)).status == 503
                                    for _ in range(16)), "old keys everywhere", 8.0)
        thrice(server, line, "/p", old, "keys_unavailable")
        issuer.publish(tokens.jwks([ONE]))
        server.wait_for(lambda: line.get("/p", issued(issuer.url)).status == 200, "keys", 8.0)
        thrice(server, line, "/p", old, YES)


# Configurations

LINE = f"    AuthBearerIssuer {ISSUER} keys=jwks:{{keys}}/as.jwks\n"
FOREIGN = LINE.replace(ISSUER, OTHER)
# What a graceful restart changes in a section, by what it is replaced, and the outcome then.
RELOADS = {
    "nothing": ("", "", YES),
    "audience": (AUDIENCE, OTHER, "audience_wrong"),
    "issuer": (LINE, FOREIGN, "issuer_unknown"),
    "another-first": (LINE, FOREIGN + LINE, YES),
    "keys": ("as.jwks", "other.jwks", UNKNOWN),
    "forged": ("as.jwks", "forged.jwks", BAD),
    "algorithms": ("as.jwks", "as.jwks algorithms=ES256", ALG),
    "types": ("as.jwks", "as.jwks types=JWT", "type_wrong"),
    "prefix": ("as.jwks", "as.jwks user-prefix=as:", "=as:alice"),
    "age": ("Require valid-user", "Require valid-user\nAuthBearerMaxAge 60", "too_old"),
    "user": ("Require valid-user", "Require valid-user\nAuthBearerUser email", "=a@x.example"),
    "rule": ("Require valid-user", "Require scope write", "scope_lacking"),
}


def generations(number, changed):
    """A configuration that says in each answer which one it is."""
    text = ECHO + ANY_PATH + f'Header always set X-Generation "{number}"\n'
    for name, (old, new, _) in RELOADS.items():
        usual = location(f"/{name}", "Require valid-user")
        assert old in usual
        text += usual.replace(old, new) if changed and old else usual
    return text


def of_generation(server, number, path, token):
    """The answer of a process that has this configuration."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        answer = server.get(path, token=token)
        if answer.header("X-Generation") == str(number):
            return answer
    raise AssertionError(f"no answer of generation {number}")


def test_a_new_configuration_finds_old_entries(serve):
    seen = fresh(ahead=[("iat", -120)], email="a@x.example")
    server = serve(generations(0, False), {
        "keys/other.jwks": tokens.jwks([key("rsa", 2)]).encode(),
        "keys/forged.jwks": tokens.jwks([key("rsa", 2).jwk(kid="rsa-1")]).encode()})
    hot = seen()
    for number in range(4):
        changed = number % 2 == 1
        if number:
            server.configure(generations(number, changed))
            server.graceful()
        for name, (_, _, outcome) in RELOADS.items():
            for token in (hot, hot, seen(), hot):
                check(server, of_generation(server, number, f"/{name}", token),
                      outcome if changed else YES, f"{name}, generation {number}")


# Two places in one request

API, ELSE = f"AuthBearerAudience {AUDIENCE}", f"AuthBearerAudience {OTHER}"
SCOPE = f"{TRUST}{ELSE}\nRequire scope nobody-has-this\nErrorDocument 403 /theirs/page.html\n"


def directory(name, lines, more=""):
    return f'<Directory "{{docs}}/{name}">\n{lines}{more}</Directory>\n'


def users(audience):
    return TRUST.replace(API, audience) + "    Require valid-user\n"


WAYS = KEPT + ECHO + "".join([
    directory("ours", users(API)), directory("theirs", users(ELSE)),
    directory("ssi", "Options +Includes\nAddOutputFilter INCLUDES .html\n"),
    directory("inside", users(f"{API}\n{ELSE}"),
              'RewriteEngine On\nRewriteRule "^(ours|theirs)$" "/$1/page.html"\n'),
    directory("index", users(API), f'<Files "index.html">\n{users(ELSE)}</Files>\n'),
    directory("asks", SCOPE),
]) + 'RewriteEngine On\nRewriteRule "^/moved/(.*)" "/theirs/$1" [PT]\n'
PAGES = {"docs/ours/page.html": "<p>our page\n", "docs/theirs/page.html": "<p>their page\n",
         "docs/inside/index.html": "<p>nobody's page\n",
         "docs/index/index.html": "<p>their page\n", "docs/asks/page.html": "<p>nobody's page\n",
         "docs/ssi/two.html": '<!--#include virtual="/ours/page.html" -->'
                              '<!--#include virtual="/theirs/page.html" -->\n'}
KINDS = {"ours": AUDIENCE, "theirs": OTHER, "both": [AUDIENCE, OTHER]}
OUR, THEIR, NONE = {"our page"}, {"their page"}, set()

# Path -> what tokens of each audience get there: (status, pages that are shown).
OUTCOMES = {
    "/ours/page.html": {"ours": (200, OUR), "theirs": (401, NONE), "both": (200, OUR)},
    "/theirs/page.html": {"ours": (401, NONE), "theirs": (200, THEIR), "both": (200, THEIR)},
    "/ssi/two.html": {"ours": (200, OUR), "theirs": (200, THEIR), "both": (200, OUR | THEIR)},
    "/inside/ours": {"ours": (200, OUR), "theirs": (401, NONE), "both": (200, OUR)},
    "/inside/theirs": {"ours": (401, NONE), "theirs": (200, THEIR), "both": (200, THEIR)},
    "/moved/page.html": {"ours": (401, NONE), "theirs": (200, THEIR), "both": (200, THEIR)},
    "/index/": {"ours": (401, NONE), "theirs": (401, NONE), "both": (200, THEIR)},
    "/asks/page.html": {"ours": (403, NONE), "theirs": (403, THEIR), "both": (403, THEIR)},
}


@pytest.fixture(scope="module")
def ways(serve):
    server = serve(WAYS, PAGES)
    server.allow_log("unable to include", log_line("(audience_wrong|scope_lacking)"))
    return server


@pytest.mark.parametrize("path", OUTCOMES)
def test_the_second_place_of_a_request_takes_the_first_ones_answer(ways, path):
    for kinds in (list(KINDS), list(KINDS)[::-1]):
        seen = {kind: fresh(aud=KINDS[kind])() for kind in kinds}
        with Line(ways) as line:
            for kind in [one for one in kinds for _ in range(3)] + kinds * 2:
                answer = line.get(path, seen[kind])
                shown = {page for page in OUR | THEIR | {"nobody's page"} if page in answer.text}
                assert (answer.status, shown) == OUTCOMES[path][kind], (kind, answer)
                elsewhere = line.get("/ours/page.html", seen[kind])
                assert elsewhere.status == (401 if kind == "theirs" else 200), elsewhere
