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
          - V(archive) is a tar file of an OCI image layout, as C(skopeo copy) to C(oci-archive) writes it, and C(docker save) of an engine
            with the containerd image store. It may be compressed with gzip, with zstd only where Python is 3.14 or later; then it is
            decompressed into C(TMPDIR) (C(/var/tmp) unless set) for the time of the run, leaving 1 GiB free there. What C(docker save) of
            other engines writes has no exact bytes; see M(docker_archive_push).
          - V(containerd) is a content store of containerd on this host. It has what was pulled there, as a rule of one platform only.
          - V(listed) is what another host was seen to have, as M(image_content_export) tells it in check mode. It is good for a plan and gives
            no bytes; the role registry_source_hosts makes such sources in check mode.
        type: str
        choices: [repository, registry, snapshot, layout, archive, containerd, listed]
        required: true
      repository:
        description: The repository to take from. For V(registry) it is the one of the same name unless this is given.
        type: str
      registry:
        description: The other registry, as C(host[:port]).
        type: str
      path:
        description:
          - Folder of the snapshot (a C(rootdirectory)) or of the layout, or the archive.
          - For V(containerd) the content store, or a folder of containerd or Docker that has one. Without it, the content stores in the usual
            places of this host, and where the configuration of containerd and Docker says.
        type: path
      name:
        description: What plans and messages call this source, instead of its type and place.
        type: str
      contents:
        description: For V(listed), RV(image_content_export#module:found) of M(image_content_export).
        type: list
        elements: dict
      problem:
        description:
          - For V(listed), why the other host could not be asked. What it has is then not known, and no tag is deleted because nothing else
            is possible.
        type: str
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
