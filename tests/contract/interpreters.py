# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The Pythons of this machine, by version."""

from __future__ import annotations

import functools
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path


def _candidates(version: str) -> Iterator[str]:
    yield from filter(None, [shutil.which(f"python{version}"), shutil.which("python3")])
    yield from map(str, sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python")))


@functools.cache
def find_python(version: str) -> str | None:
    """The path of a working Python of ``version`` (such as 3.9), or None."""
    question = "import sys; print('%d.%d' % sys.version_info[:2])"
    for candidate in _candidates(version):
        answer = subprocess.run([candidate, "-I", "-c", question], capture_output=True, text=True, check=False)
        if answer.returncode == 0 and answer.stdout.strip() == version:
            return candidate
    return None
