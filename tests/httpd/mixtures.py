"""Sections in which features meet, for test_mixed.py: each way, mode and kind of passing on."""

import itertools

from another import MODULE
from expect import ECHO, TRUST, location
from tokens import basic
from ways import place

ALL_WAYS = "header basic header:X-Token form query cookie:session"
MINT = ("AuthBearerMint key=pem:{keys}/mint.pem algorithm=ES256 issuer=https://gateway.example"
        " audience=https://inner.example")
FOREIGN = "    AuthType Bearer\n    AuthName api\n    AuthBearerProvider example\n"
BESIDE = TRUST.replace("AuthType Bearer", "AuthType Basic") \
    + "    AuthBasicProvider file\n    AuthUserFile {root}/passwords\n    AuthBearer On\n"
BOB = basic("bob", "secret")
REPORT = "AuthBearerEnforce report"
# Mode -> its lines, and whether it knows somebody who brings a token.
MODES = {
    "enforced": (["Require valid-user"], True),
    "open": (["Require all granted"], False),
    "report": ([REPORT, "Require valid-user"], False),
    "report-optional": ([REPORT, "AuthBearerOptional On", "Require all granted"], False),
    "optional": (["AuthBearerOptional On", "Require all granted"], True),
}
PASSES = {
    "off": [], "on": ["AuthBearerPass On"], "minted": ["AuthBearerPass minted", MINT],
    "proxy": ['AuthBearerProxy "%{bearer:upstream}"'],
    "admin": ['RequestHeader set Authorization "Bearer of-the-administrator"'],
}
TELLS = ["AuthBearerHeader X-User sub", "AuthBearerEnv sub=API_USER",
         'RequestHeader set X-Remote "%{API_USER}e|%{BEARER_REASON}e"']
FORGED = {"headers": [("X-User", "mallory"), ("x_user", "mallory")]}


def to(path):
    return f"ProxyPass http://127.0.0.1:{{behind}}{path}/"


# Where a directory leads to: the lines of a place with a backend.
BEYOND = {"open": ["Require all granted"], "report": [REPORT, "Require valid-user"],
          "enforced": ["Require valid-user"]}
FLIGHT = {"method": "OPTIONS", "headers": [("Origin", "https://app.example"),
                                           ("Access-Control-Request-Method", "GET")]}
# Sections that name no way of Authorization: what stands there is nobody's token.
APART = {"cookie": "cookie:session", "named": "header:X-Token", "form": "form"}
SHOWS = "SetHandler example-view"
DIRECTORY = """
<Directory "{{docs}}/{name}">
{lines}
</Directory>
"""
ENV = "#!/bin/sh\necho Content-Type: text/plain\necho\ncat > /dev/null\nenv\n"
FILES = {
    "passwords": "bob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n",
    **{f"docs/{name}": ENV for name in (
        "front/app.cgi", "list/app.cgi", "views/app.cgi", "nest/inner/app.cgi", "told/app.cgi",
        "cgi/env.cgi", "cgi/told.cgi", "page/same/env.cgi")},
    **{f"docs/{name}/x": "x" for name in ("front", "told")},
    **{f"docs/{start}-to-{end}/x": "x" for start in MODES for end in BEYOND},
    **{f"docs/page/{mode}/p.html": '<!--#include virtual="/cgi/env.cgi" -->'
                                   '<!--#include virtual="/cgi/told.cgi" -->\n'
       for mode in MODES},
}


def front_controllers():
    """A program that answers for whatever is not there, and alone asks for a token."""
    text = ""
    for name, lead, more in (("front", "FallbackResource /front/app.cgi", ""),
                             ("list", "DirectoryIndex app.cgi", ""),
                             ("views", "Options +MultiViews\nMultiViewsMatch Handlers", ""),
                             ("nest/inner", "DirectoryIndex app.cgi", ""),
                             ("told", "FallbackResource /told/app.cgi", "\n".join(TELLS))):
        inside = f'<Files "app.cgi">\n{TRUST}AuthBearerTokenFrom {ALL_WAYS}\n{more}\n' \
                 "Require valid-user\n</Files>"
        text += DIRECTORY.format(name=name, lines=f"Options +ExecCGI\nAddHandler cgi-script .cgi\n"
                                                  f"{lead}\n{inside}")
    return text + DIRECTORY.format(name="nest", lines="DirectoryIndex inner/")


