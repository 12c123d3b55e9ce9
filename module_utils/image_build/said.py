# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What builders say when they fail, in one clear sentence."""

from __future__ import annotations

import re
from typing import List, Tuple, Type

from ..oci_registry.errors import AuthenticationFailed, RegistryError, Unreachable
from .errors import BuildFailed, NotTrusted, PushFailed
from .shell import Done

_TRUST = "The builder does not trust the registry: /etc/docker/certs.d/HOST:PORT/ca.crt or insecure-registries for Docker, ca_path for buildah"
_WORDS: Tuple[Tuple[str, Type[RegistryError], str], ...] = (
    (r"x509|certificate|server gave http response|http: server gave|tls: ", NotTrusted, _TRUST),
    (
        r"unauthorized|authentication required|incorrect username|access denied|access to the resource is denied|no basic auth|401",
        AuthenticationFailed,
        "See username and password, and whether that user may push",
    ),
    (r"no such host|connection refused|i/o timeout|network is unreachable", Unreachable, "See whether this host reaches it"),
)
_FOREIGN = re.compile(r"exec format error|exec user process caused", re.IGNORECASE)
_SPACE = re.compile(r"no space left on device", re.IGNORECASE)
_TELLING = re.compile(r"error|failed|denied|unauthori[sz]ed|fatal|cannot|not found|x509|refused", re.IGNORECASE)


def build_failure(done: Done, builder: str) -> BuildFailed:
    """Of a build that failed."""
    text = done.said
    advice = "The log has its last lines"
    if _FOREIGN.search(text):
        advice = "It runs programs of a foreign platform: register emulation on this host (binfmt, qemu-user-static), or leave the platform out"
    elif _SPACE.search(text):
        advice = "Free space on this host"
    return BuildFailed(f"the build failed ({done.code}): {telling(done.lines)}", where=builder, advice=advice)


def push_failure(done: Done, builder: str, registry: str, what: str) -> RegistryError:
    """Of a login or a push that failed."""
    text = done.said.lower()
    for words, kind, advice in _WORDS:
        if re.search(words, text):
            return kind(f"{builder} could not {what}: {telling(done.lines)}", where=registry, advice=advice)
    return PushFailed(f"{builder} could not {what} ({done.code}): {telling(done.lines)}", where=registry)


def telling(lines: List[str]) -> str:
    """The last line that says what went wrong, else the last line."""
    told = [line.strip() for line in lines if _TELLING.search(line)] or [line.strip() for line in lines]
    return told[-1][:300] if told else "it said nothing"
