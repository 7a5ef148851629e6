import pytest

import htbearer


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
