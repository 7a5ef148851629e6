"""Where httpd itself looks for a name: indexes, listings, variants, corrected spelling, rewriting
by user. What is refused there is refused wholly, and nobody learns what is there."""

import pytest

import client
from expect import ECHO, TRUST, log_line, passed, refused
from tokens import AUDIENCE, bearer, good

OTHER = "https://other.example"
VALID = TRUST + "Require valid-user\n"
ELSEWHERE = TRUST.replace(AUDIENCE, OTHER).replace("AuthName api", "AuthName other")
BESIDE = TRUST.replace("AuthType Bearer", "AuthType Basic\nAuthBearer On\n"
                                          "AuthUserFile {root}/users")


def directory(name, lines):
    return f'<Directory "{{docs}}/{name}">\n{lines}</Directory>\n'


def one_file(name, lines):
    return f'<Files "{name}">\n{lines}</Files>\n'


SECRET = {"valid": VALID, "scope": TRUST + "Require scope write\n",
          "unset": TRUST.replace("keys=jwks:{keys}/as.jwks", "keys=https://127.0.0.1:9/")
          + "Require valid-user\n",
          "beside": BESIDE + "Require valid-user\n"}
# Directory -> its DirectoryIndex.
INDEXES = {"one": "secret.html", "last": "missing.html secret.html",
           "first": "secret.html missing.html", "then": "secret.html open.html"}

CONF = ECHO + "DirectorySlash On\n" + "".join(
    directory(f"{kind}-{name}", f"DirectoryIndex {names}\n" + one_file("secret.html", lines))
    for kind, lines in SECRET.items() for name, names in INDEXES.items()) + "".join(
    directory(f"{kind}-fallback", f"FallbackResource /{kind}-one/secret.html\n")
    for kind in SECRET) + "".join([
        directory("page-first", "DirectoryIndex secret.html missing.html\n"
                  "ErrorDocument 401 /page-first/error.html\n" + one_file("secret.html", VALID)),
        directory("hide", "DirectoryIndex secret.html missing.html\n"
                  + one_file("secret.html", VALID + "AuthBearerHide On\n")),
        directory("list", "Options +Indexes\nIndexOptions FancyIndexing\n"
                  + one_file("ours.html", VALID)
                  + one_file("theirs.html", ELSEWHERE + "Require valid-user\n")),
        directory("listed", "Options +Indexes\n" + VALID),
        directory("views", "Options +MultiViews\n" + VALID + one_file(
            "theirs.*", ELSEWHERE + "Require valid-user\n")),
        directory("views-open", "Options +MultiViews\n" + one_file("page.html", VALID)
                  + one_file("page.txt", ELSEWHERE + "Require valid-user\n")),
        directory("index-view", "Options +MultiViews\nDirectoryIndex index\n"
                  + one_file("index.*", TRUST + "AuthBearerEnv sub\nRequire valid-user\n")),
        directory("fallback-view", "Options +MultiViews\nFallbackResource /index-view/index\n"),
        directory("outer-index", "DirectoryIndex inner/\n"),
        directory("outer-index/inner", "DirectoryIndex secret.html\n" + VALID),
        directory("outer-mixed", "DirectoryIndex inner/\n" + VALID),
        directory("outer-then", "DirectoryIndex secret.html open.html\n" + VALID + one_file(
            "secret.html", ELSEWHERE + "Require valid-user\n")),
        directory("outer-mixed/inner", "DirectoryIndex secret.html\n" + one_file(
            "secret.html", ELSEWHERE + "Require valid-user\n")),
        directory("spell", "CheckSpelling On\n" + VALID),
        directory("spell-open", "CheckSpelling On\n" + one_file("secret.html", VALID)),
        directory("own", VALID + "RewriteEngine On\nRewriteCond %{REMOTE_USER} ^(\\w+)$\n"
                  'RewriteRule "^page$" "/own/%1.html" [L]\n'),
        directory("ahead", VALID),
    ]) + """
RewriteEngine On
RewriteCond %{LA-U:REMOTE_USER} ^(\\w+)$
RewriteRule "^/ahead/page$" "/own/%1.html" [PT]
"""
INDEX = "<p>the index\n"
FILES = {"users": ""}
for _kind in SECRET:
    for _name in INDEXES:
        FILES[f"docs/{_kind}-{_name}/secret.html"] = INDEX
        FILES[f"docs/{_kind}-{_name}/open.html"] = "<p>open\n"
    FILES[f"docs/{_kind}-fallback/x.html"] = "x"
