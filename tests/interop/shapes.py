"""The configuration that an administrator would write for each shape of shapes.mjs, and what it
must refuse."""

TENANT = "11111111-2222-3333-4444-555555555555"
POOL = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC"


class Section:
    """A Location. user: whom an ordinary token of the shape makes, None where it is refused. A row
    is (changes, reason): what a token has other than usual, header members with a colon behind
    their name, and why it is refused."""

    def __init__(self, shape, user, configuration, rows=(), name=None):
        self.shape, self.user, self.rows = shape, user, list(rows)
        self.name = name or shape
        self.lines = configuration.replace("JWKS", "jwks:{keys}/%s.jwks" % shape).splitlines()


SECTIONS = [
    Section("keycloak", "alice", """\
AuthBearerIssuer https://sso.example/realms/demo keys=JWKS
AuthBearerAudience api
AuthBearerUser preferred_username
<RequireAll>
    Require claim realm_access.roles = editor
    Require claim resource_access.api.roles = writer
</RequireAll>""", [
        ({"typ": "ID"}, "type_wrong"),
        ({"typ": "Refresh"}, "type_wrong"),
        ({"aud": "account"}, "audience_wrong"),
        ({"aud": None}, "audience_wrong"),
        ({"preferred_username": None}, "user_missing"),
        ({"realm_access": {"roles": ["viewer"]}}, "rule_denied"),
        ({"realm_access": None, "roles": ["editor"]}, "rule_denied"),
        ({"resource_access": {"web": {"roles": ["writer"]}}}, "rule_denied"),
        ({"iss": "https://sso.example/realms/demo/"}, "issuer_unknown"),
        ({"iss": "https://sso.example/realms/other"}, "issuer_unknown"),
    ]),
    Section("keycloak-without-aud", "b2e1", """\
AuthBearerIssuer https://sso.example/realms/demo keys=JWKS
AuthBearerAudience any
Require claim azp = web""", [
        ({"azp": "other"}, "rule_denied"),
        ({"azp": None, "client_id": "web"}, "rule_denied"),
        ({"typ": "Offline"}, "type_wrong"),
    ]),
    Section("keycloak-without-aud", None, """\
AuthBearerIssuer https://sso.example/realms/demo keys=JWKS
AuthBearerAudience api
Require valid-user""", [
        ({}, "audience_wrong"),
    ], name="keycloak-audience-wanted"),
    Section("entra-v2-user", "0f0f", f"""\
AuthBearerIssuer https://login.microsoftonline.com/{TENANT}/v2.0 keys=JWKS algorithms=RS256
AuthBearerAudience aaaaaaaa-0000-0000-0000-000000000000
AuthBearerUser oid
<RequireAll>
    Require scope Files.Read
    Require claim tid = "{TENANT}"
    Require claim ver = "2.0"
</RequireAll>""", [
        ({"scp": "Files.Write"}, "scope_lacking"),
        ({"scp": "Files.ReadAll"}, "scope_lacking"),
        ({"scp": None, "roles": ["Files.Read"]}, "scope_lacking"),
        ({"tid": "22222222-2222-3333-4444-555555555555"}, "rule_denied"),
        ({"iss": "https://login.microsoftonline.com/{tenantid}/v2.0"}, "issuer_unknown"),
        ({"aud": "00000003-0000-0000-c000-000000000000"}, "audience_wrong"),
        ({"oid": None}, "user_missing"),
    ]),
    Section("entra-v1-app", "bbbbbbbb-0000-0000-0000-000000000000", f"""\
AuthBearerIssuer https://sts.windows.net/{TENANT}/ keys=JWKS
AuthBearerAudience api://my-api
AuthBearerUser appid
<RequireAll>
    Require claim roles = Api.Read.All
    Require claim idtyp = app
    Require not claim scp exists
</RequireAll>""", [
        ({"roles": None}, "rule_denied"),
        ({"roles": ["Api.Read"]}, "rule_denied"),
        ({"scp": "user_impersonation"}, "rule_denied"),
        ({"iss": f"https://sts.windows.net/{TENANT}"}, "issuer_unknown"),
        ({"aud": "api://my-api/"}, "audience_wrong"),
    ]),
    Section("okta", "alice@example.com", """\
AuthBearerIssuer https://org.okta.example/oauth2/default keys=JWKS
AuthBearerAudience api://default
<RequireAll>
    Require scope api:read
    Require claim groups = "Ops Team"
</RequireAll>""", [
        ({"scp": ["api:write"]}, "scope_lacking"),
        ({"scp": ["api:read", 1]}, "claim_malformed"),
        ({"groups": ["Ops", "Team"]}, "rule_denied"),
        ({"typ:": "application/okta-internal-at+jwt"}, "type_wrong"),
    ]),
    Section("auth0", "auth0|123", """\
AuthBearerIssuer https://tenant.auth0.example/ keys=JWKS
AuthBearerAudience https://api.example
<RequireAll>
    Require claim permissions = read:things
    Require claim /https:~1~1example.com~1roles = admin
</RequireAll>""", [
        ({"permissions": ["write:things"]}, "rule_denied"),
        ({"https://example.com/roles": ["user"]}, "rule_denied"),
        ({"aud": "https://tenant.auth0.example/userinfo"}, "audience_wrong"),
        ({"aud": ["https://api.example/", "https://api.example.evil"]}, "audience_wrong"),
        ({"iss": "https://tenant.auth0.example"}, "issuer_unknown"),
    ]),
    Section("auth0-rfc9068", "cid@clients", """\
AuthBearerIssuer https://tenant.auth0.example/ keys=JWKS types=at+jwt
AuthBearerAudience https://api.example
Require scope read:things""", [
        ({"typ:": "JWT"}, "type_wrong"),
        ({"typ:": None}, "type_wrong"),
        ({"scope": "read:thing"}, "scope_lacking"),
    ]),
    Section("cognito-access", "alice", f"""\
AuthBearerIssuer {POOL} keys=JWKS
AuthBearerAudience any
AuthBearerUser username
<RequireAll>
    Require claim client_id = 3n4b5u
    Require claim token_use = access
    Require claim /cognito:groups = admins
    Require scope rs/read
</RequireAll>""", [
        ({"client_id": "other"}, "rule_denied"),
        ({"token_use": "id"}, "type_wrong"),
        ({"token_use": None}, "rule_denied"),
        ({"cognito:groups": None}, "rule_denied"),
        ({"cognito:groups": "admins,users"}, "rule_denied"),
        ({"scope": "rs/write"}, "scope_lacking"),
    ]),
    Section("cognito-id", None, f"""\
AuthBearerIssuer {POOL} keys=JWKS
AuthBearerAudience any
Require valid-user""", [
        ({}, "type_wrong"),
    ], name="cognito-id-refused"),
    Section("cognito-id", "alice", f"""\
AuthBearerIssuer {POOL} keys=JWKS types=id audience=3n4b5u user=/cognito:username
Require claim email_verified = true""", [
        ({"email_verified": False}, "rule_denied"),
        ({"email_verified": "true"}, "rule_denied"),
        ({"aud": "other"}, "audience_wrong"),
    ]),
    Section("google-id", "alice@example.com", """\
AuthBearerIssuer https://accounts.google.com keys=JWKS types=id
AuthBearerAudience 1.apps.googleusercontent.com
AuthBearerUser email
<RequireAll>
    Require claim hd = example.com
    Require claim email_verified = true
</RequireAll>""", [
        ({"hd": None}, "rule_denied"),
        ({"hd": "example.com.evil"}, "rule_denied"),
        ({"email_verified": False}, "rule_denied"),
        ({"aud": "2.apps.googleusercontent.com"}, "audience_wrong"),
        ({"iss": "accounts.google.com"}, "issuer_unknown"),
    ]),
    Section("google-id", None, """\
AuthBearerIssuer https://accounts.google.com keys=JWKS
AuthBearerAudience 1.apps.googleusercontent.com
Require valid-user""", [
        ({}, "type_wrong"),
    ], name="google-id-refused"),
    Section("github-actions", "repo:octo-org@123456/octo-repo@456789:ref:refs/heads/main", """\
AuthBearerIssuer https://token.actions.githubusercontent.com keys=JWKS
AuthBearerAudience https://github.com/octo-org
<RequireAll>
    Require claim repository_id = "456789"
    Require claim ref = refs/heads/main
    Require claim event_name = push workflow_dispatch
    Require claim job_workflow_ref ~ "^octo-org/octo-repo/[.]github/workflows/d[.]yml@"
</RequireAll>""", [
        ({"event_name": "pull_request"}, "rule_denied"),
        ({"repository_id": "4567890"}, "rule_denied"),
        ({"repository_id": 456789}, "rule_denied"),
        ({"ref": "refs/heads/main2"}, "rule_denied"),
        ({"job_workflow_ref": "evil/x/octo-org/octo-repo/.github/workflows/d.yml@v1"},
         "rule_denied"),
        ({"aud": "https://github.com/other-org"}, "audience_wrong"),
    ]),
    Section("gitlab-ci", "alice", """\
AuthBearerIssuer https://gitlab.com keys=JWKS
AuthBearerAudience https://api.example
AuthBearerUser user_login
<RequireAll>
    Require claim project_id = "20"
    Require claim ref_protected = "true"
</RequireAll>""", [
        ({"ref_protected": "false"}, "rule_denied"),
        ({"ref_protected": True}, "rule_denied"),
        ({"project_id": "200"}, "rule_denied"),
        ({"project_id": 20}, "rule_denied"),
    ]),
    Section("kubernetes", "system:serviceaccount:prod:deployer", """\
AuthBearerIssuer https://kubernetes.default.svc.cluster.local keys=JWKS
AuthBearerAudience https://api.example
<RequireAll>
    Require claim /kubernetes.io/namespace = prod
    Require claim /kubernetes.io/serviceaccount/name = deployer
</RequireAll>""", [
        ({"kubernetes.io": {"namespace": "dev", "serviceaccount": {"name": "deployer"}}},
         "rule_denied"),
        ({"kubernetes.io": None, "kubernetes": {"io": {"namespace": "prod"}}}, "rule_denied"),
        ({"aud": None, "exp": None}, "claim_malformed"),
        ({"aud": ["https://kubernetes.default.svc.cluster.local"]}, "audience_wrong"),
    ]),
    Section("ed25519-new-name", "robot", """\
AuthBearerIssuer https://as.example keys=JWKS algorithms=Ed25519
AuthBearerAudience https://api.example
Require scope read""", [
        ({"scope": "write"}, "scope_lacking"),
        ({"typ:": "dpop+jwt"}, "type_wrong"),
    ]),
]
