#!/usr/bin/python3
"""Makes keys of every type and signed tokens of every algorithm, valid and hostile: make.py FOLDER

index.json, written last, names them all:
  keys     what a verifier is given: source (a word of the keys= option), kid or null, the
           algorithms that fit, and in "holds" the name of the key pair behind it
  vectors  valid tokens: by which key pair ("signer"), algorithm, kid or null
  hostile  spoilt tokens with the reason each must give: "narrow" where the algorithms of the
           signer's key are allowed, "wide" where all are
  lacks    algorithm: why there are no vectors of it
What is there already is kept, unless these scripts or openssl have changed since."""
import fcntl
import glob
import hashlib
import json
import os
import subprocess
import sys


def recipe():
    """Changes whenever the vectors might."""
    seen = hashlib.sha256()
    here = os.path.dirname(os.path.abspath(__file__))
    for script in sorted(glob.glob(os.path.join(here, "*.py"))):
        with open(script, "rb") as source:
            seen.update(source.read())
    seen.update(subprocess.run(["openssl", "version"], capture_output=True, check=False).stdout)
    return seen.hexdigest()


def is_made(folder, wanted):
    try:
        with open(os.path.join(folder, "index.json"), encoding="utf-8") as index:
            return json.load(index)["recipe"] == wanted
    except (OSError, ValueError, KeyError):
        return False


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder, wanted = sys.argv[1], recipe()
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, ".lock"), "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)        # two test runs may share a build
        if not is_made(folder, wanted):
            from vectors import make_vectors     # slow to load, and seldom needed
            make_vectors(folder, wanted)


if __name__ == "__main__":
    main()
