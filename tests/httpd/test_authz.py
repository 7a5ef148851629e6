"""Require lines in any company: who passes, who is told 403, which scopes the challenge names."""

import pytest

from expect import ANY_PATH, ECHO, TRUST, location, log_line, passed, refused
from tokens import good, key

ALICE, NOBODY = {}, None


class Rules:
    """A section with these rules, and rows of (claims of the token, outcome).

    Claims None: no token. Outcomes: True: passes; "a b": 401 or 403 whose challenge names these
    scopes; "": 401 or 403 whose challenge names none; False: 403 by another rule, no challenge."""

    def __init__(self, name, text, *rows):
        self.name, self.text, self.rows = name, text, rows
        self.path = "/r/" + name.replace(" ", "-")


def scope(words):
    return {"scope": words}


def all_of(*lines):
    return "<RequireAll>\n" + "\n".join(lines) + "\n</RequireAll>"


def any_of(*lines):
    return "<RequireAny>\n" + "\n".join(lines) + "\n</RequireAny>"


def none_of(*lines):
    return "<RequireNone>\n" + "\n".join(lines) + "\n</RequireNone>"


RULES = [
    # scopes
    Rules("one scope", "Require scope read", (scope("read"), True), (scope("x read y"), True),
          (scope("write"), "read"), (scope("readx"), "read"), (scope("rea"), "read"),
          (scope("READ"), "read"),
          (scope(""), "read"), (scope(None), "read"), (NOBODY, "read"),
          (scope(["read"]), True), (scope(["read write"]), "read"),
          ({"scope": None, "scp": ["read"]}, True), ({"scope": None, "scp": "read"}, True),
          ({"scope": "x", "scp": ["y", "read"]}, True)),
    Rules("two words", "Require scope read write", (scope("read"), "read write"),
          (scope("write read"), True),
          (NOBODY, "read write")),
    Rules("two lines", "Require scope read\nRequire scope admin", (scope("admin"), True),
          (scope("read"), True),
          (scope("x"), "read"), (NOBODY, "read")),
    Rules("all", all_of("Require scope a", "Require scope b c"), (scope("a b c"), True),
          (scope("a"), "a b c"),
          (scope("b"), "a b c"), (NOBODY, "a b c")),
    Rules("any of sets", any_of("Require scope a b", "Require scope c d e"),
          (scope("c d"), "c d e"),
          (scope("x"), "a b"), (scope("a"), "a b"), (NOBODY, "a b"), (scope("e d c"), True)),
    Rules("fewest lacking first", any_of("Require scope a b", "Require scope c"), (scope("a"), "c"),
          (NOBODY, "c"), (scope("b a"), True)),
    Rules("any in all", all_of("Require scope base", any_of("Require scope x", "Require scope y")),
          (scope("base y"), True), (scope("base"), "base x"), (scope("y"), "base y"),
          (NOBODY, "base x")),
    Rules("all in any", any_of(all_of("Require scope a", "Require scope b"), "Require scope c d e"),
          (scope("a"), "a b"), (scope("c d"), "c d e"), (scope("c d e"), True)),
    Rules("deep", all_of("Require valid-user",
                         any_of(all_of("Require scope a", none_of("Require scope b")),
                                                      "Require scope c")),
          (scope("a"), True), (scope("a b"), "c"), (scope("b"), "c"), (scope(""), "a"),
          (NOBODY, "a")),
    Rules("odd scope", "Require scope https://api.example/read:all",
          (scope("https://api.example/read:all"), True),
          (scope("x"), "https://api.example/read:all")),
    # negation: a banned scope is never advertised
    Rules("banned", all_of("Require valid-user", "Require not scope banned"), (scope("read"), True),
          (scope("banned"), False), (scope("x banned"), False), (NOBODY, "")),
    Rules("banned and wanted", all_of("Require scope read", "Require not scope banned"),
          (scope("read"), True),
          (scope("banned"), False), (scope("x"), "read"), (scope("read banned"), False),
          (NOBODY, "read")),
    Rules("none", all_of("Require valid-user",
                         none_of("Require scope banned", "Require claim role = guest")),
          (ALICE, True), (scope("banned"), False), ({"role": "guest"}, False),
          ({"role": "admin"}, True)),
    # with the rules of httpd
    Rules("valid user", "Require valid-user", (ALICE, True), (NOBODY, "")),
    Rules("user", "Require user alice bob", (ALICE, True), ({"sub": "bob"}, True),
          ({"sub": "eve"}, False), (NOBODY, "")),
    Rules("user and scope", all_of("Require user alice", "Require scope read"),
          (scope("read"), True),
          (scope("x"), "read"), ({"sub": "eve"}, False), ({"sub": "eve", "scope": "x"}, False),
          (NOBODY, "read")),
    Rules("user or scope", any_of("Require user alice", "Require scope read"), (scope("x"), True),
          ({"sub": "eve", "scope": "x"}, "read"), ({"sub": "eve"}, True), (NOBODY, "")),
    Rules("scope or valid user", any_of("Require scope read", "Require valid-user"),
          (scope("x"), True), (NOBODY, "")),
    Rules("ip holds", all_of("Require ip 127.0.0.1", "Require scope read"), (scope("read"), True),
          (scope("x"), "read"), (NOBODY, "read")),
    Rules("group file", "AuthGroupFile {root}/groups\nRequire group staff", (ALICE, True),
          ({"sub": "eve"}, False)),
    Rules("alias", "Require reader", (scope("read"), True), (scope("x"), "read"), (NOBODY, "read")),
    Rules("not alias", all_of("Require valid-user", "Require not reader"), (scope("read"), False),
          (scope("x"), True)),
    # issuers
    Rules("issuer", "Require issuer https://as.example https://third.example", (ALICE, True),
          ({"iss": "https://other.example"}, False), (NOBODY, "")),
    Rules("issuer or scope", any_of("Require issuer https://other.example", "Require scope admin"),
          ({"iss": "https://other.example"}, True), (ALICE, "admin")),
    # expressions
    Rules("expr", "Require expr bearer('email') =~ /@example\\.com$/",
          ({"email": "a@example.com"}, True),
          ({"email": "a@example.org"}, False), (ALICE, False), (NOBODY, "")),
    Rules("expr list", "Require expr 'admin' in bearer('realm_access.roles')",
          ({"realm_access": {"roles": ["x", "admin"]}}, True),
          ({"realm_access": {"roles": ["x"]}}, False),
          ({"realm_access": {"roles": "admin"}}, True), (NOBODY, "")),
    Rules("expr number", "Require expr bearer('level') -ge 3", ({"level": 3}, True),
          ({"level": 2}, False)),
    Rules("expr boolean", "Require expr bearer('ok') == 'true'", ({"ok": True}, True),
          ({"ok": "true"}, True),
          ({"ok": False}, False)),
    Rules("expr and scope", all_of("Require expr bearer('email') != ''", "Require scope read"),
          ({"email": "x"}, True), ({"email": "x", "scope": "y"}, "read"), (ALICE, False)),
]

