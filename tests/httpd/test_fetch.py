"""Keys fetched from an issuer: what it may answer, what becomes of requests, what is logged, and
how often it is asked. One server with an issuer for every row, some of which hang: they must not
get in each other's way."""

import collections
import gzip
import json
import os
import re
import time

import pytest

import tokens
from authority import Authority
from expect import ANY_PATH, ECHO, passed, refused
from fetching import ONE, TWO, section, token
from issuer import OAUTH, OPENID, Issuer, refusing_port
from tokens import key, mint

BIG = 26 * 1024 * 1024
SOON = 12.0         # seconds; a row that hangs takes its timeout first


def jwks(*keys):
    return tokens.jwks(list(keys))


def many(count):
    """A set of that many keys: the good one, and one key under many names."""
    members = json.dumps(TWO.jwk())
    names = ",".join(members.replace(TWO.kid, f"k{number}") for number in range(count - 1))
    return '{"keys":[%s,%s]}' % (json.dumps(ONE.jwk()), names)


def private(one):
    number = one.private.private_numbers().private_value
    return one.jwk(d=tokens.b64url(number.to_bytes(32, "big")))


GOOD = jwks(ONE)

# A set at an address: what is sent, and what the log says of it.
BAD_SETS = {
    "status-500": ({"body": "{}", "status": 500}, "status 500"),
    "status-404": ({"body": GOOD, "status": 404}, "status 404"),
    "status-204": ({"status": 204}, "not one JSON object"),
    "html": ({"body": "<html>maintenance</html>", "headers": {"Content-Type": "text/html"}},
             "not one JSON object"),
    "empty": ({"body": '{"keys":[]}'}, "no usable key"),
    "nothing": ({}, "not one JSON object"),
    "garbage": ({"body": os.urandom(1000)}, "not one JSON object"),
    "array": ({"body": "[]"}, "not one JSON object"),
    "cut": ({"body": GOOD[:-1]}, "not one JSON object"),
    "twice": ({"body": GOOD[:-1] + ',"keys":[]}'}, "not one JSON object"),
    "deep": ({"body": '{"keys":[],"x":' + "[" * 40 + "]" * 40 + "}"}, "not one JSON object"),
    "huge": ({"body": GOOD + " " * BIG}, "larger than 4194304 bytes"),
    "headers": ({"body": GOOD, "how": "headers"}, "header is larger than 65536 bytes"),
    "trickle": ({"body": GOOD, "how": "trickle"}, "timed out"),
    "hang": ({"how": "hang"}, "timed out"),
    "short": ({"body": GOOD, "how": "short"}, "transfer closed|unexpected eof"),
    "packed": ({"body": gzip.compress(GOOD.encode()), "headers": {"Content-Encoding": "gzip"}},
               "not one JSON object"),
    "redirect": ({"status": 302, "headers": {"Location": "{good}"}}, "status 302.*not followed"),
    "5001-keys": ({"body": many(5001)}, "at most 5000"),
    "enc": ({"body": jwks(ONE.jwk(use="enc"))}, "no usable key: key 1 of 1, .*its use is not sig"),
    "oct": ({"body": jwks(key("hs256"))}, "no usable key"),
    "private": ({"body": jwks(private(ONE))}, "no usable key"),
    "unknown-type": ({"body": jwks({"kty": "XYZ", "kid": ONE.kid})}, "no usable key"),
}

# Metadata of an issuer: changes to it (or a whole answer), and what the log says.
BAD_METADATA = {
    "wrong-issuer": ({"issuer": "https://other.example"}, "of another issuer, .https://other"),
    "slash": ({"issuer": "{issuer}/"}, "of another issuer"),
    "no-issuer": ({"issuer": None}, "has no issuer"),
    "no-uri": ({"jwks_uri": None}, "has no jwks_uri"),
    "plain-uri": ({"jwks_uri": "http://127.0.0.1/jwks"}, "jwks_uri that is no https URL"),
    "file-uri": ({"jwks_uri": "file:///etc/passwd"}, "jwks_uri that is no https URL"),
    "uri-number": ({"jwks_uri": 5}, "has no jwks_uri"),
}

