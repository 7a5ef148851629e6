"""WebDAV: a request that names two places needs a token that is good at both."""

import pytest

from expect import ECHO, TRUST, log_line, refused
from tokens import AUDIENCE, good

OTHER = "https://other.example"
OURS, THEIRS = TRUST, TRUST.replace(AUDIENCE, OTHER)
PLACES = {"ours": OURS + "Require scope write\n", "theirs": THEIRS + "Require scope write\n",
          "strict": OURS + "Require claim role = editor\n",
          "read": OURS + "<LimitExcept GET HEAD OPTIONS PROPFIND>\nRequire scope write\n"
                         "</LimitExcept>\n<Limit GET HEAD OPTIONS PROPFIND>\nRequire scope read\n"
                         "</Limit>\n"}
CONF = ECHO + "DavLockDB {root}/run/dav\n" + "".join(
    f'<Directory "{{docs}}/{place}">\nDav On\n{rules}</Directory>\n'
    for place, rules in PLACES.items())


@pytest.fixture(scope="module")
def server(serve):
    def prepare(root):
        for place in PLACES:
            (root / "docs" / place).chmod(0o777)
            (root / "docs" / place / "a.txt").chmod(0o666)
        (root / "locks").mkdir()
        (root / "locks").chmod(0o777)

    server = serve(CONF.replace("run/dav", "locks/dav"),
                   {f"docs/{place}/a.txt": f"<p>in {place}\n" for place in PLACES}, prepare,
                   modules="dav dav_fs")
    server.allow_log(log_line("(audience_wrong|scope_lacking|rule_denied)"), r"\[dav:error\]")
    return server


KINDS = {
    "ours": (lambda: good(scope="write"), {"ours"}),
    "theirs": (lambda: good(scope="write", aud=OTHER), {"theirs"}),
    "both": (lambda: good(scope="write", aud=[AUDIENCE, OTHER]), {"ours", "theirs"}),
    "editor": (lambda: good(scope="write", role="editor"), {"ours", "strict"}),
    "reader": (lambda: good(scope="read", role="editor"), {"strict"}),
}


@pytest.mark.mpm
@pytest.mark.parametrize("method", ["COPY", "MOVE"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("start, target", [("ours", "theirs"), ("theirs", "ours"),
                                           ("ours", "strict"), ("strict", "ours")])
def test_two_places(server, method, kind, start, target):
    make, places = KINDS[kind]
    host = f"localhost:{server.port}"
    name = server.docs / start / "moving.txt"
    there = server.docs / target / "moved.txt"
    name.write_text("moving")
    there.unlink(missing_ok=True)
    fields = [("Host", host), ("Destination", f"http://{host}/{target}/moved.txt")]
    refused(server, server.request(method, f"/{start}/moving.txt", fields), "no_token", ...)
    answer = server.request(method, f"/{start}/moving.txt", fields, token=make())
    if {start, target} <= places:
        assert (answer.status, there.read_text()) == (201, "moving"), answer
    else:
        assert answer.status in (401, 403) and not there.exists(), answer
        assert name.read_text() == "moving" and "moving" not in answer.text
        assert answer.status == 403 or answer.bearer["error"] == "invalid_token", answer


@pytest.mark.mpm
def test_each_method_by_its_rule(server):
    """The section lets readers read; whatever changes something wants another scope."""
    read, write = good(), good(scope="write")
    for method, status in (("GET", 200), ("PROPFIND", 207), ("OPTIONS", 200), ("HEAD", 200)):
        fields = [("Depth", "0")]
        refused(server, server.request(method, "/read/a.txt", fields), "no_token", "read")
        assert server.request(method, "/read/a.txt", fields, token=read).status == status
        refused(server, server.request(method, "/read/a.txt", fields, token=write),
                "scope_lacking", "read")
    for method in ("PUT", "DELETE", "MKCOL", "PROPPATCH", "LOCK", "UNLOCK", "COPY", "MOVE", "POST",
                   "REPORT", "CHECKOUT", "PATCH", "FREE"):
        fields = [("Destination", f"http://localhost:{server.port}/read/b.txt")]
        refused(server, server.request(method, "/read/a.txt", fields), "no_token", "write")
        refused(server, server.request(method, "/read/a.txt", fields, token=read),
                "scope_lacking", "write")
    assert (server.docs / "read/a.txt").read_text() == "<p>in read\n"
    assert server.request("PUT", "/read/new.txt", body=b"x", token=write).status == 201
