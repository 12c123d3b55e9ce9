#!/usr/bin/python
# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: the machine of a vm lab, broken the way it happens in the field."""

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_vm_lab_scenario
short_description: The machine of a vm lab, broken for real
version_added: "0.5.0"
description:
  - Breaks the lab of M(registry_vm_lab) in O(folder), over SSH and on its disk. What a person then does, and must see, is part of the result.
  - A lab is broken once. Where that was done already, its scenario is returned as it was.
options:
  folder:
    description: Folder of the lab, which must run.
    type: path
    required: true
  scenario:
    description:
      - V(ci-down), the image that pipelines run in is lost, nothing has its bytes, and Woodpecker is down. V(ci-circular), the pipeline that would
        build that image runs in it.
      - V(mirror-restore), the disk loses and cuts files, and another registry has the bytes.
      - V(snapshot-restore), files are deleted by hand, and the snapshot of the last collection has them.
      - V(wrong-pin), a floating tag moved, and no service runs what the machine is pinned to.
      - V(nginx-stale-upstream), two services swap their addresses, and nginx does not notice.
      - V(collector-gone-wild), the legacy cron line with C(garbage-collect -m) runs once more.
      - V(registry-down), the hosted registry is stopped.
      - V(credentials-expired), its password is another one.
    type: str
    choices:
      - ci-down
      - ci-circular
      - mirror-restore
      - snapshot-restore
      - wrong-pin
      - nginx-stale-upstream
      - collector-gone-wild
      - registry-down
      - credentials-expired
    required: true
  checkout:
    description: Folder of this project, whose playbooks some scenarios run before anything is broken.
    type: path
    required: true
extends_documentation_fragment:
  - registry_change_attributes
author: registry-runbooks contributors
seealso:
  - module: registry_vm_lab
  - module: registry_vm_lab_act
"""

EXAMPLES = r"""
- name: Move the floating tag that all services run
  registry_vm_lab_scenario:
    folder: /tmp/registry-vm-lab
    scenario: wrong-pin
    checkout: "{{ playbook_dir | dirname }}"
  register: scene
"""

RETURN = r"""
scenario: {description: The scenario., returned: success, type: str}
folder: {description: Folder of the lab., returned: success, type: str}
version: {description: "Version that the machine's registries are pinned to.", returned: unless predicted in check mode, type: str, sample: 2.8.2}
broken: {description: What was done to it., returned: same as RV(version), type: list, elements: str}
broken_at: {description: "When it was broken, in seconds since 1970.", returned: same as RV(version), type: float}
evidence: {description: What was proved on the way., returned: same as RV(version), type: list, elements: str}
found: {description: How many things there are to be found., returned: same as RV(version), type: int}
acts:
  description: What a person does about it, in order; M(registry_vm_lab_act) carries each of them out.
  returned: same as RV(version)
  type: list
  elements: dict
  contains:
    stage: {description: "One of detect, diagnose, repair, prove, again.", type: str}
    what: {description: What is done., type: str}
    playbook: {description: "The playbook that is run; empty where something else is done.", type: str}
    variables: {description: Its variables., type: dict}
    check: {description: Whether it is run in check mode., type: bool}
    command: {description: A command on the machine., type: list, elements: str}
    pull: {description: "Images that are pulled, each as its service and C(repository:tag).", type: list, elements: list}
    put: {description: "Files that are put into place, each as what was prepared and what it replaces.", type: list, elements: list}
    wanted: {description: How it must end., type: dict}
code: {description: Stable name of the error., returned: on failure, type: str, sample: lab}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.oci_registry.errors import RegistryError
from ansible.module_utils.registry_lab.vm.rehearsal import rehearse
from ansible.module_utils.registry_lab.vm.scenarios import SCENARIOS


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    return {
        "folder": {"type": "path", "required": True},
        "scenario": {"type": "str", "choices": list(SCENARIOS), "required": True},
        "checkout": {"type": "path", "required": True},
    }


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    params = module.params
    try:
        result = rehearse(params["folder"], params["scenario"], params["checkout"], dry=module.check_mode)
    except RegistryError as error:
        module.fail_json(msg=str(error), code=error.code)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
