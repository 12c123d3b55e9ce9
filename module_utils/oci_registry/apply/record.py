# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What came of one run around a collection: filled while it goes on, read however it ended."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import Any, Dict, Iterator, List, Optional

from ..errors import RegistryError
from ..plans.collection import Verdict
from ..plans.steps import DONE, FAILED, PLANNED, SKIPPED
from .journal import Journal

RECOVER, GATE, QUIESCE, GATE_AGAIN, SNAPSHOT, COLLECT = "recover", "gate", "quiesce", "gate-again", "snapshot", "collect"
PROVE_DISK, RESTORE, RESUME, PROVE_HTTP, EXPIRE = "prove-disk", "restore", "resume", "prove-http", "expire"
#: what a collection does where all goes well
COLLECTION = (GATE, QUIESCE, GATE_AGAIN, SNAPSHOT, COLLECT, PROVE_DISK, RESUME, PROVE_HTTP, EXPIRE)


@dataclass
class Record:
    """``steps``: dicts of phase, state (planned, done, skipped, failed) and detail, in their order."""

    journal: Optional[Journal] = None
    verdict: Optional[Verdict] = None
    steps: List[Dict[str, str]] = field(default_factory=list)
    snapshots_before: List[str] = field(default_factory=list)
    swept: Dict[str, Any] = field(default_factory=dict)
    snapshot: Dict[str, Any] = field(default_factory=dict)
    proof: Dict[str, Any] = field(default_factory=dict)
    recovered: Dict[str, Any] = field(default_factory=dict)
    restored: Dict[str, Any] = field(default_factory=dict)
    expired: List[Dict[str, Any]] = field(default_factory=list)
    notes: List[str] = field(default_factory=list)
    changed: bool = False

    @contextlib.contextmanager
    def step(self, phase: str) -> Iterator[Dict[str, str]]:
        """One phase, journalled before and after; the block may set ``detail`` of the step."""
        step = {"phase": phase, "state": DONE, "detail": ""}
        self.steps.append(step)
        self._write("begin", phase)
        try:
            yield step
        except BaseException as error:
            step["state"], step["detail"] = FAILED, str(error)
            self._write("failed", phase, why=str(error))
            raise
        self._write("done", phase, detail=step["detail"])

    def skip(self, phase: str, why: str) -> None:
        """A phase that is not needed."""
        self.steps.append({"phase": phase, "state": SKIPPED, "detail": why})

    def skip_collection(self) -> None:
        """Everything after the gate, up to what expires."""
        for phase in COLLECTION[1:-1]:
            self.skip(phase, "nothing is eligible for deletion")

    def plan(self, phase: str, detail: str = "") -> None:
        """A phase that a real run would go through."""
        self.steps.append({"phase": phase, "state": PLANNED, "detail": detail})

    def _write(self, event: str, phase: str, **fields: str) -> None:
        """On a full disk the store matters, not the journal."""
        if self.journal is not None:
            with contextlib.suppress(RegistryError):
                self.journal.write(event, phase=phase, **fields)
