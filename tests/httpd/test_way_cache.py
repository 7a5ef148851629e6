"""mod_cache in the same server, its quick handler on and off: nobody gets what was made for
another, and nobody without a token anything."""

import pytest

from origin import Backend, answer
from expect import ECHO, location, log_line
from tokens import good

# What the backend says of its answers -> may others who were let in see them, by its own words
# (RFC 9111 section 3.5)?
SAID = {"none": (None, False), "plain": ("max-age=60", False), "private": ("private", False),
        "private-age": ("private, max-age=60", False), "no-store": ("no-store", False),
        "public": ("public, max-age=60", True), "s-maxage": ("s-maxage=60", True),
        "must": ("max-age=60, must-revalidate", True)}
CONF = ECHO + """
CacheRoot "{root}/cache"
CacheEnable disk /
CacheHeader On
CacheQuickHandler {quick}
CacheLock Off
ProxyPass "/p" "http://127.0.0.1:{backend}/p"
ProxyPass "/q" "http://127.0.0.1:{backend}/q"
ProxyPass "/open" "http://127.0.0.1:{backend}/open"
""" + "".join(location(path, 'RequestHeader set X-User "expr=%{REMOTE_USER}"', *rules)
              for path, rules in (("/p", ["Require valid-user"]), ("/q", ["Require scope write"])))


class Counting(Backend):
    """Each of its answers is another one."""

    def __init__(self):
        super().__init__(self.count)

    def count(self, hit):
        said, _ = SAID[hit.line.split()[1].split("/")[2].split("?")[0]]
        user = " ".join(hit.all("X-User")) or "anybody"
        return answer(f"{user} number {len(self.hits)}".encode(), fields=[
            ("ETag", '"one"'), ("Last-Modified", "Fri, 02 Jan 2026 00:00:00 GMT"),
            *([("Cache-Control", said)] if said else [])])


@pytest.fixture(scope="module")
def backend():
    with Counting() as made:
        yield made


@pytest.fixture(scope="module", params=["On", "Off"])
def server(request, serve, backend):
    def prepare(root):
        (root / "cache").mkdir()
        (root / "cache").chmod(0o777)

    conf = CONF.replace("{quick}", request.param)
    server = serve(conf.replace("{backend}", str(backend.port)), {}, prepare,
                   modules="proxy proxy_http cache cache_disk")
    server.quick = request.param == "On"
    # The module advises against the quick handler where rules stand.
    server.allow_log(log_line("scope_lacking"), r"\[auth_bearer:(notice|warn)\].*CacheQuickHandler")
    return server


def ask(server, path, user, **claims):
    return server.get(path, token=user and good(sub=user, **claims))


@pytest.mark.parametrize("said", SAID)
def test_everybody_gets_an_answer_of_their_own(server, said):
    _, shared = SAID[said]
    path = f"/p/{said}"
    made = {}
    for user in ("alice", "bob", None, "alice", "bob", None, "expired"):
        got = ask(server, path, user, **({"exp": 1} if user == "expired" else {}))
        if user in (None, "expired"):
            assert got.status == 401 and b"number" not in got.body, (user, got)
            assert "HIT" not in (got.header("X-Cache") or ""), got
            continue
        assert got.status == 200
        name = got.text.split()[0]
        made.setdefault(name, []).append(got)
        if server.quick or not shared:
            assert name == user, (user, got)
            assert "HIT" not in (got.header("X-Cache") or ""), got
    assert set(made) == ({"alice"} if shared and not server.quick else {"alice", "bob"}), made


@pytest.mark.parametrize("said", SAID)
def test_a_rule_holds_for_what_is_kept(server, said):
    """Whatever was stored: who may not see the page does not see its copy either."""
    path = f"/q/{said}"
    assert ask(server, path, "alice", scope="write").status == 200
    assert ask(server, path, "bob").status == 403
    assert ask(server, path, None).status == 401
    assert ask(server, path, "alice", scope="write").status == 200
    assert ask(server, path, "bob").status == 403


@pytest.mark.parametrize("said", ["public", "plain"])
def test_no_refusal_is_kept(server, said):
    """After a stranger was refused, whoever may is served; and the stranger not after that."""
    for path in (f"/p/{said}?fresh", f"/q/{said}?fresh"):
        for user, status in ((None, 401), ("alice", 200), (None, 401)):
            got = ask(server, path, user, scope="write")
            assert got.status == status, got
            assert (b"number" in got.body) == (status == 200)
            if status == 401:
                assert got.bearer is not None and got.header("Cache-Control") == "no-store"


def test_the_cache_is_at_work(server, backend):
    """What anybody may see is kept, and served to those with a token as to those without."""
    path = "/open/public"
    first = ask(server, path, None)
    again = ask(server, path, None)
    assert first.text == again.text and "HIT" in again.header("X-Cache")
    got = ask(server, path, "alice")
    assert got.status == 200 and got.text.startswith("anybody")


@pytest.mark.parametrize("headers", [[("If-None-Match", '"one"')], [("Range", "bytes=0-3")],
                                     [("Cache-Control", "only-if-cached")],
                                     [("Cache-Control", "max-stale=9999")]])
def test_asked_for_in_other_words(server, headers):
    for said in ("public", "plain"):
        path = f"/p/{said}"
        assert ask(server, path, "alice").status == 200
        for kind in ("GET", "HEAD"):
            got = server.request(kind, path, headers)
            only = ("Cache-Control", "only-if-cached") in headers and server.quick
            assert got.status == (504 if only else 401) and b"numb" not in got.body, got
