"""How the module was built."""

import subprocess

from server import BUILD


def said(*command):
    return subprocess.run([*command, BUILD / "mod_auth_bearer.so"], capture_output=True, text=True,
                          check=True).stdout


def test_the_module_is_optimized_as_one_piece():
    """What GCC links so has functions and data of that name; sanitized builds are for reading."""
    symbols = said("nm")
    gcc = "GCC: (" in said("readelf", "-p", ".comment")
    assert (".lto_priv." in symbols) == (gcc and "__asan_" not in symbols)
