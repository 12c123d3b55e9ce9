# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Documentation of the options in ``module_utils/oci_registry/options.py``, shared by every module that talks to a registry."""

from __future__ import annotations


class ModuleDocFragment:
    """``extends_documentation_fragment: registry_connection``"""

    DOCUMENTATION = r"""
options:
  registry:
    description: The registry, as C(host[:port]), without a scheme.
    type: str
    required: true
  scheme:
    description: V(http) is for registries on loopback or behind a proxy of their own; credentials travel in the clear with it.
    type: str
    choices: [https, http]
    default: https
  username:
    description: User for HTTP Basic, or for the token service that the registry names. Without it, requests are anonymous.
    type: str
  password:
    description: Password of O(username). Never part of a result, an error or a log.
    type: str
  ca_path:
    description: File with the certificates, in PEM, that sign the registry's. Without it, the system's store is used.
    type: path
  validate_certs:
    description: Whether the registry's certificate must be valid for its name. Prefer O(ca_path) to switching this off.
    type: bool
    default: true
  concurrency:
    description: How many requests may be under way at once, from 1 to 64.
    type: int
    default: 8
  timeout:
    description: How long to wait for each answer, in seconds.
    type: float
    default: 30.0
"""
