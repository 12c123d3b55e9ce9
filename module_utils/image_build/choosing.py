# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Which builder is taken, why the others are not, and for which platforms it builds."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple

from ..oci_registry.errors import RegistryError
from .builders import ALL, Builder, Unfit, Workshop
from .errors import NoBuilder, NotTrusted, PlatformsLost
from .shell import Shell
from .wanted import Wanted
from .workfolder import WorkFolder

_ADVICE = "Install docker-buildx with Docker's containerd image store or a docker-container builder, or buildah; or set allow_lost_platforms"


class Choice:
    """``builder`` is the one that is taken; ``tried`` says of each what it is, or why not."""

    def __init__(self, wanted: Wanted) -> None:
        self.tried: List[Dict[str, Any]] = []
        self.builder: Optional[Builder] = None
        self.platforms: List[str] = []  #: that the image will have; empty before one is taken
        self._wanted = wanted
        self._narrow: Optional[Builder] = None  # the first that works, for fewer platforms
        self._distrust: Optional[RegistryError] = None

    def make(self, folder: WorkFolder, shell: Shell) -> None:
        """Look at each in turn. Raises :class:`NoBuilder`, :class:`NotTrusted` or :class:`PlatformsLost`, before anything is built."""
        names = list(ALL) if self._wanted.builder == "auto" else [self._wanted.builder]
        for name in names:
            builder = ALL[name](Workshop(shell, folder.inside(name), self._wanted.settings))
            if self.builder is None:
                usable, why = self._try(builder)
                self.tried.append({"name": name, "usable": usable, "why": why})
        if self.builder is None:
            self._settle()

    def _try(self, builder: Builder) -> Tuple[bool, str]:
        try:
            builder.find()
        except Unfit as unfit:
            return False, str(unfit)
        except NotTrusted as error:
            self._distrust = self._distrust or error
            return False, str(error)
        platforms = self._wanted.platforms or self._wanted.expected or [builder.native]
        if not builder.can_build(platforms):
            self._narrow = self._narrow or builder
            return False, f"{builder.about}: cannot build {', '.join(platforms)} in one image"
        lost = [each for each in self._wanted.expected if each not in platforms]
        if lost and not self._wanted.allow_lost:
            self._narrow = self._narrow or builder
            return False, f"{builder.about}: {', '.join(lost)} would be lost"
        self.builder, self.platforms = builder, platforms
        return True, builder.about

    def _settle(self) -> None:
        """Nobody can build all of it: fewer platforms where that is allowed, else why not."""
        reasons = "; ".join(f"{each['name']}: {each['why']}" for each in self.tried)
        if self._narrow is None:
            if self._distrust is not None:
                raise self._distrust
            raise NoBuilder(f"nothing here can build: {reasons}", advice="Install Docker, docker-buildx or buildah")
        if not self._wanted.allow_lost:
            raise PlatformsLost(f"platforms would be lost: {reasons}", where=self._wanted.reference, advice=_ADVICE)
        self.builder, self.platforms = self._narrow, [self._narrow.native]
        for each in self.tried:
            if each["name"] == self._narrow.name:
                each.update(usable=True, why=f"{self._narrow.about}, for {self._narrow.native} only")

    @property
    def taken(self) -> Builder:
        """The one that is taken; only after :meth:`make`."""
        if self.builder is None:
            raise NoBuilder("none was chosen")
        return self.builder

    @property
    def lost(self) -> List[str]:
        """Platforms that are expected and will not be there."""
        return [each for each in self._wanted.expected if each not in self.platforms]

    def note(self) -> str:
        """What may go wrong with foreign platforms; empty for nothing."""
        runs = self.builder.runs if self.builder is not None else []
        foreign = [each for each in self.platforms if each not in runs]
        if not foreign:
            return ""
        return f"programs of {', '.join(foreign)} cannot be run here: RUN instructions need emulation (binfmt, qemu-user-static)"
