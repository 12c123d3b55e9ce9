# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What scenarios play on, and what each of them leaves behind."""

from __future__ import annotations

import os
import shutil
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple

from ..damage import Damage
from ..folder import MAIN, LabFolder
from ..images import Image
from ..place import place_on_disk
from ..process import RegistryProcess
from ..push import push
from ..restart import write_restart_script

Tagged = Tuple[str, str, Image]  # repository, tag, what the tag points at

#: what each proof of a walk can see, from the damage that needs least to the one that needs most
SEEN_BY_ALL = ("manifests", "head", "bytes", "content")
SEEN_BY_BYTES = ("bytes", "content")
SEEN_BY_CONTENT = ("content",)


class Expectation(NamedTuple):
    """One finding that must be reported; ``proofs`` are those of a walk that can see it. The disk must see every one, with ``content``."""

    code: str
    repository: str
    digest: str
    tags: Tuple[str, ...]
    state: str  # on disk
    proofs: Tuple[str, ...] = SEEN_BY_ALL

    @classmethod
    def of(cls, done: Damage, proofs: Tuple[str, ...] = SEEN_BY_ALL) -> List[Expectation]:
        """What one damage leads to, in every repository that it hits."""
        return [cls(done.code, name, done.digest, tags, done.state, proofs) for name, tags in done.affected.items()]


class Scene(NamedTuple):
    """The ground truth of a broken registry."""

    broken: List[str]  # what was done, for people
    evidence: List[str]  # what was proved on the way
    expected: List[Expectation]
    walks: Sequence[str] = ("bytes",)  # proofs to walk with, the strongest last
    sources: Sequence[Dict[str, Any]] = ()  # as registry_repair takes them


class Stage:
    """A lab folder, with the registry that a scenario breaks, and the means to keep copies of its images."""

    def __init__(self, folder: LabFolder, binary: Optional[str] = None) -> None:
        self._folder = folder
        self._binary = binary
        folder.make()

    def registry(self, *, cache: bool) -> RegistryProcess:
        """Start the registry that is to be broken, empty."""
        registry = self._made(MAIN, cache=cache)
        write_restart_script(registry)
        registry.start()
        return registry

    def mirror(self, images: Iterable[Tagged]) -> Dict[str, Any]:
        """Start a second registry that holds ``images``; return it as a source."""
        mirror = self._made("mirror")
        for repository, tag, image in images:
            place_on_disk(mirror.root, repository, tag, image)
        mirror.start()
        return {"type": "registry", "registry": mirror.address, "scheme": mirror.scheme}

    def snapshot(self, registry: RegistryProcess) -> Dict[str, Any]:
        """Copy the whole store of ``registry``; return the copy as a source."""
        path = os.path.join(self._folder.path, "snapshot")
        shutil.copytree(registry.root, path)
        return {"type": "snapshot", "path": path}

    def layout(self, images: Iterable[Image]) -> Dict[str, Any]:
        """Write an OCI image layout with all that ``images`` need; return it as a source."""
        path = os.path.join(self._folder.path, "layout")
        write_layout(path, images)
        return {"type": "layout", "path": path}

    def _made(self, name: str, **options: Any) -> RegistryProcess:
        return RegistryProcess(os.path.join(self._folder.path, name), self._binary, **options)


def push_all(registry: RegistryProcess, images: Iterable[Tagged]) -> None:
    """Push every image under its tag, in order."""
    for repository, tag, image in images:
        push(registry, repository, tag, image)


def write_layout(path: str, images: Iterable[Image]) -> None:
    """Write an OCI image layout with all that ``images`` need."""
    folder = os.path.join(path, "blobs", "sha256")
    os.makedirs(folder)
    for name, content in (
        ("oci-layout", b'{"imageLayoutVersion":"1.0.0"}'),
        ("index.json", b'{"schemaVersion":2,"manifests":[]}'),
    ):
        _write(os.path.join(path, name), content)
    for image in images:
        for digest, content in image.contents().items():
            _write(os.path.join(folder, digest.partition(":")[2]), content)


def _write(path: str, content: bytes) -> None:
    with open(path, "wb") as file:
        file.write(content)
