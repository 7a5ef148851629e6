"""curl's own support for bearer tokens, and what it sends where a token is none."""

import contextlib
import re
import socket
from pathlib import Path

import pytest

import parts
from examples import USERS
from expect import ANY_PATH, ECHO, TRUST, location, log_line
from tokens import good, remember

BOTH = TRUST.replace("AuthType Bearer", "AuthType Basic\n    AuthBasicProvider bearer\n"
                     "    AuthBearer On")
CONF = ECHO + ANY_PATH + "".join([
    location("/read", "Require scope read"),
    location("/write", "Require scope write"),
    location("/both", "Require scope read", trust=BOTH),
])
# Passwords of a file as well, and uploads, which come before any path that leads to the index.
PASSWORDS = BOTH.replace("Provider bearer\n",
                         "Provider bearer file\n    AuthUserFile {keys}/users\n").replace(
                             "keys=", "user-prefix=idp/ keys=")
CONF = """
DavLockDB "{root}/srv/locks"
Alias "/upload" "{root}/srv/upload"
""" + location("/upload", "DAV On", "Require scope write", trust=PASSWORDS) + CONF + location(
    "/any", "Require scope read", "Require user backup", trust=PASSWORDS)


@pytest.fixture(scope="module")
def server(serve):
    def prepare(server):
        server.write_keys()
        server.write("keys/users", USERS)
        (server.root / "srv/upload").mkdir(parents=True)
        parts.give_away(server.root / "srv")

    return serve(CONF, prepare=prepare, modules="dav dav_fs")


@pytest.fixture
def curl(server):
    """Status, headers by lower-case name, and body of what curl gets in the end; of the headers
    answers is the statuses of all answers on the way."""
    def get(path, *words, code=0):
        text = parts.run([parts.program("curl", "curl"), "-q", "-s", "-D", "-", "--noproxy", "*",
                          "--max-time", 20, *words, f"http://127.0.0.1:{server.port}{path}"],
                         code=code)
        answers = re.split(r"(?m)^(?=HTTP/)", text)
        head, _, body = answers[-1].partition("\n\n")
        status, *fields = head.splitlines()
        fields = dict(field.lower().split(": ", 1) for field in fields if ": " in field)
        fields["answers"] = [int(answer.split()[1]) for answer in answers[1:]]
        return int(status.split()[1]), fields, body

    return get


def test_with_and_without_a_token(curl, server):
    status, fields, _ = curl("/read")
    assert (status, fields["x-reason"]) == (401, "no_token")
    status, fields, body = curl("/read", "--oauth2-bearer", good())
    assert (status, fields["x-user"], body) == (200, "alice", "<p>the index\n")
    status, fields, _ = curl("/write", "--oauth2-bearer", good())
    assert (status, fields["x-reason"]) == (403, "scope_lacking")
    server.expect_log(log_line("no_token"), log_line("scope_lacking"))


@pytest.mark.parametrize("sent", [
    "two words", '"quoted"', 'a"b', "a,b", "a, Bearer b", "a=b=c", "a;b", "b\u00e4r", "a\tb",
    "%41 %42", 'realm="x"', "\\", "=", f"Bearer {'a' * 20}",
])
def test_a_hostile_value(curl, server, sent):
    """curl sends what it is told; none of this is one b64token."""
    status, fields, _ = curl("/read", "--oauth2-bearer", sent)
    assert (status, fields["x-reason"]) == (400, "request_malformed")
    assert fields["www-authenticate"].startswith('bearer realm="api", error="invalid_request"')
    server.expect_log(log_line("request_malformed"))


@pytest.mark.parametrize("sent", ["token", "token=", " leading", "trailing ", "a.b.c", "-._~+/=="])
def test_a_legal_word_that_is_no_token(curl, server, sent):
    """Several blanks may stand before it; those at the end of a field httpd takes off."""
    status, fields, _ = curl("/read", "--oauth2-bearer", sent)
    assert (status, fields["x-reason"]) == (401, "token_malformed")
    server.expect_log(log_line("token_malformed"))


@pytest.mark.parametrize("words", [["--anyauth"], ["--basic"], []])
def test_as_password(curl, server, words):
    for user in ("alice", "x-access-token", "bearer", ""):
        pair = remember(f"{user}:{good()}")
        status, fields, body = curl("/both", *words, "-u", pair)
        assert (status, fields["x-user"], body) == (200, "alice", "<p>the index\n")
    status, fields, _ = curl("/both", *words, "-u", "mallory:" + good())
    assert (status, fields["x-reason"]) == (401, "user_missing")
    server.expect_log(log_line("user_missing"))


