"""Subversion over mod_dav_svn as conf.example/svn.conf sets it up. svn knows no bearer tokens: it
sends them as Basic passwords, and finds the Basic challenge alone or beside that of Bearer."""

import re

import pytest

import examples
import parts
from expect import ECHO, log_line

# The same repository with passwords alone, with the challenge of Bearer left out, and left out for
# svn.
WAYS = {"/svn": "", "/basic": "AuthBearer Off", "/quiet": "AuthBearerChallenge Off",
        "/told": 'AuthBearerChallenge "%{HTTP_USER_AGENT} !~ m#^SVN/#"'}
BOTH = ["Bearer", "Basic"]
# Rules by path, for users as tokens name them.
ACCESS = "[/]\nalice = rw\n[/secret]\nalice =\n"


def token(scope="read", **changes):
    return examples.token("svn", scope, **changes)


def configuration():
    text = examples.configuration("svn")
    ways = {**WAYS, "/paths": 'AuthzSVNAccessFile "{root}/access"'}
    return ECHO + "".join(
        text.replace('"/svn"', f'"{path}"').replace("</Location>", lines + "\n</Location>")
        for path, lines in ways.items())


@pytest.fixture(scope="module")
def server(serve):
    def repository(server):
        for name in ("dav", "dav_svn", "authz_svn"):
            parts.httpd_module(name, "libapache2-mod-svn")
        server.write_keys()
        server.write("access", ACCESS)
        (server.root / "srv/svn").mkdir(parents=True)
        parts.run([parts.program("svnadmin", "subversion"), "create",
                   server.root / "srv/svn/project"])
        parts.give_away(server.root / "srv")

    running = serve(configuration(), prepare=repository, modules="dav dav_svn authz_svn")
    running.expect_log(r"\[auth_bearer:warn\] .*AB0313: .*AuthzSVNAccessFile")
    return running


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


@pytest.mark.parametrize("path, agent, schemes", [
    ("/svn", "SVN/1.14", BOTH), ("/basic", "SVN/1.14", ["Basic"]),
    ("/quiet", "SVN/1.14", ["Basic"]),
    ("/told", "SVN/1.14", ["Basic"]), ("/told", "curl/8", BOTH)])
def test_what_is_offered(server, path, agent, schemes):
    answer = server.request("OPTIONS", f"{path}/", [("User-Agent", agent)])
    assert answer.status == 401
    assert [value.partition(" ")[0] for value in answer.challenges] == schemes


@pytest.mark.parametrize("path", WAYS)
def test_checkout_and_commit(server, svn, tmp_path, path):
    """The author is the token's user, whatever name stands beside it."""
    tree, both, name = tmp_path / "tree", token("read write"), f"in{path[1:]}"
    url = f"http://127.0.0.1:{server.port}{path}"
    svn("checkout", url, tree, token=both)
    (tree / name).write_text("first\n")
    svn("add", tree / name)
    svn("commit", tree, "-m", "first", token=both)
    assert "| alice |" in svn("log", "-r", "HEAD", url, token=token())
    svn("checkout", url, tmp_path / "other", token=token(), user="alice")
    assert (tmp_path / "other" / name).read_text() == "first\n"


def test_commit_without_the_scope(server, svn, url, tmp_path):
    tree = tmp_path / "tree"
    svn("checkout", url, tree, token=token())
    (tree / "file2").write_text("first\n")
    svn("add", tree / "file2")
    assert "forbidden" in svn("commit", tree, "-m", "no", token=token(), code=1)
    assert "file2" not in svn("list", url, token=token())
    server.expect_log(log_line("scope_lacking"))


@pytest.mark.parametrize("changes, user, says, reason", [
    ({"scope": "svn.other"}, "alice", "forbidden", "scope_lacking"),
    ({"exp": 1}, "alice", "Authentication failed", "expired"),
    ({"aud": "https://other.example"}, "alice", "Authentication failed", "audience_wrong"),
    ({}, "mallory", "Authentication failed", "user_missing"),
])
def test_checkout_refused(server, svn, url, tmp_path, changes, user, says, reason):
    said = svn("checkout", url, tmp_path / "tree", token=token(**changes), user=user, code=1)
    assert says in said
    server.expect_log(log_line(reason))


def test_without_a_token(svn, url, tmp_path):
    assert "Authentication failed" in svn("checkout", url, tmp_path / "tree", code=1)


def test_rules_by_path(server, svn, url):
    """They are about the token's user. mod_authz_svn lets in by them alone: once it says yes, httpd
    asks for no scope, as the manual and a warning at startup say."""
    assert len(set(re.findall(r"AB0313: .*:(\d+)\)", server.log()))) == 1
    by_path = url.replace("/svn", "/paths")
    for folder in ("open", "secret"):
        svn("mkdir", "-m", folder, f"{url}/{folder}", token=token("read write"))
    for scope in ("read", "other"):
        svn("list", f"{by_path}/open", token=token(scope))
        assert "forbidden" in svn("list", f"{by_path}/secret", token=token(scope), code=1)
    said = svn("list", f"{by_path}/open", token=token(aud="https://other.example"), code=1)
    assert "Authentication failed" in said
    server.expect_log(r"\[authz_svn:error\] .*Access denied: 'alice'", log_line("audience_wrong"),
                      log_line("rule_denied"))
