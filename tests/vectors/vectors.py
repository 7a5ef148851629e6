"""The index of keys and tokens that make.py describes, and the key files beside it."""
import json
import os

from jwcrypto import jwk as jwcrypto_jwk, jws
from jwcrypto.common import JWException

from hostile import ALG, join, variants
from keys import ML_DSA_BYTES, b64, make_all, ml_dsa_lack

ISSUER = "https://issuer.example"
PAYLOAD = json.dumps({"iss": ISSUER, "sub": "alice", "aud": "https://api.example",
                      "scope": "read write", "iat": 1700000000, "exp": 2000000000}).encode()


def write(folder, name, content):
    path = os.path.join(folder, name)
    with open(path + ".new", "wb") as out:
        out.write(content if isinstance(content, bytes) else json.dumps(content, indent=1).encode())
    os.replace(path + ".new", path)
    return name


def key_row(key, name, source, kid, algs=None):
    return {"name": name, "holds": key.name, "source": source, "kid": kid, "algs": algs or key.algs}


def jwk(key, **more):
    return {"kty": key.kty, **key.members(), **more}


def key_files(folder, keys):
    """Each key as its users hold it: with a kid in a set, alone without, as PEM, as raw bytes."""
    rows = []
    for key in keys:
        if key.kty == "oct":
            file = write(folder, f"{key.name}.secret", key.secret)
            rows.append(key_row(key, key.name, f"secret:{file}", None))
            continue
        file = write(folder, f"{key.name}.jwks", {"keys": [jwk(key, kid=key.name, use="sig")]})
        rows.append(key_row(key, key.name, f"jwks:{file}", key.name))
        file = write(folder, f"{key.name}.pem", key.pem())
        rows.append(key_row(key, f"{key.name} as PEM", f"pem:{file}", None))
    return rows + special_files(folder, {key.name: key for key in keys})


def special_files(folder, named):
    """Keys that hold the same as others and serve for less."""
    rsa, p256, ed = named["rsa-2048-a"], named["p-256-a"], named["ed25519-a"]
    file = write(folder, "certificate.pem", rsa.certificate())
    rows = [key_row(rsa, "rsa-2048-a as certificate", f"pem:{file}", None)]
    for key, alg in ((rsa, "RS256"), (rsa, "PS384"), (p256, "ES256"), (ed, "EdDSA"),
                     (ed, "Ed25519")):
        file = write(folder, f"{key.name}-{alg}.jwk", jwk(key, alg=alg))
        rows.append(key_row(key, f"{key.name} for {alg} alone", f"jwks:{file}", None, [alg]))
    for key in (rsa, p256, ed):
        renamed = jwk(key, kid="of another name")
        file = write(folder, f"{key.name}-renamed.jwks", {"keys": [renamed]})
        rows.append(key_row(key, f"{key.name} renamed", f"jwks:{file}", "of another name"))
    return rows


def all_in_one(folder, keys):
    public = [jwk(key, kid=key.name) for key in keys if key.kty != "oct"]
    return write(folder, "all.jwks", {"keys": public})


def by_jwcrypto(key, header):
    """A second signer, so that none of the two can err alone; None where it does not know the
    algorithm, or would take long: it checks an RSA key anew for every signature."""
    if key.kty == "AKP" or key.name in ("rsa-4096", "rsa-2048-b"):
        return None
    token = jws.JWS(PAYLOAD)
    token.allowed_algs = [header["alg"]]
    try:
        if hasattr(key, "secret"):
            signer = jwcrypto_jwk.JWK(kty="oct", k=b64(key.secret))
        else:
            signer = jwcrypto_jwk.JWK.from_pyca(key.private)
        token.add_signature(signer, alg=header["alg"], protected=json.dumps(header))
        return token.serialize(compact=True)
    except (JWException, ValueError):
        return None


def vector_rows(keys):
    rows = []
    for key in keys:
        for alg in key.algs:
            for kid in (key.name, None, "of another name", key.name[:-1], key.name.upper(), ""):
                header = {"alg": alg, "typ": "JWT", **({} if kid is None else {"kid": kid})}
                token = by_jwcrypto(key, header) if kid is None else None
                data = join(header, PAYLOAD)
                token = token or f"{data}.{b64(key.sign(alg, data.encode()))}"
                rows.append({"signer": key.name, "alg": alg, "kid": kid, "token": token})
    return rows


def hostile_rows(keys):
    secrets = next(key for key in keys if key.kty == "oct")
    rows = []
    for key in keys:
        if key.name.endswith("-b"):             # the twin of -a would add nothing
            continue
        for alg in key.algs:
            header = {"alg": alg, "typ": "JWT", "kid": key.name}
            for what, token, reason in variants(key, header, PAYLOAD, secrets):
                narrow, wide = ("alg_refused", "key_unknown") if reason == ALG else (reason, reason)
                rows.append({"signer": key.name, "alg": alg, "what": what, "token": token,
                             "narrow": narrow, "wide": wide})
    return rows


def make_vectors(folder, recipe):
    lack = ml_dsa_lack()
    keys = make_all(lack)
    write(folder, "index.json", {
        "recipe": recipe, "issuer": ISSUER, "now": 1700000100, "keys": key_files(folder, keys),
        "all": all_in_one(folder, keys), "vectors": vector_rows(keys),
        "hostile": hostile_rows(keys),
        "lacks": {alg: lack for alg in ML_DSA_BYTES if lack is not None}})
