"""Subversion over mod_dav_svn. svn knows no bearer tokens: it sends them as Basic passwords, and
finds the Basic challenge only where it stands in a field of its own, beside that of Bearer."""

import pytest

import parts
from expect import log_line
from tokens import good

CONF = """
<Location "/svn">
    DAV svn
    SVNPath "{root}/repository"
    AuthType Basic
    AuthName svn
    AuthBasicProvider bearer
    AuthBearer On
    AuthBearerIssuer https://as.example keys=jwks:{keys}/as.jwks
    AuthBearerAudience https://api.example
    <Limit GET PROPFIND OPTIONS REPORT>
        Require scope read
    </Limit>
    <LimitExcept GET PROPFIND OPTIONS REPORT>
        Require scope write
    </LimitExcept>
</Location>
"""


@pytest.fixture(scope="module")
def server(serve):
    def repository(server):
        for name in ("dav", "dav_svn"):
            parts.httpd_module(name, "libapache2-mod-svn")
        server.write_keys()
        parts.run([parts.program("svnadmin", "subversion"), "create", server.root / "repository"])
        parts.give_away(server.root / "repository")

    return serve(CONF, prepare=repository, modules="dav dav_svn")


@pytest.fixture
def svn(tmp_path, server):
    """Runs svn with a token as password."""
    def run(command, *words, token=None, user="x-access-token", code=0):
        login = ["--username", user, "--password", token] if token else []
        return parts.run([parts.program("svn", "subversion"), command, *words, *login,
                          "--no-auth-cache", "--non-interactive", "--config-dir",
                          tmp_path / "configuration"], code=code)

    return run


@pytest.fixture
def url(server):
    return f"http://127.0.0.1:{server.port}/svn"


def commit(svn, tree, token, code=0):
    with open(tree / "file", "a") as file:
        file.write("more\n")
    return svn("commit", tree, "-m", "more", token=token, code=code)


def test_both_challenges(server):
    answer = server.request("OPTIONS", "/svn/")
    assert answer.status == 401
    assert [value.partition(" ")[0] for value in answer.challenges] == ["Bearer", "Basic"]


def test_checkout_and_commit(svn, url, tmp_path):
    tree, token = tmp_path / "tree", good(scope="read write")
    svn("checkout", url, tree, token=token)
    (tree / "file").write_text("first\n")
    svn("add", tree / "file")
    commit(svn, tree, token)
    assert "| alice |" in svn("log", "-r", "HEAD", url, token=good())
    svn("checkout", url, tmp_path / "other", token=good(), user="alice")
    assert (tmp_path / "other/file").read_text() == "first\nmore\n"


def test_commit_without_the_scope(server, svn, url, tmp_path):
    tree = tmp_path / "tree"
    svn("checkout", url, tree, token=good())
    (tree / "file2").write_text("first\n")
    svn("add", tree / "file2")
    assert "forbidden" in svn("commit", tree, "-m", "no", token=good(), code=1)
    assert "file2" not in svn("list", url, token=good())
    server.expect_log(log_line("scope_lacking"))


@pytest.mark.parametrize("changes, user, says, reason", [
    ({"scope": "other"}, "alice", "forbidden", "scope_lacking"),
    ({"exp": 1}, "alice", "Authentication failed", "expired"),
    ({"aud": "https://other.example"}, "alice", "Authentication failed", "audience_wrong"),
    ({}, "mallory", "Authentication failed", "user_missing"),
])
def test_checkout_refused(server, svn, url, tmp_path, changes, user, says, reason):
    said = svn("checkout", url, tmp_path / "tree", token=good(**changes), user=user, code=1)
    assert says in said
    server.expect_log(log_line(reason))


def test_without_a_token(svn, url, tmp_path):
    assert "Authentication failed" in svn("checkout", url, tmp_path / "tree", code=1)
