# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Runs one playbook through ansible-runner: a look ahead, progress on the screen, a journal on disk, an exit code that means something.

A playbook finds these in its environment. RUNBOOK_REPORT: the folder where it puts a report (it makes the folder); its
``report.txt`` is printed at the end. RUNBOOK_TMP: a folder for temporary files, removed at the end whatever happens. RUNBOOK_LABS: what
the paths of throw-away registries begin with; they are removed if the run is interrupted.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from . import labs, places, preflight, private, prompts, records, runs
from .arguments import pairs, value_of, variables
from .journal import Journal
from .output import complain, say
from .redaction import recordable, secrets_in
from .running import Run, environment, outlives_its_terminal, run_ansible, term_interrupts
from .verdict import COULD_NOT_LOOK, INTERRUPTED, REMAINING

NO_PREFLIGHT = "--no-preflight"
RESUME = "--resume"


class Outcome(NamedTuple):
    """What came of a run."""

    name: str
    exit_code: int
    report: Path


def run(arguments: list[str]) -> int:
    """``NAME [arguments of ansible-playbook]`` with ``--no-preflight``, or ``--resume RUN``; returns the exit code."""
    if arguments and arguments[0].partition("=")[0] == RESUME:
        from . import resume  # it runs playbooks in turn

        name = arguments[0].partition("=")[2]
        return resume.run([name, *arguments[1:]] if name else arguments[1:])
    if not arguments:
        raise places.Refused("run: name a playbook. See ./runbook list")
    return start(arguments[0], arguments[1:]).exit_code


def start(name: str, arguments: list[str], resumes: str = "") -> Outcome:
    """Run a playbook to its end."""
    playbook = places.playbook(name)
    looks_ahead = NO_PREFLIGHT not in arguments
    rest = [argument for argument in arguments if argument != NO_PREFLIGHT]
    _refuse_bytes(rest)
    prompts.refuse(rest)
    run_name, given = _name(name), _given(rest)
    report = places.private_folder("reports") / run_name
    with (
        outlives_its_terminal(),
        Journal(places.private_folder("journal") / f"{run_name}.jsonl", secrets_in(rest)) as journal,
        private.folder() as temporary,
    ):
        journal.write("run-started", run=run_name, playbook=name, report=str(report), resumes=resumes, **given)
        os.environ.update(environment(temporary, report))
        current = Run(name, journal, _verbosity(rest))
        exit_code = _run(current, playbook, rest, temporary, looks_ahead)
        _conclude(current, report, exit_code)
    return Outcome(run_name, exit_code, report)


def _refuse_bytes(arguments: list[str]) -> None:
    """Refuse what is no text: neither Ansible nor the journal could say it again. It is not shown, since it may be a secret."""
    for number, argument in enumerate(arguments, 1):
        try:
            argument.encode()
        except UnicodeEncodeError:
            raise places.Refused(f"argument {number} after the playbook's name is no UTF-8. Write it in UTF-8") from None


def _name(playbook: str) -> str:
    """A name for a run that no other has: several can begin in one second."""
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{playbook}-{os.getpid()}"
    others = sum(
        path.stem == name or path.stem.startswith(f"{name}-") for path in places.private_folder("journal").glob("*.jsonl")
    )
    return f"{name}-{others + 1}" if others else name


def _given(arguments: list[str]) -> dict[str, object]:
    """What is recorded of how a run was started."""
    kept, omitted = recordable(arguments, places.playbooks())
    target = variables(kept).get("target") or ",".join(value_of(kept, "-l", "--limit"))
    return {"arguments": kept, "omitted": omitted, "folder": str(places.here()), "target": str(target)}


def _run(current: Run, playbook: Path, arguments: list[str], temporary: str, looks_ahead: bool) -> int:
    """The look ahead, then the playbook; the journal's last line whatever comes."""
    began = time.monotonic()
    status, exit_code = "error", COULD_NOT_LOOK
    try:
        with term_interrupts():
            may_start = not looks_ahead or preflight.passes(playbook, arguments, current.journal)
        if not may_start:
            status, exit_code = "preflight", COULD_NOT_LOOK
        else:
            status, exit_code = run_ansible(current, playbook, arguments, temporary)
    except KeyboardInterrupt:
        status, exit_code = "canceled", INTERRUPTED
        raise
    finally:
        counts = {"findings": current.verdict.findings, "remaining": current.verdict.remaining}
        seconds = round(time.monotonic() - began, 3)
        current.journal.write("run-ended", status=status, exit_code=exit_code, seconds=seconds, **counts)
    return exit_code


def _verbosity(arguments: list[str]) -> int:
    """How many ``-v`` there are."""
    options = [option for option, _value in pairs(arguments)]
    return sum(len(option) - 1 for option in options if option.startswith("-v")) + options.count("--verbose")


def _conclude(current: Run, report: Path, exit_code: int) -> None:
    """Keep and show what is left of the run, and say how it ended; nothing here changes its exit code."""
    text = report / "report.txt"
    records.keep_journal(current.journal.path, report)
    records.renew(report)
    with suppress(OSError):
        say(f"\n{text.read_text(encoding='utf-8', errors='replace').rstrip()}\n\nReport: {text}")
    if current.interrupted:
        complain("interrupted")
        for said in labs.remove(labs.prefix(report.name)):
            complain(said)
    elif exit_code == REMAINING:
        complain(f"{current.verdict.remaining} things remain that need an approval or a decision: see the report")
    elif current.verdict.unreported and not current.verdict.has_failed:
        complain(
            f"{current.name} ended without its report, so nothing is proven: --limit, --tags and their like left that out. "
            "Name hosts with -e target=HOST instead"
        )
    elif exit_code >= COULD_NOT_LOOK:
        complain(f"{current.name} could not do its work; journal: {current.journal.path}")
    if exit_code >= COULD_NOT_LOOK and current.reached_out and places.reports(current.name):
        _make_up_record(report, current.journal.path)


def _make_up_record(report: Path, journal: Path) -> None:
    """Leave a record where the playbook came to none, so that there is something to write a post-mortem on."""
    with suppress(places.Refused, OSError):
        if not (report / "report.json").exists():
            records.make_up(runs.PastRun(journal))
            complain(f"what is known of it: {report / 'index.html'}")