def test_bearer_where_basic_is_offered_too(curl):
    status, fields, _ = curl("/both", "--anyauth", "--oauth2-bearer", good())
    assert (status, fields["x-user"], fields["x-auth"]) == (200, "alice", "bearer")


def as_header(token):
    return ["-H", f"Authorization: Bearer {token}"]


def as_option(token):
    return ["--oauth2-bearer", token]


PASSWORD = ["-u", "backup:test"]


@pytest.mark.parametrize("way, words, answers, user, scheme", [
    # Where curl may choose it asks first, and takes Bearer before Basic if it has a token.
    (as_option, [], [200], "idp/alice", "bearer"),
    (as_option, ["--anyauth"], [401, 200], "idp/alice", "bearer"),
    (as_option, ["--anyauth", *PASSWORD], [401, 200], "idp/alice", "bearer"),
    (as_option, PASSWORD, [200], "idp/alice", "bearer"),
    # What -H says goes before the password.
    (as_header, [], [200], "idp/alice", "bearer"),
    (as_header, PASSWORD, [200], "idp/alice", "bearer"),
    (None, ["--anyauth", *PASSWORD], [401, 200], "backup", "basic"),
    (None, ["--basic", *PASSWORD], [200], "backup", "basic"),
])
def test_which_challenge_is_taken(curl, way, words, answers, user, scheme):
    status, fields, body = curl("/any", *(way(good()) if way else []), *words)
    assert (status, fields["answers"], body) == (200, answers, "<p>the index\n")
    assert (fields["x-user"], fields["x-auth"]) == (user, scheme)


@pytest.mark.parametrize("way", [as_header, as_option])
@pytest.mark.parametrize("words", [[], PASSWORD, ["--anyauth", *PASSWORD]])
def test_a_bad_token_is_final(curl, server, way, words):
    """curl does not go on to the password, which would let it in, and the server does not either.
    """
    status, fields, _ = curl("/any", *way(good(exp=1)), *words)
    assert (status, fields["x-reason"], fields["answers"][-1]) == (401, "expired", 401)
    server.expect_log(log_line("expired"))


@pytest.mark.parametrize("make, answers", [
    (lambda: [], [401]), (lambda: as_option(good(exp=1)), [401]),
    (lambda: as_option(good()), [403]), (lambda: as_header(good()), [403]),
    (lambda: as_option("two words"), [400]),
    (lambda: as_option(good(scope="write")), [100, 201]),
    (lambda: ["--anyauth", *as_option(good(scope="write"))], [401, 100, 201]),
    (lambda: ["--anyauth", "-u", remember("bearer:" + good(scope="write"))], [401, 100, 201]),
])
def test_an_upload_is_refused_before_it_is_sent(server, curl, tmp_path, make, answers):
    """curl waits for the word to go on, which a refusal comes instead of."""
    (tmp_path / "file").write_bytes(b"x" * 2_000_000)
    status, fields, body = curl("/upload/file", "-T", tmp_path / "file", "-w", "%{size_upload}",
                                "-H", "Expect: 100-continue", "--expect100-timeout", 15, *make())
    assert (status, fields["answers"]) == (answers[-1], answers)
    there = server.root / "srv/upload/file"
    assert there.exists() == (status == 201)
    there.unlink(missing_ok=True)
    assert re.search(r"(\d+)$", body)[1] == ("2000000" if status == 201 else "0")
    server.allow_log(log_line("(expired|scope_lacking|request_malformed)"))


@pytest.mark.parametrize("way, seen", [(as_option, False), (as_header, True)])
def test_the_list_of_processes(way, seen):
    """curl takes out what is an option's value, and leaves header fields."""
    token = good()
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as server:
        server.settimeout(20)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        command = [parts.program("curl", "curl"), "-q", "-s", "--noproxy", "*", *way(token), url]
        with parts.service(command) as curl, server.accept()[0] as connection:
            assert token.encode() in connection.recv(8192)
            words = Path(f"/proc/{curl.pid}/cmdline").read_bytes().split(b"\0")
    assert any(token.encode() in word for word in words) == seen
