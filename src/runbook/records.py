# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""``report RUN``: the incident record of a run (``index.html``, ``post-mortem.md``), made anew from what the run left in its folder.

A run that was killed, cut off or reached nobody leaves no report, and is what a post-mortem is wanted of: its record has what its journal knows.
"""

from __future__ import annotations

import importlib
import os
import shutil
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from . import places, runs
from .runs import PastRun
from .verdict import HEALTHY

#: for people, in the order in which they are printed
_FILES = {"index.html": "the record, for a browser", "post-mortem.md": "the draft of a post-mortem", "report.txt": "the report"}


def run(arguments: list[str]) -> int:
    """``RUN [--open]``: make the record, say where it is, open it in a browser if told to."""
    opens = "--open" in arguments
    names = [argument for argument in arguments if argument != "--open"]
    if len(names) != 1:
        raise places.Refused("report: name one run, or last. See ./runbook history")
    past = runs.find(names[0])
    if (past.report / "report.json").is_file():
        keep_journal(past.path, past.report)
        _make(past.report)
    elif past.lives or past.end.get("exit_code") == HEALTHY:
        raise places.Refused(f"{past.name} left no report: it {past.outcome}. See ./runbook show {past.name}")
    else:
        make_up(past)
    for name, about in _FILES.items():
        if (past.report / name).is_file():
            print(f"{past.report / name}  ({about})")
    if opens and not webbrowser.open((past.report / "index.html").as_uri()):
        raise places.Refused(f"there is no browser here. Open {past.report / 'index.html'} in one")
    return 0


def keep_journal(journal: Path, report: Path) -> None:
    """Put the journal beside the report, where there is one: linked, or copied to another file system."""
    target = report / "journal.jsonl"
    with suppress(OSError):  # a report without it is still a report
        if report.is_dir() and not (target.exists() and target.samefile(journal)):
            target.unlink(missing_ok=True)
            try:
                os.link(journal, target)
            except OSError:
                shutil.copyfile(journal, target)
                target.chmod(0o600)


def renew(report: Path) -> None:
    """Make the record of a run that just ended anew, where the playbook made one: the journal is whole only now."""
    if (report / "index.html").is_file():
        with suppress(places.Refused, OSError):  # what the playbook made is there
            _make(report)


def make_up(past: PastRun) -> None:
    """Write the record of a run that came to no report: how it ended and why, as its journal has it."""
    folder = places.private_folder("reports", past.name)
    keep_journal(past.path, folder)
    reasons = past.reasons
    data = {"results": [], "unseen": reasons, "run": past.playbook, "problem": past.outcome}
    text = "\n".join([f"{past.name}: {past.outcome}", *(f"  {reason}" for reason in reasons)])
    with _records() as record:
        record.converge(str(folder), record.documents(data, record.journal(str(folder)), f"{text}\n"))


def is_written_in(report: Path) -> bool:
    """Whether a person has written in the post-mortem there; so it is held to be where that cannot be told."""
    if not os.path.lexists(report / "post-mortem.md"):
        return False
    try:
        with _records() as record:
            return bool(record.is_written_in(str(report)))
    except places.Refused:
        return True


def _make(report: Path) -> None:
    """Write the record into the folder, from ``report.json`` and the journal in it."""
    with _records() as record:
        record.write(str(report))


@contextmanager
def _records() -> Iterator[Any]:
    """The part of the checkout that writes records; what it cannot do is :class:`Refused`."""
    places.use_checkout()
    try:
        record = importlib.import_module("module_utils.incident_record")
    except ImportError:
        raise places.Refused("this checkout cannot make records: module_utils/incident_record is missing") from None
    try:
        yield record
    except record.RecordError as error:
        raise places.Refused(str(error)) from None
