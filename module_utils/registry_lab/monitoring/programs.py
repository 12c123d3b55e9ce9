# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Which monitoring programs this machine has, under the names of Debian or of upstream, and what they see of the environment."""

from __future__ import annotations

import os
import shutil
from typing import Dict, List, Optional, Tuple

from ..errors import LabError

#: part of a lab: names of its program, and the package that has it
_PROGRAMS: Dict[str, Tuple[Tuple[str, ...], str]] = {
    "prometheus": (("prometheus",), "prometheus"),
    "pushgateway": (("prometheus-pushgateway", "pushgateway"), "prometheus-pushgateway"),
    "alertmanager": (("prometheus-alertmanager", "alertmanager"), "prometheus-alertmanager"),
}


def find_programs() -> Dict[str, str]:
    """Absolute path of the program of each part; LabError that names every one that is missing."""
    found = {part: find_program(part) for part in _PROGRAMS}
    missing = [part for part, path in found.items() if path is None]
    if missing:
        packages = " ".join(_PROGRAMS[part][1] for part in missing)
        raise LabError(f"not installed: {', '.join(missing)}", where="PATH", advice=f"Install them: apt-get install {packages}")
    return {part: path for part, path in found.items() if path is not None}


def find_program(part: str) -> Optional[str]:
    """Absolute path of the program of one part; None where it is not installed."""
    names, _package = _PROGRAMS[part]
    found: List[str] = [path for path in map(shutil.which, names) if path]
    return os.path.abspath(found[0]) if found else None


def pushgateway_command(program: str, address: str) -> List[str]:
    """A Pushgateway that keeps nothing on disk: Debian's would, in a file of the whole machine."""
    return [program, f"--web.listen-address={address}", "--persistence.file="]


def plain_environment() -> Dict[str, str]:
    """What every part of a lab sees: no proxy, and nothing that would send it elsewhere or configure it."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}
