#!/usr/bin/python
# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: one tag of a registry, present at a digest or absent."""

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_tag
short_description: Set a tag to a digest, or remove it without harm to anything else
version_added: "0.2.0"
description:
  - Sets a tag to a manifest that its repository serves, once everything that it needs was looked at and found right.
  - Removes a tag, and never a manifest that something else needs. With O(path), the tag's folder moves to the quarantine in one step, and the
    manifest stays. Over the API alone, registry 3.x does the same; 2.x can only delete the manifest with all its tags, which is refused where
    another tag, an index or a referrer has to do with it.
  - With O(path), what was there is kept in the quarantine, and M(registry_repair) with O(ignore:undo) puts it back.
options:
  image:
    description: The tag, as C(repository:tag).
    type: str
    required: true
  digest:
    description: The digest that it is to point at. Required if O(state=present).
    type: str
  state:
    description: Whether the tag is to be there.
    type: str
    choices: [present, absent]
    default: present
  verify:
    description: Whether all that the manifest needs must be there and right, every byte of it on disk, the end of every blob over the API.
    type: bool
    default: true
  path:
    description: The C(rootdirectory) of the registry's store on this host. Without it, everything is done through the API.
    type: path
  registry:
    description: The registry, as C(host[:port]), without a scheme. Without it, everything is done on disk.
    required: false
  lock_timeout:
    description: How long to wait for another run on the same store or registry to end, in seconds.
    type: float
    default: 30.0
  dialect:
    description: Major version of the Distribution registry. The API of V(2) cannot delete a tag without its manifest, that of V(3) can.
    type: str
    choices: ["2", "3"]
    default: "2"
extends_documentation_fragment:
  - registry_connection
  - registry_change_attributes
author: registry-runbooks contributors
seealso:
  - module: registry_retention
  - module: registry_repair
"""

EXAMPLES = r"""
- name: Point a tag at an intact index with the same content
  registry_tag:
    registry: registry.example.com:5050
    username: repair
    password: "{{ vault_registry_password }}"
    image: team/app:latest
    digest: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08

- name: Remove a tag, and nothing else
  registry_tag:
    path: /opt/registry/data/private
    image: team/app:broken
    state: absent
"""

RETURN = r"""
before:
  description: The digest that the tag pointed at; empty if there was no such tag.
  returned: always, unless the options were refused
  type: str
after:
  description: The digest that it points at now, or would; empty if there is no such tag.
  returned: same as RV(before)
  type: str
plan:
  description: What is to be done; empty if there is nothing to do.
  returned: same as RV(before)
  type: list
  elements: dict
  contains:
    action: {description: "One of set-tag, delete-tag, delete-manifest.", type: str}
    repository: {description: "Name of the repository.", type: str}
    tags: {description: "The tag.", type: list, elements: str}
    digest: {description: "The manifest.", type: str}
    parts: {description: "Always empty.", type: list, elements: str}
    reason: {description: "Why it is to be done.", type: str}
    way: {description: "V(api) or V(disk).", type: str}
    state: {description: "One of planned, done, skipped, failed.", type: str}
    detail: {description: "What came of it.", type: str}
run_id:
  description: Name of this run in the quarantine, to be given to C(undo) of M(registry_repair); empty if nothing was kept there.
  returned: same as RV(before)
  type: str
code:
  description: Stable name of the error, such as bad-input, still-needed, proof-failed, unreachable, locked, apply-failed.
  returned: on failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.oci_registry.errors import RegistryError
from ansible.module_utils.oci_registry.tag import TAG_OPTIONS, TagChange


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    return TAG_OPTIONS


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(
        argument_spec=argument_spec(),
        supports_check_mode=True,
        required_one_of=[("registry", "path")],
        required_if=[("state", "present", ["digest"])],
    )
    try:
        job = TagChange(module.params)
    except RegistryError as error:
        module.fail_json(msg=str(error), code=error.code)
    try:
        job.run(check_mode=module.check_mode)
    except RegistryError as error:
        module.fail_json(msg=str(error), code=error.code, **job.result())
    module.exit_json(msg=job.message(), diff=job.diff(), **job.result())


if __name__ == "__main__":
    main()
