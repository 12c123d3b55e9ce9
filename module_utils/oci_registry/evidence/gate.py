# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The gate of a collection: ask the registry what it would delete, look at the disk, judge."""

from __future__ import annotations

from typing import NamedTuple

from ..commands import last_line, last_lines, run_command
from ..plans.collection import Verdict, judge_collection
from ..plans.commands import Commands
from ..plans.dryrun import DryRun, DryRunParser
from .garbage import look_at_garbage
from .prospect import NOTHING_GONE, Gone, foresee


class Gate(NamedTuple):
    """What the gate goes by. ``push_grace``: seconds for which an unnamed blob may be part of a push."""

    root: str
    dialect: str
    commands: Commands
    push_grace: float
    proof: str = "sizes"  # of the scan: what a proof after the collection will look at must be known before

    def look(self, gone: Gone = NOTHING_GONE) -> Verdict:
        """The verdict as of now, or as if the manifests ``gone`` were deleted. Raises a :class:`RegistryError` where it cannot be told."""
        dry_run = self._ask()
        if gone:
            dry_run = foresee(self.root, dry_run, gone, self.dialect)
        holdings = look_at_garbage(self.root, dry_run, self.dialect, self.push_grace, gone, proof=self.proof)
        return judge_collection(dry_run, holdings, delete_untagged=self.commands.delete_untagged)

    def _ask(self) -> DryRun:
        parser = DryRunParser()
        outcome = run_command(self.commands.dry_run, self.commands.timeout, parser.feed)
        found = parser.finish()
        if outcome.code:
            found.problem = f"it ended with {outcome.code}: {last_line(outcome.tail)}"
            found.said = last_lines(outcome.tail)
        return found
