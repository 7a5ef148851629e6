"""Tokens of glewlwyd: another JOSE library, and for each algorithm an issuer of its own name."""

import pytest

import glewlwyd
from expect import ANY_PATH, ECHO, location, passed, refused
from glewlwyd import ALGORITHMS
from tokens import b64url, b64url_decode


def trust(running, audience):
    issuers = "".join(f"    AuthBearerIssuer {running.issuer(alg)} keys=jwks:{{keys}}/{alg}.jwks\n"
                      for alg in ALGORITHMS)
    return f"    AuthType Bearer\n    AuthName api\n{issuers}    AuthBearerAudience {audience}\n"


@pytest.fixture(scope="module")
def issuer():
    with glewlwyd.running() as running:
        yield running


@pytest.fixture(scope="module")
def server(serve, issuer):
    conf = ECHO + ANY_PATH + "".join([
        location("/read", "Require scope read", trust=trust(issuer, glewlwyd.RESOURCE)),
        location("/write", "Require scope write", trust=trust(issuer, glewlwyd.RESOURCE)),
        location("/scope-list", "Require scope read", trust=trust(issuer, "read")),
        location("/one", "Require issuer " + issuer.issuer("ES384"),
                 trust=trust(issuer, glewlwyd.RESOURCE)),
    ])
    return serve(conf, {f"keys/{alg}.jwks": issuer.jwks(alg) for alg in ALGORITHMS})


def test_without_a_token(server):
    refused(server, server.get("/read"), "no_token", scope="read")


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_accepted(server, issuer, alg):
    token = issuer.token(alg)
    assert f'"alg":"{alg}"'.encode() in b64url_decode(token.split(".")[0])
    passed(server.get("/read", token=token), "app")


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_without_the_scope(server, issuer, alg):
    refused(server, server.get("/write", token=issuer.token(alg)), "scope_lacking", scope="write")
    passed(server.get("/write", token=issuer.token(alg, "read write")), "app")


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_tampered(server, issuer, alg):
    start, _, signature = issuer.token(alg).rpartition(".")
    raw = bytearray(b64url_decode(signature))
    raw[-1] ^= 1
    refused(server, server.get("/read", token=f"{start}.{b64url(bytes(raw))}"), "signature_bad")


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_without_a_resource(server, issuer, alg):
    """Its audience is the list of scopes then."""
    token = issuer.token(alg, resource=None)
    refused(server, server.get("/read", token=token), "audience_wrong")
    passed(server.get("/scope-list", token=token), "app")


def test_of_another_issuer(server, issuer):
    passed(server.get("/one", token=issuer.token("ES384")), "app")
    refused(server, server.get("/one", token=issuer.token("ES256")), "rule_denied")
