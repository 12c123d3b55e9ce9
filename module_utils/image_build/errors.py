# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Errors that only building an image gives rise to; the others are those of ``oci_registry``."""

from __future__ import annotations

from ..oci_registry.errors import RegistryError


class NoBuilder(RegistryError):
    """No program here can build what is asked for; the message says why of each."""

    code = "no-builder"


class SourceFailed(RegistryError):
    """What is to be built could not be had."""

    code = "source-failed"


class RefMissing(SourceFailed):
    """The repository has no such commit, branch or tag."""

    code = "ref-missing"


class BuildFailed(RegistryError):
    """The build itself failed; its last lines are in the log."""

    code = "build-failed"


class PushFailed(RegistryError):
    """It was built, and could not be pushed."""

    code = "push-failed"


class NotTrusted(RegistryError):
    """The builder trusts the registry's certificate differently, or speaks another scheme to it."""

    code = "registry-trust"


class PushedNothing(RegistryError):
    """The builder said that it pushed, and the registry does not have it."""

    code = "pushed-nothing"


class PlatformsLost(RegistryError):
    """The image lacks a platform that is expected of it, or would lack it."""

    code = "platforms-lost"


class StillDamaged(RegistryError):
    """What was pushed cannot be pulled, since the registry kept a damaged file: pushing replaces none."""

    code = "still-damaged"