# Sets with one good key and something else, and how many lines tell of what was skipped.
MIXED = {
    "mixed-enc": (jwks(ONE, TWO.jwk(use="enc")), 1),
    "mixed-oct": (jwks(ONE, key("hs256")), 1),
    "mixed-private": (jwks(ONE, private(TWO)), 1),
    "mixed-unknown": (jwks(ONE, {"kty": "XYZ", "kid": "u"}, {"kty": "EC", "crv": "P-1"}, {}), 3),
    "mixed-weak": (jwks(ONE, key("rsa1024")), 1),
    "5000-keys": (many(5000), 0),
    "all-bad-but-one": (jwks(ONE, *[{"kty": "XYZ", "kid": f"u{n}"} for n in range(50)]), 21),
}

TLS = {
    "wrong-name": "no alternative certificate subject name matches|subject name .* does not match",
    "expired": "certificate has expired",
    "unknown-ca": "self.signed certificate|unable to get local issuer certificate",
    "not-listening": "refused|connect",
    "no-tls": "SSL|wrong version",
}


class World:
    """The issuers, by the name of their row, and the server in front of them."""

    def __init__(self, serve):
        authority, stranger = Authority(), Authority("a stranger")
        self.issuer, self.rows = Issuer(authority), {}
        self.plain = Issuer()
        others = {"wrong-name": Issuer(authority, authority.certify("other.example")),
                  "expired": Issuer(authority, authority.certify("127.0.0.1", days=-1)),
                  "unknown-ca": Issuer(stranger)}
        self.all = [self.issuer, self.plain, *others.values()]
        self.conf, options = ECHO + ANY_PATH, f"ca={authority.file} timeout=2"
        for name, (answer, _) in BAD_SETS.items():
            headers = {field: value.replace("{good}", self.issuer.url + "/target")
                       for field, value in answer.get("headers", {}).items()}
            self.issuer.serve(f"/{name}/jwks", **{**answer, "headers": headers})
            self.issuer.serve(f"/warm-{name}/jwks", GOOD)
            self.add(name, f"urn:{name}", f"keys={self.issuer.url}/{name}/jwks {options}")
            self.add(f"warm-{name}", f"urn:warm-{name}",
                     f"keys={self.issuer.url}/warm-{name}/jwks {options} refresh=1")
        for name, (text, _) in MIXED.items():
            self.issuer.serve(f"/{name}/jwks", text)
            self.add(name, f"urn:{name}", f"keys={self.issuer.url}/{name}/jwks {options}")
        for name, (changes, _) in BAD_METADATA.items():
            url = f"{self.issuer.url}/{name}"
            changes = {member: value.replace("{issuer}", url) if isinstance(value, str) else value
                       for member, value in changes.items()}
            self.issuer.publish(GOOD, f"/{name}", **changes)
            self.add(name, url, options)
        for name in TLS:
            url = others[name].publish(GOOD) if name in others else (
                f"https://127.0.0.1:{refusing_port()}" if name == "not-listening"
                else self.plain.publish(GOOD).replace("http:", "https:"))
            self.add(name, url, options)
        self.issuer.serve("/target", GOOD)
        self.publish_good(options)
        self.server = serve(self.conf)

    def publish_good(self, options):
        """Issuers that are as they should be, each in its own way."""
        self.add("by-oauth", self.issuer.publish(GOOD, "/by-oauth"), options)
        for name in ("by-openid", "catch-all"):
            url = self.issuer.publish(GOOD, f"/{name}", place=f"/{name}{OPENID}")
            self.add(name, url, options)
        self.issuer.serve(f"{OAUTH}/catch-all", "<html>the app")
        self.add("plain", self.plain.publish(GOOD, "/plain"), "")
        self.issuer.serve("/same/jwks", jwks(ONE.jwk(kid="same"), TWO.jwk(kid="same"),
                                             key("rsa").jwk(kid="same")))
        self.add("same", "urn:same", f"keys={self.issuer.url}/same/jwks {options}")

    def add(self, name, issuer, options):
        self.rows[name] = issuer
        self.conf += section(f"/{name}", issuer, options)

    def get(self, name, *signer, **changes):
        return self.server.get(f"/{name}", token=token(self.rows[name], *signer, **changes))

    def settle(self, name, status):
        self.server.wait_for(lambda: self.get(name).status == status, f"{status} at {name}", SOON)

    def wait_log(self, name, words):
        """A line about that row."""
        source = self.rows[name]
        if source.startswith("urn:"):
            source = f"{self.issuer.url}/{name}/jwks"
        self.server.wait_log(rf"AB0201: {source}: .*({words})", SOON)


@pytest.fixture(scope="module")
def world(serve):
    made = World(serve)
    made.server.allow_log(r"AB0201: .*no keys were fetched", r"AB0101: refused: (keys_unavailable|"
                          r"key_unknown|signature_bad)")
    yield made
    for one in made.all:
        one.__exit__()


