#!/usr/bin/python
# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: one act of a scenario on the machine of a vm lab."""

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_vm_lab_act
short_description: One act of a scenario on the machine of a vm lab
version_added: "0.5.0"
description:
  - Does what a person does about a machine that M(registry_vm_lab_scenario) broke. Runs a playbook of this project against the lab's inventory over
    SSH, a command on the machine, or a pull, and holds what comes of it against what must.
  - Fails where it ends otherwise, where a finding is missed, or where something is found that was not broken.
  - What a playbook printed and reported stays below C(acts) in the lab's folder.
options:
  folder:
    description: Folder of the lab.
    type: path
    required: true
  number:
    description: Place of the act in RV(registry_vm_lab_scenario#module:acts), from 0.
    type: int
    required: true
  checkout:
    description: Folder of this project.
    type: path
    required: true
extends_documentation_fragment:
  - registry_change_attributes
attributes:
  check_mode:
    support: none
    description: Has nothing to show without doing it.
  diff_mode:
    support: none
    description: Has no differences.
author: registry-runbooks contributors
seealso:
  - module: registry_vm_lab_scenario
"""

EXAMPLES = r"""
- name: Do what a person does first
  registry_vm_lab_act:
    folder: /tmp/registry-vm-lab
    number: 0
    checkout: "{{ playbook_dir | dirname }}"
  register: done
"""

RETURN = r"""
ended: {description: "When it ended, in seconds since 1970.", returned: always, type: float}
told: {description: What was done and how it ended., returned: always, type: str}
steps: {description: "Steps of a repair, each with action, role, way and state.", returned: always, type: list, elements: dict}
code: {description: Stable name of the error., returned: on failure, type: str, sample: lab}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.oci_registry.errors import RegistryError
from ansible.module_utils.registry_lab.vm.rehearsal import act


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    return {
        "folder": {"type": "path", "required": True},
        "number": {"type": "int", "required": True},
        "checkout": {"type": "path", "required": True},
    }


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=False)
    params = module.params
    try:
        result = act(params["folder"], params["number"], params["checkout"])
    except RegistryError as error:
        module.fail_json(msg=str(error), code=error.code)
    problem = result.pop("problem")
    if problem:
        module.fail_json(msg=problem, code="lab", **result)
    module.exit_json(changed=True, **result)


if __name__ == "__main__":
    main()
