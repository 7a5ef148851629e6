"""Wrong directives: each stops the server with a sentence that names the directive, what it got
and what it wants."""

import shutil

import pytest
from cryptography.hazmat.primitives import serialization

import tokens
from expect import ANY_PATH, TRUST, location
from server import Httpd, run_user
from tokens import key

AUD = "AuthBearerAudience https://api.example"
MINT = ("AuthBearerMint key=pem:{keys}/private.pem algorithm=ES256 issuer=https://a.example"
        " audience=b")
ISS = "AuthBearerIssuer https://as.example keys=jwks:{keys}/as.jwks"


def issuer(words, *more):
    return "\n".join([f"AuthBearerIssuer https://as.example {words}", AUD, *more])


# (name of the directive in the message, lines inside <Location>, words that the message must hold)
INSIDE = [
    ("AuthBearer", "AuthBearer maybe", ["maybe", "On", "Off"]),
    ("AuthBearer", "AuthBearer", []),
    ("AuthBearerProvider", "AuthBearerProvider jtw", ["jtw", "jwt"]),
    ("AuthBearerProvider", "AuthBearerProvider", []),
    ("AuthBearerAuthoritative", "AuthBearerAuthoritative perhaps", ["perhaps"]),
    # issuers and their options
    ("AuthBearerIssuer", "AuthBearerIssuer", []),
    ("AuthBearerIssuer", f"AuthBearerIssuer urn:x\n{AUD}", ["urn:x", "keys="]),
    ("AuthBearerIssuer", f"AuthBearerIssuer http://as.example\n{AUD}", ["loopback"]),
    ("AuthBearerIssuer", f"AuthBearerIssuer urn:x keys=discovery\n{AUD}", ["discovered"]),
    ("AuthBearerIssuer", issuer("keys=http://as.example/jwks"), ["http://as.example/jwks"]),
    ("AuthBearerIssuer", issuer("keys=discover"), ["discover", "discovery"]),
    ("AuthBearerIssuer", f"AuthBearerIssuer https://a.example/.well-known/openid-configuration\n"
                         f"{AUD}", ["metadata", "issuer's name"]),
    ("AuthBearerIssuer", "AuthBearerIssuer https://a.example/.well-known/oauth-authorization-server"
                         f"/b keys=https://a.example/keys\n{AUD}", ["metadata", "issuer's name"]),
    ("AuthBearerIssuer", issuer("keys=https://a.example/b/.well-known/openid-configuration"),
     ["metadata", "keys=discovery", "jwks_uri"]),
    ("AuthBearerIssuer", issuer("ca={keys}/none.pem"), ["ca=", "none.pem"]),
    ("AuthBearerIssuer", issuer("ca={keys}/rsa.pem"), ["ca=", "rsa.pem", "CERTIFICATE"]),
    ("AuthBearerIssuer", issuer("client-cert={keys}/empty client-key={keys}/pair.pem"),
     ["client-cert=", "empty", "CERTIFICATE"]),
    ("AuthBearerIssuer", issuer("client-cert={keys}/pair.pem client-key={keys}/rsa.crt"),
     ["client-key=", "rsa.crt", "PRIVATE KEY"]),
    ("AuthBearerIssuer", issuer("client-cert={keys}/pair.pem client-key={keys}/locked.pem"),
     ["client-key=", "locked.pem", "password"]),
    ("AuthBearerIssuer", issuer("auth={keys}"), ["auth=", "{keys}"]),
    ("AuthBearerIssuer", issuer("client-cert={keys}/rsa.crt"), ["client-cert=", "client-key="]),
    ("AuthBearerIssuer", issuer("proxy=proxy.example:3128"), ["proxy=", "http://"]),
    ("AuthBearerIssuer", issuer("refresh=1h"), ["refresh=1h", "86400"]),
    ("AuthBearerIssuer", issuer("timeout=0"), ["timeout=0", "60"]),
    ("AuthBearerIssuer", issuer("max-stale=x"), ["max-stale=x", "31536000"]),
    ("AuthBearerIssuer", issuer("maxstale=5"), ["maxstale", "max-stale"]),
    ("AuthBearerIssuer", issuer("keys=jwks:{keys}/as.jwks refresh=60"), ["refresh=", "network"]),
    ("AuthBearerIssuer", issuer("keys="), ["keys"]),
    ("AuthBearerIssuer", issuer("keys=jwks:"), ["jwks:"]),
    ("AuthBearerIssuer", issuer("keys={keys}/as.jwks"), ["jwks:"]),
    ("AuthBearerIssuer", issuer("keys=jwk:{keys}/as.jwks"), ["jwk:", "jwks:"]),
    ("AuthBearerIssuer", issuer("key=jwks:{keys}/as.jwks"), ["key", "keys"]),
    ("AuthBearerIssuer", issuer("keys=jwks:{keys}/none.jwks"), ["none.jwks"]),
    ("AuthBearerIssuer", issuer("keys=jwks:{keys}"), ["{keys}"]),
    ("AuthBearerIssuer", issuer("keys=jwks:{keys}/empty"), ["empty"]),
    ("AuthBearerIssuer", issuer("keys=jwks:{keys}/text"), ["text"]),
    ("AuthBearerIssuer", issuer("keys=jwks:{keys}/nokeys.jwks"), ["nokeys.jwks"]),
    ("AuthBearerIssuer", issuer("keys=jwks:{keys}/enc.jwks"),
     ["enc.jwks", "key 1 of 1", "use is not sig"]),
    ("AuthBearerIssuer", issuer("keys=jwks:{keys}/oct.jwks"), ["oct.jwks"]),
    ("AuthBearerIssuer", issuer("keys=jwks:{keys}/private.jwks"), ["private.jwks"]),
    ("AuthBearerIssuer", issuer("keys=jwks:{keys}/weak.jwks"), ["weak.jwks"]),
    ("AuthBearerIssuer", issuer("keys=jwks:{keys}/twice.jwks"), ["twice.jwks"]),
    ("AuthBearerIssuer", issuer("keys=pem:{keys}/as.jwks"), ["as.jwks"]),
    ("AuthBearerIssuer", issuer("keys=jwks:{keys}/rsa.pem"), ["rsa.pem"]),
    ("AuthBearerIssuer", issuer("keys=pem:{keys}/private.pem"), ["private.pem"]),
    ("AuthBearerIssuer", issuer("keys=pem:{keys}/weak.pem"), ["weak.pem"]),
    ("AuthBearerIssuer", issuer("keys=jwks:{keys}/as.jwks algorithms=RS257"), ["RS257", "RS256"]),
    ("AuthBearerIssuer", issuer("keys=jwks:{keys}/as.jwks algorithms=rs256"), ["rs256"]),
    ("AuthBearerIssuer", issuer("keys=jwks:{keys}/as.jwks algorithms=none"), ["none"]),
    ("AuthBearerIssuer", issuer("keys=jwks:{keys}/as.jwks algorithms="), ["algorithms"]),
    ("AuthBearerIssuer", issuer("keys=jwks:{keys}/as.jwks algorithms=RS256,,ES256"),
     ["algorithms"]),
    ("AuthBearerIssuer", issuer("keys=jwks:{keys}/as.jwks algorithms=HS256"), ["HS256", "secret:"]),
    ("AuthBearerIssuer", issuer("keys=pem:{keys}/rsa.pem algorithms=ES256"), ["ES256"]),
    ("AuthBearerIssuer", issuer("keys=pem:{keys}/p256.pem algorithms=ES384"), ["ES384"]),
    ("AuthBearerIssuer", issuer("keys=secret:{keys}/hs256.bin"), ["secret:", "algorithms", "HS"]),
    ("AuthBearerIssuer", issuer("keys=secret:{keys}/hs256.bin algorithms=RS256"),
     ["RS256", "secret:"]),
    ("AuthBearerIssuer", issuer("keys=secret:{keys}/hs256.bin algorithms=HS256,RS256"), ["RS256"]),
    ("AuthBearerIssuer", issuer("keys=secret:{keys}/hs256.bin algorithms=HS512"), ["HS512"]),
    ("AuthBearerIssuer", issuer("keys=secret:{keys}/short.bin algorithms=HS256"), ["32"]),
    ("AuthBearerIssuer", issuer("keys=secret:{keys}/empty algorithms=HS256"), ["empty"]),
    ("AuthBearerIssuer", issuer("keys=secret:{keys}/none algorithms=HS256"), ["none"]),
    ("AuthBearerIssuer", issuer("keys=jwks:{keys}/as.jwks types="), ["types"]),
    ("AuthBearerIssuer", issuer("keys=jwks:{keys}/as.jwks audience="), ["audience"]),
    ("AuthBearerIssuer", issuer("keys=jwks:{keys}/as.jwks user="), ["user"]),
    ("AuthBearerIssuer", issuer("keys=jwks:{keys}/as.jwks user=a..b"), ["a..b"]),
    ("AuthBearerIssuer", issuer("keys=jwks:{keys}/as.jwks algorithm=RS256"),
     ["algorithm", "algorithms"]),
    ("AuthBearerIssuer", issuer("keys=jwks:{keys}/as.jwks audiences=x"), ["audiences", "audience"]),
    ("AuthBearerIssuer", issuer("keys=jwks:{keys}/as.jwks nonsense"), ["nonsense"]),
    ("AuthBearerIssuer", issuer("keys=jwks:{keys}/as.jwks algorithms=RS256 algorithms=ES256"),
     ["algorithms"]),
    ("AuthBearerIssuer", f"{ISS}\n{ISS}\n{AUD}", ["https://as.example"]),
    ("AuthBearerIssuer",
     f"{ISS}\nAuthBearerIssuer https://as.example keys=pem:{{keys}}/rsa.pem\n{AUD}",
     ["https://as.example"]),
    ("AuthBearerIssuer", ISS, ["AuthBearerAudience"]),
    ("AuthBearerIssuer", 'AuthBearerIssuer "" keys=jwks:{keys}/as.jwks\n' + AUD, []),
    ("AuthBearerIssuer", "AuthBearerIssuer keys=jwks:{keys}/as.jwks\n" + AUD, ["keys="]),
    # audiences, users, scopes
    ("AuthBearerAudience", "AuthBearerAudience", []),
    ("AuthBearerAudience", 'AuthBearerAudience ""', []),
    ("AuthBearerAudience", "AuthBearerAudience any https://api.example", ["any"]),
    ("AuthBearerUser", "AuthBearerUser", []),
    ("AuthBearerUser", 'AuthBearerUser ""', []),
    ("AuthBearerUser", "AuthBearerUser a..b", ["a..b"]),
    ("AuthBearerUser", "AuthBearerUser /a~2b", ["/a~2b"]),
    ("AuthBearerScopeClaim", "AuthBearerScopeClaim", []),
    ("AuthBearerScopeClaim", "AuthBearerScopeClaim .scope", [".scope"]),
    # ways
    ("AuthBearerTokenFrom", "AuthBearerTokenFrom heder", ["heder", "header"]),
    ("AuthBearerTokenFrom", "AuthBearerTokenFrom", []),
    *[("AuthBearerTokenFrom", f"AuthBearerTokenFrom header {way}", [way, "want"])
      for way in ("cookie", "cookie:", "basic:x", "header:", "query:", "form:a=b", "cookie:a;b",
                  "query:a=b", "header:X(Y)", "Header", "post", "body")],
    *[("AuthBearerTokenFrom", f"AuthBearerTokenFrom header:{name}", [name, "no place"])
      for name in ("Authorization", "cookie", "HOST", "Connection", "Content-Length")],
    # modes
    ("AuthBearerOptional", "AuthBearerOptional yes", ["yes"]),
    ("AuthBearerPreflight", "AuthBearerPreflight maybe", ["maybe"]),
    ("AuthBearerEnforce", "AuthBearerEnforce off", ["off", "report"]),
    ("AuthBearerEnforce", "AuthBearerEnforce", []),
    # numbers
    *[(name, f"{name} {value}", [value])
      for name, values in (("AuthBearerLeeway",
                            ["-1", "301", "x", "30s", "1.5", "0x10", "99999999999"]),
                           ("AuthBearerMaxAge", ["-1", "x", "1h", "99999999999999999999"]),
                           ("AuthBearerMaxTokenSize", ["-1", "0", "x", "16k"]))
      for value in values],
    ("AuthBearerLeeway", "AuthBearerLeeway", []),
    ("AuthBearerLeeway", "AuthBearerLeeway 1 2", []),
    # answers
    ("AuthBearerHide", "AuthBearerHide yes", ["yes"]),
    ("AuthBearerErrorBody", "AuthBearerErrorBody jsn", ["jsn", "json"]),
    ("AuthBearerErrorBody", "AuthBearerErrorBody html", ["html", "httpd"]),
    ("AuthBearerErrorBody", "AuthBearerErrorBody", []),
    ("AuthBearerErrorDetail", "AuthBearerErrorDetail x", ["x"]),
    ("AuthBearerChallenge", 'AuthBearerChallenge "%{HTTP_USER_AGENT} =~"', []),
    ("AuthBearerChallenge", "AuthBearerChallenge", []),
    # environment and backend
    *[("AuthBearerEnv", f"AuthBearerEnv {word}", [word.partition("=")[2] or word])
      for word in ("sub=BEARER_REASON", "sub=HTTP_X", "sub=LD_PRELOAD", "sub=REDIRECT_X",
                   "sub=PATH", "sub=lower",
                   "sub=A-B", "sub=1A", "a..b", "sub=REMOTE_USER")],
    ("AuthBearerEnv", "AuthBearerEnv sub=", ["sub="]),
    ("AuthBearerEnv", "AuthBearerEnv", []),
    ("AuthBearerEnv", "AuthBearerEnv Off sub", ["Off"]),
    ("AuthBearerEnv", "AuthBearerEnv sub=A email=A", ["A"]),
    ("AuthBearerPass", "AuthBearerPass maybe", ["maybe"]),
    ("AuthBearerPass", "AuthBearerPass mint", ["'mint'", "minted"]),
    ("AuthBearerPass", "AuthBearerPass minted", ["minted", "AuthBearerMint"]),
    *[("AuthBearerPass", f"{MINT}\nAuthBearerPass {word}\nAuthBearerProxy abc",
       ["AuthBearerProxy", "contradict"]) for word in ("On", "minted")],
    *[("AuthBearerHeader", f"AuthBearerHeader {words}", [words.split()[0]])
      for words in ("Host sub", "connection sub", "Content-Length sub", "Transfer-Encoding sub",
                    "Authorization sub", "Cookie sub", "TE sub", "Keep-Alive sub", "Proxy sub",
                    "X_User sub", "X.User sub", "1-User sub", "X-Forwarded-For sub", "Upgrade x")],
    ("AuthBearerHeader", "AuthBearerHeader X-User", []),
    ("AuthBearerHeader", "AuthBearerHeader X-User sub email", []),
    ("AuthBearerHeader", 'AuthBearerHeader "X-User: a" sub', ["X-User: a", "letters"]),
    ("AuthBearerHeader", "AuthBearerHeader X-User a..b", ["a..b"]),
    ("AuthBearerHeader", "AuthBearerHeader X-User sub\nAuthBearerHeader x-uSER email",
     ["x-uSER", "two claims"]),
    ("AuthBearerMint", "AuthBearerMint", ["key=", "audience="]),
    *[("AuthBearerMint", f"AuthBearerMint {source} issuer=https://a.example audience=b", words)
      for source, words in (
          ("key=pem:{keys}/none.pem algorithm=ES256", ["none.pem"]),
          ("key=pem:{keys}/p256.pem algorithm=ES256", ["p256.pem", "private"]),
          ("key=pem:{keys}/as.jwks algorithm=ES256", ["as.jwks", "private"]),
          ("key=pem:{keys}/locked.pem algorithm=ES256", ["locked.pem", "password"]),
          ("key=pem:{keys}/private.pem algorithm=ES384", ["private.pem", "ES384"]),
          ("key=pem:{keys}/private.pem algorithm=es256", ["es256", "ES256"]),
          ("key=secret:{keys}/short.bin algorithm=HS256", ["short.bin", "32"]),
          ("key=secret:{keys}/hs256.bin algorithm=HS512", ["hs256.bin", "64"]),
          ("key=secret:{keys}/hs256.bin algorithm=RS256", ["hs256.bin", "RS256"]),
          ("key=jwks:{keys}/as.jwks algorithm=ES256", ["jwks:", "pem:file"]),
          ("key=pem:{keys}/private.pem algorithm=ES256 ttl=0", ["ttl=0", "3600"]),
          ("key=pem:{keys}/private.pem algorithm=ES256 claims=exp", ["exp"]),
          ("key=pem:{keys}/private.pem algorithm=ES256 claim=sub", ["claim=sub", "claims="]))],
    ("AuthBearerMint", "AuthBearerMint key=pem:{keys}/private.pem algorithm=ES256 issuer=a",
     ["audience="]),
    ("AuthBearerProxy", "AuthBearerProxy", []),
    ("AuthBearerProxy", 'AuthBearerProxy "%{bearer:a..b}"', ["a..b"]),
    ("AuthBearerProxy", 'AuthBearerProxy "%{nosuch:x}"', ["nosuch"]),
    # unknown directives of ours
    ("AuthBearerAudiences", "AuthBearerAudiences x", []),
    # Require
    ("Require", "Require scope", ["scope"]),
    ("Require", 'Require scope "a b"', ["a b"]),
    ("Require", "Require scope a\\\\b", []),
    ("Require", "Require claim", ["claim"]),
    ("Require", "Require claim role", ["role"]),
    ("Require", "Require claim role =", ["="]),
    ("Require", "Require claim role=admin", ["role=admin", "blanks"]),
    ("Require", "Require claim role=admin role=editor", ["role=admin", "blanks"]),
    ("Require", "Require claim role:admin sub:alice", ["role:admin", "blanks"]),
    ("Require", "Require claim ref~^main$ ref~^v", ["ref~^main$", "blanks"]),
    ("Require", "Require claim cognito:groups admin", ["cognito:groups", "blanks"]),
    ("Require", "Require claim role == admin", ["==", "operator"]),
    ("Require", "Require claim ref =~ ^main$", ["=~", "operator"]),
    ("Require", "Require claim level => 3", ["=>", "operator"]),
    ("Require", "Require claim role ne guest", ["ne", "operator"]),
    ("Require", "Require claim roles contains admin", ["contains", "operator"]),
    ("Require", "Require claim a..b = x", ["a..b"]),
    ("Require", "Require claim role exists x", ["exists"]),
    ("Require", "Require claim role < x", ["x"]),
    ("Require", "Require claim role < 1 2", ["<"]),
    ("Require", 'Require claim role >= "5"', ["5"]),
    ("Require", "Require claim role ~ (", ["("]),
    ("Require", 'Require claim role = "open', []),
    ("Require", "Require claim n = 99999999999999999999", ["99999999999999999999"]),
    ("Require", "Require issuer", ["issuer"]),
    ("require", "Require expr bearer(", []),
    ("require", "Require expr bearer('a..b') == 'x'", ["a..b"]),
]

