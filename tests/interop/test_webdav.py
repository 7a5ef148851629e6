"""WebDAV over mod_dav as conf.example/webdav.conf sets it up: litmus, with a token as bearer token
and as password, and requests that name a second place."""

import re

import pytest

import examples
import parts
from expect import ECHO, log_line
from server import free_port
from tokens import basic, bearer, good

# litmus knows passwords alone, of up to 255 characters: on a second port each request has a token
# of usual length, and for what fits into a password there is a share with short names.
LITMUS = """
Listen 127.0.0.1:{second}
<VirtualHost 127.0.0.1:{second}>
    RequestHeader set Authorization "Bearer {token}" early
</VirtualHost>
Alias "/short" "{root}/srv/short"
<Location "/short">
    DAV On
    AuthType Basic
    AuthName dav
    AuthBasicProvider bearer
    AuthBearer On
    AuthBearerIssuer https://a.example keys=jwks:{keys}/as.jwks
    AuthBearerAudience dav
    Require scope dav.write
</Location>
"""
# Another service on the same server.
VAULT = """
Alias "/vault" "{root}/srv/vault"
<Location "/vault">
    DAV On
    AuthType Bearer
    AuthName vault
    AuthBearerIssuer https://login.example.com keys=jwks:{keys}/as.jwks
    AuthBearerAudience https://vault.example.com
    Require scope dav.write
</Location>
"""
BOTH = ["https://dav.example.com", "https://vault.example.com"]


def token(scope="read write", **changes):
    return examples.token("dav", scope, **changes)


def short_token():
    return good("ES256", header={"typ": None, "kid": None}, iss="https://a.example", aud="dav",
                scope="dav.write", iat=None)


@pytest.fixture(scope="module")
def server(serve):
    def folders(server):
        server.write_keys()
        for name in ("dav", "dav-locks", "short", "vault"):
            (server.root / "srv" / name).mkdir(parents=True)
        parts.give_away(server.root / "srv")

    second = free_port()
    litmus = LITMUS.replace("{second}", str(second)).replace("{token}", token())
    running = serve(ECHO + examples.configuration("webdav") + litmus + VAULT, prepare=folders,
                    modules="dav dav_fs")
    running.second = second
    return running


@pytest.fixture
def ask(server):
    """A request with a token; to: the path of its Destination."""
    def ask(method, path, token=None, to=None, body=None, login=bearer):
        host = f"localhost:{server.port}"
        headers = [("Host", host), *([login(token)] if token else [])]
        headers += [("Destination", f"http://{host}{to}")] if to else []
        return server.request(method, path, headers, body)

    return ask


def as_password(token):
    return basic("x-access-token", token)


def litmus(folder, *words):
    """The names of the tests that passed, and those that did not."""
    parts.program("litmus", "litmus")
    said = parts.run(["litmus", *words], cwd=folder)
    assert not re.search(r"FAIL|SKIP|[1-9]\d* failed", said), said
    return re.findall(r"(\w+)\.* (?:WARNING.*\n *\.* )?pass", said)


@pytest.mark.parametrize("way", ["bearer", "password"])
def test_litmus(server, tmp_path, way):
    """Every test that it has: what is uploaded, copied, moved, described and locked."""
    server.allow_log(r"\[(dav|core):error\]")
    words = ([f"http://127.0.0.1:{server.second}/dav/"] if way == "bearer" else
             [f"http://127.0.0.1:{server.port}/short/", "x-access-token", short_token()])
    passed = litmus(tmp_path, *words)
    assert {"put_get", "copy_coll", "move_coll", "propget", "lock_excl", "expect100"} <= set(passed)
    assert len(passed) > 80


@pytest.fixture
def cadaver(tmp_path):
    """Runs commands in cadaver, which finds the password in its user's .netrc."""
    def run(url, password, *commands):
        login = tmp_path / ".netrc"
        login.write_text(f"machine 127.0.0.1 login bearer password {password}\n")
        login.chmod(0o600)
        words = "\n".join([*commands, "quit", ""])
        return parts.run([parts.program("cadaver", "cadaver"), url], cwd=tmp_path, feed=words,
                         HOME=str(tmp_path))

    return run


