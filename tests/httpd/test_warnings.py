"""Warnings about what the text of the configuration shows: each warns, and is silent about the near
miss."""

import re

import pytest

from another import MODULE, bring
from expect import ANY_PATH, TRUST, location
from server import Httpd

ISSUERS = """    AuthName api
    AuthBearerIssuer https://as.example keys=jwks:{keys}/as.jwks %s
    AuthBearerIssuer https://b.example keys=jwks:{keys}/as.jwks %s
    AuthBearerAudience https://api.example
"""
ONE = """    AuthName api
    AuthBearerIssuer https://as.example keys=jwks:{keys}/as.jwks
    AuthBearerAudience https://api.example
"""
BARE = "    AuthType Bearer\n" + ONE
NAMED = "    AuthType Bearer\n    AuthName api\n"
TWO = "    AuthType Bearer\n" + ISSUERS
FILE = "    AuthType Basic\n    AuthBasicProvider file\n    AuthUserFile {root}/users\n"
BOTH = FILE + "    AuthBearer On\n" + ONE
ALICE = "Require user alice"
PATHS = 'AuthzSVNAccessFile "{root}/access"'
ALL = ("<RequireAll>", "Require all granted")
END = "</RequireAll>"
OPTIONAL, EVERYBODY = "AuthBearerOptional On", "Require all granted"


def section(kind, argument, *lines, trust=""):
    return f'<{kind} {argument}>\n{trust}' + "".join(f"{line}\n" for line in lines) + f"</{kind}>\n"


def host(*sections):
    return "<VirtualHost 127.0.0.1:9>\n" + "".join(sections) + "</VirtualHost>\n"