# (name in the message, whole configuration, words)
OUTSIDE = [
    ("AuthBearerPass", "AuthBearerPass minted\n", ["AuthBearerMint"]),
    *[("AuthBearerHeader", lines, ["MergeTrailers Off"])
      for lines in ("AuthBearerHeader X-User sub\nMergeTrailers On\n",
                    '<Location "/x">\nAuthBearerHeader X-User sub\n</Location>\n'
                    "<VirtualHost *:80>\nMergeTrailers On\n</VirtualHost>\n")],
    ("AuthBearerTokenFrom form", location("/x", "AuthBearerTokenFrom header form:t",
                                          "Require valid-user") + "MergeTrailers On\n",
     ["MergeTrailers Off"]),
    ("AuthBearerTokenFrom form", "<VirtualHost *:80>\nMergeTrailers On\n" + location(
        "/x", "AuthBearerTokenFrom form", "Require valid-user") + "</VirtualHost>\n",
     ["MergeTrailers Off"]),
    ("AuthBearerPass", "AuthBearerPass On\nAuthBearerProxy abc\n", ["contradict"]),
    ("AuthBearer", location("/p", "AuthBearer Off", "Require valid-user"), ["Off", "Bearer"]),
    ("AuthBearerHide", location("/p", "AuthBearerHide On", "AuthBearer On", "Require valid-user",
                                trust=TRUST.replace("AuthType Bearer", "AuthType Basic")),
     ["AuthType"]),
    ("AuthBearerIssuer", "AuthBearerIssuer https://as.example keys=jwks:{keys}/as.jwks\n",
     ["AuthBearerAudience"]),
    ("AuthBearerLeeway", "AuthBearerLeeway 301\n", ["301", "300"]),
    ("AuthBearerCache", "<VirtualHost *:80>\nAuthBearerCache Off\n</VirtualHost>\n",
     ["VirtualHost"]),
    *[("AuthBearerCache", f"AuthBearerCache {words}\n", ["entries=N", "bytes=N"])
      for words in ("", "On", "entries=15", "entries=1048577", "entries=", "entries=1x",
                    "entries=-16", "bytes=65535", "bytes=64KB", "bytes=2048M", "bytes=99999999999",
                    "size=100", "entries=100 Off", "100", "entries = 100",
                    "entries=99999999999999999999")],
    ("AuthBearerStateDir", "<VirtualHost *:80>\nAuthBearerStateDir /x\n</VirtualHost>\n",
     ["VirtualHost"]),
    ("AuthBearerStateDir", 'AuthBearerStateDir ""\n', ["folder"]),
    *[("AuthBearerStateDir",
       f"AuthBearerStateDir {path}\nAuthBearerIssuer https://as.example\n{AUD}", words)
      for path, words in (("/none/of/these", ["/none/of/these", "around it"]), ("/", ["absolute"]),
                          ("{root}/a-link", ["a-link", "no folder"]),
                          ("{root}/a-link/", ["a-link", "no folder"]),
                          ("{root}/a-file", ["a-file", "no folder"]),
                          ("{root}/open", ["mode 755", "700"]))],
]