FILES.update({f"docs/{name}": INDEX for name in (
    "page-first/secret.html", "hide/secret.html", "list/ours.html", "list/theirs.html",
    "listed/ours.html", "views/page.html", "views/theirs.html", "views-open/page.html",
    "views-open/page.txt", "index-view/index.html", "outer-index/inner/secret.html",
    "outer-mixed/inner/secret.html", "fallback-view/x.html", "outer-then/secret.html",
    "spell/secret.html", "spell-open/secret.html", "own/alice.html")})
FILES.update({"docs/page-first/error.html": "<p>our error page\n", "docs/list/open.html": "x",
              "docs/own/bob.html": "<p>bob's\n", "docs/ahead/page": "x",
              "docs/outer-then/open.html": "<p>open\n"})


@pytest.fixture(scope="module")
def server(serve):
    server = serve(CONF, FILES, modules="speling", level="notice auth_bearer:info")
    server.allow_log("AB0201: .*no keys were fetched", "AH00687", "AH01276",
                     log_line("(audience_wrong|scope_lacking|keys_unavailable)"))
    return server


PATHS = [f"-{name}/" for name in INDEXES if name != "then"] + ["-fallback/nothing"]


@pytest.mark.mpm
@pytest.mark.parametrize("path", PATHS)
def test_a_refused_index_is_answered_as_any_page(server, path):
    """mod_dir keeps the status of what it found refused, and of the rest what it likes."""
    refused(server, server.get("/valid" + path), "no_token")
    refused(server, server.get("/valid" + path, token=good(exp=1)), "expired")
    refused(server, server.get("/valid" + path, [("Authorization", "Bearer a b")]),
            "request_malformed")
    refused(server, server.get("/unset" + path, token=good()), "keys_unavailable")
    refused(server, server.get("/scope" + path), "no_token", "write")
    refused(server, server.get("/scope" + path, token=good()), "scope_lacking", "write")
    passed(server.get("/valid" + path, token=good()))
    passed(server.get("/scope" + path, token=good(scope="write", sub="bob")), "bob")


@pytest.mark.parametrize("path", PATHS)
def test_both_challenges_come_once(server, path):
    challenges = server.get("/beside" + path).challenges
    assert [value.split()[0] for value in challenges] == ["Bearer", "Basic"], challenges


@pytest.mark.parametrize("kind, token", [("valid", None), ("scope", good), ("unset", good),
                                         ("beside", None)])
def test_the_next_index_bears_no_trace(server, kind, token):
    answer = server.get(f"/{kind}-then/", token=token and token())
    assert (answer.status, answer.text, answer.challenges) == (200, "<p>open\n", [])
    assert answer.all("Cache-Control") == answer.all("Retry-After") == []
    assert (answer.header("X-Reason"), answer.header("X-User")) == ("(null)", "")


def test_page_about_a_refused_index(server):
    answer = server.get("/page-first/")
    assert (answer.status, answer.text) == (401, "<p>our error page\n")
    assert answer.bearer == {"realm": "api"} and answer.header("Cache-Control") == "no-store"


def test_a_hidden_index_is_not_there(server):
    answer = server.get("/hide/")
    assert answer.status in (403, 404) and answer.challenges == [] and "index" not in answer.text


@pytest.mark.parametrize("aud, names", [
    (None, {"open"}), (AUDIENCE, {"open", "ours"}), (OTHER, {"open", "theirs"}),
    ([AUDIENCE, OTHER], {"open", "ours", "theirs"})])
