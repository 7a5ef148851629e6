"""What an answer of the module must look like, written from the RFCs and apart from its tables."""

import time

# Seconds until each process of the server has what one of them fetched.
SPREADING = 1.0

# Reason -> status, RFC 6750 error code or None. Reasons that happen all day are logged at info.
REASONS = {
    "no_token": (401, None), "request_malformed": (400, "invalid_request"),
    "token_too_large": (400, "invalid_request"), "form_too_large": (413, None),
    "token_malformed": (401, "invalid_token"),
    "crit_refused": (401, "invalid_token"), "alg_refused": (401, "invalid_token"),
    "type_wrong": (401, "invalid_token"), "issuer_unknown": (401, "invalid_token"),
    "key_unknown": (401, "invalid_token"), "keys_unavailable": (503, None),
    "signature_bad": (401, "invalid_token"), "claim_malformed": (401, "invalid_token"),
    "expired": (401, "invalid_token"), "not_yet_valid": (401, "invalid_token"),
    "too_old": (401, "invalid_token"), "audience_wrong": (401, "invalid_token"),
    "binding_unchecked": (401, "invalid_token"), "user_missing": (401, "invalid_token"),
    "token_refused": (401, "invalid_token"), "provider_failed": (503, None),
    "scope_lacking": (403, "insufficient_scope"), "rule_denied": (403, None),
    "not_configured": (503, None),
}
ORDINARY = ("no_token", "expired")

# Shows reason, user and scheme of each answer, errors included, as response headers.
ECHO = """
Header always set X-Reason "%{BEARER_REASON}e"
Header always set X-User "expr=%{REMOTE_USER}"
Header always set X-Auth "expr=%{AUTH_TYPE}"
"""
# Every path leads to a file.
ANY_PATH = 'AliasMatch "^/.+" "{docs}/index.html"\n'

# The usual protection; more directives follow it inside the same section.
TRUST = """    AuthType Bearer
    AuthName api
    AuthBearerIssuer https://as.example keys=jwks:{keys}/as.jwks
    AuthBearerAudience https://api.example
"""
# For locations that name their issuer themselves.
BARE = "    AuthType Bearer\n    AuthName api\n    AuthBearerAudience https://api.example\n"


def location(path, *lines, trust=TRUST):
    """A Location section with the usual trust and these lines."""
    body = "".join(f"    {line}\n" for line in lines)
    return f'<Location "{path}">\n{trust}{body}</Location>\n'


def log_line(reason):
    """The one line of ours for a refusal, at its level."""
    level = "info" if reason in ORDINARY else "warn"
    return rf"\[auth_bearer:{level}\] .*AB\d{{4}}: refused: {reason}\b"


def _challenge(answer, status, error, scope):
    if status in (413, 503) or (status == 403 and error is None):
        assert answer.bearer is None, f"a challenge where none helps: {answer}"
        return
    assert answer.bearer is not None, f"no challenge: {answer}"
    assert answer.bearer.get("error") == error, answer
    assert ("error_description" in answer.bearer) == (error is not None), answer
    given = answer.bearer.get("scope")
    if scope is not ...:
        wanted = set(scope.split()) if scope else None
        assert (set(given.split()) if given else None) == wanted, answer


def refused(server, answer, reason, scope=None):
    """The answer is that of this reason. scope: the words that the challenge must name (None: no
    such attribute, ...: whatever). The log line is expected too."""
    status, error = REASONS[reason]
    assert (answer.status, answer.header("X-Reason")) == (status, reason), answer
    server.expect_log(log_line(reason))
    _challenge(answer, status, error, scope)
    assert "no-store" in (answer.header("Cache-Control") or ""), answer
    assert (answer.header("Retry-After") is not None) == (status == 503), answer
    assert b"the index" not in answer.body, "the answer holds the resource"


def passed(answer, user="alice", scheme="Bearer"):
    """The resource itself, with this user."""
    assert answer.status == 200, answer
    assert (answer.header("X-User"), answer.header("X-Auth")) == (user, scheme), answer
    assert answer.body == b"<p>the index\n", answer
    assert answer.challenges == [], answer


def await_keys(server, path, token, seconds=10.0):
    """Asks with this token until keys came from the network: until the answer is not 503. Then all
    processes of the server have them."""
    server.allow_log(log_line("keys_unavailable"))
    deadline = time.monotonic() + seconds
    answer = server.get(path, token=token)
    while answer.status == 503 and time.monotonic() < deadline:
        time.sleep(0.05)
        answer = server.get(path, token=token)
    assert answer.status != 503, f"no keys for {path} after {seconds} s:\n{server.tail()}"
    if len(server.children()) > 1:
        time.sleep(SPREADING)
    return answer
