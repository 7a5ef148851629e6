"""git over smart HTTP: git-http-backend as CGI behind the module, a token as bearer token and as
password."""

import pytest

import parts
from expect import log_line
from tokens import good

CONF = """
ScriptAlias "/git/" "{backend}/"
SetEnv GIT_PROJECT_ROOT {root}/git
SetEnv GIT_HTTP_EXPORT_ALL 1
<Location "/git/">
    AuthType Basic
    AuthName git
    AuthBasicProvider bearer
    AuthBearer On
    AuthBearerIssuer https://as.example keys=jwks:{keys}/as.jwks
    AuthBearerAudience https://api.example
    Require scope read
    <If "%{QUERY_STRING} =~ /service=git-receive-pack/ || %{REQUEST_URI} =~ m#/git-receive-pack$#">
        Require scope write
    </If>
</Location>
"""


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


WAYS = pytest.mark.parametrize("way", [as_bearer, as_password])


@pytest.fixture(scope="module")
def backend():
    return parts.file(git("--exec-path").strip() + "/git-http-backend", "git")


@pytest.fixture(scope="module")
def server(serve, tmp_path_factory, backend):
    def repository(server):
        source = tmp_path_factory.mktemp("source")
        server.write_keys()
        git("init", source)
        (source / "file").write_text("first\n")
        git("add", "file", cwd=source)
        git("commit", "-m", "first", cwd=source)
        git("clone", "--bare", source, server.root / "git/project.git")
        parts.give_away(server.root / "git")

    return serve(CONF.replace("{backend}", backend), prepare=repository, modules="cgi")


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
    repository = server.root / "git/project.git"
    return git("-c", "safe.directory=*", "rev-parse", "main", cwd=repository).strip()


@WAYS
def test_clone(url, tmp_path, way):
    git(*way(good()), "clone", url, tmp_path / "tree")
    assert (tmp_path / "tree/file").read_text().startswith("first\n")


@WAYS
def test_clone_refused(server, url, tmp_path, way):
    assert "403" in git(*way(good(scope="other")), "clone", url, tmp_path / "tree", code=128)
    git(*way(good(exp=1)), "clone", url, tmp_path / "tree", code=128)
    git("clone", url, tmp_path / "tree", code=128)
    assert not (tmp_path / "tree").exists()
    server.expect_log(log_line("scope_lacking"), log_line("expired"))


@WAYS
def test_push_with_the_scope_write(server, url, tmp_path, way):
    tree, token = tmp_path / "tree", good(scope="read write")
    git(*way(token), "clone", url, tree)
    change(tree, way, token)
    assert last_change(server) == git("rev-parse", "HEAD", cwd=tree).strip()


@WAYS
def test_push_without_it(server, url, tmp_path, way):
    tree, before = tmp_path / "tree", last_change(server)
    git(*way(good()), "clone", url, tree)
    assert "403" in change(tree, way, good(), code=128)
    assert last_change(server) == before
    server.expect_log(log_line("scope_lacking"))


def test_both_challenges_reach_git(server):
    answer = server.get("/git/project.git/info/refs?service=git-receive-pack")
    assert [value.partition(" ")[0] for value in answer.challenges] == ["Bearer", "Basic"]
    assert answer.bearer["scope"] == "write"
