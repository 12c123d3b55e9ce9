# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""One small healthy store: ``app:v1``, an index of two platforms with attestations."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from ansible.module_utils.oci_registry.findings import Finding
from ansible.module_utils.oci_registry.report import Report
from ansible.module_utils.oci_registry.scan import scan
from ansible.module_utils.registry_lab import images, place


class Store(NamedTuple):
    """A store on disk and the image that it was made with."""

    root: Path
    index: images.Image

    @property
    def child(self) -> images.Image:
        """The manifest of the first platform."""
        return self.index.children[0]

    def scan(self, **options: Any) -> Report:
        """What a scan says."""
        return scan(str(self.root), **options)

    def found(self, **options: Any) -> set[tuple[str, ...]]:
        """Code, severity and state of each finding, of a scan that could look at everything."""
        report = self.scan(**options)
        assert report.problems == []
        return {(finding.code, finding.severity, finding.state) for finding in report.findings}

    def finding(self, code: str, **options: Any) -> Finding:
        """The only finding with that code."""
        (found,) = [finding for finding in self.scan(**options).findings if finding.code == code]
        return found

    def place(self, tag: str, image: images.Image, repository: str = "app") -> None:
        """Add an image; an empty tag leaves it untagged."""
        place.place_on_disk(str(self.root), repository, tag, image)

    def blob(self, digest: str) -> Path:
        """The file of a blob."""
        return Path(place.blob_path(str(self.root), digest))

    def revision(self, digest: str, repository: str = "app") -> Path:
        """The link of a manifest."""
        return Path(place.revision_path(str(self.root), repository, digest))

    def layer(self, digest: str, repository: str = "app") -> Path:
        """The link of a blob."""
        return Path(place.layer_path(str(self.root), repository, digest))

    def tag(self, tag: str = "v1", repository: str = "app") -> Path:
        """The link of a tag."""
        return Path(place.tag_path(str(self.root), repository, tag))


@pytest.fixture
def make_store() -> Callable[[Path], Store]:
    """Makes such a store at a rootdirectory."""

    def make(root: Path) -> Store:
        made = Store(root, images.build("app", shared=(images.layer("base"),)))
        made.place("v1", made.index)
        return made

    return make


@pytest.fixture
def store(tmp_path: Path, make_store: Callable[[Path], Store]) -> Store:
    """A store of this test's own."""
    return make_store(tmp_path / "data")
