"""What the lints share: the project's files as {path: text}, and how findings are told."""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SKIPPED = re.compile(r"(^|/)(\.git|node_modules|__pycache__|\.[a-z_]*cache|\.hypothesis)(/|$)"
                     r"|^build(-[^/]*)?(/|$)")

# C: strings, characters, comments.
TOKENS = r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|/\*.*?\*/|//[^\n]*'


def read():
    """All text files, by path below the project."""
    tree = {}
    for path in sorted(ROOT.rglob("*")):
        name = str(path.relative_to(ROOT))
        if SKIPPED.search(name) or not path.is_file():
            continue
        data = path.read_bytes()
        if b"\0" not in data:
            tree[name] = data.decode("utf-8", "replace")
    return tree


def without_comments(text):
    """C text with its comments blanked, line numbers kept; strings stay."""
    def blank(found):
        return found[0] if found[0][0] in "\"'" else re.sub(r"[^\n]", " ", found[0])

    return re.sub(TOKENS, blank, text, flags=re.DOTALL)


def lines_with(pattern, text):
    """(line number, match) of each place where the pattern is found."""
    for number, line in enumerate(text.split("\n"), 1):
        for found in re.finditer(pattern, line):
            yield number, found


def is_c(name):
    return name.endswith((".c", ".h"))


def main(check):
    """Checks the project; a finding is (path, line, rule, detail)."""
    findings = check(read())
    for path, line, rule, detail in findings:
        print(f"{path}:{line}: {rule}: {detail}")
    sys.exit(1 if findings else 0)
