# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The machine that Ansible runs on: versions, programs and disk space."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .remarks import Remark

MIB = 1 << 20
ENOUGH = 200 * MIB  # for journals, reports and Ansible's own files
_OLDEST = (2, 17)  # of ansible-core: the oldest that is tried
COLLECTION = ("kubernetes", "core")


def look(state: str) -> list[Remark]:
    """Versions and the folder of journals."""
    return [*_versions(), *_space(Path(state))]


def collections(variables: Iterable[dict[str, Any]]) -> list[Remark]:
    """Whether the one collection is there, where manifests are to be applied to a cluster."""
    wanted = any((given.get("probe_kubernetes") or {}).get("apply") for given in variables if _is_mapping(given))
    return (
        []
        if not wanted or _is_installed()
        else [
            Remark(
                False,
                "probe_kubernetes applies to a cluster, and the collection kubernetes.core is not installed: "
                "ansible-galaxy collection install -r collections/requirements.yml",
            )
        ]
    )


def _is_mapping(given: dict[str, Any]) -> bool:
    return isinstance(given.get("probe_kubernetes"), dict)


def _is_installed() -> bool:
    import ansible
    from ansible import constants

    places = [*constants.COLLECTIONS_PATHS, str(Path(ansible.__file__).parents[1])]
    return any(Path(place, "ansible_collections", *COLLECTION).is_dir() for place in places)


def _versions() -> list[Remark]:
    from ansible.release import __version__ as version

    numbers = tuple(int(part) for part in version.split(".")[:2])
    oldest = ".".join(map(str, _OLDEST))
    return (
        []
        if numbers >= _OLDEST
        else [Remark(False, f"ansible-core {version} is older than {oldest}, the oldest that is tried here")]
    )


def _space(folder: Path) -> list[Remark]:
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(there).free
    if free >= ENOUGH or not os.access(there, os.W_OK):
        return []
    return [Remark(free < MIB, f"{there}, where journals and reports go, has {free // MIB} MiB left")]
