"""Tokens of a certified OpenID provider (npm oidc-provider), judged with the keys it publishes:
they are discovered, or in a file."""

import json

import pytest

import provider
from expect import ANY_PATH, ECHO, await_keys, location, log_line, passed, refused
from tokens import b64url, b64url_decode, remember

ALGORITHMS = ["RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]
API = "https://api.example"

TRUST = """    AuthType Bearer
    AuthName api
    AuthBearerIssuer {issuer}{options}
"""
FILE = " keys=jwks:{keys}/as.jwks"


def trust(options=""):
    return TRUST.replace("{options}", options)


ALL = "AuthBearerAudience " + " ".join(f"{API}/{alg}" for alg in ALGORITHMS)
# An audience that is the client's own name: what an ID token has.
WEB = "AuthBearerAudience web"
FROM_FILE = ECHO + ANY_PATH + location("/file", ALL, "Require scope read", trust=trust(FILE))
CONF = FROM_FILE + "".join([
    location("/read", ALL, "Require scope read", trust=trust()),
    location("/write", ALL, "Require scope write", trust=trust()),
    location("/web-strict", WEB, "Require valid-user", trust=trust(" types=at+jwt")),
    location("/web-id", WEB, "Require valid-user", trust=trust(" types=id")),
])


@pytest.fixture(scope="module")
def issuer():
    with provider.running() as running:
        yield running


@pytest.fixture(scope="module")
def signed_in(issuer):
    return issuer.sign_in("alice", f"{API}/ES256", "read write")


@pytest.fixture(scope="module")
def server(issuer, signed_in, serve):
    """It ends before its issuer does."""
    running = serve(CONF.replace("{issuer}", issuer.issuer), {"keys/as.jwks": issuer.jwks()})
    running.allow_log(log_line("audience_wrong"))
    # Each line has its own store of keys.
    for path, token in zip(("/read", "/web-strict", "/web-id"), (signed_in[0], *signed_in)):
        await_keys(running, path, token)
    return running


def header_of(token):
    return json.loads(b64url_decode(token.split(".")[0]))


def changed(token, **claims):
    """The token with other claims under the old signature."""
    header, payload, signature = token.split(".")
    payload = {**json.loads(b64url_decode(payload)), **claims}
    return remember(".".join((header, b64url(json.dumps(payload)), signature)))


def test_without_a_token(server):
    refused(server, server.get("/read"), "no_token", scope="read")


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_accepted(server, issuer, alg):
    token = issuer.token(f"{API}/{alg}")
    assert (header_of(token)["alg"], header_of(token)["typ"]) == (alg, "at+jwt")
    for path in ("/read", "/file"):
        passed(server.get(path, token=token), "app")


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_without_the_scope(server, issuer, alg):
    refused(server, server.get("/write", token=issuer.token(f"{API}/{alg}")), "scope_lacking",
            scope="write")
    passed(server.get("/write", token=issuer.token(f"{API}/{alg}", "read write")), "app")


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_tampered(server, issuer, alg):
    token = issuer.token(f"{API}/{alg}")
    refused(server, server.get("/write", token=changed(token, scope="read write")), "signature_bad")
    start, _, signature = token.rpartition(".")
    raw = bytearray(b64url_decode(signature))
    raw[len(raw) // 2] ^= 1
    refused(server, server.get("/read", token=f"{start}.{b64url(bytes(raw))}"), "signature_bad")


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_for_another_resource(server, issuer, alg):
    refused(server, server.get("/read", token=issuer.token(f"https://other.example/{alg}")),
            "audience_wrong")


def test_of_a_person(server, signed_in):
    passed(server.get("/write", token=signed_in[0]), "alice")


def test_an_id_token_is_no_access_token(server, signed_in):
    """Its audience is the client, not the API. Where a server accepts that audience, the header's
    type tells them apart: this provider's ID tokens have no other mark."""
    refused(server, server.get("/read", token=signed_in[1]), "audience_wrong")
    refused(server, server.get("/web-strict", token=signed_in[1]), "type_wrong")
    passed(server.get("/web-id", token=signed_in[1]), "alice")


def test_keys_of_another_provider(issuer, server, serve):
    """The same issuer's name, the keys of a second instance: the same key names, other keys."""
    with provider.running() as second:
        other = serve(FROM_FILE.replace("{issuer}", issuer.issuer),
                      {"keys/as.jwks": second.jwks()})
        for alg in ALGORITHMS:
            refused(other, other.get("/file", token=issuer.token(f"{API}/{alg}")), "signature_bad")
            refused(server, server.get("/read", token=second.token(f"{API}/{alg}")),
                    "issuer_unknown")
