import pytest

import htbearer
import issuer


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
    started = []

    def start(*how, **more):
        started.append(issuer.Issuer(*how, **more))
        return started[-1]

    yield start
    for one in started:
        one.close()
