# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The format ``docker-archive``: a tar file with ``manifest.json``, and for each image its config and its uncompressed layers."""

from __future__ import annotations

import json
from typing import Any, List, NamedTuple, Tuple

from ..digest import is_digest, sha256_of
from ..errors import BadInput
from ..model import MAX_MANIFEST_BYTES
from ..tarball import Member, Tarball

_MANIFEST = "manifest.json"


class SavedImage(NamedTuple):
    """One image of an archive. ``diff_ids`` are the digests of the uncompressed layers, as its config has them."""

    names: Tuple[str, ...]  # as it was tagged
    config: bytes
    layers: Tuple[Member, ...]
    diff_ids: Tuple[str, ...]
    platform: str  # "linux/arm64/v8"

    @property
    def id(self) -> str:
        """What Docker calls the image ID: the digest of its config."""
        return sha256_of(self.config)


class DockerArchive:
    """An open archive. Raises :class:`BadInput` for what is none."""

    def __init__(self, path: str) -> None:
        self.tar = Tarball(path)
        try:
            self._records = self._read()
        except BaseException:
            self.tar.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        self.tar.close()

    def image(self, name: str = "") -> SavedImage:
        """The image that is tagged ``name``, or has it as its ID; the only one if no name is given."""
        images = [(record, self._names(record)) for record in self._records]
        if not name and len(images) == 1:
            return self._image(*images[0])
        found = [self._image(*each) for each in images if name in each[1]] if name else []
        if name and not found:
            found = [saved for saved in (self._image(*each) for each in images) if name in (saved.id, saved.id[len("sha256:") :])]
        if len(found) == 1:
            return found[0]
        there = ", ".join(name for _record, names in images for name in names or ("one without a name",))
        what = f"has no image {name}" if name else f"holds {len(images)} images"
        raise BadInput(what, where=self.tar.path, advice=f"Name one of: {there[:1000]}")

    def _read(self) -> List[Any]:
        if _MANIFEST not in self.tar.names():
            what = "is no archive of docker save: it has no manifest.json" + (
                f" and {self.tar.damage}" if self.tar.damage else ""
            )
            raise BadInput(what, where=self.tar.path, advice="An OCI archive is a source of registry_repair instead")
        records = self._json(_MANIFEST, self.tar.content(_MANIFEST, MAX_MANIFEST_BYTES))
        if not isinstance(records, list) or not records or not all(isinstance(record, dict) for record in records):
            raise BadInput(f"has a {_MANIFEST} without images", where=self.tar.path)
        return records

    def _names(self, record: Any) -> Tuple[str, ...]:
        names = record.get("RepoTags")
        return tuple(name for name in names if isinstance(name, str)) if isinstance(names, list) else ()

    def _image(self, record: Any, names: Tuple[str, ...]) -> SavedImage:
        config, layers = record.get("Config"), record.get("Layers")
        if not isinstance(config, str) or not isinstance(layers, list) or not all(isinstance(layer, str) for layer in layers):
            raise BadInput(f"has a {_MANIFEST} that names no config and layers", where=self.tar.path)
        content = self.tar.content(config, MAX_MANIFEST_BYTES)
        about = self._json(config, content)
        diff_ids, platform = _diff_ids(about), _platform(about)
        if diff_ids is None or len(diff_ids) != len(layers):
            raise BadInput(f"has a config {config} that does not fit its {len(layers)} layers", where=self.tar.path)
        return SavedImage(names, content, tuple(map(self._layer, layers)), diff_ids, platform)

    def _layer(self, name: str) -> Member:
        found = self.tar.members(name)
        if not found:
            raise BadInput(
                f"lacks the layer {name}" + (f": it {self.tar.damage}" if self.tar.damage else ""), where=self.tar.path
            )
        return found[0]

    def _json(self, name: str, content: bytes) -> Any:
        try:
            return json.loads(content)
        except (ValueError, RecursionError):
            raise BadInput(f"has a {name} that is no JSON", where=self.tar.path) from None


def _diff_ids(config: Any) -> Any:
    """The digests of the uncompressed layers; None where the config has none."""
    rootfs = config.get("rootfs") if isinstance(config, dict) else None
    found = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
    return tuple(found) if isinstance(found, list) and all(map(is_digest, found)) else None


def _platform(config: Any) -> str:
    parts = [config.get(key) for key in ("os", "architecture", "variant")] if isinstance(config, dict) else []
    text = "/".join(str(part)[:40] for part in parts if part)
    return "".join(char if char.isprintable() else "?" for char in text)
