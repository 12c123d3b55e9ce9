#!/usr/bin/python
# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: damage images of a throw-away registry."""

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_lab_damage
short_description: Damage images of a throw-away registry
version_added: "0.3.0"
description:
  - Removes, cuts short or changes files in the store of a lab's registry, under the running registry. What must be found is part of the result.
  - Never touches anything but a lab.
options:
  folder:
    description: Folder of the lab.
    type: path
    required: true
  damages:
    description: What to damage, in order.
    type: list
    elements: dict
    required: true
    suboptions:
      kind:
        description: Name of the damage, such as V(child-hollow), V(layer-halved) or V(layer-gone).
        type: str
        required: true
      repository: {description: The repository., type: str, required: true}
      tag: {description: The tag., type: str, required: true}
extends_documentation_fragment:
  - registry_change_attributes
attributes:
  diff_mode:
    support: none
    details: The result says what was damaged.
  idempotent:
    support: none
    details: Damages anew each time.
author: registry-runbooks contributors
seealso:
  - module: registry_monitoring_lab
  - module: registry_lab_verdict_info
"""

EXAMPLES = r"""
- name: Lose a child of an index, and its config with it
  registry_lab_damage:
    folder: /tmp/registry-watched
    damages:
      - {kind: child-hollow, repository: team/app, tag: "1.0"}
"""

RETURN = r"""
broken: {description: What was done., returned: success, type: list, elements: str}
broken_at: {description: "When, in seconds since 1970.", returned: unless predicted in check mode, type: float}
expected:
  description: RV(registry_lab_scenario#module:expected) of M(registry_lab_scenario).
  returned: same as RV(broken_at)
  type: list
  elements: dict
code: {description: Stable name of the error., returned: on failure, type: str, sample: lab}
"""

import time

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.oci_registry.errors import RegistryError
from ansible.module_utils.registry_lab.damage import KINDS, damage
from ansible.module_utils.registry_lab.errors import LabError
from ansible.module_utils.registry_lab.folder import LabFolder
from ansible.module_utils.registry_lab.process import RegistryProcess
from ansible.module_utils.registry_lab.scenarios.stage import Expectation


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    one = {
        "kind": {"type": "str", "required": True},
        "repository": {"type": "str", "required": True},
        "tag": {"type": "str", "required": True},
    }
    return {
        "folder": {"type": "path", "required": True},
        "damages": {"type": "list", "elements": "dict", "required": True, "options": one},
    }


def damage_all(params: dict, dry: bool) -> dict:
    """Do it, or only say what would be done. Raises RegistryError."""
    lab, wanted = LabFolder(params["folder"]), params["damages"]
    unknown = [one["kind"] for one in wanted if one["kind"] not in KINDS]
    if unknown:
        raise LabError(f"no such damage: {', '.join(unknown)}", advice=f"There are: {', '.join(sorted(KINDS))}")
    if not lab.has_main:
        raise LabError("holds no lab with a registry", where=lab.path, advice="Start one with registry_monitoring_lab")
    broken = [f"{one['repository']}:{one['tag']}: {one['kind']}" for one in wanted]
    if dry:
        return {"changed": True, "broken": broken}
    root = RegistryProcess.attach(lab.main).root
    done = [damage(one["kind"], root, one["repository"], one["tag"]) for one in wanted]
    expected = [each._asdict() for one in done for each in Expectation.of(one)]
    return {"changed": True, "broken": broken, "broken_at": time.time(), "expected": expected}


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    try:
        result = damage_all(module.params, module.check_mode)
    except RegistryError as error:
        module.fail_json(msg=str(error), code=error.code)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
