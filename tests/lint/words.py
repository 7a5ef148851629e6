#!/usr/bin/python3
"""Phrases that have no place in this project's text."""
import re

import project

PHRASES = (
    # filler
    "it is worth noting", "it should be noted", "please note that", "state of the art",
    "state-of-the-art", "cutting-edge", "battle-tested", "blazing", "seamless", "seamlessly",
    "effortless", "effortlessly", "lorem ipsum", "enterprise-grade", "world-class", "game-changer",
    "rest assured", "needless to say",
    # places that only one machine has
    "/root/", "/home/",
    # the other spelling
    "behavior", "behaviors", "color", "colors", "honor", "honors", "honored", "favor", "neighbor",
    "neighbors", "canceled", "canceling",
)
# Texts that are not the project's own.
FOREIGN = ("LICENSE", "tests/lint/")
# Lock files name versions and sums, not where one machine fetched them.
PLACE = re.compile(r'"resolved":\s*"(?!file:)')


def check(tree):
    pattern = re.compile("|".join(rf"(?<!\w){re.escape(phrase)}(?!\w)" if phrase[0].isalpha()
                                  else re.escape(phrase) for phrase in PHRASES), re.IGNORECASE)
    findings = []
    for path in sorted(tree):
        if path.startswith(FOREIGN):
            continue
        if path.endswith("package-lock.json"):      # names of packages, no prose
            findings += [(path, line, "registry", "the lock file names the place of a package")
                         for line, _ in project.lines_with(PLACE, tree[path])]
        else:
            findings += [(path, line, "phrase", found[0].lower())
                         for line, found in project.lines_with(pattern, tree[path])]
    return findings


if __name__ == "__main__":
    project.main(check)
