"""Sections inside sections, virtual hosts, .htaccess: what is inherited, replaced and added to."""

import pytest

from expect import ANY_PATH, ECHO, TRUST, location, passed, refused
from makers import later, signed
from tokens import good, key

VALID = "Require valid-user"
ISSUER = "AuthBearerIssuer https://as.example keys=jwks:{keys}/as.jwks"
OTHER = "AuthBearerIssuer https://other.example keys=jwks:{keys}/as.jwks"

CONF = ECHO + ANY_PATH + """
ServerName localhost
<VirtualHost *:{port}>
    ServerName one.example
    AuthBearerAudience https://one.example
    <Location "/vhost">
        AuthType Bearer
        AuthName one
        Require valid-user
    </Location>
""" + ANY_PATH + """</VirtualHost>
<VirtualHost *:{port}>
    ServerName two.example
    AuthBearerIssuer https://other.example keys=jwks:{keys}/as.jwks
    AuthBearerAudience https://two.example
    <Location "/vhost">
        AuthType Bearer
        AuthName two
        Require valid-user
    </Location>
""" + ANY_PATH + """</VirtualHost>
<VirtualHost *:{port}>
    ServerName rest.example
""" + ANY_PATH + "".join([
    location("/leeway", "AuthBearerLeeway 120", VALID),
    location("/leeway/same", trust=""),
    location("/leeway/default", "AuthBearerLeeway 30", trust=""),
    location("/leeway/none", "AuthBearerLeeway 0", trust=""),
    location("/aud", "AuthBearerAudience https://second.example", VALID),
    location("/aud/inner", "AuthBearerAudience https://inner.example", trust=""),
    location("/aud/any", "AuthBearerAudience any", trust=""),
    location("/aud/any/back", "AuthBearerAudience https://inner.example", trust=""),
    location("/iss", OTHER, VALID),
    location("/iss/inner", OTHER, trust=""),
    location("/user", "AuthBearerUser email", "AuthBearerUser sub", VALID),
    location("/user/inner", "AuthBearerUser client_id", trust=""),
    location("/scope", "AuthBearerScopeClaim roles", "Require scope read"),
    location("/scope/inner", "AuthBearerScopeClaim groups roles", trust=""),
    location("/detail", "AuthBearerErrorDetail Off", VALID),
    location("/detail/on", "AuthBearerErrorDetail On", trust=""),
    location("/off", VALID),
    location("/off/inner", "AuthType None", "Require all granted", trust=""),
    location("/on", "AuthBearer On", VALID, trust=TRUST.replace(
        "AuthType Bearer", "AuthType Basic\n    AuthUserFile {root}/users")),
    location("/on/inner", "AuthBearer Off", trust=""),
    location("/if", VALID) + '<If "%{REQUEST_URI} =~ m#^/if/inner#">\n'
    "    AuthBearerAudience https://inner.example\n</If>\n",
    location("/bare", VALID, trust="    AuthType Bearer\n    AuthName api\n"),
]) + "</VirtualHost>\n"


@pytest.fixture(scope="module")
def server(serve):
    return serve(ISSUER + "\nAuthBearerAudience https://server.example\n" + CONF,
                 {"users": "", "docs/.htaccess": ""})


# (host, path, what makes the token, user after `=`, or reason)
ROWS = [
    ("rest.example", "/leeway", later(exp=-100), "=alice"),
    ("rest.example", "/leeway/same", later(exp=-100), "=alice"),
    ("rest.example", "/leeway/default", later(exp=-100), "expired"),
    ("rest.example", "/leeway/default", later(exp=-20), "=alice"),
    ("rest.example", "/leeway/none", later(exp=-2), "expired"),
    ("rest.example", "/aud", signed(), "=alice"),
    ("rest.example", "/aud", signed(aud="https://second.example"), "=alice"),
    ("rest.example", "/aud", signed(aud="https://server.example"), "audience_wrong"),
    ("rest.example", "/aud/inner", signed(aud="https://inner.example"), "=alice"),
    ("rest.example", "/aud/inner", signed(), "audience_wrong"),
    ("rest.example", "/aud/any", signed(aud=None), "=alice"),
    ("rest.example", "/aud/any/back", signed(aud=None), "audience_wrong"),
    ("rest.example", "/aud/any/back", signed(aud="https://inner.example"), "=alice"),
    ("rest.example", "/iss", signed(), "=alice"),
    ("rest.example", "/iss", signed(iss="https://other.example"), "=alice"),
    ("rest.example", "/iss/inner", signed(iss="https://other.example"), "=alice"),
    ("rest.example", "/iss/inner", signed(), "issuer_unknown"),
    ("rest.example", "/user", signed(email="e@x.example"), "=e@x.example"),
    ("rest.example", "/user", signed(), "=alice"),
    ("rest.example", "/user/inner", signed(client_id="svc", email="e"), "=svc"),
    ("rest.example", "/user/inner", signed(), "user_missing"),
    ("rest.example", "/scope", signed(roles=["read"]), "=alice"),
    ("rest.example", "/scope", signed(), "scope_lacking"),
    ("rest.example", "/scope/inner", signed(groups="read x"), "=alice"),
    ("rest.example", "/on", signed(), "=alice"),
    ("rest.example", "/if", signed(), "=alice"),
    ("rest.example", "/if/inner", signed(), "audience_wrong"),
    ("rest.example", "/if/inner", signed(aud="https://inner.example"), "=alice"),
    ("rest.example", "/bare", signed(aud="https://server.example"), "=alice"),
    ("one.example", "/vhost", signed(aud="https://one.example"), "=alice"),
    ("one.example", "/vhost", signed(aud="https://server.example"), "audience_wrong"),
    ("one.example", "/vhost", signed(aud="https://two.example"), "audience_wrong"),
    ("two.example", "/vhost", signed(iss="https://other.example", aud="https://two.example"),
     "=alice"),
    ("two.example", "/vhost", signed(aud="https://two.example"), "issuer_unknown"),
    ("two.example", "/vhost", signed(aud="https://one.example"), "issuer_unknown"),
]


@pytest.mark.mpm
@pytest.mark.parametrize("host, path, make, outcome", ROWS,
                         ids=[f"{n} {row[0]} {row[1]} {row[3]}" for n, row in enumerate(ROWS)])
def test_inherited(server, host, path, make, outcome):
    answer = server.get(path, [("Host", host)], token=make())
    if outcome.startswith("="):
        passed(answer, outcome[1:])
    else:
        refused(server, answer, outcome, ...)


def test_realm_of_each_host(server):
    for host, realm in (("one.example", "one"), ("two.example", "two")):
        assert server.get("/vhost", [("Host", host)]).bearer == {"realm": realm}


def test_switched_off_inside(server):
    host = ("Host", "rest.example")
    assert server.get("/off", [host]).status == 401
    assert server.get("/off/inner", [host]).status == 200
    assert [value.split()[0] for value in server.get("/on/inner", [host]).challenges] == ["Basic"]
    assert server.get("/on/inner", [host], token=good()).status == 401


def test_detail_back_on(server):
    forged = good(signer=key("rsa", 2), header={"kid": "rsa-1"})
    host = ("Host", "rest.example")
    assert "error_description" not in server.get("/detail", [host], token=forged).bearer
    refused(server, server.get("/detail/on", [host], token=forged), "signature_bad")
