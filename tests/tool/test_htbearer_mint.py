"""htbearer mint: words become claims and header members."""

import pytest

import htbearer

CLAIM_ROWS = [
    (["claim=x=1"], {"x": 1}), (["claim=x=-1.5"], {"x": -1.5}), (["claim=x=true"], {"x": True}),
    (["claim=x=null"], {"x": None}), (['claim=x="1"'], {"x": "1"}), (["claim=x=a=b"], {"x": "a=b"}),
    (["claim=x="], {"x": ""}), (["claim=x=01"], {"x": "01"}),
    (["claim=x=2024-01-01"], {"x": "2024-01-01"}),
    (['claim=x={"y":[1,{}]}'], {"x": {"y": [1, {}]}}), (['claim=x=1,"y":2'], {"x": '1,"y":2'}),
    (["claim=x=9223372036854775807"], {"x": 9223372036854775807}),
    (["claim=x=\u00e9\t\""], {"x": "\u00e9\t\""}),
    (["audience=a"], {"aud": "a"}), (["audience=a,b"], {"aud": ["a", "b"]}),
    (["now=5", "ttl=7"], {"iat": 5, "exp": 12}), (["claim=exp=99"], {"exp": 99}),
    (["subject=a", 'json={"sub":"b","c":{"d":null}}'], {"sub": "b", "c": {"d": None}}),
    (["subject=a", 'json={"sub":null}'], {"sub": "absent"}),
    (['json={"x":1}', "claim=y=2"], {"x": 1, "y": 2}),
]


@pytest.mark.parametrize("words, wanted", CLAIM_ROWS, ids=range(len(CLAIM_ROWS)))
@pytest.mark.parametrize("typ", ["typ=JWT", "typ="])
def test_claims(keys, words, wanted, typ):
    _, claims = htbearer.opened(keys("HS256").mint(*words, typ))
    assert {name: claims.get(name, "absent") for name in wanted} == wanted


def test_header(keys):
    token = keys("HS256").mint("kid=a", 'header={"kid":"b","typ":null,"x":[1]}')
    header, _ = htbearer.opened(token)
    assert header == {"alg": "HS256", "kid": "b", "x": [1]}
