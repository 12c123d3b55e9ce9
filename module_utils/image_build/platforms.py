# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Platforms, written in one way: ``linux/arm64`` and ``linux/arm64/v8`` are the same."""

from __future__ import annotations

import platform
import re
from typing import Any, Iterable, List, Mapping

from ..oci_registry.errors import BadInput

_PLATFORM = re.compile(r"[a-z0-9]+/[a-z0-9_]+(?:/[a-z0-9.]+)?\Z")
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm/v7", "armv6l": "arm/v6", "i686": "386"}
_PLAIN = {"arm64/v8": "arm64", "amd64/v1": "amd64", "arm": "arm/v7"}
UNKNOWN = "unknown/unknown"  # an attestation


def normal(text: str) -> str:
    """One platform in its usual form. Raises :class:`BadInput` for what is none."""
    text = text.strip().lower()
    if not _PLATFORM.match(text):
        raise BadInput(f"{text[:60]!r} is no platform", advice="Expected os/architecture, such as linux/amd64")
    system, _slash, machine = text.partition("/")
    machine = _MACHINES.get(machine, machine)
    return f"{system}/{_PLAIN.get(machine, machine)}"


def normal_all(texts: Iterable[str]) -> List[str]:
    """Each once, in order; attestations left out."""
    return [each for each in dict.fromkeys(normal(text) for text in texts if text) if each != UNKNOWN]


def native(machine: str = "") -> str:
    """The platform of a machine, this one's unless told."""
    return normal(f"linux/{(machine or platform.machine()).lower()}")


def of_config(config: Mapping[str, Any]) -> str:
    """The platform that an image's config names; empty where it names none."""
    parts = [config.get("os"), config.get("architecture"), config.get("variant")]
    return known("/".join(part for part in parts if isinstance(part, str) and part))


def known(text: str) -> str:
    """What an image says is its platform, in its usual form; empty where it is none: others wrote that, and may have written anything."""
    text = text.strip().lower()
    return normal(text) if _PLATFORM.match(text) else ""
