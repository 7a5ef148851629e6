"""Keys, tokens and files for a benchmark run, made when first asked for and kept in its folder.

A token file has one Authorization value on each line: one line is a hot token, many different ones
are cold. Keys are those of tests/httpd/tokens.py, made once for a build.
"""
import base64
import functools
import json
import os
import secrets
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import tokens

ISSUER, AUDIENCE = "https://login.example.com/realms/main", "https://orders.example.com"
ALGORITHMS = ("RS256", "ES256", "EdDSA", "HS256")
LIFETIME = 6 * 3600
HOT_MANY = 100          # tokens that a flood comes between
CHUNK = 2000
USER, PASSWORD = "alice", "correct horse"
MARK = "00000000-0000"  # replaced by the number of a token


@functools.lru_cache(maxsize=None)
def key(alg):
    """The key of an algorithm. A secret is text here: haproxy takes no other."""
    made = tokens.Key(tokens.ALGORITHMS[alg], f"bench-{alg.lower()}", f"key-{alg.lower()}")
    if made.is_secret:
        made.secret = made.secret.hex().encode()
    return made


def claims(now, pad, **changes):
    """What an identity provider writes into an access token; pad makes it longer or shorter."""
    small = {"iss": ISSUER, "sub": "f81d4fae-7dec-11d0", "aud": AUDIENCE, "exp": now + LIFETIME,
             "jti": MARK}
    usual = {**small, "aud": [AUDIENCE, "account"], "nbf": now - 60, "iat": now - 60,
             "client_id": "order-desk", "azp": "order-desk",
             "scope": "openid profile email orders.read orders.write",
             "preferred_username": "alice", "email": "alice.archer@example.com",
             "email_verified": True, "realm_access": {"roles": ["user", "order-desk", "offline"]},
             "groups": ["/sales/north", "/sales/export", "/projects/harvest"]}
    return {**(small if pad is None else usual), **({"note": "x" * pad} if pad else {}), **changes}


def signed(alg, payload):
    head = {"alg": alg, "typ": "JWT", "kid": key(alg).kid}
    text = ".".join(tokens.b64url(json.dumps(head, separators=(",", ":"))) if part is None
                    else tokens.b64url(part) for part in (None, payload))
    return f"{text}.{tokens.b64url(key(alg).sign(alg, text.encode()))}"


def sign_chunk(job):
    """The lines of one chunk: tokens that differ by their jti."""
    alg, payload, begin, end = job
    return "".join(f"Bearer {signed(alg, payload.replace(MARK, f'{number:08d}-0000'))}\n"
                   for number in range(begin, end))


def forged(line):
    """The same token with another signature, which is as long and as well-formed."""
    place = len(line) - 30
    return line[:place] + ("A" if line[place] != "A" else "B") + line[place + 1:]


