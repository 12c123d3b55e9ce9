# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Errors of the container engine and of services; like all others they say what failed, where, and what to do next."""

from __future__ import annotations

from ..errors import RegistryError


class EngineFailed(RegistryError):
    """Docker or its compose plugin is missing, or refused to do something."""

    code = "engine"


class Unhealthy(RegistryError):
    """A service did not come back."""

    code = "unhealthy"
