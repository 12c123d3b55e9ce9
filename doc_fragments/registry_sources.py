# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Documentation of the option in ``module_utils/oci_registry/sources/options.py``: where right bytes can come from."""

from __future__ import annotations


class ModuleDocFragment:
    """``extends_documentation_fragment: registry_sources``"""

    DOCUMENTATION = r"""
options:
  sources:
    description: Where right bytes can come from, in the order of preference.
    type: list
    elements: dict
    default: []
    suboptions:
      type:
        description:
          - V(repository) is another repository of the same registry, V(registry) another registry or a mirror.
          - V(snapshot) is a copy of a store on this host, V(layout) an OCI image layout folder on this host.
        type: str
        choices: [repository, registry, snapshot, layout]
        required: true
      repository:
        description: The repository to take from. For V(registry) it is the one of the same name unless this is given.
        type: str
      registry:
        description: The other registry, as C(host[:port]).
        type: str
      path:
        description: Folder of the snapshot (a C(rootdirectory)) or of the layout.
        type: path
      scheme:
        description: Scheme of the other registry.
        type: str
        choices: [https, http]
        default: https
      username:
        description: User for the other registry.
        type: str
      password:
        description: Password for the other registry.
        type: str
      ca_path:
        description: File with the certificates, in PEM, that sign the other registry's.
        type: path
      validate_certs:
        description: Whether the other registry's certificate must be valid for its name.
        type: bool
        default: true
"""