# Operators of Require claim: (arguments, claims that pass, claims that do not)
CLAIMS = [
    ("role = admin", [{"role": "admin"}, {"role": ["x", "admin"]}],
     [{}, {"role": "admins"}, {"role": "Admin"}, {"role": ["x"]}, {"role": {"admin": 1}},
      {"role": True}, {"role": ""}]),
    ("role admin", [{"role": "admin"}], [{"role": "x"}]),
    ("role = a b", [{"role": "a"}, {"role": "b"}, {"role": ["c", "b"]}],
     [{"role": "c"}, {"role": "a b"}]),
    ('role = "a b"', [{"role": "a b"}], [{"role": "a"}]),
    ("n = 5", [{"n": 5}, {"n": 5.0}, {"n": [1, 5]}], [{"n": "5"}, {"n": 6}, {"n": True}]),
    ('n = "5"', [{"n": "5"}], [{"n": 5}]),
    ("n = 9007199254740993", [{"n": 9007199254740993}], [{"n": 9007199254740992}]),
    ("ok = true", [{"ok": True}, {"ok": [False, True]}],
     [{"ok": "true"}, {"ok": False}, {"ok": 1}, {}]),
    ('ok = "true"', [{"ok": "true"}], [{"ok": True}]),
    ("ok = false", [{"ok": False}], [{"ok": None}, {"ok": 0}, {}]),
    ("role != guest", [{"role": "admin"}, {"role": ["a"]}],
     [{}, {"role": "guest"}, {"role": ["a", "guest"]}]),
    ("role != a b", [{"role": "c"}], [{"role": "a"}, {"role": "b"}]),
    ("role ~ ^adm", [{"role": "admin"}, {"role": ["x", "adm"]}],
     [{"role": "xadm"}, {}, {"role": 5}]),
    ("role ~ ^a$", [{"role": "a"}], [{"role": "a\n"}, {"role": "ab"}]),
    ("role !~ ^adm", [{"role": "x"}], [{}, {"role": "admin"}, {"role": ["x", "admin"]}]),
    ("level < 3", [{"level": 2}, {"level": -1}, {"level": 2.9}],
     [{"level": 3}, {"level": "2"}, {}]),
    ("level <= 3", [{"level": 3}], [{"level": 3.1}, {"level": "3"}]),
    ("level > 3", [{"level": 4}, {"level": 3.5}], [{"level": 3}, {"level": True}]),
    ("level >= -1.5", [{"level": -1.5}], [{"level": -2}]),
    ("role exists", [{"role": "x"}, {"role": ""}, {"role": []}, {"role": False}], [{}]),
    ("realm_access.roles = admin", [{"realm_access": {"roles": ["admin"]}}],
     [{"realm_access": {"roles": []}}, {"realm_access": ["roles"]},
      {"realm_access.roles": ["admin"]}, {}]),
    ("/kubernetes.io/namespace = prod", [{"kubernetes.io": {"namespace": "prod"}}],
     [{"kubernetes": {"io": {"namespace": "prod"}}}]),
    ("/https:~1~1x.example~1roles = a", [{"https://x.example/roles": ["a"]}],
     [{"https:~1~1x.example~1roles": "a"}]),
    ("/list/1 = b", [{"list": ["a", "b"]}], [{"list": ["b", "a"]}, {"list": ["b"]}]),
    ("sub = alice", [{}], [{"sub": "bob"}]),
    ("scope = read", [{}], [{"scope": "read write"}]),
]
for _number, (_arguments, _yes, _no) in enumerate(CLAIMS):
    RULES.append(Rules(f"claim {_number}", f"Require claim {_arguments}",
                       *[(row, True) for row in _yes],
                       *[(row, False) for row in _no]))