PAGES = """
ScriptAlias /cgi/ "{docs}/cgi/"
<Directory "{docs}/page">
    Options +Includes
    AddOutputFilter INCLUDES .html
</Directory>
<Location "/cgi/told.cgi">
    """ + "\n    ".join(TELLS) + """
</Location>
""" + "".join(place(f"/page/{mode}", ALL_WAYS, *TELLS, *lines, "ErrorDocument 404 /cgi/env.cgi",
                    "ErrorDocument 401 /cgi/told.cgi")
              for mode, (lines, _) in MODES.items()) \
    + place("/page/strict", ALL_WAYS, *TELLS, "Require scope write",
            "ErrorDocument 403 /cgi/told.cgi") \
    + place("/page/same", ALL_WAYS, *TELLS, REPORT, "Require valid-user",
            "ErrorDocument 404 /page/same/env.cgi", "Options +ExecCGI",
            "AddHandler cgi-script .cgi") \
    + place("/hide", ALL_WAYS, "AuthBearerHide On", "Require valid-user") \
    + location("/hide-foreign", "AuthBearerHide On", "Require valid-user", trust=FOREIGN) \
    + place("/hide-both/", ALL_WAYS, "AuthBearerHide On", 'AuthBearerProxy "abc"',
            "Require valid-user") \
    + '<Location "/hide-both/inner/">\n    AuthBearerPass On\n    ProxyPass' \
      " http://127.0.0.1:{behind}/\n</Location>\n"


def beyond():
    """Each directory leads by mod_dir to each place of a backend."""
    text = ""
    for start, (lines, _) in MODES.items():
        for end in BEYOND:
            text += DIRECTORY.format(name=f"{start}-to-{end}", lines="\n".join(
                [f"FallbackResource /beyond-{end}/", TRUST, f"AuthBearerTokenFrom {ALL_WAYS}",
                 *lines]))
    for end, lines in BEYOND.items():
        path = f"/beyond-{end}/"
        text += place(path, ALL_WAYS, to(path), *TELLS, *PASSES["minted"], *lines)
    return text


def configuration():
    text = MODULE + ECHO + front_controllers() + beyond()
    for name in PASSES:
        path = f"/preflight-{name}/"
        text += place(path, ALL_WAYS, to(path), *TELLS, *PASSES[name], "AuthBearerPreflight On",
                      "Require valid-user")
    for mode, (name, more) in itertools.product(("enforced", "report"), PASSES.items()):
        path = f"/beside-{mode}-{name}/"
        text += place(path, ALL_WAYS, to(path), *TELLS, *more, *MODES[mode][0], trust=BESIDE)
    for (way, words), (name, more) in itertools.product(APART.items(), PASSES.items()):
        for mode in ("open", "report", "enforced"):
            path = f"/{way}-{mode}-{name}/"
            text += place(path, words, to(path), *more, *MODES[mode][0])
    for name in ("minted", "proxy", "off"):
        path = f"/foreign-{name}/"
        text += location(path, to(path), *TELLS, *PASSES[name], "Require valid-user",
                         trust=FOREIGN)
        path = f"/foreign-report-{name}/"
        text += location(path, to(path), *TELLS, *PASSES[name], REPORT, "Require valid-user",
                         trust=FOREIGN)
    for name, (lines, _) in MODES.items():
        text += place(f"/view-{name}", ALL_WAYS, SHOWS, *TELLS, *lines)
        text += location(f"/view-foreign-{name}", SHOWS, *TELLS, f"AuthBearerTokenFrom {ALL_WAYS}",
                         *lines, trust=FOREIGN)
    text += PAGES
    for (mode, (lines, _)), (sends, more) in itertools.product(MODES.items(), PASSES.items()):
        path = f"/{mode}-{sends}/"
        text += place(path, ALL_WAYS, to(path), *TELLS, *more, *lines)
    return text
