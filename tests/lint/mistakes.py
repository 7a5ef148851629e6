#!/usr/bin/python3
"""Mistakes that a plain search finds, but for those listed as none in tests/lint/allowed."""
import re

import project

CALLS = ("memcmp", "strncmp", "atoi", "sprintf", "strcpy")
MINDED_IN_TESTS = ("atoi", "sprintf", "strcpy")
WORDS = ("TODO", "FIXME")
COLUMNS, FUNCTION_LINES, FILE_LINES = 100, 60, 450
CODE = (".c", ".h", ".py", ".sh", ".mk", ".js", ".mjs")
LISTED = "tests/lint/allowed"


def long_functions(path, text):
    begun = None
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("{"):
            begun = number
        elif line.startswith("}") and begun is not None:
            lines = number - begun - 1
            if lines > FUNCTION_LINES:
                yield path, begun, "function", f"{lines} lines, at most {FUNCTION_LINES}"
            begun = None


def check_c(path, text):
    code = project.without_comments(text)
    for call in MINDED_IN_TESTS if path.startswith("tests/") else CALLS:
        for line, _ in project.lines_with(rf"\b{call}\s*\(", code):
            yield path, line, call, "only where tests/lint/allowed says why"
    yield from long_functions(path, code)


def check_text(path, text):
    for word in () if path.startswith("tests/lint/") else WORDS:        # which name them
        for line, _ in project.lines_with(rf"\b{word}\b", text):
            yield path, line, word, "do it, or open an issue"
    if not path.endswith(CODE):
        return
    for line, found in project.lines_with(r"\s+$", text):
        yield path, line, "blanks", "at the end of the line"
    for number, line in enumerate(text.split("\n"), 1):
        if "\t" in line and not path.endswith(".mk"):
            yield path, number, "tab", "indent with spaces"
        if len(line.expandtabs(4)) > COLUMNS:
            yield path, number, "columns", f"{len(line.expandtabs(4))}, at most {COLUMNS}"
    lines = text.count("\n")
    if lines > FILE_LINES:
        yield path, lines, "file", f"{lines} lines, at most {FILE_LINES}"


def find(tree):
    findings = []
    for path in sorted(tree):
        findings += check_text(path, tree[path])
        if project.is_c(path):
            findings += check_c(path, tree[path])
    return findings


def allowances(tree):
    """(path, rule): (how many, line in the list)."""
    allowed = {}
    for number, line in enumerate(tree.get(LISTED, "").split("\n"), 1):
        words = line.split("#")[0].split()
        if words:
            allowed[words[0], words[1]] = int(words[2]), number
    return allowed


def check(tree):
    """What is found beyond what is allowed, and what is allowed beyond what is found."""
    found, result = {}, []
    for finding in find(tree):
        found.setdefault((finding[0], finding[2]), []).append(finding)
    allowed = allowances(tree)
    for key, places in found.items():
        if len(places) > allowed.get(key, (0, 0))[0]:
            result += places
    for (path, rule), (count, line) in allowed.items():
        if len(found.get((path, rule), [])) < count:
            result.append((LISTED, line, "stale", f"{path} has fewer of {rule} by now"))
    return result


if __name__ == "__main__":
    tree = project.read()
    for name, content in tree.items():
        if project.is_c(name) and content.count("\n") > 400:
            print(f"{name}: {content.count(chr(10))} lines: should it be two files?")
    project.main(check)
