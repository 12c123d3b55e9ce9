# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The folder of a lab: made by us and marked, so that only what was made here is ever removed."""

from __future__ import annotations

import contextlib
import glob
import os
import shutil
import stat
from typing import Iterator, List, Optional

from .daemon import Daemon
from .errors import LabError
from .process import RegistryProcess

MARK = ".registry-lab"
SETTINGS = "lab.json"  # in the folder of each registry
MAIN = "registry"  # folder of the registry that a lab is about, below the lab's folder


class LabFolder:
    """One folder with any number of registries and other processes, each in a folder of its own below it."""

    mark = MARK

    def __init__(self, path: str) -> None:
        self.path = os.path.abspath(path)

    @property
    def exists(self) -> bool:
        """Whether there is anything at the path."""
        return os.path.lexists(self.path)

    def make(self) -> None:
        """Make and mark it, readable by its owner only; nothing where it is a lab already. LabError for a folder of somebody else."""
        if self._is_ours():
            return
        try:
            os.makedirs(os.path.dirname(self.path), exist_ok=True)
            os.mkdir(self.path, 0o700)
        except FileExistsError:
            raise self._foreign() from None
        except OSError as error:
            raise LabError(
                f"cannot be made ({error.strerror})", where=self.path, advice="Name another folder for the lab"
            ) from None
        with open(os.path.join(self.path, self.mark), "w", encoding="ascii"):
            pass

    def registries(self) -> List[RegistryProcess]:
        """Every registry in it, running or not."""
        if not self._is_ours():
            return []
        folders = [os.path.join(self.path, name) for name in sorted(os.listdir(self.path))]
        return [RegistryProcess.attach(folder) for folder in folders if os.path.isfile(os.path.join(folder, SETTINGS))]

    @property
    def main(self) -> str:
        """Folder of the registry that the lab is about."""
        return os.path.join(self.path, MAIN)

    @property
    def has_main(self) -> bool:
        """Whether that registry was made."""
        return self._is_ours() and os.path.isfile(os.path.join(self.main, SETTINGS))

    @property
    def running(self) -> bool:
        """Whether anything runs in it, registry or not."""
        return any(daemon.pid is not None for daemon in self._daemons())

    def stop(self) -> None:
        """Stop every registry, and whatever else runs in it. LabError for the first that does not end; the others are stopped then, too."""
        first: Optional[LabError] = None
        for daemon in self._daemons():
            try:
                daemon.stop()
            except LabError as error:
                first = first or error
        if first is not None:
            raise first

    @contextlib.contextmanager
    def in_the_making(self) -> Iterator[None]:
        """What the block makes is stopped where that fails; it stays for a look if there is a registry in it, and else is removed."""
        try:
            yield
        except BaseException:
            self.stop()
            if not self.registries():
                self.remove()
            raise

    def _daemons(self) -> List[Daemon]:
        """Every process that was started in it: each has a PID file in a folder of its own."""
        if not self._is_ours():
            return []
        return [Daemon(path) for path in sorted(glob.glob(os.path.join(glob.escape(self.path), "*", "*.pid")))]

    def remove(self) -> None:
        """Stop all that runs in it, and remove the folder with all that it holds; LabError for a folder of somebody else."""
        if not self.exists:
            return
        self.refuse_foreign()
        self.stop()
        shutil.rmtree(self.path)

    def refuse_foreign(self) -> None:
        """LabError for a folder of somebody else; nothing where there is none."""
        if self.exists and not self._is_ours():
            raise self._foreign()

    def _is_ours(self) -> bool:
        try:
            found = os.lstat(self.path)
        except OSError:
            return False
        marked = os.path.isfile(os.path.join(self.path, self.mark))
        return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and marked

    def _foreign(self) -> LabError:
        return LabError("exists, and is no lab's folder", where=self.path, advice="Name a folder that does not exist yet")
