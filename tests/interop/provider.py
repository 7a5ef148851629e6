"""A running oidc-provider and its clients: by client_credentials, and as a person in a browser."""

import base64
import contextlib
import json
import os
import re
import subprocess
import tempfile
from collections import Counter
from urllib.parse import parse_qs, urlencode, urlsplit

import parts
from server import run_user
from tokens import remember

BACK = "http://127.0.0.1:9/back"
ACTION = re.compile(r'action="([^"]+)"')
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Browser:
    """Keeps cookies and follows redirections on loopback."""

    def __init__(self, fetch):
        self.fetch, self.cookies = fetch, {}

    def visit(self, url, form=None):
        """The page in the end; or the place that the provider sends the client's owner back to."""
        for _ in range(10):
            to = urlsplit(url)
            headers = {**(FORM if form else {}), "Cookie": "; ".join(
                f"{name}={value}" for name, value in self.cookies.items())}
            status, fields, body = self.fetch(
                "POST" if form else "GET", f"{to.path}?{to.query}", headers,
                urlencode(form) if form else None)
            for cookie in fields.get_all("Set-Cookie", []):
                name, _, value = cookie.partition(";")[0].partition("=")
                self.cookies[name] = value
            if status not in (302, 303):
                return body.decode()
            url, form = fields["Location"], None
            if url.startswith(BACK):
                return url
        raise AssertionError(f"redirected on and on, at last to {url}")


class Provider:
    def __init__(self, issuer, tls=None):
        self.issuer = issuer
        self.port, self.tls = urlsplit(issuer).port, tls

    def fetch(self, method, path, headers=None, body=None):
        return parts.fetch(self.port, method, path, headers, body, self.tls)

    def jwks(self):
        """The key set, fetched from where the provider's metadata says."""
        _, _, metadata = self.fetch("GET", "/.well-known/openid-configuration")
        status, _, body = self.fetch("GET", urlsplit(json.loads(metadata)["jwks_uri"]).path)
        assert status == 200, body
        return body

    def publish(self, *published, signing):
        """From now on the key set has these generations of keys, and this one signs."""
        status, _, body = self.fetch("POST", "/test/keys", None, json.dumps(
            {"published": published, "signing": signing}))
        assert status == 200, body

    def counts(self):
        """How often each path was asked for."""
        return Counter(json.loads(self.fetch("GET", "/test/counts")[2]))

    def _ask(self, client, **form):
        secret = f"{client}:the-secret-of-the-client-{client}-0123456789"
        status, _, body = self.fetch("POST", "/token", {
            "Authorization": "Basic " + base64.b64encode(secret.encode()).decode(), **FORM,
        }, urlencode(form))
        assert status == 200, body
        answer = json.loads(body)
        for name in {"access_token", "id_token"} & set(answer):
            remember(answer[name])
        return answer

    def token(self, resource, scope="read"):
        """An access token of the client `app`."""
        return self._ask("app", grant_type="client_credentials", resource=resource,
                         scope=scope)["access_token"]

    def sign_in(self, name, resource, scope="read"):
        """A person signs in with their browser to the client `web`: its access and ID token."""
        browser = Browser(self.fetch)
        page = browser.visit("/auth?" + urlencode({
            "client_id": "web", "response_type": "code", "scope": f"openid {scope}",
            "redirect_uri": BACK, "resource": resource}))
        page = browser.visit(ACTION.search(page)[1],
                             {"prompt": "login", "login": name, "password": "any"})
        back = browser.visit(ACTION.search(page)[1], {"prompt": "consent"})
        code = parse_qs(urlsplit(back).query)["code"][0]
        answer = self._ask("web", grant_type="authorization_code", code=code, redirect_uri=BACK,
                           resource=resource)
        return answer["access_token"], answer["id_token"]


@contextlib.contextmanager
def running(authority=None, name="127.0.0.1"):
    """With an authority it speaks https alone. name: localhost or 127.0.0.1, as in the issuer."""
    env = {**os.environ, "NAME": name, **dict(zip(("RUN_USER", "RUN_GROUP"), run_user() or ()))}
    with tempfile.TemporaryFile("w+") as log:
        if authority:
            env["TLS_PEM"] = str(authority.certify("localhost", "127.0.0.1"))
        with parts.service(parts.node("provider.mjs"), env=env, text=True, stdout=subprocess.PIPE,
                           stderr=log) as process:
            line = process.stdout.readline().strip()
            log.seek(0)
            assert line.startswith("http"), f"provider.mjs did not start: {log.read()}"
            yield Provider(line, authority.client_context() if authority else None)
