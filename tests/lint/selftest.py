#!/usr/bin/python3
"""Proves the lints: every rule finds the bad snippet it is for, and leaves the good one alone."""
import sys

import arrows
import mistakes
import words

ACCEPTS = {"src/token.c": "verdict.reason = BEARER_ACCEPTED;\n"}
LONG = "void f(void)\n{\n" + "    g();\n" * 61 + "}\n"
FITS = "void f(void)\n{\n" + "    g();\n" * 60 + "}\n"

# What is checked, the files, and the rule that must speak (None: none may).
CASES = (
    (arrows, {"src/core/span.c": "#include <httpd.h>\n"}, "server"),
    (arrows, {"src/keys/a.c": "#include <http_log.h>\n"}, "server"),
    (arrows, {"support/a.c": "#  include <ap_config.h>\n"}, "server"),
    (arrows, {"src/httpd/a.c": "#include <httpd.h>\n"}, None),
    (arrows, {"src/core/a.c": "/* #include <httpd.h> */\n"}, None),
    (arrows, {"src/core/a.c": '#include "bearer/key.h"\n', "src/keys/key.c": ""}, "upward"),
    (arrows, {"src/keys/key.c": '#include "bearer/token.h"\n'}, "upward"),
    (arrows, {"src/core/a.c": '#include "mod_auth_bearer.h"\n'}, "upward"),
    (arrows, {"include/bearer/a.h": '#include "bearer/key.h"\n', "src/core/a.c": "",
              "src/keys/key.c": ""}, "upward"),
    (arrows, {"support/a.c": '#include "bearer/config.h"\n', "src/httpd/config.c": ""}, "upward"),
    (arrows, {"src/issuer.c": '#include "bearer/config.h"\n', "src/httpd/config.c": ""}, "upward"),
    (arrows, {"src/keys/key.c": '#include "bearer/span.h"\n', "src/core/span.c": ""}, None),
    (arrows, {"src/httpd/a.c": '#include "bearer/token.h"\n'}, None),
    (arrows, {"support/a.c": '#include "bearer/token.h"\n'}, None),
    (arrows, {"include/bearer/lost.h": "\n"}, "homeless"),
    (arrows, {"src/core/a.c": '#include "bearer/lost.h"\n'}, "homeless"),
    (arrows, {"src/core/a.c": "#include <jansson.h>\n"}, "library"),
    (arrows, {"src/httpd/a.c": "#include <jansson.h>\n"}, "library"),
    (arrows, {"src/core/json_text.c": "#include <jansson.h>\n"}, None),
    (arrows, {"support/a.c": "#include <jwt.h>\n"}, "library"),
    (arrows, {"src/mint.c": "#include <jwt.h>\n"}, None),
    (arrows, {"src/keys/renew.c": "#include <curl/curl.h>\n"}, "library"),
    (arrows, {"src/httpd/a.c": "#include <curl/curl.h>\n"}, "library"),
    (arrows, {"src/keys/fetch.c": "#include <curl/curl.h>\n"}, None),
    (arrows, {"src/keys/a.c": "return apr_time_now();\n"}, "clock"),
    (arrows, {"src/core/a.c": "now = time(NULL);\n"}, "clock"),
    (arrows, {"src/issuer.c": "clock_gettime(CLOCK_REALTIME, &t);\n"}, "clock"),
    (arrows, {"src/core/a.c": "bearer_json_time(a, b, c); /* not time(NULL) */\n"}, None),
    (arrows, {"src/httpd/a.c": "apr_time_now();\n"}, None),
    (arrows, {"src/core/a.c": "#include <apr_file_io.h>\n"}, "io"),
    (arrows, {"src/core/a.c": 'fopen(name, "r");\n'}, "io"),
    (arrows, {"src/httpd/a.c": 'apr_table_add(t, "WWW-Authenticate", x);\n'}, "challenge"),
    (arrows, {"src/core/challenge.c": '"WWW-Authenticate"\n'}, None),
    (arrows, {"src/token.c": ""}, "acceptance"),
    (arrows, {"src/core/a.c": ".reason = BEARER_ACCEPTED\n"}, "acceptance"),
    (arrows, {"src/httpd/a.c": "if (a == BEARER_ACCEPTED || b != BEARER_ACCEPTED)\n"}, None),
    (mistakes, {"src/a.c": "if (memcmp(a, b, n) == 0)\n"}, "memcmp"),
    (mistakes, {"src/a.c": "CRYPTO_memcmp(a, b, n); /* memcmp(a) */\n"}, None),
    (mistakes, {"src/a.c": "strncmp (a, b, n);\n"}, "strncmp"),
    (mistakes, {"tests/a.c": "strncmp(a, b, n);\n"}, None),
    (mistakes, {"tests/a.c": "strcpy(a, b);\n"}, "strcpy"),
    (mistakes, {"src/a.c": "atoi(a);\n"}, "atoi"),
    (mistakes, {"src/a.c": "sprintf(a, b);\n"}, "sprintf"),
    (mistakes, {"src/a.c": "snprintf(a, n, b);\n"}, None),
    (mistakes, {"src/a.c": "strcpy(a, b);\n"}, "strcpy"),
    (mistakes, {"docs/a.md": "TODO: write\n"}, "TODO"),
    (mistakes, {"src/a.c": "/* FIXME */\n"}, "FIXME"),
    (mistakes, {"src/a.c": "\tf();\n"}, "tab"),
    (mistakes, {"a.mk": "\tf\n"}, None),
    (mistakes, {"src/a.c": "f(); \n"}, "blanks"),
    (mistakes, {"src/a.c": "x" * 101 + "\n"}, "columns"),
    (mistakes, {"src/a.c": "x" * 100 + "\n"}, None),
    (mistakes, {"src/a.c": LONG}, "function"),
    (mistakes, {"src/a.c": FITS}, None),
    (mistakes, {"src/a.c": "f();\n" * 451}, "file"),
    (mistakes, {"src/a.c": "memcmp();\n", "tests/lint/allowed": "src/a.c memcmp 1 # why\n"}, None),
    (mistakes, {"src/a.c": "memcmp();\nmemcmp();\n", "tests/lint/allowed": "src/a.c memcmp 1\n"},
     "memcmp"),
    (mistakes, {"src/a.c": "f();\n", "tests/lint/allowed": "src/a.c memcmp 1\n"}, "stale"),
    (words, {"docs/a.md": "a Seamless experience\n"}, "phrase"),
    (words, {"docs/a.md": "see /home/me/a\n"}, "phrase"),
    (words, {"docs/a.md": "colorful athome/\n"}, None),
    (words, {"docs/a.md": "its behavior\n"}, "phrase"),
    (words, {"LICENSE": "behavior\n"}, None),
    (words, {"a/package-lock.json": '"resolved": "https://example.com/a.tgz"\n'}, "registry"),
    (words, {"a/package-lock.json": '"supports-color": {}\n'}, None),
    (words, {"a/package-lock.json": '"version": "1.0.0"\n'}, None),
)
RULES = {"server", "upward", "homeless", "library", "clock", "io", "challenge", "acceptance",
         "phrase", "registry", "memcmp", "strncmp", "atoi", "sprintf", "strcpy", "TODO", "FIXME",
         "tab", "blanks", "columns", "function", "file", "stale"}


def main():
    wrong = [f"no case for {rule}" for rule in sorted(RULES - {case[2] for case in CASES})]
    for number, (lint, files, rule) in enumerate(CASES, 1):
        tree = {**ACCEPTS, **files} if lint is arrows else files
        found = {finding[2] for finding in lint.check(tree)}
        if found != ({rule} if rule else set()):
            wrong.append(f"case {number}, {lint.__name__} of {files}: want {rule}, found {found}")
    print(*wrong, sep="\n")
    print(f"{len(CASES)} cases")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
