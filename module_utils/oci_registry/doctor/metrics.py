# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The outcome of a scheduled run as Prometheus text, for the textfile collector of a node exporter."""

from __future__ import annotations

import re
from typing import Dict, NamedTuple

from .. import textfile
from ..render import printable

_PREFIX = "registry_maintenance"
_LAST_SUCCESS = f"{_PREFIX}_last_success_timestamp_seconds"
_HELP = {
    f"{_PREFIX}_last_run_timestamp_seconds": "When the last run ended, in seconds since 1970.",
    _LAST_SUCCESS: "When the last run that ended well did, in seconds since 1970; 0 for never.",
    f"{_PREFIX}_success": "Whether the last run ended well.",
    f"{_PREFIX}_duration_seconds": "How long the last run took.",
    f"{_PREFIX}_deleted": "What the last run deleted: tags and manifests, or blobs.",
    f"{_PREFIX}_freed_bytes": "How much space the last run freed.",
}


class Run(NamedTuple):
    """One run that ended at ``ended`` (seconds since 1970) after ``seconds``; ``job`` is retain, collect or scan."""

    job: str
    registry: str
    success: bool
    ended: float
    seconds: float
    deleted: int = 0
    freed_bytes: int = 0


def write(path: str, run: Run, more: str = "") -> None:
    """Replace the file at once, with ``more`` text of metrics at its end. Raises :class:`ApplyFailed` where that fails.

    When the last success was is taken over from the file if this run is none.
    """
    text = render(run, run.ended if run.success else _last_success(path)) + more
    textfile.write(path, text)


def render(run: Run, last_success: float) -> str:
    """The metrics as text."""
    values: Dict[str, float] = dict(zip(_HELP, (int(run.ended), int(last_success), int(run.success), round(run.seconds, 3))))
    values.update({f"{_PREFIX}_deleted": run.deleted, f"{_PREFIX}_freed_bytes": run.freed_bytes})
    registry = printable(run.registry).replace("\\", r"\\").replace('"', r"\"")
    labels = f'{{job="{run.job}",registry="{registry}"}}'
    lines = [
        line
        for name, about in _HELP.items()
        for line in (f"# HELP {name} {about}", f"# TYPE {name} gauge", f"{name}{labels} {values[name]}")
    ]
    return "\n".join(lines) + "\n"


def _last_success(path: str) -> float:
    """What the file says; 0 where there is none, or where it says nothing."""
    match = re.search(rf"^{_LAST_SUCCESS}{{.*}} (\d+)$", textfile.read(path), re.MULTILINE)
    return int(match.group(1)) if match else 0