# name: (number of the warning or None, configuration)
ROWS = {
    # a section without Require
    "no rule": (9, location("/a")),
    "no rule, switched on": (9, location("/a", trust=BOTH)),
    "no rule, without a password": (9, location("/a", "AuthBearer On", trust=ONE)),
    "a rule": (None, location("/a", "Require scope read")),
    "everybody, as it is written": (None, location("/a", "Require all granted")),
    "a rule in a container": (None, location("/a", "<RequireAny>", "Require scope x",
                                             "</RequireAny>")),
    "a rule otherwise": (None, location("/a", "<If \"false\">", "Require ip ::1", "</If>", "<Else>",
                                        "Require scope x", "</Else>")),
    "a rule for a method": (None, location("/a", "<Limit GET>", "Require scope x", "</Limit>")),
    "a rule in a section inside": (None, location("/a", "<If \"true\">", "Require scope x",
                                                  "</If>")),
    "rules for addresses elsewhere": (9, location("/a") + section(
        "Location", '"/a/status"', "Require local") + section("Location", "/", "Require ip ::1")),
    "a rule further inside": (None, location("/a") + section("Location", '"/a/b"',
                                                             "Require valid-user")),
    "a rule further outside": (None, section("Location", "/", "Require valid-user")
                               + location("/a")),
    "a rule beside it": (9, location("/a") + section("Location", '"/ab"', "Require valid-user",
                                                     trust=BARE)),
    "a rule for other paths": (9, location("/a/b") + location("/a/c", "Require valid-user")),
    "a rule for the same path": (None, location("/a/") + section("Location", "/a",
                                                                 "Require scope x")),
    "a rule for paths that match": (None, location("/a") + section(
        "LocationMatch", '"^/x"', "Require valid-user")),
    "a rule for a wildcard": (None, location("/a") + section("Location", '"/x*"',
                                                             "Require scope x")),
    "a rule for a folder": (None, location("/a") + section(
        "Directory", '"{docs}/x"', "Require valid-user")),
    "a folder without": (9, section("Directory", '"{docs}/a"', trust=TRUST)),
    "a folder and one above": (None, section("Directory", '"{docs}/a"', trust=TRUST)
                               + section("Directory", '"{docs}"', "Require scope x")),
    "a section inside an open one": (9, section(
        "Directory", '"{docs}"', "Require all granted",
        section("Files", "x", trust=TRUST))),
    "a section inside a closed one": (None, section(
        "Directory", '"{docs}"', "Require valid-user", section("Files", "x", trust=TRUST))),
    "another host's rule": (9, host(location("/a"))
                            + host(section("Location", "/a", "Require valid-user"))),
    "the main server's rule": (None, host(location("/a"))
                               + section("Location", "/a", "Require valid-user")),
    "a host's rule for the main server": (None, location("/a") + host(
        section("Location", "/a", "Require valid-user"))),
    "a rule that only keeps out": (9, location("/a") + section(
        "Location", '"/a/b"', *ALL, "Require not user eve", END)),
    "an unknown word": (None, location("/a") + '<AuthzProviderAlias ip home "::1">\n'
                        "</AuthzProviderAlias>\n" + section("Location", '"/a/b"', "Require home")),
    "not ours": (None, section("Location", '"/a"', "AuthName x", trust=FILE)),
    # negation
    "not scope": (10, location("/a", *ALL, "Require not scope x", END)),
    "not claim": (10, location("/a", *ALL, "Require not claim sub eve", END)),
    "not issuer": (10, location("/a", *ALL, "Require not issuer https://b.example", END)),
    "not scope, and an address": (10, location("/a", "<RequireAll>", "Require ip ::1",
                                               "Require not scope x", END)),
    "not scope, and addresses": (10, location(
        "/a", "<RequireAll>", "<RequireAny>", "Require ip ::1", "Require local", "</RequireAny>",
        "Require not scope x", END)),
    "none of scopes": (10, location("/a", *ALL, "<RequireNone>", "Require scope x",
                                    "</RequireNone>", END)),
    "not scope, an alternative": (10, location("/a", "<RequireAny>", "Require scope y", *ALL,
                                               "Require not scope x", END, "</RequireAny>")),
    "not scope for a method": (10, location("/a", "Require scope y", "<Limit GET>", *ALL,
                                            "Require not scope x", END, "</Limit>")),
    "not scope of a user": (None, location("/a", "<RequireAll>", "Require valid-user",
                                           "Require not scope x", END)),
    "not scope of everybody with a scope": (None, location("/a", *ALL, "Require scope y",
                                                           "Require not scope x", END)),
    "not scope, deeper": (None, location("/a", "<RequireAll>", "Require valid-user", *ALL,
                                         "Require not scope x", END, END)),
    "not scope, or an alternative of a user": (None, location(
        "/a", "<RequireAll>", "<RequireAny>", "Require ip ::1", "Require valid-user",
        "</RequireAny>", "Require not scope x", END)),
    "not an address": (None, location("/a", *ALL, "Require not ip ::1", END)),
    "not scope, added to others": (None, location(
        "/a", "AuthMerging And", *ALL, "Require not scope x", END)),
    # names
    "two issuers": (11, location("/a", ALICE, trust=TWO % ("", ""))),
    "two issuers, and a group": (11, location("/a", "AuthGroupFile {root}/users",
                                              "Require group staff", trust=TWO % ("", ""))),
    "two issuers, an alternative": (11, location("/a", "<RequireAny>", ALICE, "Require scope x",
                                                 "</RequireAny>", trust=TWO % ("", ""))),
    "two issuers, everybody": (None, location("/a", "Require valid-user", trust=TWO % ("", ""))),
    "two issuers, not one name": (None, location("/a", "<RequireAll>", "Require valid-user",
                                                 "Require not user eve", END,
                                                 trust=TWO % ("", ""))),
    "two issuers, one prefix": (None, location("/a", ALICE, trust=TWO % ("", "user-prefix=b/"))),
    "two issuers, the same prefix": (11, location(
        "/a", ALICE, trust=TWO % ("user-prefix=b/", "user-prefix=b/"))),
    "two issuers, told apart": (None, location(
        "/a", "<RequireAll>", "Require issuer https://as.example", ALICE, END,
        trust=TWO % ("", ""))),
    "two issuers, only one not": (11, location(
        "/a", "<RequireAll>", "Require not issuer https://c.example", ALICE, END,
        trust=TWO % ("", ""))),
    "one issuer": (None, location("/a", ALICE, trust=BARE)),
    "two issuers of the server": (11, ISSUERS.replace("    AuthName api\n", "") % ("", "")
                                  + location("/a", ALICE,
                                             trust="AuthType Bearer\nAuthName api\n")),
    "two issuers of the server, one here": (None, ISSUERS.replace("    AuthName api\n", "")
                                            % ("", "") + location("/a", ALICE, trust=BARE)),
    "passwords beside": (11, location("/a", ALICE, trust=BOTH)),
    "passwords beside, a prefix": (None, location("/a", ALICE, trust=BOTH.replace(
        "as.jwks", "as.jwks user-prefix=idp/"))),
    "passwords alone": (15, location("/a", ALICE, trust=FILE + ONE)),
    "tokens as passwords beside others": (11, location("/a", ALICE, trust=(FILE + ONE).replace(
        "Provider file", "Provider bearer file"))),
    "tokens as passwords alone": (None, location("/a", ALICE, trust=(FILE + ONE).replace(
        "Provider file", "Provider bearer"))),
    "another provider beside": (11, MODULE + location("/a", "AuthBearerProvider jwt example",
                                                      ALICE, trust=BARE)),
    "another provider alone": (None, MODULE + location("/a", "AuthBearerProvider example", ALICE,
                                                       trust=BARE)),
    # Off
    "off inside": (12, location("/a", "Require valid-user") + section(
        "Location", '"/a/b"', "AuthBearer Off", "Require valid-user")),
    "off in a section inside": (12, location("/a", "Require valid-user",
                                             section("If", '"true"', "AuthBearer Off"))),
    "off in a folder": (12, section("Directory", '"{docs}"', "Require valid-user", trust=TRUST)
                        + section("Directory", '"{docs}/x"', "AuthBearer Off")),
    "off where another type is": (None, location("/a", "Require valid-user") + section(
        "Location", '"/a/b"', "AuthBearer Off", "AuthName x", "Require valid-user", trust=FILE)),
    "off where another type may be": (None, location("/a", "Require valid-user") + section(
        "LocationMatch", '"^/a/b"', "AuthName x", "Require valid-user", trust=FILE)
        + section("Location", '"/a/b/c"', "AuthBearer Off")),
    "off elsewhere": (None, location("/a", "Require valid-user")
                      + section("Location", '"/b"', "AuthBearer Off")),
    "off under a switch": (None, location("/a", "Require scope x", trust=BOTH)
                           + section("Location", '"/a/b"', "AuthBearer Off")),
    # rules of mod_authz_svn
    "a file of paths": (13, location("/a", PATHS, "Require scope x")),
    "a file of paths in each repository": (13, location(
        "/a", "AuthzSVNReposRelativeAccessFile access", "<RequireAny>", "Require user alice",
        "Require claim groups = x", "</RequireAny>")),
    "a file of paths around it": (13, location("/a", PATHS, "Require valid-user") + section(
        "Location", '"/a/b"', "Require issuer https://as.example")),
    "a file of paths for users": (None, location("/a", PATHS, "Require valid-user")),
    "a file of paths elsewhere": (None, location("/a", "Require scope x")
                                  + location("/b", PATHS, "Require valid-user")),
    # report mode
    "reported": (14, location("/a", "AuthBearerEnforce report", "Require valid-user")),
    "reported, otherwise written": (14, location("/a", 'authbearerenforce "Report"',
                                                 "Require valid-user")),
    "reported in a whole server": (14, "AuthBearerEnforce report\n"),
    "reported in a host": (14, host("AuthBearerEnforce report\n")),
    "reported in a section inside": (14, section("Directory", '"{docs}"', section(
        "Files", "x", "AuthBearerEnforce report"))),
    "enforced": (None, location("/a", "AuthBearerEnforce on", "Require valid-user")),
    # optional
    "optional": (None, location("/a", OPTIONAL, "Require valid-user")),
    "optional, switched on": (None, location("/a", OPTIONAL, "Require valid-user", trust=BOTH)),
    "optional where nothing is on": (15, section("Location", '"/a"', OPTIONAL, EVERYBODY)),
    "optional below another place": (15, location("/b", "Require valid-user") + section(
        "Location", '"/a"', OPTIONAL, EVERYBODY)),
    "optional with passwords": (15, section("Location", '"/a"', OPTIONAL, "AuthName x",
                                            "Require valid-user", trust=FILE)),
    "optional inside": (None, location("/a", "Require valid-user") + section(
        "Location", '"/a/b"', OPTIONAL, EVERYBODY)),
    "optional in a folder": (None, location("/a", "Require valid-user") + section(
        "Directory", '"{docs}"', OPTIONAL, EVERYBODY)),
    "optional, on in the whole server": (None, "AuthBearer On\n" + section(
        "Location", '"/a"', OPTIONAL, EVERYBODY)),
    "optional, on in its host": (None, host("AuthBearer On\n", section(
        "Location", '"/a"', OPTIONAL, EVERYBODY))),
    "optional, on in another host": (15, host("AuthBearer On\n") + host(section(
        "Location", '"/a"', OPTIONAL, EVERYBODY))),
    # what else is idle where nothing is on
    "issuers": (15, section("Location", '"/a"', "Require local", trust=ONE)),
    "the last of two types": (15, location("/a", trust=BARE + FILE + "Require valid-user\n")),
    "the last of two types is ours": (None, location("/a", trust=FILE + BARE
                                                     + "Require valid-user\n")),
    "a type that is misspelt": (15, location("/a", "Require valid-user", trust=BARE.replace(
        "Type Bearer", "Type Baerer"))),
    "a way beside passwords": (15, location("/a", "AuthBearerTokenFrom basic", "AuthName x",
                                            "Require valid-user", trust=FILE)),
    "a token as password": (None, location("/a", "Require valid-user", trust=(
        FILE + ONE).replace("Provider file", "Provider bearer"))),
    "issuers for .htaccess": (None, section("Directory", '"{docs}/a"', "AllowOverride AuthConfig",
                                            "Require local", trust=ONE)),
    "issuers for a type that is computed": (None, section(
        "Location", '"/a"', 'AuthType "%{tolower:BEARER}"', "Require valid-user", trust=ONE)),
    "a token as password, by an alias": (None, "<AuthnProviderAlias bearer tokens>\n"
                                         "</AuthnProviderAlias>\n" + location(
        "/a", "Require valid-user", trust=(FILE + ONE).replace("Provider file",
                                                               "Provider tokens"))),
    "issuers for a section inside": (None, section("Location", "/", "Require local", trust=ONE)
                                     + location("/a", "Require valid-user")),
    # a rule for everybody
    "everybody, or a scope": (16, location("/a", EVERYBODY, "Require scope x")),
    "everybody, or a user": (16, location("/a", "Require valid-user", "require all Granted")),
    "everybody, or a scope, in a container": (16, location(
        "/a", "<RequireAny>", "Require claim sub x", EVERYBODY, "</RequireAny>")),
    "everybody, or a scope, deeper": (16, location(
        "/a", "<RequireAll>", "Require ip ::1", "<RequireAny>", EVERYBODY, "Require scope x",
        "</RequireAny>", END)),
    "everybody, or a scope, of those with a user": (None, location(
        "/a", "<RequireAll>", "Require valid-user", "<RequireAny>", EVERYBODY, "Require scope x",
        "</RequireAny>", END)),
    "everybody, added to others": (None, location("/a", "Require valid-user") + location(
        "/a/b", "AuthMerging And", EVERYBODY, "Require scope x")),
    "everybody, or more rules": (16, location("/a", EVERYBODY, "<RequireAll>", "Require scope x",
                                              "Require ip ::1", END)),
    "everybody, or a method's scope": (16, location(
        "/a", EVERYBODY, "<LimitExcept GET>", "Require scope x", "</LimitExcept>")),
    "everybody for a method": (None, location("/a", "<Limit GET>", EVERYBODY, "</Limit>",
                                              "Require scope x")),
    "everybody and a scope": (None, location("/a", *ALL, "Require scope x", END)),
    "everybody, or an address": (None, location("/a", EVERYBODY, "Require ip ::1")),
    "everybody outside": (None, section("Directory", '"{docs}"', EVERYBODY, section(
        "Files", "x", "Require scope x", trust=BARE))),
    "everybody, or a user of others": (None, section("Location", '"/a"', EVERYBODY, "AuthName x",
                                                     "Require valid-user", trust=FILE)),
    "nobody, or a scope": (None, location("/a", "Require all denied", "Require scope x")),
    # no issuer
    "no issuer": (17, section("Location", '"/a"', "Require valid-user", trust=NAMED)),
    "an issuer elsewhere": (17, location("/b", "Require valid-user") + section(
        "Location", '"/a"', "Require valid-user", trust=NAMED)),
    "another host's issuer": (17, host(ONE.replace("    AuthName api\n", "")) + host(section(
        "Location", '"/a"', "Require valid-user", trust=NAMED))),
    "the host's issuer": (None, host(ONE.replace("    AuthName api\n", ""), section(
        "Location", '"/a"', "Require valid-user", trust=NAMED))),
    "a host's issuer for the server's section": (None, host(ONE.replace(
        "    AuthName api\n", "")) + section("Location", '"/a"', "Require valid-user",
                                             trust=NAMED)),
    "the server's issuer": (None, ONE.replace("    AuthName api\n", "") + section(
        "Location", '"/a"', "Require valid-user", trust=NAMED)),
    "an issuer of a section around it": (None, section("Location", "/", "Require valid-user",
                                                       trust=BARE)
                                         + section("Location", '"/a"', "Require valid-user",
                                                   trust=NAMED)),
    "another provider": (None, MODULE + section("Location", '"/a"', "AuthBearerProvider example",
                                                "Require valid-user", trust=NAMED)),
    "not optional": (None, section("Location", '"/a"', "AuthBearerOptional Off", EVERYBODY)),
    # the realm
    "no name": (4, location("/a", "Require valid-user", trust=BARE.replace("AuthName api", ""))),
    "a name around it": (None, section(
        "Directory", '"{docs}"', "AuthName x", "Require valid-user", section(
            "Files", "x", "Require valid-user", trust=BARE.replace("AuthName api", "")))),
}


