# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Odd stores that random damage seldom makes: the scan says of each what a walk sees on a freshly started registry."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.oci_registry.model import MAX_MANIFEST_BYTES
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.process import RegistryProcess

from conscience.stores import comparable, scanned, walked


def _raw(store: Any, tag: str, content: bytes) -> None:
    store.place(tag, images.Image(images.digest_of(content), content, images.OCI_MANIFEST))


def too_large(store: Any) -> None:
    """A manifest of more than 4 MiB."""
    _raw(
        store, "large", json.dumps({"schemaVersion": 2, "manifests": [], "annotations": {"a": "x" * MAX_MANIFEST_BYTES}}).encode()
    )


def unknown_kind(store: Any) -> None:
    """A manifest of a kind that no registry knows."""
    _raw(store, "unknown", b'{"schemaVersion":2,"mediaType":"application/vnd.example"}')


def bare_document(store: Any) -> None:
    """Served as a manifest, although there is nothing in it."""
    _raw(store, "bare", b'{"schemaVersion":2}')


def hostile_digest(store: Any) -> None:
    """An index that names a path."""
    _raw(store, "hostile", b'{"schemaVersion":2,"manifests":[{"digest":"sha256:../../etc/passwd","size":2}]}')


def too_deep(store: Any) -> None:
    """Indexes without end."""
    image = images.image("deep")
    for _level in range(12):
        image = images.index([image])
    store.place("deep", image)


def layer_leads_to_linked_blob(store: Any) -> None:
    """A layer link with the digest of another blob of the repository."""
    store.layer(store.child.blobs[-1].digest).write_text(store.child.blobs[0].digest)


def layer_leads_to_unlinked_blob(store: Any) -> None:
    """A layer link with the digest of a blob that the repository does not serve."""
    store.layer(store.child.blobs[-1].digest).write_text(store.child.digest)


def tag_leads_to_config(store: Any) -> None:
    """A tag of something that is no manifest."""
    store.tag().write_text(store.child.blobs[0].digest)


def manifest_through_layers(store: Any) -> None:
    """A child whose only link is among the layers."""
    store.revision(store.child.digest).unlink()
    link = store.layer(store.child.digest)
    link.parent.mkdir(parents=True)
    link.write_text(store.child.digest)


def blob_is_a_folder(store: Any) -> None:
    """A folder where the bytes should be."""
    for digest in (store.child.digest, store.index.children[1].blobs[0].digest):
        store.blob(digest).unlink()
        store.blob(digest).mkdir()


def link_is_a_folder(store: Any) -> None:
    """A folder where a link should be."""
    for link in (store.revision(store.child.digest), store.layer(store.index.children[1].blobs[0].digest)):
        link.unlink()
        link.mkdir()


def tag_without_link(store: Any) -> None:
    """The folder of a tag, and nothing in it."""
    shutil.rmtree(store.tag().parent)


def tag_is_a_file(store: Any) -> None:
    """A file among the tags, which the registry lists."""
    (store.tag().parent.parent.parent / "notes").write_text("?")


def no_tags(store: Any) -> None:
    """A repository whose folder of tags is gone."""
    shutil.rmtree(store.tag().parent.parent.parent)


def lying_size(store: Any) -> None:
    """An index that gives its child another size."""
    content = images.index([images.image("lie")]).content.replace(b'"size":', b'"size":1')
    store.place("", images.image("lie"))
    _raw(store, "lie", content)


CASES = [
    case
    for name, case in sorted(globals().items())
    if callable(case) and getattr(case, "__module__", "") == __name__ and name[0] != "_"
]


@pytest.mark.parametrize("case", CASES)
def test_scan_and_walk_agree(
    case: Callable[[Any], None], registry: Callable[..., RegistryProcess], make_store: Callable[[Path], Any]
) -> None:
    served = registry(cache=False)
    case(make_store(Path(served.root)))
    predicted, seen = scanned(served), walked(served)
    assert predicted.problems == []
    assert comparable(predicted) == comparable(seen)
    assert predicted.healthy == (case in (manifest_through_layers, no_tags) and predicted.findings == [])
