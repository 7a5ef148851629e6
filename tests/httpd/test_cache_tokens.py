"""Tokens that are almost one that was accepted, that were refused before, that expire meanwhile,
and very many at once. What a cache might get wrong stands in the names."""

import random
import threading
import time

import pytest

import tokens
from expect import ANY_PATH, BARE, ECHO, location, log_line, passed, refused
from hot import KEPT, Line, check, fresh, thrice
from makers import stray_bits
from tokens import b64url, claims, good, key, mint

VALID = "Require valid-user"
SECRET = "AuthBearerIssuer https://as.example keys=secret:{keys}/secret.bin algorithms=HS256"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
CONF = KEPT + ECHO + ANY_PATH + "".join([
    location("/jwt", VALID), location("/secret", SECRET, VALID, trust=BARE),
    location("/strict", "AuthBearerLeeway 0", VALID),
    location("/lenient", "AuthBearerLeeway 1", VALID),
    location("/young", "AuthBearerLeeway 0", "AuthBearerMaxAge 60", VALID),
])


@pytest.fixture(scope="module")
def server(serve):
    return serve(CONF, {"keys/secret.bin": key("hs256").secret}, level="info")


@pytest.fixture
def line(server):
    with Line(server) as line:
        yield line


pytestmark = pytest.mark.mpm


# Near misses

def turned(text, position):
    """The text with one bit of one character changed; of a dot, all."""
    old = text[position]
    new = ALPHABET[ALPHABET.index(old) ^ 1 << position % 6] if old in ALPHABET else "A"
    return text[:position] + new + text[position + 1:]


@pytest.mark.parametrize("alg, path", [("ES256", "/jwt"), ("HS256", "/secret")])
def test_a_part_of_the_token_is_not_in_the_key(server, line, alg, path):
    """Each character changed by itself, in header, payload and signature."""
    server.allow_log("AB0101: refused: ")
    token = fresh(alg)()
    for position in range(len(token)):
        if position % 16 == 0:
            thrice(server, line, path, token, "=alice")
        other = turned(token, position)
        answers = [line.get(path, other) for _ in range(2)]
        for answer in answers:
            assert answer.status == 401 and answer.header("X-User") != "alice", (position, answer)
            assert b"the index" not in answer.body and answer.header("X-Reason") != "accepted"
        assert answers[0].header("X-Reason") == answers[1].header("X-Reason")
    thrice(server, line, path, token, "=alice")


def test_the_end_of_a_large_token_is_not_in_the_key(server, line):
    """Each thirtieth character, and the last ones."""
    server.allow_log("AB0101: refused: ")
    token = fresh(fill="x" * 5000)()
    thrice(server, line, "/jwt", token, "=alice")
    for position in [*range(0, len(token), 30), *range(len(token) - 8, len(token))]:
        for _ in range(2):
            assert line.get("/jwt", turned(token, position)).status == 401, position
    thrice(server, line, "/jwt", token, "=alice")


def part(number, change):
    """One of the three parts changed."""
    def make(token):
        pieces = token.split(".")
        pieces[number] = change(pieces[number])
        return ".".join(pieces)
    return make


def swapped(text):
    """The first letter in the other case."""
    where = next(number for number, letter in enumerate(text) if letter.isalpha())
    return text[:where] + text[where].swapcase() + text[where + 1:]


def header(**changes):
    """The token under another header, with the signature of its own."""
    return part(0, lambda text: b64url(tokens._json({"alg": "HS256", "typ": "at+jwt", **changes})))


# What a cache might pass over: (change to a token that was accepted, reason).
MISSES = {
    "the signature, all of it": (part(2, lambda text: b64url(bytes(32))), "signature_bad"),
    "the signature's length": (part(2, lambda text: text[:-3]), "signature_bad"),
    "its last two characters": (lambda token: token[:-2], "token_malformed"),
    "one character behind": (lambda token: token + "A", "signature_bad"),
    "four characters behind": (lambda token: token + "AAAA", "signature_bad"),
    "padding": (lambda token: token + "=", "token_malformed"),
    "a dot behind": (lambda token: token + ".", "token_malformed"),
    "a part behind": (lambda token: token + ".AAAA", "token_malformed"),
    "a comma": (lambda token: token + ",", "request_malformed"),
    "the token once more": (lambda token: token + " " + token, "request_malformed"),
    "one character before": (lambda token: "A" + token, "token_malformed"),
    "four characters before": (lambda token: "AAAA" + token, "token_malformed"),
    "spare bits in the header": (part(0, stray_bits), "token_malformed"),
    "spare bits in the payload": (part(1, stray_bits), "token_malformed"),
    "spare bits in the signature": (part(2, stray_bits), "token_malformed"),
    "the other alphabet": (part(2, lambda text: text[:-1] + "+"), "token_malformed"),
    "the case of the header": (part(0, lambda text: text[0] + swapped(text[1:])),
                               "token_malformed"),
    "the case of the signature": (part(2, swapped), "signature_bad"),
    "a header with another kid": (header(kid="hs256-2"), "signature_bad"),
    "a header without a kid": (header(), "signature_bad"),
    "a header with another alg": (header(alg="HS512"), "alg_refused"),
    "a header with crit": (header(crit=["exp"], kid="hs256-1"), "crit_refused"),
    "a header with another typ": (header(typ="logout+jwt", kid="hs256-1"), "type_wrong"),
    "the payload, all of it": (part(1, lambda text: b64url(tokens._json(claims(sub="root")))),
                               "signature_bad"),
    "the payload's issuer": (part(1, lambda text: b64url(tokens._json(claims(iss="urn:x")))),
                             "issuer_unknown"),
    "no signature": (part(2, lambda text: ""), "token_malformed"),
    "no payload": (part(1, lambda text: ""), "token_malformed"),
}


