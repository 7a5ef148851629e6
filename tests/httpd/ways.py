"""The ways of AuthBearerTokenFrom: sections that name them, requests that use them."""

import urllib.parse

from expect import TRUST, location
from tokens import basic, bearer

FORM = ("Content-Type", "application/x-www-form-urlencoded")


def place(path, ways, *lines, trust=TRUST):
    return location(path, f"AuthBearerTokenFrom {ways}", *(lines or ("Require valid-user",)),
                    trust=trust)


def form(token, name="access_token", more="a=1&", **how):
    body = f"{more}{name}={urllib.parse.quote(token)}"
    return {"method": "POST", "headers": [FORM], "body": body, **how}


def query(token, name="access_token", more="a=1&"):
    return {"suffix": f"?{more}{name}={token}"}


def cookie(token, name="session"):
    return {"headers": [("Cookie", f"a=1; {name}={token}; b=2")]}


def field(token, name="X-Token"):
    return {"headers": [(name, token)]}


def header(token):
    return {"headers": [bearer(token)]}


def password(token, user="bearer"):
    return {"headers": [basic(user, token)]}


WAYS = {"header": header, "named": field, "basic": password, "form": form, "query": query,
        "cookie": cookie}


def ask(server, path, how, *more, **further):
    """The request that is made of all these."""
    sent = {"method": "GET", "headers": [], "body": None, "suffix": ""}
    for one in (how, *more):
        sent["method"] = one.get("method", sent["method"])
        sent["headers"] = sent["headers"] + one.get("headers", [])
        sent["body"] = one.get("body", sent["body"])
        sent["suffix"] += one.get("suffix", "") if not sent["suffix"] \
            else one.get("suffix", "").replace("?", "&")
    return server.request(sent["method"], path + sent["suffix"], sent["headers"], sent["body"],
                          **further)
