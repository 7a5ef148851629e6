"""Makers of tokens for tables: each call gives a function that mints one when its row is run."""

import hmac
import json
import time

from tokens import claims, good, key, mint


def parts(position, change):
    """A good token with one part changed."""
    def make():
        pieces = good().split(".")
        pieces[position] = change(pieces[position])
        return ".".join(pieces)
    return make


def signed(header=None, **changes):
    return lambda: good(header=header, **changes)


def raw(payload):
    """A token over these very bytes (or what the function returns), rightly signed."""
    return lambda: mint(key("rsa"), "RS256", payload() if callable(payload) else payload)


def reshaped(change):
    """A token over the JSON text of ordinary claims, changed."""
    return raw(lambda: change(json.dumps(claims()).encode()))


def raw_header(text):
    return lambda: mint(key("rsa"), "RS256", claims(), text)


def deep(levels):
    """Ordinary claims and one that makes so many levels."""
    nest = b"[" * (levels - 1) + b"]" * (levels - 1)
    return reshaped(lambda text: text[:-1] + b',"d":' + nest + b"}")


def later(**offsets):
    """Claims that are so many seconds from now."""
    return lambda: good(**{name: int(time.time()) + seconds for name, seconds in offsets.items()})


class EmptySecret:
    """Signs as HMAC with no key at all."""
    kid = None

    @staticmethod
    def sign(alg, data):
        return hmac.new(b"", data, f"sha{alg[2:]}").digest()


def stray_bits(part):
    """The last character with bits set that no byte has."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert len(part) % 4 in (2, 3)
    return part[:-1] + alphabet[alphabet.index(part[-1]) | 1]
