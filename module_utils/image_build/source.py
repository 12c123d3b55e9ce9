# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What is built: a commit of a repository, or a folder of this host."""

from __future__ import annotations

import os
from typing import Optional

from .errors import SourceFailed
from .folder import folder_revision
from .git import Git, split_url
from .shell import Shell
from .wanted import Wanted
from .workfolder import WorkFolder


class Source:
    """``find`` first, then ``fetch``. ``revision`` is the commit, or for a folder that is none a hash of it; ``path`` where it lies."""

    def __init__(self, wanted: Wanted) -> None:
        """Raises :class:`BadInput` for a url that cannot be used."""
        self._wanted = wanted
        self.userinfo = split_url(wanted.git)[1] if wanted.git else ""
        self.commit = ""
        self.revision = ""
        self.path = wanted.folder
        self._git: Optional[Git] = None
        self._is_here = False

    def find(self, shell: Shell, folder: WorkFolder) -> None:
        """Which commit it is; nothing is fetched yet."""
        if not self._wanted.git:
            self.commit, self.revision = folder_revision(self.path, shell)
            self._check()
            return
        self._git = Git(self._wanted.git, shell, folder.inside("git"))
        self.path = os.path.join(folder.path, "source")
        self.commit = self.revision = self._git.resolve(self._wanted.ref)

    def fetch(self) -> None:
        """Bring it here; nothing where that was done."""
        if self._git is None or self._is_here:
            return
        self.commit = self.revision = self._git.checkout(self.path, self.commit, self._wanted.ref)
        self._is_here = True
        self._check()

    def _check(self) -> None:
        """Both are there and below the source, also where a link of the source's leads to: other files of this host are no part of it."""
        for path in (self._wanted.dockerfile, self._wanted.context):
            source, real = os.path.realpath(self.path), os.path.realpath(os.path.join(self.path, path))
            if os.path.commonpath([source, real]) != source:
                raise SourceFailed("leads out of the source by a link", where=path, advice="Set dockerfile, or context")
        dockerfile = os.path.join(self.path, self._wanted.dockerfile)
        if not os.path.isfile(dockerfile):
            raise SourceFailed("has no such file", where=self._wanted.dockerfile, advice="Set dockerfile, or context")
        if not os.path.isdir(os.path.join(self.path, self._wanted.context)):
            raise SourceFailed("has no such folder", where=self._wanted.context, advice="Set context")
