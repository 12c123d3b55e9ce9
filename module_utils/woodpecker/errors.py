# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Errors that only Woodpecker gives rise to; the others are those of ``oci_registry``."""

from __future__ import annotations

from ..oci_registry.errors import RegistryError


class CannotRun(RegistryError):
    """A workflow that the server would refuse, or that would fail there for certain."""

    code = "cannot-run"


class NotWoodpecker(RegistryError):
    """Something answers, but not as the API of Woodpecker does."""

    code = "not-woodpecker"


class NotFound(RegistryError):
    """The server has no such thing, or hides it from this token."""

    code = "not-found"
