# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""An image with this machine's Python and nothing else, laid out as the official one: for engines that pull nothing."""

from __future__ import annotations

import io
import json
import re
import subprocess
import tarfile
from pathlib import Path

import pytest

PYTHON = Path("/usr/bin/python3")  # of the system: one of another place may need more than its standard library
_ABOUT = "import json, sys, sysconfig; print(json.dumps([sys.version.split()[0], sysconfig.get_path('stdlib'), sys.executable]))"
_LIBRARY = re.compile(r"(/\S+) \(0x[0-9a-f]+\)")
_LEFT_OUT = re.compile(r"/(__pycache__|test|idlelib|lib2to3|ensurepip|dist-packages|config-[^/]*)(/|$)")


def about() -> tuple[str, Path, Path]:
    """Its version, the folder of its standard library, and its program; skips the test where there is none."""
    if not PYTHON.exists():
        pytest.skip(f"there is no {PYTHON} to make an image of")
    told = subprocess.run([PYTHON, "-I", "-c", _ABOUT], capture_output=True, text=True, check=True)
    version, library, program = json.loads(told.stdout)
    return version.rstrip("+"), Path(library), Path(program).resolve()


def image() -> bytes:
    """A tar for ``docker import``."""
    _version, library, program = about()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        tar.add(program, "usr/local/bin/python3")
        tar.add(library, f"usr/local/lib/{library.name}", filter=_wanted)
        for path in sorted({each for made in [program, *library.rglob("*.so")] for each in _libraries(made)}):
            tar.add(Path(path).resolve(), path.lstrip("/"))
    return packed.getvalue()


def _wanted(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if _LEFT_OUT.search(entry.name) else entry


def _libraries(program: Path) -> list[str]:
    told = subprocess.run(["ldd", program], capture_output=True, text=True, check=False)
    return [found[1] for found in map(_LIBRARY.search, told.stdout.splitlines()) if found]
