# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Finds the jobs of a machine that harm registries: in crontabs, in the folders of cron, and in systemd's units."""

from __future__ import annotations

from typing import Iterator, List, Tuple

from . import crontab
from .called import DEFAULT_PATH, judge_script, judge_text
from .files import Tree
from .marks import dropin_path, is_active_script
from .model import CRONTAB, SCRIPT, UNIT, Job
from .redact import redacted
from .units import services

CRONTABS = (("/etc/crontab", crontab.SYSTEM), ("/etc/anacrontab", crontab.ANACRON))
CRONTAB_FOLDERS = (("/etc/cron.d", crontab.SYSTEM), ("/var/spool/cron/crontabs", crontab.USER), ("/var/spool/cron", crontab.USER))
SCRIPT_FOLDERS = {f"/etc/cron.{period}": period for period in ("hourly", "daily", "weekly", "monthly")}
_NOT_READ = (".dpkg-", ".rpm", ".swp", "~")


def find(tree: Tree) -> List[Job]:
    """Every job with evidence against it, in the order of files and lines; what is retired is not among them."""
    return [job for job in [*_in_crontabs(tree), *_in_folders(tree), *_in_units(tree)] if job.evidence]


def crontabs(tree: Tree) -> Iterator[Tuple[str, str]]:
    """Path and flavour of every crontab there is."""
    yield from CRONTABS
    for folder, flavour in CRONTAB_FOLDERS:
        for name in tree.names(folder):
            if not name.startswith(".") and not any(part in name for part in _NOT_READ):
                yield f"{folder}/{name}", flavour


def scripts(tree: Tree) -> Iterator[Tuple[str, str]]:
    """Path and period of every script in the folders of cron."""
    for folder, period in SCRIPT_FOLDERS.items():
        for name in tree.names(folder):
            if not name.startswith("."):
                yield f"{folder}/{name}", period


def _in_crontabs(tree: Tree) -> Iterator[Job]:
    for path, flavour in crontabs(tree):
        for entry in crontab.entries(tree.text(path) or "", flavour):
            verdict = judge_text(tree, f"{entry.command}\n{entry.stdin}", path, entry.line)
            evidence = [each._replace(line=entry.line) if each.file == path else each for each in verdict.evidence]
            user = entry.user or path.rsplit("/", 1)[1]
            yield Job(CRONTAB, path, entry.line, redacted(entry.text), entry.schedule, user, "", evidence, verdict.others)


def _in_folders(tree: Tree) -> Iterator[Job]:
    for path, period in scripts(tree):
        if is_active_script(tree, path):
            verdict = judge_script(tree, path)
            called = judge_text(tree, tree.text(path) or "", path, 1, DEFAULT_PATH) if not verdict.evidence else verdict
            yield Job(SCRIPT, path, 1, "", period, "root", "", called.evidence, called.others)


def _in_units(tree: Tree) -> Iterator[Job]:
    for service in services(tree):
        if tree.text(dropin_path(service.starter)) is not None:
            continue
        verdicts = [(line, judge_text(tree, command, line.file, line.line)) for line, command in service.executes]
        evidence = [each for _line, verdict in verdicts for each in verdict.evidence]
        beside = [redacted(other) for _line, verdict in verdicts for other in verdict.others]
        guilty = [line for line, verdict in verdicts if verdict.evidence]
        if guilty:
            first = guilty[0]
            yield Job(
                UNIT,
                first.file,
                first.line,
                redacted(first.text),
                service.schedule,
                service.user,
                service.starter,
                evidence,
                beside,
            )
