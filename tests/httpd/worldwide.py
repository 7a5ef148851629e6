"""The web behind a forward proxy on loopback: every https host there is, each with a certificate of
its own name, and on it the documents that a test publishes. So a server asks for keys where the
real issuers have them.

    with World() as world:
        world.issuer("https://login.example.com", "/oauth2/jwks", jwks())
        ... AuthBearerIssuer https://login.example.com proxy={world.proxy} ca={world.authority.file}
"""

import json
import re
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urljoin, urlsplit

from authority import Authority, server_context
from issuer import OAUTH, OPENID

# The directive with its continued lines.
ISSUER = re.compile(r"^[ \t]*AuthBearerIssuer[ \t](?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)


def oauth_address(issuer):
    """Where RFC 8414 has the metadata: the well-known part goes before the issuer's path."""
    parts = urlsplit(issuer)
    path = parts.path.rstrip("/")
    return f"{parts.scheme}://{parts.netloc}{OAUTH}{path}"


def openid_address(issuer):
    """Where OpenID Connect Discovery has it: the well-known part goes behind."""
    return issuer.rstrip("/") + OPENID


class Document:
    def __init__(self, body, kind="application/json", status=200, token=None, fields=(), delay=0.0):
        self.body = body.encode() if isinstance(body, str) else body
        self.kind, self.status, self.token, self.fields = kind, status, token, list(fields)
        self.delay = delay


NOWHERE = Document("{}", status=404)
FORBIDDEN = Document("{}", status=403)


class Seen:
    """One request that arrived at a host."""

    def __init__(self, url, headers):
        self.url, self.headers = url, headers

    def __repr__(self):
        return f"<{self.url} {self.headers.items()}>"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 20
    origin = None                       # once the tunnel is there: scheme, host and port

    def do_CONNECT(self):
        host, _, port = self.path.rpartition(":")
        self.send_response(200)
        self.end_headers()
        self.wfile.flush()
        context = self.server.world.context(host.strip("[]"))
        try:
            self.connection = context.wrap_socket(self.connection, server_side=True)
        except (ssl.SSLError, OSError):             # who does not trust us hangs up
            self.close_connection = True
            return
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", 0)
        self.origin = f"https://{host}" if port == "443" else f"https://{host}:{port}"
        self.close_connection = False

    def do_GET(self):
        url = self.path if self.origin is None else self.origin + self.path
        document = self.server.world.answer(url, self.headers)
        time.sleep(document.delay)
        self.send_response(document.status)
        for name, value in [("Content-Type", document.kind),
                            ("Content-Length", str(len(document.body))), *document.fields]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(document.body)

    def finish(self):
        super().finish()
        if self.origin is not None:
            self.connection.close()

    def log_message(self, *_):
        pass


class _Server(ThreadingHTTPServer):
    world = None


class World:
    def __init__(self):
        self.authority = Authority("the world's authority")
        self.documents, self.seen, self.contexts = {}, [], {}
        self.lock = threading.Lock()
        self.server = _Server(("127.0.0.1", 0), _Handler)
        self.server.world = self
        self.proxy = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    # What there is

    def publish(self, url, body, **how):
        """A document; how: kind (media type), status, token (a bearer token that must come
        along), fields (further header fields), delay (seconds before the answer)."""
        self.documents[url] = Document(body, **how)

    def issuer(self, name, keys, jwks, address=openid_address, kind="application/json", **how):
        """An issuer's metadata and its key set, at `keys`, a URL or a path on its host."""
        uri = urljoin(name, keys)
        self.publish(address(name), json.dumps({
            "issuer": name, "jwks_uri": uri, "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"]}), **how)
        self.publish(uri, jwks, kind=kind, **how)

    def configuration(self, text):
        """The text with each issuer whose keys are discovered asked through this world, whose
        authority those trust that name none."""
        def told(found):
            line = found[0]
            if re.search(r"\skeys=", line):
                return line
            vouched = "" if re.search(r"\sca=", line) else f" ca={self.authority.file}"
            return f"{line} proxy={self.proxy}{vouched}"

        return ISSUER.sub(told, text)

    # What happened

    def asked(self, prefix=""):
        """The requests for URLs that begin so, in order."""
        with self.lock:
            return [one for one in self.seen if one.url.startswith(prefix)]

    # For the proxy's threads

    def answer(self, url, headers):
        with self.lock:
            self.seen.append(Seen(url, headers))
        document = self.documents.get(url, NOWHERE)
        wanted = document.token and f"Bearer {document.token}"
        return document if headers.get("Authorization") == (wanted or None) else FORBIDDEN

    def context(self, host):
        with self.lock:
            if host not in self.contexts:
                self.contexts[host] = server_context(self.authority.certify(host))
            return self.contexts[host]
