"""Who is measured: for each peer its modules and its lines of configuration, and the server without
authentication that it is compared with.

All check the same thing, a signature by a key that is on this machine, and the times in the token;
none of them asks a network. Lines are made by a function of the material, the algorithm and the
set-up, and go to (the server, the protected folder).
"""
import dataclasses
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Callable

import material as made
import server as harness

OPEN = "Require all granted"


@dataclasses.dataclass(frozen=True)
class Setup:
    """How a server is set up, and with how many connections it is asked."""
    mpm: str = "event"
    connections: int = 64
    keys: int = 1
    issuers: int = 1


@dataclasses.dataclass(frozen=True)
class Peer:
    name: str
    lines: Callable                 # (material, alg, setup) -> (server, folder)
    algorithms: tuple = ()
    modules: tuple = ()
    kind: str = "httpd"
    base: str = "none"
    scheme: str = "Bearer"
    own: bool = False               # this module: sets may vary keys and issuers

    def lacking(self):
        """What is not there that this peer needs; None where nothing is."""
        if self.kind == "haproxy":
            return None if haproxy() else "haproxy"
        files = [harness.BUILD / "mod_auth_bearer.so"] if self.own else []
        files += [module_file(name) for name in self.modules]
        return next((str(path) for path in files if not path.exists()), None)


def haproxy():
    return shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin")


def module_file(name):
    return Path(harness.apxs("LIBEXECDIR")) / f"mod_{name}.so"


def none(_material, _alg, _setup):
    return "", OPEN


def basic(material, _alg, _setup):
    path = material.folder / "keys/passwords"
    if not path.exists():
        subprocess.run(["htpasswd", "-cbs", str(path), made.USER, made.PASSWORD], check=True,
                       stderr=subprocess.DEVNULL)
    return "", (f"AuthType Basic\nAuthName bench\nAuthBasicProvider file\nAuthUserFile {path}\n"
                "Require valid-user")


def bearer(material, alg, setup):
    if made.key(alg).is_secret:
        keys = f"keys=secret:{material.secret(alg)} algorithms={alg}"
    else:
        keys = f"keys=jwks:{material.key_set(alg, setup.keys)}"
    names = [f"https://other-{number}.example.com" for number in range(setup.issuers - 1)]
    issuers = "\n".join(f"AuthBearerIssuer {name} {keys}" for name in [*names, made.ISSUER])
    more = os.environ.get("BENCH_CONF", "").replace("\\n", "\n")
    return (f"AuthBearerStateDir {material.folder}/state\n{more}",
            f"AuthType Bearer\nAuthName bench\n{issuers}\nAuthBearerAudience {made.AUDIENCE}\n"
            "Require valid-user")


def oauth2(_material, alg, _setup):
    key = made.key(alg)
    if key.is_secret:
        how = f"base64url {made.tokens.b64url(key.secret)} kid={key.kid}&verify.iat=skip"
    else:
        text = json.dumps(key.jwk(alg=alg)).replace('"', '\\"')
        how = f'jwk "{text}" verify.iat=skip'
    return "", f"AuthType oauth2\nOAuth2TokenVerify {how}\nRequire valid-user"


def openidc(material, alg, _setup):
    key = made.key(alg)
    keys = (f"OIDCOAuthVerifySharedKeys hex#{key.kid}#{key.secret.hex()}" if key.is_secret
            else f"OIDCOAuthVerifyCertFiles {key.kid}#{material.certificate(alg)}")
    return (f"OIDCCryptoPassphrase only-for-the-benchmark\n{keys}",
            "AuthType oauth20\nRequire valid-user")


def haproxy_rules(material, alg, _setup):
    key = made.key(alg)
    by = key.secret.decode() if key.is_secret else material.public_key(alg)
    return "", f"""\
    http-request set-var(txn.token) http_auth_bearer if closed
    http-request set-var(txn.alg) var(txn.token),jwt_header_query('$.alg') if closed
    http-request set-var(txn.iss) var(txn.token),jwt_payload_query('$.iss') if closed
    http-request set-var(txn.exp) var(txn.token),jwt_payload_query('$.exp','int') if closed
    http-request set-var(txn.now) date() if closed
    http-request return status 401 if closed !{{ var(txn.alg) -m str {alg} }}
    http-request return status 401 if closed !{{ var(txn.iss) -m str {made.ISSUER} }}
    http-request return status 401 if closed !{{ var(txn.token),jwt_verify(txn.alg,"{by}") 1 }}
    http-request return status 401 if closed {{ var(txn.exp),sub(txn.now) -m int lt 1 }}
"""


ALL = (
    Peer("none", none),
    Peer("basic", basic, ("-",), ("authn_file", "auth_basic"), scheme="Basic"),
    Peer("bearer", bearer, made.ALGORITHMS, own=True),
    Peer("oauth2", oauth2, ("RS256", "ES256", "HS256"), ("auth_basic", "oauth2")),
    # It takes EC keys from an address only, and falls over a certificate with one.
    Peer("openidc", openidc, ("RS256", "HS256"), ("auth_openidc",)),
    Peer("haproxy-none", lambda *_: ("", ""), kind="haproxy", base="haproxy-none"),
    Peer("haproxy", haproxy_rules, ("RS256", "ES256", "HS256"), kind="haproxy",
         base="haproxy-none"),
)
BY_NAME = {peer.name: peer for peer in ALL}
