# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Writes to a store on disk: each one a whole new file renamed into its place, and what was there kept in the quarantine."""

from __future__ import annotations

import contextlib
import os
import stat
from typing import List, Mapping

from ..errors import ApplyFailed
from .beneath import adopt, parent_folder, sync
from .quarantine import Entry, keep, keep_copies, put_back
from .spool import Spool
from .workplace import KEPT, Workplace, writing

_FILE_MODE = 0o644


class StoreWriter:
    """Changes files of one store. ``kept`` collects what went to the quarantine; paths are relative to the rootdirectory."""

    def __init__(self, root: str, workplace: Workplace, run_id: str) -> None:
        self.root = root
        self.kept: List[Entry] = []
        self._workplace = workplace
        self._run_id = run_id

    def put_file(self, path: str, spool: Spool, reason: str) -> None:
        """Rename a settled spool to ``path``; a file that is there goes to the quarantine with ``reason``."""
        with writing(os.path.join(self.root, path)):
            self._keep_existing(path, spool.digest, reason)
            with parent_folder(self.root, path, create=True) as (folder, name):
                _dress(spool.path, folder, name)
                os.rename(spool.path, name, dst_dir_fd=folder)
                sync(folder)

    def put_link(self, path: str, digest: str, reason: str) -> None:
        """Write a link file that holds ``digest``; what was there goes to the quarantine with ``reason``."""
        with Spool(self._workplace, digest) as spool:
            spool.write(digest.encode())
            spool.settle()
            self.put_file(path, spool, reason)

    def remove(self, path: str, digest: str, reason: str) -> None:
        """Move a file to the quarantine."""
        with writing(os.path.join(self.root, path)):
            self._keep_existing(path, digest, reason)
            with parent_folder(self.root, path) as (folder, name):
                os.unlink(name, dir_fd=folder)
                sync(folder)

    def remove_folder(self, path: str, digest: str, reason: str, *, needs: str = "", expires: bool = False) -> Entry:
        """Move a folder with all that is in it to the quarantine, in one step. Raises FileNotFoundError where there is none.

        ``needs`` and ``expires``: see :func:`quarantine.keep`.
        """
        try:
            entry = keep(self.root, self._workplace, self._run_id, path, digest, reason, needs=needs, expires=expires)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise ApplyFailed(f"cannot be moved aside ({error.strerror})", where=os.path.join(self.root, path)) from None
        self.kept.append(entry)
        return entry

    def copy_links(self, links: Mapping[str, str], reason: str, *, lasting: bool = False) -> None:
        """Copy links (path: digest) to the quarantine before the registry deletes or rewrites them. ``lasting``: see :func:`keep_copies`."""
        with writing(os.path.join(self._workplace.base, KEPT)):
            self.kept.extend(keep_copies(self.root, self._workplace, self._run_id, links, reason, lasting=lasting))

    def take_back(self, entry: Entry) -> None:
        """Put one entry of this run back."""
        put_back(self.root, entry)
        self.kept.remove(entry)

    def _keep_existing(self, path: str, digest: str, reason: str) -> None:
        """Once in a run: what was there first is what an undo puts back."""
        if any(entry["path"] == path for entry in self.kept):
            return
        try:
            self.kept.append(keep(self.root, self._workplace, self._run_id, path, digest, reason))
        except FileNotFoundError:
            return


def _dress(temporary: str, folder: int, name: str) -> None:
    """Give a temporary file the owner, group and mode of the file that it replaces, or else those that its folder calls for."""
    model = os.fstat(folder)
    mode = _FILE_MODE
    with contextlib.suppress(FileNotFoundError):
        there = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if stat.S_ISREG(there.st_mode):  # the mode of a symbolic link, or of a fifo, says nothing of what should be there
            model, mode = there, stat.S_IMODE(there.st_mode)
    descriptor = os.open(temporary, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        adopt(descriptor, model.st_uid, model.st_gid, mode)
    finally:
        os.close(descriptor)
