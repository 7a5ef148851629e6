"""Pages that are put together of others (mod_include): each part is judged by its own section, and
says nothing of what was refused, neither its text nor its size, age or user."""

import re

import pytest

from expect import ECHO, TRUST, log_line, refused
from tokens import AUDIENCE, good

OTHER = "https://other.example"
OURS = TRUST + "AuthBearerEnv sub\nRequire valid-user\n"
THEIRS = TRUST.replace(AUDIENCE, OTHER) + "AuthBearerUser email\nRequire valid-user\n"


def directory(name, rules):
    return f'<Directory "{{docs}}/{name}">\nOptions +Includes\n' \
           f'AddOutputFilter INCLUDES .html\n{rules}</Directory>\n'


CONF = ECHO + directory("open", "") + directory("ours", OURS) + directory("theirs", THEIRS) \
    + directory("ours/scope", "AuthMerging And\nRequire scope write\n") + """
<Directory "{docs}/open">
    <Files "part.html">
""" + OURS + """    </Files>
</Directory>
"""
WHO = 'user=<!--#echo var="REMOTE_USER" --> claim=<!--#echo var="BEARER_CLAIM_SUB" --> ' \
      'reason=<!--#echo var="BEARER_REASON" --> field=<!--#echo var="HTTP_AUTHORIZATION" --> ' \
      'sub=<!--#if expr="bearer(\'sub\') == \'alice\'" -->alice<!--#else -->none<!--#endif -->'
NOBODY = "user=(none) claim=(none) reason=(none) field=(none) sub=none"
US = "user=alice claim=alice reason=accepted field=(none) sub=alice"


def with_sub(text, sub):
    return text.replace("sub=alice", "sub=none").replace("sub=none", f"sub={sub}")


def including(*targets):
    return "page [" + WHO + "] " + " ".join(
        f'{{<!--#include {target} -->}}' for target in targets) + "\n"


FILES = {
    "docs/open/who.html": f"open [{WHO}]", "docs/ours/who.html": f"ours [{WHO}]",
    "docs/theirs/who.html": f"theirs [{WHO}]", "docs/ours/scope/who.html": f"scope [{WHO}]",
    "docs/open/part.html": f"part [{WHO}]",
    "docs/open/all.html": including('virtual="/ours/who.html"', 'virtual="/theirs/who.html"',
                                    'virtual="who.html"', 'file="part.html"'),
    "docs/ours/all.html": including('virtual="/theirs/who.html"', 'file="who.html"',
                                    'virtual="scope/who.html"', 'virtual="/open/who.html"'),
    "docs/open/nested.html": including('virtual="/ours/all.html"'),
    "docs/open/about.html": '<!--#fsize virtual="/ours/long.txt" -->|'
                            '<!--#flastmod virtual="/ours/long.txt" -->|'
                            '<!--#fsize file="part.html" -->',
    "docs/ours/long.txt": "a" * 5000,
}


@pytest.fixture(scope="module")
def server(serve):
    server = serve(CONF, FILES)
    server.allow_log("unable to include", "unable to get information",
                     r"\[include:error\]", log_line("(audience_wrong|scope_lacking)"))
    return server


def parts(answer):
    """Name -> what it says of the user, for each part that is shown."""
    assert answer.status == 200, answer
    return dict(re.findall(r"(\w+) \[(.*?)\]", answer.text))


TOKENS = {"none": None, "ours": lambda: good(), "theirs": lambda: good(
    aud=OTHER, email="al@mail.example"), "both": lambda: good(
    aud=[AUDIENCE, OTHER], email="al@mail.example", scope="write"),
    "expired": lambda: good(exp=1)}


def get(server, path, kind):
    make = TOKENS[kind]
    return server.get(path, token=make and make())


# mod_include shows to its parts the variables of the page that they are in; what bearer() knows is
# each part's own.

@pytest.mark.mpm
@pytest.mark.parametrize("kind, shown", [
    ("none", set()), ("expired", set()), ("ours", {"ours", "part"}), ("theirs", {"theirs"}),
    ("both", {"ours", "part", "theirs"})])
def test_an_open_page(server, kind, shown):
    answer = get(server, "/open/all.html", kind)
    assert parts(answer) == {"page": NOBODY, "open": NOBODY,
                             **{name: with_sub(NOBODY, "alice") for name in shown}}
    assert (answer.challenges, answer.header("X-User")) == ([], ""), answer
    assert answer.all("Cache-Control") == [], "the refusal of a part is none of the page"


@pytest.mark.mpm
@pytest.mark.parametrize("kind, shown", [("ours", {"page", "ours"}),
                                         ("both", {"page", "ours", "theirs", "scope"})])
def test_a_protected_page(server, kind, shown):
    answer = get(server, "/ours/all.html", kind)
    assert parts(answer) == {"open": with_sub(US, "none"), **{name: US for name in shown}}
    assert answer.header("X-User") == "alice"


@pytest.mark.parametrize("kind", ["none", "theirs", "expired"])
def test_a_page_that_is_refused(server, kind):
    answer = get(server, "/ours/all.html", kind)
    assert answer.status == 401 and "[" not in answer.text


@pytest.mark.parametrize("kind, wanted", [("none", {"page"}), ("theirs", {"page"}),
                                          ("ours", {"page", "ours", "open"}),
                                          ("both", {"page", "ours", "open", "theirs", "scope"})])
def test_a_page_in_a_page(server, kind, wanted):
    assert set(parts(get(server, "/open/nested.html", kind))) == wanted


@pytest.mark.parametrize("kind", ["none", "ours", "theirs"])
def test_size_and_age(server, kind):
    answer = get(server, "/open/about.html", kind)
    assert answer.status == 200
    shown = answer.text.split("|")
    assert ("4.9K" in shown[0]) == (kind == "ours") and ("202" in shown[1]) == (kind == "ours")
    assert ("[an error" in shown[2]) == (kind != "ours")
    refused(server, server.get("/ours/long.txt"), "no_token")
