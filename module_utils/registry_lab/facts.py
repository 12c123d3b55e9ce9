# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What modules return of a lab's registry, so that one can work with it."""

from __future__ import annotations

from typing import Any, Dict

from .binaries import version_of
from .graph import tags_of
from .process import RegistryProcess
from .restart import restart_commands


def facts_of(registry: RegistryProcess) -> Dict[str, Any]:
    """Where it is, and how it is restarted."""
    return {
        "address": registry.address,
        "scheme": registry.scheme,
        "root": registry.root,
        "log": registry.log_path,
        "restart_commands": restart_commands(registry),
    }


def contents_of(registry: RegistryProcess) -> Dict[str, Any]:
    """The same, its version, and every image in it."""
    version = version_of(registry.settings.binary)
    return {
        **facts_of(registry),
        "version": ".".join(map(str, version)),
        "dialect": "2" if version[0] < 3 else "3",
        "images": [f"{repository}:{tag}" for repository, tag in tags_of(registry.root)],
    }
