"""Debian's glewlwyd, an authorization server in C on a JOSE library of its own: a running one, with
an issuer for each algorithm."""

import base64
import contextlib
import json
import shutil
import sqlite3
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode

from jwcrypto import jwk

import parts
import tokens
from server import free_port

ALGORITHMS = ["RS256", "PS256", "ES256", "ES384", "EdDSA"]
RESOURCE = "https://api.example"
SCOPES = ["read", "write"]
PASSWORD = "the-password-of-the-client-app"
SCHEMA = "/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3"

# The files for TLS must be named even where it is off.
CONFIGURATION = """\
port={port}
bind_address="127.0.0.1"
external_url="http://localhost:{port}"
login_url="login.html"
api_prefix="api"
log_mode="console"
log_level="WARNING"
cookie_domain="localhost"
cookie_secure=0
cookie_same_site="empty"
session_expiration=3600
session_key="GLEWLWYD2_SESSION_ID"
admin_session_authentication="cookie"
profile_session_authentication="cookie"
login_api_enabled=true
admin_scope="g_admin"
profile_scope="g_profile"
user_module_path="/usr/lib/glewlwyd/user"
user_middleware_module_path="/usr/lib/glewlwyd/user_middleware"
client_module_path="/usr/lib/glewlwyd/client"
user_auth_scheme_module_path="/usr/lib/glewlwyd/scheme"
plugin_module_path="/usr/lib/glewlwyd/plugin"
use_secure_connection=false
secure_connection_key_file="unused"
secure_connection_pem_file="unused"
secure_connection_ca_file="unused"
hash_algorithm="SHA512"
database = {{ type = "sqlite3", path = "{folder}/database" }};
"""


def _private_keys():
    """One key for each algorithm."""
    keys = []
    for alg in ALGORITHMS:
        key = tokens.key_for(alg)
        members = jwk.JWK.from_pyca(key.private).export_private(as_dict=True)
        keys.append({**members, "kid": alg, "use": "sig", "alg": alg})
    return keys


def _issuer(base, alg):
    """The module instance of an issuer. It signs with the first key of its set."""
    keys = sorted(_private_keys(), key=lambda key: key["kid"] != alg)
    return {
        "module": "oidc", "name": alg, "display_name": alg, "order_rank": 0, "readonly": False,
        "parameters": {
            "iss": f"{base}/api/{alg}", "jwks-private": json.dumps({"keys": keys}),
            "jwks-show": True, "jwt-type": "rsa", "jwt-key-size": "256",
            "subject-type": "public", "access-token-duration": 300,
            "refresh-token-duration": 3600, "code-duration": 600, "refresh-token-rolling": False,
            "allow-non-oidc": True, "auth-type-code-enabled": False,
            "auth-type-token-enabled": False, "auth-type-id-token-enabled": True,
            "auth-type-none-enabled": False, "auth-type-password-enabled": False,
            "auth-type-client-enabled": True, "auth-type-device-enabled": False,
            "auth-type-refresh-enabled": False, "scope": [], "additional-parameters": [],
            "claims": [], "allowed-scope": ["openid", *SCOPES],
            "introspection-revocation-allowed": False, "resource-allowed": True,
            "resource-scope": {scope: [RESOURCE] for scope in SCOPES},
            "resource-client-property": "resource", "resource-scope-and-client-property": False,
            "oauth-dpop-allowed": False, "pkce-allowed": False,
        },
    }


class Glewlwyd:
    def __init__(self, port):
        self.port, self.base, self.cookie = port, f"http://localhost:{port}", ""

    def _post(self, path, content):
        status, headers, body = parts.fetch(
            self.port, "POST", f"/api/{path}",
            {"Content-Type": "application/json", "Cookie": self.cookie}, json.dumps(content))
        assert status == 200, f"glewlwyd, {path}: {status} {body}"
        return headers

    def wait(self):
        for _ in range(200):
            with contextlib.suppress(OSError):
                return parts.fetch(self.port, "GET", "/api/")
            time.sleep(0.05)
        raise AssertionError("glewlwyd does not answer")

    def set_up(self):
        headers = self._post("auth/", {"username": "admin", "password": "password"})
        self.cookie = headers["Set-Cookie"].partition(";")[0]
        for scope in SCOPES:
            self._post("scope/", {"name": scope, "display_name": scope, "description": scope,
                                  "password_required": False, "scheme": {}})
        for alg in ALGORITHMS:
            self._post("mod/plugin/", _issuer(self.base, alg))
        self._post("client/", {
            "client_id": "app", "password": PASSWORD, "confidential": True, "enabled": True,
            "scope": SCOPES, "token_endpoint_auth_method": ["client_secret_basic"],
            "authorization_type": ["client_credentials"], "resource": [RESOURCE]})

    def issuer(self, alg):
        return f"{self.base}/api/{alg}"

    def jwks(self, alg):
        status, _, body = parts.fetch(self.port, "GET", f"/api/{alg}/jwks")
        assert status == 200, body
        return body

    def token(self, alg, scope="read", resource=RESOURCE):
        form = {"grant_type": "client_credentials", "scope": scope}
        status, _, body = parts.fetch(self.port, "POST", f"/api/{alg}/token", {
            "Authorization": "Basic " + base64.b64encode(f"app:{PASSWORD}".encode()).decode(),
            "Content-Type": "application/x-www-form-urlencoded",
        }, urlencode({**form, "resource": resource} if resource else form))
        assert status == 200, body
        return tokens.remember(json.loads(body)["access_token"])


@contextlib.contextmanager
def running():
    command = parts.program("glewlwyd", "glewlwyd")
    folder = Path(tempfile.mkdtemp(prefix="glewlwyd-", dir="/tmp"))
    try:
        port = free_port()
        with contextlib.closing(sqlite3.connect(folder / "database")) as database:
            database.executescript(Path(parts.file(SCHEMA, "glewlwyd")).read_text())
        (folder / "conf").write_text(CONFIGURATION.format(port=port, folder=folder))
        parts.give_away(folder)
        with open(folder / "log", "wb") as log, \
                parts.service([command, "-c", str(folder / "conf")], unprivileged=True,
                              cwd=folder, stdout=log, stderr=log):
            running = Glewlwyd(port)
            running.wait()
            running.set_up()
            yield running
    finally:
        shutil.rmtree(folder)