# Directives that could loosen a rule are refused in .htaccess, with 500 and httpd's own line.
NOT_IN_HTACCESS = [
    "AuthBearer On", "AuthBearerProvider jwt", "AuthBearerAuthoritative Off", ISS,
    "AuthBearerAudience any",
    "AuthBearerTokenFrom query", "AuthBearerUser email", "AuthBearerLeeway 300",
    "AuthBearerMaxAge 5", "AuthBearerOptional On", "AuthBearerEnforce report",
    "AuthBearerPreflight On",
    "AuthBearerMaxTokenSize 5000", "AuthBearerScopeClaim x", "AuthBearerHide On",
    "AuthBearerPass On", "AuthBearerHeader X-User sub", "AuthBearerProxy abc", MINT,
]
IN_HTACCESS = ["AuthBearerChallenge Off", "AuthBearerErrorBody json", "AuthBearerErrorDetail Off",
               "AuthBearerEnv sub",
               "AuthBearerEnv Off", "AuthType Bearer"]


def weak_rsa():
    return key("rsa1024")


def locked_pem():
    return key("p256").private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"a password"))


@pytest.fixture(scope="module")
def workshop():
    """An httpd that never runs: its files are there for configtest()."""
    server = Httpd()
    server.write_keys()
    private = {**key("p256").jwk(), "d": "AAAA"}
    for name, content in {
        "empty": b"", "text": b"hello", "nokeys.jwks": b'{"keys":[]}',
        "short.bin": bytes(range(31)),
        "enc.jwks": tokens.jwks([key("rsa").jwk(use="enc")]).encode(),
        "oct.jwks": tokens.jwks([{"kty": "oct", "k": "A" * 43, "kid": "x"}]).encode(),
        "private.jwks": tokens.jwks([private]).encode(),
        "weak.jwks": tokens.jwks([weak_rsa()]).encode(), "weak.pem": weak_rsa().public_pem(),
        "twice.jwks": b'{"keys":[],"keys":[]}', "rsa.pem": key("rsa").public_pem(),
        "rsa.crt": key("rsa").certificate_pem(),
        "pair.pem": key("rsa").certificate_pem() + (tokens.store() / "rsa-1.pem").read_bytes(),
        "p256.pem": key("p256").public_pem(), "hs256.bin": key("hs256").secret,
        "private.pem": (tokens.store() / "p256-1.pem").read_bytes(), "locked.pem": locked_pem(),
    }.items():
        server.write(f"keys/{name}", content)
    server.write("a-file", b"")
    for name, mode in (("safe", 0o700), ("open", 0o755)):
        (server.root / name).mkdir(mode=mode)
        if run_user():
            shutil.chown(server.root / name, *run_user())
    (server.root / "a-link").symlink_to("safe")
    yield server
    server.remove()


