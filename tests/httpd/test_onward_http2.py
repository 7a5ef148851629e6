"""What reaches a backend over HTTP/2, from clients of both versions: claims, and no token."""

import pytest

from expect import location
from server import Httpd, default_mpm
from test_http2 import fetch
from tokens import bearer, good


@pytest.fixture(scope="module")
def h2_front(serve):
    if default_mpm() == "prefork":
        pytest.skip("mod_http2 does not work under prefork")
    inner = Httpd("Protocols h2c http/1.1\nHeader always echo ^(Authorization|X.User)$\n"
                  'Header always set X-Protocol "expr=%{SERVER_PROTOCOL}"\n', "http2", bearer=False)
    with inner.running():
        yield serve(f'Protocols h2c http/1.1\nProxyPass "/" "h2c://127.0.0.1:{inner.port}/"\n'
                    + location("/", "Require valid-user", "AuthBearerHeader X-User sub"),
                    modules="http2 proxy proxy_http2")


def test_http2(h2_front):
    token = good()
    answer = h2_front.get("/index.html", [("X_User", "mallory"), ("X-User", "mallory"),
                                          ("Connection", "close, X-User")], token=token)
    assert (answer.status, answer.header("X-Protocol")) == (200, "HTTP/2.0")
    assert answer.all("X-User") == ["alice"] and answer.all("X_User") == []
    assert answer.all("Authorization") == []


def test_http2_from_the_client(h2_front):
    answer, = fetch(h2_front, [("x-user", "mallory"), ("x_user", "mallory"), bearer(good())])
    assert answer.all("x-user") == ["alice"]
