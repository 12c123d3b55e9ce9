# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Which registry binaries this machine has, and which version each one is."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import Dict, List, Optional, Tuple

from .errors import LabError

NAMES = ("docker-registry", "registry")
#: Further binaries to test against, as absolute paths joined with colons.
ENVIRONMENT = "REGISTRY_BINARIES"

_VERSION = re.compile(r"\bv?(\d+)\.(\d+)\.(\d+)")
_ADVICE = "Install one: apt-get install docker-registry, or put a 'registry' binary on PATH"


def find_binary(explicit: Optional[str] = None) -> str:
    """Absolute path of ``explicit`` (a name or a path), or else of the first registry on PATH; LabError where there is none."""
    for name in (explicit,) if explicit else NAMES:
        found = shutil.which(name)
        if found:
            return os.path.abspath(found)
    wanted = f"{explicit!r} is no program that can be run" if explicit else "no registry binary on PATH"
    raise LabError(wanted, advice=_ADVICE)


def binaries() -> List[str]:
    """Every registry to test against: the one on PATH, then those of ``REGISTRY_BINARIES``; each file once, may be empty."""
    names = [path for path in map(shutil.which, NAMES) if path][:1]
    names += [name for name in os.environ.get(ENVIRONMENT, "").split(":") if name]
    found: Dict[str, str] = {}
    for name in names:
        path = find_binary(name)
        found.setdefault(os.path.realpath(path), path)
    return list(found.values())


def version_of(binary: str) -> Tuple[int, int, int]:
    """``2.8.2+ds1`` as (2, 8, 2), ``v3.1.1+unknown`` as (3, 1, 1)."""
    answer = subprocess.run([binary, "--version"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=30)
    text = answer.stdout.decode("utf-8", "replace")
    match = _VERSION.search(text.rpartition("distribution")[2]) or _VERSION.search(text)
    if match is None:
        raise LabError(f"--version says no version: {text[:200]!r}", where=binary, advice=_ADVICE)
    major, minor, patch = (int(part) for part in match.groups())
    return major, minor, patch
