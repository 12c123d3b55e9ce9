#!/usr/bin/python
# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: a throw-away registry, filled and then broken the way it happens in the field."""

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_lab_scenario
short_description: A throw-away registry, filled and then broken for real
version_added: "0.1.0"
description:
  - Makes a lab as M(registry_lab) does, pushes images to its registry, and breaks it. What must be found is part of the result.
  - A lab is broken once. Where the folder holds a lab already, its scenario is returned as it was.
options:
  folder:
    description: Folder of the lab. It is made, and marked as a lab; a folder that is no lab is refused.
    type: path
    required: true
  scenario:
    description:
      - V(orphan-index), a garbage collection takes the children of tagged indexes away. On Distribution 2.8 C(garbage-collect -m) does, on 3.x
        a C(DELETE) of each child followed by a plain C(garbage-collect).
      - V(unlinked), revision links are lost, and every blob is kept.
      - V(damaged-blobs), files are cut short, hold wrong bytes, or are gone. A push of the same images is first shown to heal nothing.
      - V(stale-cache), blobs vanish under a running registry whose cache still answers 200 for them.
    type: str
    choices: [orphan-index, unlinked, damaged-blobs, stale-cache]
    required: true
  binary:
    description: The registry to run, as a name or a path. Without it, C(docker-registry) or C(registry) on the search path.
    type: path
extends_documentation_fragment:
  - registry_change_attributes
author: registry-runbooks contributors
seealso:
  - module: registry_lab
  - module: registry_lab_verdict_info
"""

EXAMPLES = r"""
- name: Break a registry as in the incident
  registry_lab_scenario:
    folder: /tmp/registry-drill/orphan-index
    scenario: orphan-index
  register: scene
"""

RETURN = r"""
scenario: {description: The scenario., returned: always, type: str}
folder: {description: Folder of the lab; M(registry_lab) with V(absent) removes it., returned: always, type: str}
address: {description: "The registry, as C(host:port).", returned: unless predicted in check mode, type: str, sample: 127.0.0.1:40001}
scheme: {description: V(http)., returned: same as RV(address), type: str}
root: {description: Rootdirectory of its store., returned: same as RV(address), type: str}
log: {description: File that it logs to., returned: same as RV(address), type: str}
version: {description: Version of the registry., returned: same as RV(address), type: str, sample: 2.8.2}
dialect: {description: O(registry_repair#module:dialect) of this version., returned: same as RV(address), type: str}
restart_commands:
  description: Commands that restart it, each as a list of its arguments.
  returned: same as RV(address)
  type: list
  elements: list
images: {description: "Every image in it, as C(repository:tag).", returned: same as RV(address), type: list, elements: str}
sources: {description: O(registry_repair#module:sources) that have what was lost., returned: same as RV(address), type: list, elements: dict}
broken: {description: What was done to it., returned: same as RV(address), type: list, elements: str}
broken_at: {description: "When it was broken, in seconds since 1970.", returned: same as RV(address), type: float}
evidence: {description: What was proved on the way., returned: same as RV(address), type: list, elements: str}
walks: {description: "Proofs to walk with, the strongest last.", returned: same as RV(address), type: list, elements: str}
expected:
  description: Every finding that must be reported, and no other may be.
  returned: same as RV(address)
  type: list
  elements: dict
  contains:
    code: {description: "The symptom.", type: str}
    repository: {description: "Name of the repository.", type: str}
    digest: {description: "The thing.", type: str}
    tags: {description: "Every tag that this makes unpullable.", type: list, elements: str}
    state: {description: "The cause, as the disk shows it.", type: str}
    proofs: {description: "The proofs of a walk that can see it.", type: list, elements: str}
code: {description: Stable name of the error., returned: on failure, type: str, sample: lab}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.oci_registry.errors import RegistryError
from ansible.module_utils.registry_lab.rehearsal import rehearse
from ansible.module_utils.registry_lab.scenarios import SCENARIOS


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    return {
        "folder": {"type": "path", "required": True},
        "scenario": {"type": "str", "choices": list(SCENARIOS), "required": True},
        "binary": {"type": "path"},
    }


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    params = module.params
    try:
        result = rehearse(params["folder"], params["scenario"], params["binary"], dry=module.check_mode)
    except RegistryError as error:
        module.fail_json(msg=str(error), code=error.code)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