def test_cadaver(server, cadaver, tmp_path):
    (tmp_path / "file").write_text("text")
    said = cadaver(f"http://127.0.0.1:{server.port}/short/", short_token(), "put file", "ls")
    assert "succeeded" in said and "ignored" not in said
    assert (server.root / "srv/short/file").read_text() == "text"


def test_a_password_that_is_too_long(server, cadaver, tmp_path):
    """Clients of the neon library have room for 255 characters: one says so, one sends those."""
    long = token(jti="0123456789abcdef" * 4)
    assert len(short_token()) < 256 < long.rindex(".")
    said = parts.run(["litmus", f"http://127.0.0.1:{server.port}/dav/", "bearer", long],
                     cwd=tmp_path, code=1)
    assert "must be <256 chars" in said
    said = cadaver(f"http://127.0.0.1:{server.port}/dav/", long)
    assert "ignored Bearer challenge, rejected Basic challenge" in said
    server.expect_log("AH01618: user bearer not found")


@pytest.mark.parametrize("way", [bearer, as_password])
def test_who_may_only_read(server, ask, way):
    assert ask("PUT", "/dav/read", token(), body=b"text").status == 201
    reader = token("read")
    assert ask("GET", "/dav/read", reader, login=way).body == b"text"
    assert ask("PROPFIND", "/dav/read", reader, login=way).status == 207
    for method, to in [("PUT", None), ("DELETE", None), ("MKCOL", None), ("PROPPATCH", None),
                       ("LOCK", None), ("UNLOCK", None), ("COPY", "/dav/b"), ("MOVE", "/dav/b")]:
        answer = ask(method, "/dav/read", reader, to, login=way)
        assert (answer.status, answer.header("X-Reason")) == (403, "scope_lacking"), method
        assert answer.bearer["scope"] == "dav.write"
    assert ask("DELETE", "/dav/read", token()).status == 204
    server.expect_log(log_line("scope_lacking"))


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
@pytest.mark.parametrize("way", [bearer, as_password])
def test_to_a_second_place(server, ask, method, way):
    """The token is judged for both places. Where that of the destination knows bearer tokens only,
    a password is none."""
    server.allow_log(r"\[dav:error\]")
    for to, made, status in [("/dav/b", token(), 201), ("/vault/b", token(), 401),
                             ("/vault/b", token("read", aud=BOTH), 403),
                             ("/vault/b", token(aud=BOTH), 201 if way is bearer else 401)]:
        assert ask("PUT", "/dav/a", token(), body=b"text").status in (201, 204)
        answer = ask(method, "/dav/a", made, to, login=way)
        assert answer.status == status, (to, answer)
        there = server.root / "srv" / to[1:]
        assert there.exists() == (status == 201)
        assert (server.root / "srv/dav/a").exists() == (status != 201 or method == "COPY")
        there.unlink(missing_ok=True)
    server.expect_log(log_line("audience_wrong" if way is bearer else "no_token"),
                      log_line("scope_lacking"))


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
def test_from_a_place_that_is_not_ours(server, ask, method):
    """The source is judged as well."""
    (server.root / "srv/vault/a").write_text("secret")
    answer = ask(method, "/vault/a", token(), "/dav/stolen")
    assert (answer.status, answer.header("X-Reason")) == (401, "audience_wrong")
    assert not (server.root / "srv/dav/stolen").exists()
    server.expect_log(log_line("audience_wrong"))


@pytest.mark.parametrize("agent, schemes", [
    ("gvfs/1.50", ["Bearer", "Basic"]), ("Microsoft-WebDAV-MiniRedir/10.0", ["Basic"])])
def test_one_challenge_for_some(server, agent, schemes):
    for method in ("OPTIONS", "PROPFIND", "PUT"):
        answer = server.request(method, "/dav/", [("User-Agent", agent)])
        assert answer.status == 401
        assert [value.partition(" ")[0] for value in answer.challenges] == schemes