class Material:
    """The folder of a run. count: how many different tokens a cold file holds."""

    def __init__(self, folder, count):
        self.folder, self.count, self.now = Path(folder), count, int(time.time())
        self.page = self.folder / "docs/closed/page.txt"
        for name in ("docs/open", "docs/closed", "keys", "tokens"):
            (self.folder / name).mkdir(parents=True)
        for name in ("open", "closed"):
            self._write(f"docs/{name}/page.txt", "httpd serves this file.........\n" * 32)

    def _write(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    # Keys

    def key_set(self, alg, count=1):
        """A JWK Set with the key of the algorithm behind count - 1 others."""
        path = self.folder / f"keys/{alg}-{count}.jwks"
        if not path.exists():
            others = [self._stranger(number) for number in range(count - 1)]
            self._write(path, json.dumps({"keys": [*others, key(alg).jwk(alg=alg)]}))
        return path

    @staticmethod
    @functools.lru_cache(maxsize=None)
    def _stranger(number):
        private = tokens.ec.generate_private_key(tokens.ec.SECP256R1())
        point = private.public_key().public_numbers()
        return {"kty": "EC", "crv": "P-256", "kid": f"other-{number}", "use": "sig", "alg": "ES256",
                "x": tokens.b64url(point.x.to_bytes(32, "big")),
                "y": tokens.b64url(point.y.to_bytes(32, "big"))}

    def secret(self, alg):
        return self._write(f"keys/{alg}.secret", key(alg).secret)

    def public_key(self, alg):
        return self._write(f"keys/{alg}.pem", key(alg).public_pem())

    def certificate(self, alg):
        return self._write(f"keys/{alg}.crt", key(alg).certificate_pem())

    # Tokens

    def _bulk(self, name, alg, begin, count, payload):
        """A file of tokens, signed by as many processes as there are processors."""
        path = self.folder / f"tokens/{name}"
        if path.exists():
            return path
        text = json.dumps(payload, separators=(",", ":"))
        jobs = [(alg, text, start, min(start + CHUNK, begin + count))
                for start in range(begin, begin + count, CHUNK)]
        if len(jobs) == 1:
            return self._write(path, sign_chunk(jobs[0]))
        # Not multiprocessing.Pool: that ends its workers by a signal, for which run has a handler
        # that they inherit, and one that waits for the queue never sees it.
        with ProcessPoolExecutor(os.cpu_count()) as pool, open(path, "w") as out:
            for lines in pool.map(sign_chunk, jobs):
                out.write(lines)
        return path

    def tokens(self, kind, alg):
        """The token file of a kind: hot, cold, many, expired, audience, signature, malformed,
        unsigned, none, basic, wrong-password."""
        return getattr(self, "_" + kind.replace("-", "_"))(alg)

    def _hot(self, alg):
        return self._bulk(f"{alg}.hot", alg, 0, 1, claims(self.now, 0))

    def _cold(self, alg):
        return self._bulk(f"{alg}.cold", alg, 1, self.count, claims(self.now, 0))

    def _many(self, alg):
        return self._bulk(f"{alg}.many", alg, 0, HOT_MANY, claims(self.now, 0))

    def _expired(self, alg):
        late = {"exp": self.now - 3600, "nbf": self.now - 7200, "iat": self.now - 7200}
        return self._bulk(f"{alg}.expired", alg, 1, self.count // 10, claims(self.now, 0, **late))

    def _audience(self, alg):
        other = claims(self.now, 0, aud=["https://mail.example.com", "account"])
        return self._bulk(f"{alg}.audience", alg, 1, self.count // 10, other)

    def _signature(self, alg):
        lines = self._cold(alg).read_text().splitlines()[:self.count // 2]
        return self._write(f"tokens/{alg}.signature", "".join(f"{forged(x)}\n" for x in lines))

    def _malformed(self, alg):
        head, _, tail = self._hot(alg).read_text().split(".")
        broken = f"{head}.{tokens.b64url('[no object')}.{tail}"
        return self._write(f"tokens/{alg}.malformed", broken)

    def _unsigned(self, alg):
        head = tokens.b64url(json.dumps({"alg": "none", "typ": "JWT", "kid": key(alg).kid}))
        payload = self._hot(alg).read_text().split(".")[1]
        return self._write(f"tokens/{alg}.unsigned", f"Bearer {head}.{payload}.\n")

    def _none(self, _alg):
        return self._write("tokens/none", "\n")

    def _password(self, name, password):
        text = base64.b64encode(f"{USER}:{password}".encode()).decode()
        return self._write(f"tokens/{name}", f"Basic {text}\n")

    def _basic(self, _alg):
        return self._password("basic", PASSWORD)

    def _wrong_password(self, _alg):
        return self._password("wrong-password", secrets.token_hex(8))

    def sized(self, kind, alg, size):
        """Hot or cold tokens of about so many bytes."""
        least = len(signed(alg, json.dumps(claims(self.now, 0), separators=(",", ":"))))
        pad = None if size < least else max(1, (size - least) * 3 // 4 - len(',"note":""'))
        count = 1 if kind == "hot" else self.count // 3
        return self._bulk(f"{alg}-{size}.{kind}", alg, 1, count, claims(self.now, pad))

    def flood(self, alg, part, count):
        """One part of a flood of tokens that never come again; every tenth line is a hot one."""
        self._many(alg)
        hot = (self.folder / f"tokens/{alg}.many").read_text().splitlines(keepends=True)
        path = self._bulk("flood.part", alg, 10 ** 6 + part * count, count, claims(self.now, 0))
        lines = path.read_text().splitlines(keepends=True)
        path.unlink()
        mixed = []
        for number in range(0, len(lines), 9):
            mixed += [*lines[number:number + 9], hot[number // 9 % HOT_MANY]]
        return self._write("tokens/flood", "".join(mixed))
