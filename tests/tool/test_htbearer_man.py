"""The man page: sound, complete, and its examples work."""

import re
import shutil
import subprocess

import pytest

import htbearer

PAGE = htbearer.PROJECT / "support" / "htbearer.1"


def blocks():
    """The commands of its examples, as a reader of the page sees them."""
    examples = PAGE.read_text().split(".Sh EXAMPLES\n")[1].split("\n.Sh ")[0]
    return [text.replace("\\e", "\\") for text in
            re.findall(r"^\.Bd -literal[^\n]*\n(.*?)^\.Ed$", examples, re.MULTILINE | re.DOTALL)]


def test_examples_of_the_man_page_work(tmp_path):
    script = "set -e\n" + "\n".join(f"{block}\necho -- $?" for block in blocks())
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, text=True,
                          check=False, timeout=60,
                          env={"PATH": f"{htbearer.BUILD}:/usr/bin:/bin"})
    assert done.returncode == 0 and done.stderr == "", done.stderr
    outputs = [part.strip().split("\n") for part in done.stdout.split("-- 0\n")[:-1]]
    assert [lines[0] for lines in outputs] == ["done", "accepted", "expired", "accepted", "done",
                                               "done"]
    assert outputs[2][-1] == "exit code 1"
    assert outputs[4][-2] == outputs[5][-2] == "accepted"


def test_man_page_is_sound():
    if shutil.which("mandoc") is None:
        pytest.skip("mandoc is not installed")
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", PAGE], capture_output=True,
                          text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_man_page_names_every_word():
    text = PAGE.read_text()
    words = re.findall(r"^    \[?([a-z-]+)=", htbearer.run("help", code=0).output, re.MULTILINE)
    assert {"algorithm", "ttl", "require", "keys"} < set(words)
    for word in words:
        assert re.search(rf"^\.(It )?Cm .*\b{word}\b", text, re.MULTILINE), word
