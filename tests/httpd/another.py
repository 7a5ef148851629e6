"""The other module of tests/httpd/modules, beside ours."""

import shutil

from server import BUILD

MODULE = "LoadModule example_module {root}/mod_example.so\n"


def bring(root):
    """Puts it where the server finds it, whatever is built meanwhile."""
    shutil.copy(BUILD / "mod_example.so", root)


def seen(answer):
    """What its handler tells of a request: {name: text}, of the last request that it was asked
    for."""
    return dict(line.split(" ", 1) for line in answer.text.splitlines() if " " in line)