@pytest.mark.parametrize("name", ["by-oauth", "by-openid", "catch-all", "plain"])
def test_discovered(world, name):
    world.settle(name, 200)
    passed(world.get(name))
    refused(world.server, world.get(name, TWO), "key_unknown")


@pytest.mark.parametrize("name", BAD_SETS)
def test_no_set_at_the_start(world, name):
    """Nobody waits, and the answer is 503: nothing is known against the token."""
    begun = time.monotonic()
    refused(world.server, world.get(name), "keys_unavailable")
    assert time.monotonic() - begun < 1
    world.wait_log(name, BAD_SETS[name][1])


@pytest.fixture(scope="module")
def gone_bad(world):
    """All sets that were good turn into what their row says."""
    for name in BAD_SETS:
        world.settle(f"warm-{name}", 200)
    for name in BAD_SETS:
        world.issuer.answers[f"/warm-{name}/jwks"] = world.issuer.answers[f"/{name}/jwks"]


@pytest.mark.parametrize("name", BAD_SETS)
def test_a_set_goes_bad(world, gone_bad, name):
    """The keys that there were stay."""
    world.wait_log(f"warm-{name}", f"({BAD_SETS[name][1]}).*those of [0-9]+ s ago stay in use")
    passed(world.get(f"warm-{name}"))
    refused(world.server, world.get(f"warm-{name}", TWO), "key_unknown")


def test_a_redirection_is_not_followed(world):
    world.wait_log("redirect", "302")
    assert world.issuer.count("/target") == 0


@pytest.mark.parametrize("name", BAD_METADATA)
def test_metadata_that_is_not_the_issuers(world, name):
    refused(world.server, world.get(name), "keys_unavailable")
    world.wait_log(name, BAD_METADATA[name][1])
    assert world.issuer.count(f"/{name}/jwks") == 0


@pytest.mark.parametrize("name", TLS)
def test_a_connection_that_proves_nothing(world, name):
    refused(world.server, world.get(name), "keys_unavailable")
    world.wait_log(name, TLS[name])


@pytest.mark.parametrize("name", MIXED)
def test_bad_keys_beside_a_good_one(world, name):
    world.settle(name, 200)
    passed(world.get(name))
    reason = "signature_bad" if name == "5000-keys" else "key_unknown"
    signer = tokens.key("p256", 2)
    header = {"kid": "k7" if name == "5000-keys" else signer.kid}
    forged = mint(key("p256", 3) if name == "5000-keys" else signer, "ES256",
                  tokens.claims(iss=world.rows[name]), header)
    refused(world.server, world.server.get(f"/{name}", token=forged), reason)
    lines = [line for line in world.server.log().splitlines()
             if f"/{name}/jwks: " in line and " skipped" in line]
    assert len(lines) == MIXED[name][1], lines


@pytest.mark.parametrize("signer, alg", [(ONE, "ES256"), (TWO, "ES256"), (key("rsa"), "RS256"),
                                         (key("rsa"), "PS256")])
def test_keys_of_one_name(world, signer, alg):
    world.settle("same", 401)       # no key has the name that this token names
    text = mint(signer, alg, tokens.claims(iss="urn:same"), {"kid": "same"})
    passed(world.server.get("/same", token=text))


def test_how_often_each_was_asked(world):
    """Whoever fails is asked again after 1, 2, 4 ... seconds, by nobody else meanwhile."""
    world.server.wait_for(lambda: world.issuer.count("/status-500/jwks") >= 3, "three attempts",
                          SOON)
    for name in [*BAD_SETS, *(f"warm-{name}" for name in BAD_SETS)]:
        times = world.issuer.times(f"/{name}/jwks")
        assert times, name
        for window in (1.0, 10.0):
            most = max(sum(1 for other in times if 0 <= other - one < window) for one in times)
            assert most <= (3 if window == 1.0 else 12), (name, window, most)
    hits = collections.Counter(hit.path for hit in world.issuer.hits)
    failed = [line for line in world.server.log().splitlines()
              if "/by-oauth" in line and re.search("no keys were fetched|stay in use", line)]
    # The second for the sake of an unknown key, more after failures.
    assert hits["/by-oauth/jwks"] <= 2 + len(failed), failed


def test_an_open_page_never_waited(world):
    begun = time.monotonic()
    assert world.server.get("/index.html").status == 200
    assert time.monotonic() - begun < 1
