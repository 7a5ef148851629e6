import contextlib

import pytest

import htbearer
from issuer import Issuer


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    """The key of an algorithm, made once; skips what this OpenSSL does not offer."""
    made, offered = {}, htbearer.offered()

    def get(alg):
        if alg not in offered:
            pytest.skip(f"this OpenSSL does not offer {alg}")
        if alg not in made:
            made[alg] = htbearer.Keys(tmp_path_factory.mktemp(alg), alg)
        return made[alg]

    return get


@pytest.fixture
def serve():
    """Starts issuers, which end with the test."""
    with contextlib.ExitStack() as started:
        yield lambda *how, **more: started.enter_context(Issuer(*how, **more))