def stopped(server, conf, name, words):
    server.configure(conf)
    code, text = server.configtest()
    assert code != 0, f"the server would start: {text}"
    message = text.replace("\n", " ")
    assert name in message.partition("httpd.conf:")[2] or name in message, message
    for word in words:
        assert server.fill(word) in message, f"{word!r} is missing in: {message}"
    assert "exit signal" not in message and "Segmentation" not in message
    assert not [secret for secret in tokens.secrets() if secret in text.encode()]


@pytest.mark.parametrize("name, lines, words", INSIDE,
                         ids=[row[1].replace("\n", "; ") for row in INSIDE])
def test_must_not_start(workshop, name, lines, words):
    stopped(workshop, f'<Location "/p">\n{lines}\n</Location>\n', name, words)


@pytest.mark.parametrize("name, conf, words", OUTSIDE, ids=[row[0] for row in OUTSIDE])
def test_must_not_start_at_all(workshop, name, conf, words):
    stopped(workshop, conf, name, words)


# What must start: (lines inside <Location>)
FINE = [
    f"{ISS}\n{AUD}", issuer("keys=jwks:{keys}/as.jwks keys=pem:{keys}/rsa.pem"),
    issuer("keys=jwks:keys/as.jwks"),
    "AuthBearerIssuer https://a.example/.well-known/openid-configuration keys=jwks:{keys}/as.jwks"
    f"\n{AUD}", issuer("keys=https://a.example/jwks?x=/.well-known/openid-configuration"),
    issuer(""), issuer("keys=discovery"), issuer("keys=https://as.example/jwks"),
    issuer("keys=discovery keys=jwks:{keys}/as.jwks refresh=60 timeout=1 max-stale=600"),
    issuer("ca={keys}/rsa.crt auth={keys}/text client-cert={keys}/pair.pem"
           " client-key={keys}/pair.pem proxy=http://proxy.example:3128"),
    f"AuthBearerIssuer http://127.0.0.1:8080/realms/a\n{AUD}",
    f"AuthBearerIssuer urn:x keys=http://[::1]:8080/jwks\n{AUD}",
    issuer("keys=secret:{keys}/hs256.bin algorithms=HS256"),
    issuer("keys=jwks:{keys}/as.jwks algorithms=RS256,ES256 types=JWT,absent,id,x+jwt"
           " user=a,b user-prefix=p:"),
    f"{ISS} audience=any", f"{ISS} audience=x,y", f"{ISS}\nAuthBearerAudience any",
    f"{ISS}\nAuthBearerIssuer https://b.example keys=jwks:{{keys}}/as.jwks\n{AUD}",
    "AuthBearerLeeway 0", "AuthBearerLeeway 300", "AuthBearerMaxAge 1",
    "AuthBearerMaxTokenSize 100",
    "AuthBearerUser email /a~1b", "AuthBearerScopeClaim scope scp roles", "AuthBearerProvider jwt",
    "AuthBearerTokenFrom header basic form form:tok query query:tok cookie:__Host-a header:X-Token",
    "AuthBearerOptional on", "AuthBearerEnforce Report", "AuthBearerEnforce on",
    "AuthBearerPreflight On", "AuthBearerErrorBody problem", "AuthBearerChallenge On",
    "AuthBearerChallenge \"%{HTTP_USER_AGENT} !~ /davfs/\"", "AuthBearerEnv sub email=MAIL",
    "AuthBearerEnv Off",
    "AuthBearerPass On", "AuthBearerPass off", "AuthBearerProxy off", "AuthBearerProxy a.b.c",
    'AuthBearerProxy "%{bearer:upstream}"', f"{MINT}\nAuthBearerPass minted", MINT,
    f"{MINT} ttl=5 kid=a claims=sub,a.b=c", "AuthBearerPass On\nAuthBearerProxy off",
    MINT.replace("key=pem:{keys}/private.pem algorithm=ES256",
                 "key=secret:keys/hs256.bin algorithm=HS256"),
    "AuthBearerHeader X-User sub\nAuthBearerHeader Remote-Groups /a~1b",
    "Require claim a.b.c ~ ^x|y$", 'Require claim "odd name" = 5',
    "Require claim cognito:groups = a", "Require claim /a:b~1c a",
    "Require issuer a b",
]