@pytest.fixture(scope="module")
def workshop():
    server = Httpd(modules="dav dav_svn authz_svn")
    server.write_keys()
    bring(server.root)
    yield server
    server.remove()


@pytest.mark.parametrize("name", ROWS)
def test_a_test_of_the_configuration_warns(workshop, name):
    number, conf = ROWS[name]
    workshop.configure(conf)
    code, text = workshop.configtest()
    assert code == 0, text
    wanted = [] if number is None else [f"AB03{number:02}"]
    assert re.findall(r"\[auth_bearer:warn\] .*(AB\d{4}): ", text) == wanted, text
    assert all(re.search(r"\(\S+/httpd\.conf:\d+\)", line) for line in text.splitlines()
               if "AB03" in line), text


def test_keys_that_everybody_may_write(start):
    def prepare(server):
        server.write_keys()
        server.write_keys("open.jwks")
        (server.keys / "open.jwks").chmod(0o666)

    conf = location("/a", "Require valid-user") + location(
        "/b", "Require valid-user", trust=BARE.replace("as.jwks", "open.jwks"))
    server = start(ANY_PATH + conf, prepare=prepare)
    server.expect_log(r"\[auth_bearer:warn\] .*AB0318: the file .*/open\.jwks can be written")
    assert len(re.findall("AB0318", server.log())) == 1


