# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""One run of commands around a store: stopping the registry and starting it again, with a mark for whoever comes after a kill."""

from __future__ import annotations

import contextlib
import os
from typing import Any, Iterator, NamedTuple, Optional

from ..commands import Child, must_run, run_command
from ..errors import CommandFailed, RegistryError
from ..evidence.gate import Gate
from ..evidence.serving import Serving
from ..plans.commands import Commands
from . import record
from .mark import COLLECTING, QUIESCING, RESUMING, Mark, clear_mark, write_mark
from .record import Record
from .signals import Interruptions
from .snapshot import Snapshot, check_file_system
from .workplace import Workplace


class Site(NamedTuple):
    """One store, the registry that serves it (if its address is known), and how to deal with both."""

    root: str
    workplace: Workplace
    dialect: str
    proof: str  # of the scan on disk: sizes or content
    commands: Commands
    push_grace: float  # seconds
    upload_timeout: float  # seconds
    serving: Optional[Serving]

    @property
    def gate(self) -> Gate:
        """The gate of this store."""
        return Gate(self.root, self.dialect, self.commands, self.push_grace, self.proof)

    def check(self) -> None:
        """Raise a :class:`RegistryError` for what would only be found out once the registry is stopped."""
        check_file_system(self.root, self.workplace)
        if self.serving is not None:
            self.serving.check()


class Run:
    """``unproven``: a collection ran, and what it left is not proven yet; as long as that holds, the mark stays."""

    def __init__(self, site: Site, run_id: str, told: Record, interruptions: Interruptions) -> None:
        self.site = site
        self.id = run_id
        self.told = told
        self.interruptions = interruptions
        self.unproven = False
        self._is_running = True  # as far as it was us who stopped it
        self._mark = self._new_mark()

    def take_over(self, mark: Mark) -> None:
        """Go on for a run that was killed: its mark stays until all is done that it asks for."""
        self._mark = mark._replace(pid=os.getpid())
        self.unproven = mark.phase == COLLECTING

    @contextlib.contextmanager
    def quiet(self) -> Iterator[None]:
        """The registry takes no writes inside the block, and serves after it, however that ended. Raises :class:`CommandFailed`."""
        if not self.unproven:
            self._set_mark(phase=QUIESCING)
        failure: Optional[BaseException] = None
        try:
            self._quiesce()
            yield
        except BaseException as error:
            failure = error
            raise
        finally:
            with self.interruptions.shield():
                self.resume(failure)

    def resume(self, failure: Optional[BaseException] = None) -> None:
        """Start the registry again. ``failure``: what went wrong before, to be told together with what goes wrong here."""
        if not self.unproven:
            with contextlib.suppress(RegistryError):  # a full disk: the next run then looks at more than it needs to
                self._set_mark(phase=RESUMING)
        try:
            with self.told.step(record.RESUME):
                for argv in self.site.commands.resume:
                    must_run(argv, self.site.commands.timeout, self.remember)
        except CommandFailed as error:
            before = f"; before that: {failure}" if failure is not None else ""
            advice = "The registry may be down: look at it now, then run this again"
            raise CommandFailed(f"{error.what}{before}", where=error.where, advice=advice) from None
        self._is_running = True

    def begin_collecting(self, snapshot: Snapshot) -> None:
        """From now on the store may be losing something that only the snapshot has."""
        self._set_mark(phase=COLLECTING, snapshot=snapshot.id)
        self.unproven = True

    def remember(self, child: Child) -> None:
        """The command that runs, so that the next run can end it if this one is killed. On a full disk, running it matters more."""
        with contextlib.suppress(RegistryError):
            self._set_mark(child=child)

    def abort(self) -> None:
        """End a collection that outlived its command."""
        for argv in self.site.commands.abort:
            with contextlib.suppress(CommandFailed):
                run_command(argv, self.site.commands.timeout)

    def settle(self) -> None:
        """Take the mark away, unless there is something left to do for the next run."""
        if self._is_running and not self.unproven:
            clear_mark(self.site.workplace)
            self._mark = self._new_mark()

    def _quiesce(self) -> None:
        self.told.changed = True
        self._is_running = False
        with self.told.step(record.QUIESCE):
            for argv in self.site.commands.quiesce:
                must_run(argv, self.site.commands.timeout, self.remember)
            if self.site.serving is not None:
                self.site.serving.demand_quiet()

    def _new_mark(self) -> Mark:
        return Mark(QUIESCING, self.id, pid=os.getpid())

    def _set_mark(self, **changes: Any) -> None:
        self._mark = self._mark._replace(**changes)
        write_mark(self.site.workplace, self._mark)