OTHER = "    AuthBearerIssuer https://other.example keys=jwks:{keys}/as.jwks\n"
CONF = (ECHO + ANY_PATH + '<AuthzProviderAlias scope reader "read">\n</AuthzProviderAlias>\n'
        + "".join(location(rule.path, rule.text, trust=TRUST + OTHER) for rule in RULES))
ROWS = [(rule, row) for rule in RULES for row in rule.rows]


@pytest.fixture(scope="module")
def server(serve):
    server = serve(CONF, {"groups": "staff: alice bob\n"})
    server.expect_log("AB0311: ")           # names where there are two issuers
    return server


def judge(server, answer, claims, outcome):
    if outcome is True:
        passed(answer, claims.get("sub", "alice"))
    elif outcome is False:
        refused(server, answer, "rule_denied")
    elif claims is NOBODY:
        refused(server, answer, "no_token", outcome or None)
    else:
        refused(server, answer, "scope_lacking", outcome)


@pytest.mark.mpm
@pytest.mark.parametrize("rule, row", ROWS, ids=[f"{rule.name}-{row[0]}-{row[1]}" for rule,
                                                 row in ROWS])
def test_rules(server, rule, row):
    claims, outcome = row
    token = None if claims is NOBODY else good(**claims)
    judge(server, server.get(rule.path, token=token), claims, outcome)


@pytest.mark.parametrize("rule", [rule for rule in RULES if not rule.name.startswith("claim")],
                         ids=lambda rule: rule.name)
def test_a_bad_token_is_401_whatever_the_rules(server, rule):
    answer = server.get(rule.path, token=good(signer=key("rsa", 2), header={"kid": "rsa-1"}))
    refused(server, answer, "signature_bad")


# Sections that need more than rules

SECTIONS = ECHO + """
AliasMatch "^/(limit|except|open|ip|deny|send|merge|if)" "{docs}/index.html"
<Location "/limit">
""" + TRUST + """
    <Limit POST>
        Require scope write
    </Limit>
    <LimitExcept POST>
        Require scope read
    </LimitExcept>
</Location>
<Location "/ip">
""" + TRUST + all_of("Require ip 192.0.2.1", "Require scope read") + """
</Location>
<Location "/deny">
""" + TRUST + """
    Require all denied
</Location>
<Location "/open">
""" + TRUST + any_of("Require all granted", "Require scope read") + """
</Location>
<Location "/send">
""" + TRUST + """
    AuthzSendForbiddenOnFailure On
    Require scope read
</Location>
<Location "/merge">
""" + TRUST + """
    Require scope outer
</Location>
<Location "/merge/and">
    AuthMerging And
    Require scope inner
</Location>
<Location "/merge/off">
    Require scope inner
</Location>
<Location "/merge/audience">
    AuthBearerAudience https://inner.example
    AuthMerging And
    Require valid-user
</Location>
<Location "/if">
""" + TRUST + """
    <If "bearer('sub') == 'alice'">
        Require all denied
    </If>
    Require valid-user
</Location>
<Directory "{docs}/md">
""" + TRUST + """
    Require scope outer
</Directory>
<Directory "{docs}/md/or">
    AuthMerging Or
    Require scope inner
</Directory>
<Directory "{docs}/ht">
""" + TRUST + """
    AllowOverride AuthConfig
    Require valid-user
</Directory>
"""


