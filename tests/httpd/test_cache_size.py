"""AuthBearerCache: what it says is what the server says it does, and however little is remembered,
the answers are the same."""
import os

import pytest

from expect import ANY_PATH, ECHO, location, passed
from hot import KEPT, Line, fresh

# (directive, tokens, bytes); None: the default, which differs for servers without threads
SIZES = [
    ("", None, None),
    ("AuthBearerCache Off", 0, 0),
    ("AuthBearerCache off", 0, 0),
    ("AuthBearerCache entries=16", 16, 32768),
    ("AuthBearerCache entries=50000", 50000, 102400000),
    ("AuthBearerCache bytes=64K", 64, 65536),
    ("AuthBearerCache bytes=1m", 1024, 1048576),
    ("AuthBearerCache entries=2k bytes=3M", 2048, 3145728),
    ("AuthBearerCache bytes=65536 entries=100", 100, 65536),
]


@pytest.mark.mpm
@pytest.mark.parametrize("directive, entries, size", SIZES)
def test_so_many_tokens_and_the_right_user_each_time(start, directive, entries, size):
    if entries is None:
        entries = 1000 if os.environ["BEARER_MPM"] == "prefork" else 10000
        size = entries * 2048
    server = start(KEPT + ECHO + ANY_PATH + f"{directive}\n"
                   + location("/p", "Require valid-user"),
                   prepare=lambda server: server.write_keys())
    server.wait_log(f"each process remembers {entries} tokens in {size} bytes at most")
    tokens = {f"user{number}": fresh("ES256", sub=f"user{number}")() for number in range(60)}
    with Line(server) as line:
        for _ in range(3):
            for user, token in tokens.items():
                passed(line.get("/p", token), user)
