# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The content store of containerd, which keeps the exact bytes that were pulled: that of a node, or the one below Docker's own folder.

``blobs/<algorithm>/<hex>`` is written elsewhere (``ingest``) and renamed, so what is there is complete. An engine pulls only what its own
platform needs, and may be told to discard layers once they are unpacked.
"""

from __future__ import annotations

import json
import os
import re
from typing import Iterator, List, Optional

from ..errors import BadInput
from .blob_folder import BlobFolders, is_folder

_STORE = "io.containerd.content.v1.content"
#: folders of engines that have a store of this name below them; those that are configured otherwise are looked up
_ENGINES = (
    "/var/lib/containerd",
    "/var/lib/rancher/k3s/agent/containerd",
    "/var/lib/rancher/rke2/agent/containerd",
    "/var/lib/k0s/containerd",
    "/var/snap/microk8s/common/var/lib/containerd",
)
_DOCKERS = ("/var/lib/docker", "/var/snap/docker/common/var-lib-docker")
_CONTAINERD_CONFIG, _DOCKER_CONFIG = "etc/containerd/config.toml", "etc/docker/daemon.json"
_CONFIGURED_ROOT = re.compile(r"""^root\s*=\s*["']([^"']+)["']""", re.MULTILINE)
_MAX_CONFIG_BYTES = 1 << 20


class ContainerdSource(BlobFolders):
    """One content store, or without a path all that engines of this host have."""

    def __init__(self, path: Optional[str] = None, machine: str = "/") -> None:
        """``path``: the store, or a folder of containerd that has one; ``machine``: the root of the file system to search."""
        found = [store for store in [_store_at(os.path.abspath(path))] if store] if path else content_stores(machine)
        if not found and path:
            advice = f"Give the folder that holds blobs and ingest: its name is {_STORE}"
            raise BadInput("holds no content store of containerd", where=path, advice=advice)
        if not found:
            advice = "Give its path. Docker has one only where it runs with the containerd image store"
            raise BadInput("no engine of this host has a content store in any of the usual places", advice=advice)
        super().__init__([os.path.join(store, "blobs") for store in found], f"containerd {', '.join(found)}")


def content_stores(machine: str = "/") -> List[str]:
    """The content stores of this host, in the usual places and where the engines' configuration says."""
    wanted = (os.path.join(machine, folder.lstrip("/")) for folder in _folders(machine))
    return [store for store in map(_store_at, dict.fromkeys(wanted)) if store]


def _folders(machine: str) -> Iterator[str]:
    yield from _CONFIGURED_ROOT.findall(_read(machine, _CONTAINERD_CONFIG))[:1]
    yield from _ENGINES
    try:
        root = json.loads(_read(machine, _DOCKER_CONFIG) or "{}").get("data-root")
    except (ValueError, AttributeError):
        root = None
    dockers = ([root] if isinstance(root, str) else []) + list(_DOCKERS)
    yield from (f"{docker}/containerd/daemon" for docker in dockers)


def _read(machine: str, name: str) -> str:
    try:
        with open(os.path.join(machine, name), encoding="utf-8", errors="replace") as file:
            return file.read(_MAX_CONFIG_BYTES)
    except OSError:
        return ""


def _store_at(path: str) -> str:
    """The content store that a folder is or has; empty if there is none."""
    candidates = (path, os.path.join(path, _STORE), os.path.join(path, "containerd", "daemon", _STORE))
    return next((store for store in candidates if is_folder(os.path.join(store, "blobs"))), "")