@pytest.mark.parametrize("elsewhere", [
    "<VirtualHost *:80>\nMergeTrailers On\n</VirtualHost>\n", "MergeTrailers On\n"])
def test_trailers_of_another_host(workshop, elsewhere):
    own = location("/x", "AuthBearerTokenFrom form", "Require valid-user")
    workshop.configure(elsewhere + "<VirtualHost *:81>\nMergeTrailers Off\n" + own
                       + "</VirtualHost>\n")
    code, text = workshop.configtest()
    assert code == 0, text


@pytest.mark.parametrize("lines", FINE, ids=[row.replace("\n", "; ") for row in FINE])
def test_must_start(workshop, lines):
    workshop.configure(f'<Location "/p">\n{lines}\n</Location>\n')
    code, text = workshop.configtest()
    assert code == 0, text


HTACCESS = '<Directory "{docs}">\n' + TRUST + """    AllowOverride AuthConfig
    Require valid-user
</Directory>
"""


@pytest.fixture(scope="module")
def server(serve):
    return serve(HTACCESS)


@pytest.mark.parametrize("line", NOT_IN_HTACCESS)
def test_not_in_htaccess(server, line):
    server.write("docs/.htaccess", line + "\n")
    assert server.get("/index.html", token=tokens.good()).status == 500
    server.expect_log(r"\.htaccess: %s not allowed here" % line.split()[0])


@pytest.mark.parametrize("line", IN_HTACCESS)
def test_in_htaccess(server, line):
    server.write("docs/.htaccess", line + "\n")
    assert server.get("/index.html", token=tokens.good()).status == 200


def test_startup_line(serve):
    """Version and libraries in one line."""
    server = serve("")
    lines = [line for line in server.log().splitlines()
             if "[auth_bearer:" in line and "OpenSSL" in line]
    assert len(lines) == 1 and "jansson" in lines[0] and "mod_auth_bearer" in lines[0], lines


@pytest.mark.parametrize("second, count", [
    (TRUST, 1), (TRUST.replace("as.jwks", "as.jwks user-prefix=x/"), 2)])
def test_same_lines_are_one_issuer(serve, second, count):
    """Sections that name an issuer the same way share its keys; the startup line counts issuers."""
    server = serve(ANY_PATH + location("/one", "Require valid-user")
                   + location("/two", "Require valid-user", trust=second))
    server.wait_log("AB0301")
    assert f", {count} issuers" in server.log()
