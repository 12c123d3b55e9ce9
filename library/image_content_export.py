#!/usr/bin/python
# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: write what a host still has of wanted digests into one OCI archive."""

from __future__ import annotations

DOCUMENTATION = r"""
module: image_content_export
short_description: Write what a host still has of wanted digests into one OCI archive
version_added: "0.5.0"
description:
  - Looks for digests in what is on this host, content stores of containerd above all, which keep the exact bytes that were pulled. Needs no engine
    and no program of one, and changes nothing of theirs.
  - Writes what it found, with all that its manifests need as far as it is here, into one tar file that M(registry_repair) takes as a source of type
    V(archive). Every blob is hashed while it is copied; one with wrong bytes counts as missing.
  - An engine that pulled an image has one platform of it, as a rule. Docker has exact bytes only where it runs with the containerd image store.
  - In check mode it says what is here and writes nothing; then sizes were compared, and manifests hashed, but no layers.
options:
  digests:
    description: What is wanted, manifests or single blobs. An index or image brings all that it needs along.
    type: list
    elements: str
    required: true
  unneeded:
    description: What need not be looked for although an image needs it, since it is right where the image is missed.
    type: list
    elements: str
    default: []
  sources:
    description: Where to look, in the order of preference.
    type: list
    elements: dict
    default: [{type: containerd}]
    suboptions:
      type:
        description: As for M(registry_repair).
        type: str
        choices: [snapshot, layout, archive, containerd]
        default: containerd
      path:
        description:
          - Where it is. Without it, all content stores in the usual places of this host are looked at, and where the configuration of containerd
            and Docker says; that is for V(containerd) only.
        type: path
  path:
    description:
      - The archive to write. Its folder must be there. It can be read by the owner of that folder only.
    type: path
    required: true
extends_documentation_fragment:
  - registry_change_attributes
attributes:
  diff_mode:
    support: none
author: registry-runbooks contributors
seealso:
  - module: registry_repair
"""

EXAMPLES = r"""
- name: Ask a build host for what it still has of a broken image
  image_content_export:
    digests:
      - sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    path: /var/tmp/content.tar
  register: content

- name: Look in one place only
  image_content_export:
    digests: "{{ diagnosis.findings | map(attribute='digest') }}"
    sources:
      - type: containerd
        path: /var/lib/rancher/k3s/agent/containerd
    path: /var/tmp/content.tar
"""

RETURN = r"""
path:
  description: The archive; empty where nothing was found.
  returned: always, unless the options were refused
  type: str
bytes:
  description: How much was found.
  returned: same as RV(path)
  type: int
found:
  description: What is in the archive, or would be.
  returned: same as RV(path)
  type: list
  elements: dict
  contains:
    digest: {description: "The digest.", type: str}
    role: {description: "One of index, manifest, config, layer; V(blob) where nobody knows.", type: str}
    size: {description: "In bytes.", type: int}
    needed_by: {description: "The manifest that names it; empty for what was asked for.", type: str}
    content: {description: "The bytes of a manifest in base64; absent for anything else.", type: str}
    source: {description: "Where it is.", type: str, sample: containerd /var/lib/containerd/io.containerd.content.v1.content}
missing:
  description: What is not here, as far as manifests that are here tell.
  returned: same as RV(path)
  type: list
  elements: dict
  contains:
    digest: {description: "The digest.", type: str}
    role: {description: "As in RV(found).", type: str}
    size: {description: "In bytes; 0 where nobody knows.", type: int}
    needed_by: {description: "The manifest that names it; empty for what was asked for.", type: str}
    why: {description: "Why it does not count although something is there.", type: str}
sources:
  description: Where was looked.
  returned: same as RV(path)
  type: list
  elements: str
problems:
  description: What could not be looked at.
  returned: same as RV(path)
  type: list
  elements: str
code:
  description: Stable name of the error, such as bad-input, store-unreadable, apply-failed.
  returned: on failure
  type: str
"""

from copy import deepcopy

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.oci_registry.errors import RegistryError
from ansible.module_utils.oci_registry.export import EXPORT_OPTIONS, Export


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    return deepcopy(EXPORT_OPTIONS)  # Ansible fills up the record in a default where it stands


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    try:
        job = Export(module.params)
    except RegistryError as error:
        module.fail_json(msg=str(error), code=error.code)
    try:
        job.run(check_mode=module.check_mode)
    except RegistryError as error:
        module.fail_json(msg=str(error), code=error.code, **job.result())
    module.exit_json(msg=job.message(), **job.result())


if __name__ == "__main__":
    main()
