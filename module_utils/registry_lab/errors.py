# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The one error of the lab."""

from __future__ import annotations

from ..oci_registry.errors import RegistryError


class LabError(RegistryError):
    """The lab could not do its part: a missing program, a registry that does not start, an image that cannot be damaged so."""

    code = "lab"
