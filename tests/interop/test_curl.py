"""curl's own support for bearer tokens, and what it sends where a token is none."""

import re

import pytest

import parts
from expect import ANY_PATH, ECHO, TRUST, location, log_line
from tokens import good, remember

BOTH = TRUST.replace("AuthType Bearer", "AuthType Basic\n    AuthBasicProvider bearer\n"
                     "    AuthBearer On")
CONF = ECHO + ANY_PATH + "".join([
    location("/read", "Require scope read"),
    location("/write", "Require scope write"),
    location("/both", "Require scope read", trust=BOTH),
])


@pytest.fixture(scope="module")
def server(serve):
    return serve(CONF, prepare=lambda server: server.write_keys())


@pytest.fixture
def curl(server):
    """Status, headers by lower-case name, and body of what curl gets in the end."""
    def get(path, *words, code=0):
        text = parts.run([parts.program("curl", "curl"), "-q", "-s", "-D", "-", "--noproxy", "*",
                          "--max-time", 20, *words, f"http://127.0.0.1:{server.port}{path}"],
                         code=code)
        answers = re.split(r"(?m)^(?=HTTP/)", text)
        head, _, body = answers[-1].partition("\n\n")
        status, *fields = head.splitlines()
        fields = dict(field.lower().split(": ", 1) for field in fields if ": " in field)
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
