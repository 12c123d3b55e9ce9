# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Asks the host's own compose, where there is one, whether it takes a file before that file replaces another."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import Iterable, List, Optional

from ..oci_registry.errors import ApplyFailed, BadInput
from .hidden import without

_CANDIDATES = (("docker", "compose"), ("docker-compose",))
_TIMEOUT = 60.0  # seconds
_MAX_TOLD = 500  # characters


def find_compose() -> Optional[List[str]]:
    """The command of the compose on this host, or None where there is none."""
    for command in _CANDIDATES:
        if shutil.which(command[0]) and _run([*command, "version"], b"").returncode == 0:
            return list(command)
    return None


def refuse_invalid(compose: List[str], path: str, before: bytes, after: bytes, secrets: Iterable[str]) -> None:
    """Raises BadInput if compose does not take ``after`` as the file at ``path``. ``secrets`` are kept out of what it says."""
    problem = _problem(compose, path, after)
    if not problem:
        return
    told = without(secrets, problem)[:_MAX_TOLD]
    when = (
        "did not take the file before the change either" if _problem(compose, path, before) else "does not take the changed file"
    )
    raise BadInput(f"{' '.join(compose)} config {when}: {told}", where=path, advice="Nothing was written")


def _problem(compose: List[str], path: str, content: bytes) -> str:
    """What compose says against a file; empty if nothing. It reads the file from its input, so that nothing is written for this."""
    outcome = _run([*compose, "--project-directory", os.path.dirname(path), "-f", "-", "config", "-q"], content)
    if outcome.returncode == 0:
        return ""
    said = outcome.stderr.decode("utf-8", "replace").strip()
    return re.sub(r"\s*\n\s*", "; ", said) or f"exit code {outcome.returncode}"


def _run(command: List[str], content: bytes) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(command, input=content, capture_output=True, timeout=_TIMEOUT, check=False)
    except subprocess.TimeoutExpired:
        raise ApplyFailed(f"{' '.join(command[:2])} gave no answer within {_TIMEOUT:.0f} seconds") from None
    except OSError as error:
        raise ApplyFailed(f"{command[0]} cannot be started ({error.strerror})") from None