def spare():
    """A token with bits to spare in each part."""
    made = (fresh("HS256", {"x": "x" * fill, "kid": "hs256-1"}, fill="x" * more)()
            for fill in range(3) for more in range(3))
    return next(token for token in made
                if all(len(piece) % 4 in (2, 3) for piece in token.split(".")))


@pytest.mark.parametrize("name", MISSES)
def test_passed_over(server, line, name):
    change, reason = MISSES[name]
    token = spare()
    other = tokens.remember(change(token))
    assert other != token
    thrice(server, line, "/secret", token, "=alice")
    thrice(server, line, "/secret", other, reason)
    thrice(server, line, "/secret", token, "=alice")
    thrice(server, line, "/secret", other, reason)


@pytest.mark.parametrize("text", ["Bearer TOKEN", "bearer TOKEN", "BEARER TOKEN", "bEaReR   TOKEN",
                                  "Bearer TOKEN  "])
def test_the_field_is_the_key(line, text):
    """Not that it would harm: another writing of the scheme is accepted as ever."""
    token = fresh()()
    for _ in range(3):
        passed(line.get("/jwt", headers=[("Authorization", text.replace("TOKEN", token))]))
        passed(line.get("/jwt", token))


def test_signatures_are_taken_for_one_another(server, line):
    """ES256 signs the same bytes differently each time; each signature is as good, for its own
    bytes only."""
    same = claims(jti="the same")
    one, two = (mint(key("p256"), "ES256", same) for _ in range(2))
    other = mint(key("p256"), "ES256", claims(sub="bob"))
    assert one != two and one.rpartition(".")[0] == two.rpartition(".")[0]
    spliced = [f"{start.rpartition('.')[0]}.{end.rpartition('.')[2]}"
               for start, end in ((one, other), (other, two))]
    for token, outcome in ((one, "=alice"), (two, "=alice"), (other, "=bob"),
                           *((token, "signature_bad") for token in spliced)) * 2:
        thrice(server, line, "/jwt", tokens.remember(token), outcome)


# What was refused

FORGED = {"signer": key("rsa", 2), "header": {"kid": "rsa-1"}}
FAILURES = {
    "signature_bad": fresh(**FORGED), "key_unknown": fresh(header={"kid": "nobody"}),
    "expired": fresh(exp=1000), "not_yet_valid": fresh(ahead=[("nbf", 600)]),
    "audience_wrong": fresh(aud="x"), "issuer_unknown": fresh(iss="urn:x"),
    "alg_refused": fresh("HS256"), "type_wrong": fresh(typ="ID"),
    "binding_unchecked": fresh(cnf={"jkt": "x"}), "claim_malformed": fresh(aud=7),
    "user_missing": fresh(sub=""), "crit_refused": fresh(header={"crit": ["x"]}),
    "token_malformed": lambda: fresh()() + ".x",
}


@pytest.mark.parametrize("reason", FAILURES)
def test_a_refused_token_is_kept_as_a_good_one(server, line, reason):
    """Fifty times the same reason; a good token among them stays good."""
    bad, hot, scope = FAILURES[reason](), fresh()(), fresh(scope="x")()
    for number in range(50):
        check(server, line.get("/jwt", bad), reason, f"time {number}")
        passed(line.get("/jwt", hot if number % 2 else scope))


@pytest.mark.parametrize("claim, reason", [({"exp": None}, "claim_malformed"),
                                           ({"exp": "9"}, "claim_malformed"),
                                           ({"iat": "9"}, "claim_malformed"),
                                           ({"nbf": True}, "claim_malformed"),
                                           ({"exp": 1, "aud": "x"}, "expired"),
                                           ({"aud": "x", "cnf": {}}, "audience_wrong"),
                                           ({"cnf": {}, "sub": ""}, "binding_unchecked")])
def test_a_hit_skips_a_rule_or_their_order(server, line, claim, reason):
    thrice(server, line, "/jwt", fresh(**claim)(), reason)


