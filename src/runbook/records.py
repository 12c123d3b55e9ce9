# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""``report RUN``: the incident record of a run (``index.html``, ``post-mortem.md``), made anew from what the run left in its folder."""

from __future__ import annotations

import importlib
import os
import shutil
import sys
import webbrowser
from contextlib import suppress
from pathlib import Path

from . import places, runs

#: for people, in the order in which they are printed
_FILES = {"index.html": "the record, for a browser", "post-mortem.md": "the draft of a post-mortem", "report.txt": "the report"}


def run(arguments: list[str]) -> int:
    """``RUN [--open]``: make the record, say where it is, open it in a browser if told to."""
    opens = "--open" in arguments
    names = [argument for argument in arguments if argument != "--open"]
    if len(names) != 1:
        raise places.Refused("report: name one run, or last. See ./runbook history")
    past = runs.find(names[0])
    if not past.report.is_dir():
        raise places.Refused(f"{past.name} left no report: it {past.outcome}. See ./runbook show {past.name}")
    keep_journal(past.path, past.report)
    _make(past.report)
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


def _make(report: Path) -> None:
    """Write the record into the folder, from ``report.json`` and the journal in it."""
    sys.path.append(str(places.ROOT))
    try:
        record = importlib.import_module("module_utils.incident_record")
    except ImportError:
        raise places.Refused("this checkout cannot make records: module_utils/incident_record is missing") from None
    try:
        record.write(str(report))
    except record.RecordError as error:
        raise places.Refused(str(error)) from None
