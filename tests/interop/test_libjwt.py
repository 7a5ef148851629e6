"""Tokens that libjwt signs, which shares no code with the module's check."""

import json
import re
import shlex

import pytest
from jwcrypto import jwk

import parts
from cryptography.hazmat.primitives import serialization
from expect import ANY_PATH, ECHO, location, passed, refused
from tokens import b64url_decode, claims, good, key_for, remember

HERE = parts.HERE
SECRETS = ["HS256", "HS384", "HS512"]
ALGORITHMS = [*SECRETS, "RS256", "RS384", "RS512", "ES256", "ES384", "ES512"]

CONF = ECHO + ANY_PATH + "".join(
    location(f"/{alg}", "AuthType Bearer", "AuthName api", "Require scope read",
             f"AuthBearerIssuer https://as.example keys=secret:{{keys}}/{alg} algorithms={alg} "
             "audience=https://api.example" if alg in SECRETS else
             "AuthBearerIssuer https://as.example keys=jwks:{keys}/as.jwks "
             "audience=https://api.example", trust="")
    for alg in ALGORITHMS)


def flags(*words):
    text = parts.run([parts.program("pkg-config", "pkg-config"), *words, "libjwt"])
    return shlex.split(text)


@pytest.fixture(scope="module")
def signer(tmp_path_factory):
    """The program, and the form in which its libjwt wants a key."""
    binary = tmp_path_factory.mktemp("libjwt") / "sign"
    parts.run([parts.program("cc", "gcc"), "-std=gnu11", "-Wall", "-Wextra", "-Wpedantic",
               "-Werror", *flags("--cflags"), "-o", binary, HERE / "libjwt_sign.c",
               *flags("--libs")])
    version = parts.run(["pkg-config", "--modversion", "libjwt"])
    return binary, int(re.match(r"\d+", version)[0]) >= 3


def key_text(alg, as_jwk):
    key = key_for(alg)
    if key.is_secret:
        return json.dumps({**key.jwk(), "alg": alg}).encode() if as_jwk else key.secret
    if as_jwk:
        members = jwk.JWK.from_pyca(key.private).export_private(as_dict=True)
        return json.dumps({**members, "alg": alg}).encode()
    return key.private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption())


@pytest.fixture(scope="module")
def server(serve):
    def secrets(server):
        server.write_keys()
        for alg in SECRETS:
            server.write(f"keys/{alg}", key_for(alg).secret)

    return serve(CONF, prepare=secrets)


@pytest.fixture(scope="module")
def sign(signer, tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")

    def token(alg, **changes):
        program, as_jwk = signer
        file = folder / alg
        file.write_bytes(key_text(alg, as_jwk))
        return remember(parts.run([program, alg, file, key_for(alg).kid,
                                   json.dumps(claims(**changes))]).strip())

    return token


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_accepted(server, sign, alg):
    token = sign(alg)
    assert json.loads(b64url_decode(token.split(".")[0]))["alg"] == alg
    passed(server.get(f"/{alg}", token=token))


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_refused(server, sign, alg):
    refused(server, server.get(f"/{alg}", token=sign(alg, scope="write")), "scope_lacking", "read")
    refused(server, server.get(f"/{alg}", token=sign(alg, exp=claims()["iat"] - 60)), "expired")
    signature = good(alg).rpartition(".")[2]
    spoilt = remember(sign(alg).rpartition(".")[0] + "." + signature)
    refused(server, server.get(f"/{alg}", token=spoilt), "signature_bad")


def test_a_secret_among_key_pairs(server, sign):
    """Each section takes its own algorithms only."""
    refused(server, server.get("/RS256", token=sign("HS256")), "alg_refused")
    refused(server, server.get("/HS256", token=sign("RS256")), "alg_refused")
    refused(server, server.get("/HS256", token=sign("HS512")), "alg_refused")
