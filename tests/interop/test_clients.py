"""The commands of docs/clients.md, as they stand there, against servers of conf.example."""

import pytest

import examples
import parts
from expect import log_line
from tokens import good

SERVICES = ("api", "dav", "git", "svn")
SCOPES = "read dav.read dav.write git.read git.write svn.read svn.write"
CONF = 'Alias "/api" "{docs}/index.html"\n' + "".join(
    examples.configuration(name) for name in ("first-steps", "git", "svn", "webdav"))
# What the commands of git and svn make once, and nothing else has.
COMMIT, FOLDER = "Nothing yet", "branches"
ALONE = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "",
         "no_proxy": "127.0.0.1"}
WHO = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER")
       for what, value in (("NAME", "alice"), ("EMAIL", "alice@example.com"))}


def token(**changes):
    """One that is good for all of them."""
    return good(**{"iss": "https://login.example.com", "scope": SCOPES,
                   "aud": [f"https://{name}.example.com" for name in SERVICES], **changes})


def repositories(server):
    server.write_keys()
    server.write("keys/users", examples.USERS)
    for name in ("dav", "dav-locks", "svn", "git"):
        (server.root / "srv" / name).mkdir(parents=True)
    source = server.root / "source"
    git = ["git", "-c", "init.defaultBranch=main", "-C", source]
    source.mkdir()
    parts.run([*git, "init"])
    parts.run([*git, "commit", "--allow-empty", "-m", "first"], **WHO)
    parts.run(["git", "clone", "--bare", source, server.root / "srv/git/project.git"])
    parts.run(["svnadmin", "create", server.root / "srv/svn/project"])
    parts.give_away(server.root / "srv")


@pytest.fixture(scope="module")
def server(serve):
    for name, package in (("git", "git"), ("svn", "subversion"), ("curl", "curl"),
                          ("rclone", "rclone")):
        parts.program(name, package)
    parts.httpd_module("dav_svn", "libapache2-mod-svn")
    backend = parts.run(["git", "--exec-path"]).strip() + "/git-http-backend"
    return serve(CONF.replace("/usr/lib/git-core/git-http-backend", backend), prepare=repositories,
                 modules="cgi dav dav_fs dav_svn")


@pytest.fixture
def shell(server, tmp_path):
    """Runs the blocks of a section, each in a shell of its own, in one folder, where nothing that
    they leave behind holds the token."""
    (tmp_path / "report.pdf").write_text("the report")
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports/first.pdf").write_text("the first")

    def run(heading, token, code=0):
        scripts = [block.replace(examples.HOST, f"http://127.0.0.1:{server.port}")
                   for block in examples.blocks(heading)]
        assert scripts
        said = [parts.run(["sh", "-euc", script], cwd=tmp_path, code=code, TOKEN=token,
                          HOME=str(tmp_path), **ALONE, **WHO) for script in scripts]
        kept = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert [path for path in kept if token[-40:].encode() in path.read_bytes()] == []
        return said

    return run


def test_curl(server, shell):
    first, second, _ = shell("curl", token())
    assert "<p>the index" in first and "<p>the index" in second
    assert (server.root / "srv/dav/report.pdf").read_text() == "the report"
    (server.root / "srv/dav/report.pdf").unlink()


def test_git(server, shell, tmp_path):
    shell("git", token())
    for tree in ("project", "other"):
        said = parts.run(["git", "-C", tmp_path / tree, "log", "--format=%s"])
        assert said.splitlines() == [COMMIT, "first"]


def test_svn(shell, tmp_path):
    assert "Committed revision" in shell("Subversion", token())[-1]
    assert (tmp_path / "project" / FOLDER).is_dir()


def test_webdav(server, shell):
    first, second = shell("WebDAV", token())
    assert "9 first.pdf" in first and "<D:href>/dav/report.pdf</D:href>" in second
    share = server.root / "srv/dav"
    assert (share / "reports/first.pdf").read_text() == "the first"
    assert {path.name for path in share.iterdir() if path.is_file()} == {"copy.pdf", "old.pdf"}
    assert (share / "copy.pdf").read_text() == "the report"


@pytest.mark.parametrize("heading", ["curl", "git", "Subversion", "WebDAV"])
@pytest.mark.parametrize("changes, reason", [({"exp": 1}, "expired"),
                                             ({"scope": "other"}, "scope_lacking")])
def test_a_token_that_is_not_enough(server, shell, heading, changes, reason):
    """Each of them fails, and says so by its exit code."""
    shell(heading, token(**changes), code=None)
    server.expect_log(log_line(reason))


def test_rclone_asks_for_a_new_token(server, tmp_path):
    """What prints a token gives one that has expired, and later a good one."""
    tokens = tmp_path / "tokens"
    tokens.write_text(f"{token(exp=1)}\n{token()}\n")
    script = tmp_path / "next-token"
    script.write_text(f"#!/bin/sh\nhead -n 1 {tokens}\nsed -i '1{{$!d}}' {tokens}\n")
    script.chmod(0o755)
    parts.run(["rclone", "mkdir", ":webdav:later"], HOME=str(tmp_path),
              RCLONE_WEBDAV_URL=f"http://127.0.0.1:{server.port}/dav",
              RCLONE_WEBDAV_BEARER_TOKEN_COMMAND=str(script))
    assert (server.root / "srv/dav/later").is_dir()
    server.expect_log(log_line("expired"))
