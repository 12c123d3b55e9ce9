# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""One build, from options to proof: the brain of the module ``image_build``."""

from __future__ import annotations

import contextlib
import os
import time
from typing import Any, Dict, Iterator, List, Mapping, Optional

from ..oci_registry.apply.lock import RunLock
from ..oci_registry.apply.signals import Interruptions
from ..oci_registry.errors import RegistryError
from .builders import Builder, Order
from .choosing import Choice
from .errors import PlatformsLost, PushedNothing, StillDamaged
from .look import RECIPE, REVISION, Held, look
from .masking import Mask, secrets_of
from .shell import Shell
from .source import Source
from .wanted import Wanted, wanted_from
from .workfolder import WorkFolder, remove_stale, work_folder, workplace

_CLEANING = 60.0  # seconds
#: of what is there, and of what was pushed: Docker takes the size of a truncated file for that of its layer, so sizes prove nothing then
BYTES, CONTENT = "bytes", "content"
_PLANNED = {"what": "", "state": "planned", "detail": "", "began": 0.0, "ended": 0.0}
_QUARANTINE = "Move the damaged files aside first (recover, or registry_repair), restart the registry, then run this again"


class ImageBuild:
    """One run. ``run()`` once; ``result()`` at any time afterwards, however it ended."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        """``params`` are the options of the module. Raises a :class:`RegistryError` for those that cannot be used."""
        self.wanted: Wanted = wanted_from(params)
        self._params = params
        self._source = Source(self.wanted)
        given = self.wanted.settings
        self._mask = Mask(secrets_of(given.username, given.password, self._source.userinfo, self.wanted.build_args))
        self._choice = Choice(self.wanted)
        self._steps: List[Dict[str, Any]] = []
        self._before: Optional[Held] = None
        self._after: Optional[Held] = None
        self._shell: Optional[Shell] = None
        self._proven = ""  # digest
        self._changed = False
        self._stale: List[str] = []

    @property
    def secrets(self) -> List[str]:
        """What Ansible must not show, besides the password."""
        return [text for text in (self._source.userinfo, self._source.userinfo.partition(":")[2]) if text]

    def run(self, *, check_mode: bool) -> None:
        """Build, push and prove what is not there; in check mode only see whether. Raises a :class:`RegistryError`."""
        place = workplace()
        with contextlib.ExitStack() as stack:
            interruptions = stack.enter_context(Interruptions())
            if not check_mode:
                stack.enter_context(RunLock(place, self._params["lock_timeout"]))
                self._stale = remove_stale(place)
            folder = stack.enter_context(work_folder(place))
            deadline = time.monotonic() + self._params["timeout"]
            self._shell = Shell(folder.inside("shell"), self._mask, deadline, folder.remember)
            self._run(folder, self._shell, interruptions, check_mode)

    def _run(self, folder: WorkFolder, shell: Shell, interruptions: Interruptions, check_mode: bool) -> None:
        with self._step("look") as step:
            self._before = self._look(BYTES)
            step["detail"] = self._before.digest if self._before is not None else "there is no such tag"
        with self._step("choose") as step:
            self._choice.make(folder, shell)
            step["detail"] = next(each["why"] for each in self._choice.tried if each["usable"])
        with self._step("source") as step:
            self._source.find(shell, folder)
            step["detail"] = self._source.revision or self.wanted.ref
            if not self._source.revision and not check_mode:
                self._source.fetch()
        if not self._params["force"] and self._is_there(self._before) and self._is_there(self._look(CONTENT)):
            self._after = self._before
            self._proven = self._after.digest if self._after is not None else ""
            return
        self._changed = check_mode
        if check_mode:
            self._steps += [dict(_PLANNED, what=what) for what in ("fetch", "login", "build", "push", "clean", "prove")]
        else:
            self._make(shell, interruptions)

    def _look(self, proof: str) -> Optional[Held]:
        return look(self.wanted.settings, self.wanted.repository, self.wanted.tag, proof)

    def _is_there(self, held: Optional[Held]) -> bool:
        """Whether the tag holds just this, whole."""
        if held is None or not held.whole or not self._source.revision:
            return False
        missing = [each for each in self._choice.platforms if each not in held.platforms]
        return self._is_ours(held) and not missing

    def _is_ours(self, held: Held) -> bool:
        return (held.revision, held.recipe) == (self._source.revision, self.wanted.recipe(self._choice.platforms))

    def _make(self, shell: Shell, interruptions: Interruptions) -> None:
        with self._step("fetch") as step:
            self._source.fetch()
            step["detail"] = self._source.revision
        builder = self._choice.taken
        order = self._order()
        try:
            self._build_and_push(builder, order)
        finally:
            with interruptions.shield(), self._step("clean"):
                shell.grace(_CLEANING)
                for forget in (builder.logout, lambda: builder.clean(order)):
                    with contextlib.suppress(RegistryError):
                        forget()
        with self._step("prove") as step:
            self._prove()
            step["detail"] = self._after.digest if self._after is not None else ""

    def _build_and_push(self, builder: Builder, order: Order) -> None:
        with self._step("login"):
            builder.login()
        with self._step("build") as step:
            step["detail"] = f"{builder.name}, {', '.join(self._choice.platforms)}"
            builder.build(order)
        with self._step("push") as step:
            step["detail"] = self.wanted.reference
            self._changed = True
            builder.push(order)

    def _order(self) -> Order:
        labels = {REVISION: self._source.revision, RECIPE: self.wanted.recipe(self._choice.platforms)}
        return Order(
            self._source.path,
            os.path.join(self._source.path, self.wanted.context),
            os.path.join(self._source.path, self.wanted.dockerfile),
            self.wanted.reference,
            self._choice.platforms,
            labels,
            self.wanted.build_args,
        )

    def _prove(self) -> None:
        held = self._after = self._look(CONTENT)
        if held is None:
            raise PushedNothing("the builder says that it pushed, and there is no such tag", where=self.wanted.reference)
        if not held.whole:
            raise StillDamaged(self._damage(held), where=self.wanted.reference, advice=_QUARANTINE)
        if not self._is_ours(held):
            what = f"the builder says that it pushed, and the tag is at {held.digest}, which is another image"
            raise PushedNothing(what, where=self.wanted.reference)
        needed = [*self._choice.platforms, *([] if self.wanted.allow_lost else self.wanted.expected)]
        lost = [each for each in dict.fromkeys(needed) if each not in held.platforms]
        if lost:
            what = f"what was pushed has {', '.join(held.platforms)}, and lacks {', '.join(lost)}"
            raise PlatformsLost(what, where=self.wanted.reference)
        self._proven = held.digest

    def _damage(self, held: Held) -> str:
        """What of the pushed image is damaged, and what was before."""
        now = held.findings[0]
        before = [each for each in (self._before.findings if self._before is not None else []) if each["digest"] != now["digest"]]
        old = f"; before, {before[0]['role']} {before[0]['digest']} was {before[0]['code']}" if before else ""
        what = f"pushed, and {now['role']} {now['digest']} cannot be pulled ({now['code']}){old}"
        return f"{what}: a push replaces no file that is there"

    @contextlib.contextmanager
    def _step(self, what: str) -> Iterator[Dict[str, Any]]:
        step: Dict[str, Any] = {"what": what, "state": "failed", "detail": "", "began": time.time(), "ended": 0.0}
        self._steps.append(step)
        try:
            yield step
            step["state"] = "done"
        except RegistryError as error:
            step["detail"] = self.told(error)
            raise
        finally:
            step["ended"] = time.time()

    def told(self, error: RegistryError) -> str:
        """An error as it may be shown."""
        return self._mask(str(error))

    def result(self) -> Dict[str, Any]:
        """What the module returns: plain JSON types."""
        log = self._shell.log[-self._params["log_lines"] :] if self._shell is not None and self._params["log_lines"] else []
        held, builder = self._after, self._choice.builder
        return {
            "changed": self._changed,
            "reference": self.wanted.reference,
            "image": self.wanted.repository,
            "tag": self.wanted.tag,
            "commit": self._source.commit,
            "revision": self._source.revision,
            "builder": builder.name if builder is not None else "",
            "builders": self._choice.tried,
            "platforms": held.platforms if held is not None else self._choice.platforms,
            "lost_platforms": self._choice.lost if builder is not None else [],
            "digest": self._proven,
            "before": self._before.digest if self._before is not None else "",
            "cleaned": len(self._stale),
            "findings": held.findings if held is not None else [],
            "notes": [note for note in (self._choice.note(), self._cleaned()) if note],
            "steps": self._steps,
            "log": log,
        }

    def _cleaned(self) -> str:
        return f"cleaned up after {len(self._stale)} runs that were killed" if self._stale else ""

    def message(self, check_mode: bool) -> str:
        """One sentence for people."""
        what = f"{self.wanted.reference} from {self._source.revision or self.wanted.ref}"
        if not self._changed:
            return f"{what} is there and whole: nothing to build"
        return (
            f"would build and push {what} with {self.result()['builder']}" if check_mode else f"built, pushed and proved {what}"
        )
