"""The files of conf.example, and the commands of docs/clients.md, for servers and issuers of tests.
"""

import re

from server import PROJECT
from tokens import good

HOST = "https://www.example.com"
USERS = "backup:{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=\n"            # test


def configuration(name):
    """The file, with the keys of our own issuer and its folders below the server's."""
    text = (PROJECT / "conf.example" / f"{name}.conf").read_text()
    text = text.replace("/etc/apache2/bearer/", "{keys}/").replace("/srv/", "{root}/srv/")
    return re.sub(r"(?m)^( *AuthBearerIssuer +\S+)", r"\1 keys=jwks:{keys}/as.jwks", text)


def token(service, scope, **changes):
    """A token for a service, as the issuer of the examples makes it."""
    words = " ".join(f"{service}.{word}" for word in scope.split())
    return good(**{"iss": "https://login.example.com", "aud": f"https://{service}.example.com",
                   "scope": words, **changes})


def blocks(heading, language="sh", page="clients"):
    """The blocks of a section of a page of docs."""
    text = (PROJECT / f"docs/{page}.md").read_text()
    section = re.search(rf"^##+ {heading}\n(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL)[1]
    return re.findall(rf"^```{language}\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