def test_a_listing_names_what_the_token_opens(server, aud, names):
    answer = server.get("/list/", token=aud and good(aud=aud))
    assert answer.status == 200 and answer.challenges == [] and not answer.all("Cache-Control")
    assert {name for name in ("open", "ours", "theirs") if f"{name}.html" in answer.text} == names
    assert answer.header("X-User") == "", "nobody had to be known for the listing itself"


def test_a_protected_listing(server):
    refused(server, server.get("/listed/"), "no_token")
    answer = server.get("/listed/", token=good())
    assert answer.status == 200 and "ours.html" in answer.text
    assert answer.header("X-User") == "alice"


@pytest.mark.mpm
def test_variants(server):
    refused(server, server.get("/views/page"), "no_token")
    passed(server.get("/views/page", token=good(sub="bob")), "bob")
    for audience, status in ((AUDIENCE, (401, 404)), (OTHER, (401,)),
                             ([AUDIENCE, OTHER], (200,))):
        answer = server.get("/views/theirs", token=good(aud=audience))
        assert answer.status in status, answer
        assert ("the index" in answer.text) == (status == (200,))


@pytest.mark.mpm
@pytest.mark.parametrize("path", ["/index-view/", "/fallback-view/nothing", "/outer-index/"])
def test_a_name_behind_a_name(server, path):
    """An index that is a variant, or itself a directory: subrequests of subrequests. What
    mod_negotiation may not read is not there for it."""
    if "view" in path:
        assert server.get(path).status in (403, 404) and "index" not in server.get(path).text
    else:
        refused(server, server.get(path), "no_token")
    passed(server.get(path, token=good(sub="bob")), "bob")


def test_an_index_of_another_audience_behind_an_index(server):
    for audience, reason in ((AUDIENCE, "audience_wrong"), (OTHER, "audience_wrong")):
        refused(server, server.get("/outer-mixed/", token=good(aud=audience)), reason)
    passed(server.get("/outer-mixed/", token=good(aud=[AUDIENCE, OTHER])))
    answer = server.get("/outer-then/", token=good())
    assert (answer.status, answer.text, answer.header("X-User")) == (200, "<p>open\n", "alice")
    assert (answer.header("X-Reason"), answer.challenges) == ("accepted", [])


def test_variants_of_several_audiences(server):
    """The client is shown the variant that its token opens, and told of none that it does not."""
    for audience, kind in ((AUDIENCE, "text/html"), (OTHER, "text/plain")):
        answer = server.get("/views-open/page", token=good(aud=audience))
        passed(answer)
        assert answer.header("Content-Type").startswith(kind)
    answer = server.get("/views-open/page")
    assert answer.status in (401, 404) and "page.html" not in answer.text
    assert "page.html" not in str(answer.headers)


def test_spelling(server):
    refused(server, server.get("/spell/sceret.html"), "no_token")
    answer = server.get("/spell/sceret.html", token=good())
    assert answer.status == 301 and answer.header("Location").endswith("/spell/secret.html")
    # The page is not served, only its name is: as it is with any AuthType.
    assert server.get("/spell-open/sceret.html").status == 301
    refused(server, server.get("/spell-open/secret.html"), "no_token")


def test_the_slash(server):
    refused(server, server.get("/listed"), "no_token")
    answer = server.get("/listed", token=good())
    assert answer.status == 301 and answer.header("Location").endswith("/listed/")
    assert answer.challenges == []


@pytest.mark.mpm
@pytest.mark.parametrize("path", ["/own/page", "/ahead/page"])
def test_rewritten_by_user(server, path):
    """In a directory the user is known already; in the server by looking ahead."""
    refused(server, server.get(path), "no_token")
    with client.Connection(server.port) as line:
        for user, text in (("alice", INDEX), ("bob", "<p>bob's\n"), ("alice", INDEX)):
            answer = line.request("GET", path, [bearer(good(sub=user))])
            assert (answer.status, answer.text, answer.header("X-User")) == (200, text, user)
            assert line.request("GET", path).status == 401
