"""git over smart HTTP as conf.example/git.conf sets it up: git-http-backend as CGI behind the
module, a token as bearer token and as password, and a password beside."""

import pytest

import examples
import parts
from expect import ECHO, log_line

BACKEND = "/usr/lib/git-core/git-http-backend"


def token(scope="read", **changes):
    return examples.token("git", scope, **changes)


def git(*words, cwd=None, code=0):
    """git as if its user had no configuration."""
    settings = ["user.name=alice", "user.email=alice@example.com", "init.defaultBranch=main",
                "http.proxy="]
    options = [word for setting in settings for word in ("-c", setting)]
    return parts.run([parts.program("git", "git"), *options, *words], cwd, code,
                     HOME="/nonexistent", GIT_CONFIG_NOSYSTEM="1", GIT_TERMINAL_PROMPT="0",
                     GIT_ASKPASS="")


def as_bearer(token):
    return ["-c", f"http.extraHeader=Authorization: Bearer {token}"]


def as_password(token, user="x-access-token"):
    return ["-c", f"credential.helper=!f() {{ echo username={user}; echo password={token}; }}; f"]


def as_backup(password="test"):
    return as_password(password, "backup")


WAYS = pytest.mark.parametrize("way", [as_bearer, as_password])


@pytest.fixture(scope="module")
def backend():
    return parts.file(git("--exec-path").strip() + "/git-http-backend", "git")


@pytest.fixture(scope="module")
def server(serve, tmp_path_factory, backend):
    def repository(server):
        source = tmp_path_factory.mktemp("source")
        server.write_keys()
        server.write("keys/users", examples.USERS)
        git("init", source)
        (source / "file").write_text("first\n")
        git("add", "file", cwd=source)
        git("commit", "-m", "first", cwd=source)
        git("clone", "--bare", source, server.root / "srv/git/project.git")
        parts.give_away(server.root / "srv")

    conf = examples.configuration("git").replace(BACKEND, backend)
    return serve(ECHO + conf, prepare=repository, modules="cgi")


@pytest.fixture
def url(server):
    return f"http://127.0.0.1:{server.port}/git/project.git"


def change(tree, way, token, code=0):
    """A commit that is pushed; what git says."""
    with open(tree / "file", "a") as file:
        file.write("more\n")
    git("commit", "-a", "-m", "more", cwd=tree)
    return git(*way(token), "push", "origin", "main", cwd=tree, code=code)


def last_change(server):
    repository = server.root / "srv/git/project.git"
    return git("-c", "safe.directory=*", "rev-parse", "main", cwd=repository).strip()


@WAYS
def test_clone(url, tmp_path, way):
    git(*way(token()), "clone", url, tmp_path / "tree")
    assert (tmp_path / "tree/file").read_text().startswith("first\n")


@WAYS
def test_clone_refused(server, url, tmp_path, way):
    assert "403" in git(*way(token("other")), "clone", url, tmp_path / "tree", code=128)
    git(*way(token(exp=1)), "clone", url, tmp_path / "tree", code=128)
    git("clone", url, tmp_path / "tree", code=128)
    assert not (tmp_path / "tree").exists()
    server.expect_log(log_line("scope_lacking"), log_line("expired"))


@WAYS
def test_push_with_the_scope_write(server, url, tmp_path, way):
    tree, both = tmp_path / "tree", token("read write")
    git(*way(both), "clone", url, tree)
    change(tree, way, both)
    assert last_change(server) == git("rev-parse", "HEAD", cwd=tree).strip()


@WAYS
def test_push_without_it(server, url, tmp_path, way):
    tree, before = tmp_path / "tree", last_change(server)
    git(*way(token()), "clone", url, tree)
    assert "403" in change(tree, way, token(), code=128)
    assert last_change(server) == before
    server.expect_log(log_line("scope_lacking"))


def test_both_challenges_reach_git(server):
    answer = server.get("/git/project.git/info/refs?service=git-receive-pack")
    assert [value.partition(" ")[0] for value in answer.challenges] == ["Bearer", "Basic"]
    assert answer.bearer["scope"] == "git.write"


def test_a_password_beside(server, url, tmp_path):
    """It may read, by the rules of the example, and not push."""
    tree, before = tmp_path / "tree", last_change(server)
    git(*as_backup(), "clone", url, tree)
    assert "Authentication failed" in change(tree, lambda _: as_backup(), None, code=128)
    assert last_change(server) == before
    said = git(*as_backup("wrong"), "clone", url, tmp_path / "other", code=128)
    assert "Authentication failed" in said
    server.allow_log(r"AH01617")


def test_a_bearer_token_goes_where_it_is_meant_for(server, url, tmp_path):
    """The setting of one URL is not used for others, not even of the same server."""
    setting = f"http.{url}.extraHeader=Authorization: Bearer {token()}"
    git("-c", setting, "clone", url, tmp_path / "tree")
    other = url.replace("project.git", "other.git")
    git("-c", setting, "ls-remote", other, code=128)
    server.expect_log(log_line("no_token"))


@pytest.mark.parametrize("path, query", [
    ("/git-receive-pack", ""), ("//git-receive-pack", ""), ("/%67it-receive-pack", ""),
    ("/./git-receive-pack", ""), ("/x/../git-receive-pack", ""), ("/git-receive-pack", "service=x"),
])
def test_no_way_around_the_scope(server, path, query):
    """However a push spells its path."""
    kind = ("Content-Type", "application/x-git-receive-pack-request")
    answer = server.request("POST", f"/git/project.git{path}?{query}", [kind], b"0000",
                            token=token())
    assert (answer.status, answer.header("X-Reason")) == (403, "scope_lacking")
    server.expect_log(log_line("scope_lacking"))