# Time

def turning(now):
    """(place, token, when, before, after): what a token is until that second, and from then on."""
    soon, late, user = now + 2, now + 3, "=alice"
    return [
        ("/strict", fresh(exp=soon)(), soon, user, "expired"),
        ("/lenient", fresh(exp=soon)(), late, user, "expired"),
        ("/strict", fresh(exp=late)(), late, user, "expired"),
        ("/strict", fresh(nbf=soon)(), soon, "not_yet_valid", user),
        ("/strict", fresh(iat=soon)(), soon, "not_yet_valid", user),
        ("/lenient", fresh(nbf=late)(), soon, "not_yet_valid", user),
        ("/jwt", fresh(exp=soon - 30)(), soon, user, "expired"),
        ("/young", fresh(iat=soon - 60)(), late, user, "too_old"),
    ]


def test_the_first_look_decides_about_time(server, line):
    """Until the second has come and from then on, whatever was answered before."""
    now = int(time.time())
    rows, same = turning(now), fresh(exp=now + 2)()
    rows += [("/strict", same, now + 2, "=alice", "expired"),
             ("/lenient", same, now + 3, "=alice", "expired"),
             ("/jwt", same, now + 32, "=alice", "expired")]
    seen = [set() for _ in rows]
    while time.time() < now + 3.3:
        for number, (where, token, when, before, after) in enumerate(rows):
            sent = time.time()
            answer = line.get(where, token)
            if time.time() < when or sent >= when:      # or else it may be either
                outcome = before if sent < when else after
                check(server, answer, outcome, f"row {number}, {sent - now} s")
                seen[number].add(outcome)
        time.sleep(0.04)
    assert [len(outcomes) for outcomes in seen] == [2] * (len(rows) - 1) + [1], seen


# Crowds

def cheap(user, fill=0):
    """An HS256 token that is not remembered by the log watcher: there are too many."""
    now = int(time.time())
    start = ".".join(b64url(tokens._json(part)) for part in (
        {"alg": "HS256"}, {"iss": tokens.ISSUER, "aud": tokens.AUDIENCE, "sub": user, "iat": now,
                           "exp": now + 300, **({"fill": "x" * fill} if fill else {})}))
    return f"{start}.{b64url(key('hs256').sign('HS256', start.encode()))}"


def expect_user(line, token, user):
    answer = line.get("/secret", token)
    assert (answer.status, answer.header("X-User")) == (200, user), answer


def test_eviction_gives_one_the_place_of_another(line):
    """Three thousand tokens once each, one hot among them, and now and then an earlier one."""
    chance, hot = random.Random(7), cheap("hot")
    kept = [cheap(f"user{number}") for number in range(3000)]
    for number, token in enumerate(kept):
        expect_user(line, token, f"user{number}")
        if number % 8 == 0:
            earlier = chance.randrange(number + 1)
            expect_user(line, hot, "hot")
            expect_user(line, kept[earlier], f"user{earlier}")
            expect_user(line, token, f"user{number}")


def test_large_tokens(line):
    """As large as httpd lets a field be: nothing is cut, whatever room there is for them."""
    kept = {f"large{number}": cheap(f"large{number}", 5800 - number) for number in range(40)}
    assert 7800 < max(len(token) for token in kept.values()) < 8100
    for _ in range(3):
        for user, token in kept.items():
            expect_user(line, token, user)
            expect_user(line, token, user)


def test_threads_get_each_others_users(server):
    """Eight clients, each with a hot token and with new ones, and one token that all share."""
    shared, wrong = cheap("everybody"), []

    def client_of(number):
        mine = cheap(f"client{number}")
        forged = mine[:-8] + "A" * 7 + "B"
        with Line(server) as line:
            for count in range(100):
                try:
                    expect_user(line, mine, f"client{number}")
                    expect_user(line, shared, "everybody")
                    new = f"client{number}-{count}"
                    expect_user(line, cheap(new), new)
                    assert count % 20 or line.get("/secret", forged).status == 401
                except (AssertionError, OSError) as found:
                    wrong.append(f"{number}: {found}")
                    return

    server.allow_log(log_line("token_malformed"), log_line("signature_bad"))
    clients = [threading.Thread(target=client_of, args=(number,)) for number in range(8)]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    assert not wrong, wrong[:3]


def test_what_was_seen_before_the_crowd(server, line):
    """Refused tokens do not profit from being one of many."""
    bad, hot = good(**FORGED), good()
    for turn in range(3):
        thrice(server, line, "/jwt", bad, "signature_bad")
        thrice(server, line, "/jwt", hot, "=alice")
        for number in range(200):
            expect_user(line, cheap(f"turn{turn}-{number}"), f"turn{turn}-{number}")
    refused(server, line.get("/jwt", bad), "signature_bad")