@pytest.fixture(scope="module")
def sections(serve):
    server = serve(SECTIONS, {
        "docs/md/or/index.html": "<p>the index\n", "docs/ht/index.html": "<p>the index\n",
        "docs/ht/.htaccess": "Require scope read\n",
        "docs/ht/deep/index.html": "<p>the index\n",
        "docs/ht/deep/.htaccess": "AuthMerging And\nRequire claim role = admin\n",
    })
    server.expect_log("AB0316: ")           # everybody, or somebody
    return server


# (method, path, claims, outcome as above, or a bare status)
SECTION_ROWS = [
    ("GET", "/limit", scope("read"), True),
    ("GET", "/limit", scope("write"), "read"),
    ("GET", "/limit", NOBODY, "read"),
    ("POST", "/limit", scope("read"), "write"),
    ("POST", "/limit", NOBODY, "write"),
    ("PUT", "/limit", scope("write"), "read"),
    ("GET", "/ip", NOBODY, 403),
    ("GET", "/ip", scope("read"), 403),
    ("GET", "/deny", scope("read"), 403),
    ("GET", "/deny", NOBODY, 403),
    ("GET", "/open", NOBODY, 200),
    ("GET", "/send", scope("read"), True),
    ("GET", "/send", scope("x"), "read"),
    ("GET", "/send", NOBODY, "read"),
    ("GET", "/merge/and", scope("outer inner"), True),
    ("GET", "/merge/and", scope("outer"), "outer inner"),
    ("GET", "/merge/and", NOBODY, "outer inner"),
    ("GET", "/md/or/index.html", scope("inner"), True),
    ("GET", "/md/or/index.html", scope("outer"), True),
    ("GET", "/md/or/index.html", scope("x"), "outer"),
    ("GET", "/merge/off", scope("inner"), True),
    ("GET", "/merge/off", scope("outer"), "inner"),
    ("GET", "/merge/audience", {"scope": "outer", "aud": "https://inner.example"}, True),
    ("GET", "/merge/audience", scope("outer"), 401),
    ("GET", "/if", ALICE, True),
    ("GET", "/ht/", scope("read"), True),
    ("GET", "/ht/", scope("x"), "read"),
    ("GET", "/ht/", NOBODY, "read"),
    ("GET", "/ht/deep/", {"role": "admin"}, True),
    ("GET", "/ht/deep/", ALICE, False),
    ("GET", "/ht/deep/", {"role": "admin", "scope": "x"}, "read"),
]


@pytest.mark.mpm
@pytest.mark.parametrize("method, path, claims, outcome", SECTION_ROWS,
                         ids=[f"{m} {p} {c} {o}" for m, p, c, o in SECTION_ROWS])
def test_sections(sections, method, path, claims, outcome):
    token = None if claims is NOBODY else good(**claims)
    answer = sections.request(method, path, token=token)
    if outcome is True or outcome is False or isinstance(outcome, str):
        judge(sections, answer, claims, outcome)
    else:
        assert answer.status == outcome, answer
        assert outcome == 401 or answer.challenges == [], answer
        sections.allow_log(log_line("audience_wrong"))


def test_walks_leave_one_line_each(sections):
    """The walks that look for a scope set write nothing: one AH01631 stands for one request."""
    before = sections.log().count("AH01631")
    judge(sections, sections.get("/merge/and", token=good(scope="x")), scope("x"), "outer inner")
    sections.wait_log("scope_lacking")
    assert sections.log().count("AH01631") - before <= 1


def test_too_many_walks(serve):
    """Beyond 16 walks the attribute is left out, and the answer stays what it is."""
    lines = [any_of(f"Require scope a{n}", f"Require scope b{n}") for n in range(12)]
    server = serve(ECHO + ANY_PATH + location("/many", all_of(*lines)))
    answer = server.get("/many", token=good(scope="x"))
    assert answer.status == 403 and answer.bearer["error"] == "insufficient_scope", answer
    assert answer.header("X-Reason") == "scope_lacking"
    server.expect_log(log_line("scope_lacking"))
