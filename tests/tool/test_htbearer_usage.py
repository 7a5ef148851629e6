"""What htbearer says of wrong words and files, and of itself."""

import re
import shutil
import subprocess

import pytest
from cryptography.hazmat.primitives import serialization

import htbearer
import tokens


@pytest.fixture(scope="session")
def odd_keys(tmp_path_factory, keys):
    """Key files that the rows below misuse."""
    folder = tmp_path_factory.mktemp("odd")
    for alg, name in (("ES256", "ec"), ("Ed25519", "ed")):
        shutil.copy(keys(alg).folder / "private.pem", folder / f"{name}.pem")
        shutil.copy(keys(alg).folder / "public.pem", folder / f"{name}.pub")
        shutil.copy(keys(alg).folder / "keys.jwks", folder / f"{name}.jwks")
    for name, key, lock in (("locked", "p256", serialization.BestAvailableEncryption(b"x")),
                            ("weak", "rsa1024", serialization.NoEncryption())):
        (folder / f"{name}.pem").write_bytes(tokens.key(key).private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock))
    (folder / "secret").write_bytes(b"s" * 32)
    (folder / "short").write_bytes(b"s" * 31)
    (folder / "empty").write_bytes(b"")
    (folder / "folder").mkdir()
    return folder


CHECK = ["check", "issuer=i", "keys=jwks:ec.jwks", "audience=a"]
MINT = ["mint", "key=pem:ec.pem", "algorithm=ES256"]
USAGE = [
    ([], ["a command is wanted: key, mint, check, verify, keys"]),
    (["chek"], ["unknown command 'chek'", "is 'check' meant?", "want key, mint"]),
    (["zzzzzz"], ["unknown command 'zzzzzz': want"]),
    (["help", "check"], ["htbearer help", "unknown word 'check'", "want no words"]),
    (["key"], ["algorithm= is wanted: algorithm=NAME"]),
    (["key", "algorithm=ES265"], ["algorithm=ES265", "is 'ES256' meant?"]),
    (["key", "algorithm=none"], ["algorithm=none", "no such algorithm"]),
    (["key", "algorithm=ES256"], ["private= is wanted"]),
    (["key", "algorithm=ES256", "private=x"], ["public= is wanted"]),
    (["key", "algorithm=ES256", "private=x", "public=x"], ["the file x is named twice"]),
    (["key", "algorithm=ES256", "private=x", "public=y", "force=ja"], ["force=ja: want yes or no"]),
    (["key", "algorithm=ES256", "private=x", "public=y", "bits=3072"], ["bits= is for RSA keys"]),
    (["key", "algorithm=RS256", "private=x", "public=y", "bits=1024"],
     ["bits=1024", "from 2048 to 8192"]),
    (["key", "algorithm=RS256", "private=x", "public=y", "bits=2048x"],
     ["bits=2048x", "whole number"]),
    (["key", "algorithm=ES256", "private=x", "public=y", "curve=Ed448"],
     ["curve= is for EdDSA", "ES256"]),
    (["key", "algorithm=EdDSA", "private=x", "public=y", "curve=X448"],
     ["curve=X448: want Ed25519 or Ed448"]),
    (["key", "algorithm=ES256", "secret=x"], ["secret= is for HS256"]),
    (["key", "algorithm=HS256"], ["secret= is wanted"]),
    (["key", "algorithm=HS256", "secret=x", "private=y"],
     ["private= is for key pairs", "secret=FILE"]),
    (["key", "algorithm=HS256", "secret=x", "kid=y"], ["kid= is for key pairs"]),
    (["key", "algorithm=ES256", "private=x", "public=y", "kid="], ["kid= wants a text"]),
    (["key", "algorithm=ES256", "private=x", "public-pem=y", "append=yes"],
     ["append=yes", "public=, which is not"]),
    (["mint", "algorithm=ES256"], ["key= is wanted: key=pem:FILE|secret:FILE"]),
    (["mint", "key=pem:ec.pem", "algorithm=none"], ["algorithm=none"]),
    (["mint", "key=jwks:ec.jwks", "algorithm=ES256"],
     ["key=jwks:ec.jwks: want pem:file or secret:file"]),
    (["mint", "key=ec.pem", "algorithm=ES256"], ["key=ec.pem: want pem:file or secret:file"]),
    (["mint", "key=pem:", "algorithm=ES256"], ["key=pem:: want pem:file or secret:file"]),
    (["mint", "key=pem:nothing", "algorithm=ES256"], ["the key file nothing", "No such file"]),
    (["mint", "key=pem:folder", "algorithm=ES256"], ["the key file folder", "is no regular file"]),
    (["mint", "key=pem:empty", "algorithm=ES256"], ["the key file empty", "is empty"]),
    (["mint", "key=pem:ec.pub", "algorithm=ES256"],
     ["the key file ec.pub", "holds no private key"]),
    (["mint", "key=pem:secret", "algorithm=ES256"],
     ["the key file secret", "holds no private key"]),
    (["mint", "key=pem:locked.pem", "algorithm=ES256"],
     ["locked.pem", "is protected by a password"]),
    (["mint", "key=pem:weak.pem", "algorithm=RS256"], ["weak.pem", "2048 to 8192 bits"]),
    (["mint", "key=pem:ec.pem", "algorithm=ES384"], ["ec.pem holds a key that does not fit ES384"]),
    (["mint", "key=pem:ec.pem", "algorithm=HS256"], ["ec.pem holds a key that does not fit HS256"]),
    (["mint", "key=secret:ec.pem", "algorithm=ES256"],
     ["ec.pem holds a key that does not fit ES256"]),
    (["mint", "key=pem:ed.pem", "algorithm=Ed448"], ["ed.pem holds a key that does not fit Ed448"]),
    (["mint", "key=secret:short", "algorithm=HS256"], ["the key file short", "at least 32 bytes"]),
    (["mint", "key=secret:secret", "algorithm=HS512"],
     ["secret has 32 bytes, HS512 wants at least 64"]),
    ([*MINT, "isser=x"],
     ["unknown word 'isser=x'", "is 'issuer' meant?", "want key=, algorithm=, kid="]),
    ([*MINT, "issuer"], ["unknown word 'issuer'", "is 'issuer' meant?"]),
    ([*MINT, "issuer=x", "issuer=y"], ["issuer= is given twice"]),
    ([*MINT, "ttl=soon"], ["ttl=soon", "whole number"]),
    ([*MINT, "ttl="], ["ttl=: want a whole number"]),
    ([*MINT, "now=-1"], ["now=-1", "from 0 to"]),
    ([*MINT, "now=99999999999999999999"], ["now=99999999999999999999", "whole number"]),
    ([*MINT, "audience=a,,b"], ["audience=a,,b: want a list"]),
    ([*MINT, "claim=x"], ["claim=x: want claim=NAME=VALUE"]),
    ([*MINT, "claim==x"], ["claim==x: want claim=NAME=VALUE"]),
    ([*MINT, "claim=x=[1"], ["claim=x=[1: the value looks like JSON, but is not"]),
    ([*MINT, "claim=x=1", "claim=x=2"], ["the claim x is given twice"]),
    ([*MINT, "subject=a", "claim=sub=b"], ["the claim sub is given twice"]),
    ([*MINT, "json=x"], ["json=: want one JSON object"]),
    ([*MINT, "json=[1]"], ["json=: want one JSON object"]),
    ([*MINT, 'json={"a":1,"a":2}'], ["json=: want one JSON object"]),
    ([*MINT, "header=1"], ["header=: want one JSON object"]),
    ([*MINT, 'header={"alg":"none"}'], ["the header names an alg"]),
    ([*MINT, b"issuer=\xff"], ["iss", "UTF-8"]),
    (["check", "keys=jwks:ec.jwks", "audience=a"], ["issuer= is wanted"]),
    (["check", "issuer=i", "audience=a"], ["keys= is wanted"]),
    (["check", "issuer=i", "keys=jwks:ec.jwks"], ["audience= is wanted: audience=NAME,...|any"]),
    (["check", "issuer=", "keys=jwks:ec.jwks", "audience=a"], ["the issuer's name is wanted"]),
    ([*CHECK, "audiance=b"], ["unknown word 'audiance=b'", "is 'audience' meant?"]),
    ([*CHECK, "audience=b"], ["audience= is given twice"]),
    ([*CHECK, "leeway=301"], ["leeway=301", "from 0 to 300"]),
    ([*CHECK, "max-age=0"], ["max-age=0", "from 1 to"]),
    ([*CHECK, "algorithms=ES265"], ["algorithms=ES265", "is 'ES256' meant?"]),
    ([*CHECK, "algorithms=none"], ["algorithms=none", "no algorithm"]),
    ([*CHECK, "algorithms=RS256"], ["RS256", "no key of the issuer fits"]),
    ([*CHECK, "algorithms=HS256"], ["algorithms=HS256 goes with keys=secret: only"]),
    ([*CHECK, "keys=secret:secret"], ["secret: cannot stand beside"]),
    ([*CHECK, "keys=pem:ec.pem"], ["ec.pem", "private key"]),
    ([*CHECK, "keys=ec.pem"], ["keys=ec.pem: want discovery, an https URL, jwks:file"]),
    ([*CHECK, "scope="], ["the rule 'scope '", "a scope is wanted"]),
    ([*CHECK, 'scope="'], ["a quote is not closed"]),
    ([*CHECK, "require="], ["the rule ''", "want claim, scope or issuer first"]),
    ([*CHECK, "require=user bob"], ["the rule 'user bob'", "want claim, scope or issuer first"]),
    ([*CHECK, "require=claim n < x"], ["the rule 'claim n < x'", "compares with a number"]),
    ([*CHECK, "scope-claim=a,"], ["scope-claim=a,: want a list of claims"]),
    ([*CHECK, "scope-claim=/~2"], ["scope-claim=/~2"]),
    ([*CHECK, "user="], ["user=", "want a list of claims"]),
    ([*CHECK, "auth=ec.pem"], ["auth= is for keys from the network"]),
    ([*CHECK, "keys=http://example.com/"], ["http://example.com/", "over https only"]),
    ([*CHECK, "keys=discovery"], ["the issuer's name is no https URL"]),
    (["check", "issuer=https://127.0.0.1:1", "audience=a", "ca=nothing"],
     ["ca=nothing: cannot be looked at"]),
    (["check", "issuer=https://127.0.0.1:1", "audience=a", "timeout=0"],
     ["timeout=0: want a whole number of seconds from 1 to 60"]),
    (["check", "issuer=https://127.0.0.1:1", "audience=a", "client-key=ec.pem"],
     ["client-cert= and client-key= go together"]),
    (["verify"], ["keys= is wanted"]),
    (["verify", "keys=discovery"], ["keys=discovery wants issuer=NAME"]),
    (["verify", "keys=discovery", "issuer=i"], ["the issuer's name is no https URL"]),
    (["verify", "keys=jwks:ec.jwks", "issuer=https://i"], ["issuer= is for keys=discovery"]),
    (["verify", "keys=jwks:ec.jwks", "timeout=1"], ["timeout= is for keys from the network"]),
    (["verify", "keys=http://127.0.0.1:1", "auth=folder"], ["auth=folder: is no regular file"]),
    (["verify", "keys=http://127.0.0.1:1", "keys=secret:secret"],
     ["secret: cannot stand beside"]),
    (["verify", "keys=http://127.0.0.1:1", "algorithms=ES265"], ["is 'ES256' meant?"]),
    (["verify", "keys=jwks:nothing"], ["the key file nothing cannot be opened"]),
    (["verify", "keys=jwks:ec.jwks", "keys=secret:secret"], ["secret: cannot stand beside"]),
    (["verify", "keys=jwks:ec.jwks", "algorithms=RS256"],
     ["algorithms= names one that no key fits"]),
    (["keys"], ["want an issuer's name or the address of a key set"]),
    (["keys", "login.example.com"], ["'login.example.com' is no https URL", "want an issuer"]),
    (["keys", "http://login.example.com"], ["'http://login.example.com'", "over https only"]),
    (["keys", "HTTPS://127.0.0.1:1"], ["does not begin with https:"]),
    (["keys", "discovery"], ["'discovery' is no https URL"]),
    (["keys", "https://a:b@127.0.0.1:1"], ["holds a user name or password"]),
    (["keys", "https://127.0.0.1:1", "https://127.0.0.1:2"],
     ["unknown word 'https://127.0.0.1:2'", "want issuer=, keys=, ca="]),
    (["keys", "https://127.0.0.1:1", "keys=discovery"], ["stand in place of"]),
    (["keys", "isuer=https://127.0.0.1:1"], ["is 'issuer' meant?"]),
    (["keys", "issuer=login"], ["the issuer's name is no https URL"]),
    (["keys", "keys=discovery"], ["keys=discovery wants issuer=NAME"]),
    (["keys", "keys=jwks:ec.jwks"], ["keys=jwks:ec.jwks: want discovery or an https URL"]),
    (["keys", "keys=http://example.com/"], ["keys=http://example.com/: ", "over https only"]),
    (["keys", "https://127.0.0.1:1", "ca=nothing"], ["ca=nothing: cannot be looked at"]),
    (["keys", "https://127.0.0.1:1", "ca=ec.pem"], ["ca=ec.pem: holds no certificate"]),
    (["keys", "https://127.0.0.1:1", "client-key=ec.pem"], ["go together"]),
    (["keys", "https://127.0.0.1:1/.well-known/openid-configuration"], ["metadata"]),
    (["keys", "https://127.0.0.1:1", "timeout=61"], ["timeout=61: want a whole number"]),
    (["keys", "https://127.0.0.1:1", "timeout=1", "timeout=1"], ["timeout= is given twice"]),
    (["verify", "keys=jwks:ec.jwks", "algorithms="], ["algorithms=", "want a list"]),
    (["verify", "keys=pem:ec.jwks"], ["ec.jwks", "not PEM"]),
]


