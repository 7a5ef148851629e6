"""Tokens in the shapes of well-known issuers, under the configurations of shapes.py.

shapes.mjs makes them with npm jose, and in each key set further keys that must be passed over.
"""

import json

import pytest

import parts
from expect import ANY_PATH, ECHO, location, passed, refused
from shapes import SECTIONS
from tokens import remember

ROWS = [(section, row) for section in SECTIONS for row in section.rows]
TRUST = "    AuthType Bearer\n    AuthName api\n"


def variant(changes):
    """What shapes.mjs wants; a name that ends in a colon is a header member."""
    header = {name[:-1]: value for name, value in changes.items() if name.endswith(":")}
    return {"header": header,
            "claims": {name: value for name, value in changes.items() if not name.endswith(":")}}


@pytest.fixture(scope="module")
def made():
    """Per shape its key set and its tokens, the ordinary one first."""
    wanted = {section.shape: [variant({})] for section in SECTIONS}
    for section, (changes, _) in ROWS:
        wanted[section.shape].append(variant(changes))
    answer = parts.ask_node("shapes.mjs", wanted)
    for shape, variants in wanted.items():
        tokens = [remember(token) for token in answer[shape]["tokens"]]
        answer[shape]["tokens"] = {repr(one): token for one, token in zip(variants, tokens)}
    return answer


@pytest.fixture(scope="module")
def server(serve, made):
    conf = "".join(location(f"/{section.name}", *section.lines, trust=TRUST)
                   for section in SECTIONS)
    files = {f"keys/{shape}.jwks": json.dumps(one["jwks"]) for shape, one in made.items()}
    server = serve(ECHO + ANY_PATH + conf, files)
    for shape in made:
        server.expect_log(rf'kid "{shape}-3", is skipped')
    return server


def test_fourteen_shapes(made):
    assert len(made) == 14


@pytest.mark.parametrize("section", [section for section in SECTIONS if section.user],
                         ids=lambda section: section.name)
def test_accepted(server, made, section):
    token = made[section.shape]["tokens"][repr(variant({}))]
    passed(server.get(f"/{section.name}", token=token), section.user)


@pytest.mark.parametrize("section, row", ROWS, ids=lambda one: getattr(one, "name", None))
def test_refused(server, made, section, row):
    changes, reason = row
    token = made[section.shape]["tokens"][repr(variant(changes))]
    refused(server, server.get(f"/{section.name}", token=token), reason, scope=...)


def test_each_only_at_home(server, made):
    """No shape's token passes at another's section, but the one of the same issuer and audience."""
    for section in SECTIONS:
        for shape, one in made.items():
            if shape != section.shape:
                answer = server.get(f"/{section.name}", token=one["tokens"][repr(variant({}))])
                assert answer.status == 401, (section.name, shape, answer)
    server.expect_log(r"refused: issuer_unknown", r"refused: key_unknown")
