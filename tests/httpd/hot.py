"""What tests of tokens that are sent again and again share. Nothing of it knows of a cache: what is
asked for must hold with and without one, for the first request and for the hundredth."""

import itertools
import time

import client
from expect import passed, refused
from tokens import bearer, good

KEPT = "MaxKeepAliveRequests 0\n"       # whoever hangs on to one connection asks one process
_numbers = itertools.count(1)


class Line:
    """One connection after the other, a new one only where the server ended the last: one process
    answers, under prefork too, so that what it has seen before is known."""

    def __init__(self, server):
        self.port, self.connection = server.port, None

    def _ask(self, headers, path, check):
        self.connection = self.connection or client.Connection(self.port)
        answer = self.connection.request("GET", path, headers, check=check)
        if (answer.header("Connection") or "").lower() == "close":
            self.close()
        return answer

    def get(self, place, token=None, headers=(), check=True):
        """place: a path, or a host and a path. check: whether challenges are looked at."""
        host, path = place[:place.index("/")], place[place.index("/"):]
        headers = [*headers, *([bearer(token)] if token is not None else []),
                   *([("Host", host)] if host else [])]
        try:
            return self._ask(headers, path, check)
        except OSError:         # it was idle for too long
            self.close()
            return self._ask(headers, path, check)

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def fresh(alg="RS256", header=None, signer=None, ahead=(), **changes):
    """Makes a token that was never sent before, each time. ahead: (claim, seconds from now)."""
    def make():
        times = {name: int(time.time()) + seconds for name, seconds in ahead}
        return good(alg, header, signer, jti=f"number {next(_numbers)}", **times, **changes)
    return make


def check(server, answer, outcome, what=""):
    """outcome: a user behind `=`, or the reason of a refusal."""
    try:
        if outcome.startswith("="):
            passed(answer, outcome[1:])
        else:
            refused(server, answer, outcome, ...)
    except AssertionError as found:
        raise AssertionError(f"{what}: want {outcome}: {found}") from found


def thrice(server, line, place, token, outcome, what=""):
    for number in (1, 2, 3):
        check(server, line.get(place, token), outcome, f"{what} at {place}, time {number}")