def test_each_start_warns_once(start):
    names = ["no rule", "not scope", "two issuers"]
    paths = iter(("/one", "/two", "/three"))
    conf = "".join(ROWS[name][1].replace('"/a"', f'"{next(paths)}"') for name in names)
    conf += location("/out", "Require valid-user") + section(
        "Location", '"/out/b"', "AuthBearer Off", "Require valid-user")
    server = start(ANY_PATH + conf, prepare=lambda one: one.write_keys())
    numbers = ("AB0309", "AB0310", "AB0311", "AB0312")
    server.expect_log(*numbers)
    assert [server.log().count(number) for number in numbers] == [1, 1, 1, 1]
    server.graceful()
    assert [server.log().count(number) for number in numbers] == [2, 2, 2, 2]


@pytest.mark.mpm
def test_what_is_warned_of_is_so(start):
    """Open without a token: the warnings are not in vain."""
    conf = ANY_PATH + "".join(ROWS[name][1].replace('"/a"', f'"/{number}"')
                              for number, name in enumerate(("no rule", "not scope")))
    conf += location("/out", "Require valid-user") + section(
        "Location", '"/out/b"', "AuthBearer Off", "Require valid-user")
    server = start(conf, prepare=lambda one: one.write_keys())
    server.expect_log("AB0309", "AB0310", "AB0312")
    for path, status in (("/0", 200), ("/1", 200), ("/out/b", 401)):
        assert server.get(path).status == status, path
