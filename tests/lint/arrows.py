#!/usr/bin/python3
"""The direction of the arrows: who may include and call what (docs/architecture.md)."""
import re

import project

CORE, KEYS, JUDGE, HTTPD, MODULE, TOOL = range(6)
NAMES = ("core", "keys", "judging", "httpd", "module", "tool")
# Whose headers a layer may include.
BELOW = {CORE: {CORE}, KEYS: {CORE, KEYS}, JUDGE: {CORE, KEYS, JUDGE},
         HTTPD: {CORE, KEYS, JUDGE, HTTPD}, MODULE: {CORE, KEYS, JUDGE, HTTPD, MODULE},
         TOOL: {CORE, KEYS, JUDGE, TOOL}}
# Headers without a source file of their name.
HOMES = {"bearer/scoped.h": CORE, "bearer/version.h": CORE, "bearer/source.h": KEYS,
         "mod_auth_bearer.h": HTTPD}
HTTPD_HEADER = re.compile(r"(httpd|http_\w+|ap_\w+|mod_\w+|util_\w+|scoreboard|mpm_common)\.h$")
# Headers of libraries, and the only files that may know them.
PRIVATE = {"jansson.h": r"src/core/json_text\.c|support/.*",
           "jwt.h": r"src/mint\.c",
           "pcre2.h": r"src/core/compare\.c",
           "curl/curl.h": r"src/keys/(address|fetch|lifetime)\.c"}
CLOCK = r"\b(apr_time_now|time|gettimeofday|clock_gettime|localtime\w*|gmtime\w*)\s*\("
FIELD = r"(?i)www-authenticate|proxy-authenticate"
FILES = r"\b(fopen|open|apr_file_\w+|apr_stat|apr_dir_\w+)\s*\("


def layer(path):
    """The layer of a source or header file, None for what has none (tests)."""
    if path.startswith("src/core/"):
        return CORE
    if path.startswith("src/keys/"):
        return KEYS
    if path.startswith("src/httpd/"):
        return HTTPD
    if path == "mod_auth_bearer.c":
        return MODULE
    if path.startswith("support/"):
        return TOOL
    if path.startswith("src/"):
        return JUDGE
    return None


def header_layer(name, tree):
    """The layer of a header of ours as it is included: that of the source of its name."""
    if name in HOMES:
        return HOMES[name]
    stem = name[len("bearer/"):-len(".h")]
    for folder in ("src/core", "src/keys", "src", "src/httpd"):
        path = f"{folder}/{stem}.c"
        if path in tree:
            return layer(path)
    return None


def check_includes(path, own, code, tree):
    findings = []
    for line, found in project.lines_with(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', code):
        name = found[1]
        ours = name.startswith("bearer/") or name in HOMES
        if ours:
            home = header_layer(name, tree)
            if home is None:
                findings.append((path, line, "homeless", f"{name} belongs to no layer"))
            elif home not in BELOW[own]:
                findings.append((path, line, "upward",
                                 f"{NAMES[own]} includes {NAMES[home]}'s {name}"))
        elif HTTPD_HEADER.match(name) and own not in (HTTPD, MODULE):
            findings.append((path, line, "server", f"{NAMES[own]} includes httpd's {name}"))
        elif name in PRIVATE and not re.fullmatch(PRIVATE[name], path):
            findings.append((path, line, "library", f"{name} is not for this file"))
        elif own == CORE and name.startswith(("apr_file_", "apr_network_", "sys/socket", "fcntl")):
            findings.append((path, line, "io", f"core includes {name}"))
    return findings


def check_calls(path, own, code):
    findings = []
    if own in (CORE, KEYS, JUDGE):
        findings += [(path, line, "clock", f"{found[1]}: the time is an argument here")
                     for line, found in project.lines_with(CLOCK, code)]
    if own == CORE:
        findings += [(path, line, "io", f"{found[1]}: the core reads no files")
                     for line, found in project.lines_with(FILES, code)]
    if path != "src/core/challenge.c":
        findings += [(path, line, "challenge", "only src/core/challenge.c writes this field's name")
                     for line, _ in project.lines_with(FIELD, code)]
    return findings


def check_acceptance(tree):
    places = [(path, line) for path in sorted(tree)
              if project.is_c(path) and (path.startswith("src/") or path == "mod_auth_bearer.c")
              for line, _ in project.lines_with(r"(?<![=!<>])=\s*BEARER_ACCEPTED\b",
                                                project.without_comments(tree[path]))]
    if len(places) == 1 and places[0][0] == "src/token.c":
        return []
    return [(path, line, "acceptance", "one line in src/token.c accepts, no other")
            for path, line in places or [("src/token.c", 1)]]


def check(tree):
    findings = check_acceptance(tree)
    for path in sorted(tree):
        own = layer(path)
        if path.startswith("include/"):
            own = header_layer(path[len("include/"):], tree)
            if own is None:
                findings.append((path, 1, "homeless", "belongs to no layer"))
        if own is not None and project.is_c(path):
            code = project.without_comments(tree[path])
            findings += check_includes(path, own, code, tree) + check_calls(path, own, code)
    return findings


if __name__ == "__main__":
    project.main(check)
