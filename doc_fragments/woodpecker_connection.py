# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Options of how a Woodpecker server is reached."""

from __future__ import annotations


class ModuleDocFragment:
    """``extends_documentation_fragment: woodpecker_connection``"""

    DOCUMENTATION = r"""
options:
  ca_path:
    description: File with the certificates, in PEM, that sign the certificate of O(server). Without it, the system's store is used.
    type: path
  validate_certs:
    description: Whether the certificate of O(server) must be valid for its name.
    type: bool
    default: true
  timeout:
    description: How long to wait for each answer of O(server), in seconds.
    type: float
    default: 30.0
"""
