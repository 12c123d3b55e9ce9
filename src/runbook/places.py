# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Where things are: the checkout, its playbooks, and the folder for what runs leave behind."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODULE_UTILS = ROOT / "module_utils"
PLAYBOOKS = ROOT / "playbooks"
REPORT = "incident_report"  # the role by which a playbook says what it came to


class Refused(Exception):
    """The command cannot be carried out as given; the message says why and what to do."""


def use_checkout() -> None:
    """Let ``module_utils`` be imported, from this checkout and before any other."""
    if sys.path[0] != str(ROOT):
        sys.path.insert(0, str(ROOT))


def state() -> Path:
    """The folder for journals and reports: RUNBOOK_STATE, else ``.runbook`` in the checkout."""
    return Path(os.environ.get("RUNBOOK_STATE") or ROOT / ".runbook").resolve()


def playbooks() -> list[str]:
    """The names that ``./runbook NAME`` takes, in order."""
    return sorted(path.stem for path in PLAYBOOKS.glob("*.yml"))


def playbook(name: str) -> Path:
    """The file of a playbook, or :class:`Refused` with the names there are."""
    if name not in playbooks():
        known = ", ".join(playbooks()) or "none yet"
        raise Refused(f"there is no command and no playbook {name!r}. Playbooks: {known}. See ./runbook help")
    return PLAYBOOKS / f"{name}.yml"


def about_playbook(name: str) -> str:
    """The first comment in a playbook that is no licence header: what it is for, in one line."""
    for line in playbook(name).read_text(encoding="utf-8").splitlines():
        text = line.removeprefix("#").strip()
        if line.startswith("#") and text and not text.startswith(("Copyright", "SPDX")):
            return text
    return ""


def reports(name: str) -> bool:
    """Whether a playbook ends with a report; one that only makes something, as ``lab`` does, has nothing to report."""
    return REPORT in playbook(name).read_text(encoding="utf-8")


def here() -> Path:
    """The folder from which this was started; :class:`Refused` where it is gone."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        raise Refused("the folder from which this was started is gone. Change to one that is there") from None


def private_folder(*parts: str) -> Path:
    """A folder below :func:`state` that only its owner can read, made if missing; :class:`Refused` where it cannot be."""
    folder = state().joinpath(*parts)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Refused(f"cannot make {folder}: {error.strerror}. Name another place with RUNBOOK_STATE") from None
    return folder