@pytest.mark.parametrize("words, wanted", USAGE, ids=range(len(USAGE)))
def test_wrong_usage(odd_keys, words, wanted):
    before = sorted(path.name for path in odd_keys.iterdir())
    result = htbearer.run(*words, stdin="a.b.c", cwd=odd_keys, code=2)
    assert result.output == ""
    assert result.error.startswith("htbearer") and result.error.count("\n") == 1
    for text in wanted:
        assert text in result.error
    assert sorted(path.name for path in odd_keys.iterdir()) == before


@pytest.mark.parametrize("words", [["help"], ["--help"], ["-h"]])
def test_help_names_everything(words):
    text = htbearer.run(*words, code=0).output
    for word in ("key", "mint", "check", "verify", "keys", "version", "jwks:FILE", "[ttl=SECONDS]",
                 "[ISSUER|URL]", "[timeout=SECONDS]", "Exit code"):
        assert word in text


def test_version():
    output = htbearer.run("--version", code=0).output
    assert re.match(r"htbearer \d+\.\d+\.\d+\nlibrary: OpenSSL 3\.", output)


def test_full_disk(keys):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([htbearer.PROGRAM, "mint", "key=secret:secret", "algorithm=HS256"],
                              stdout=full, stderr=subprocess.PIPE, cwd=keys("HS256").folder,
                              check=False)
    assert done.returncode == 2 and b"standard output cannot be written" in done.stderr
