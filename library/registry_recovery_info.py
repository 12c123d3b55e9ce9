#!/usr/bin/python
# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: what a recovery came to."""

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_recovery_info
short_description: Tell what a recovery came to
version_added: "0.5.0"
description:
  - Weighs what a repair, rebuilds and a proof say. An image is done once the proof no longer finds it; what is left to a person is told apart from
    what went wrong.
  - Looks at nothing but its options.
options:
  diagnosis:
    description: Result of M(registry_diagnosis_info) before the repair, with C(name), C(findings) and C(problems).
    type: dict
    required: true
  repair:
    description: Result of M(registry_repair).
    type: dict
    required: true
  remade:
    description:
      - What was loaded or built again, as C(image) (the repository), C(tags), C(way) (V(archive), V(ci) or V(vm)), C(whole) (whether these
        tags hold a whole image now, or would), C(digest), C(changed), and C(problem), which is empty where all went well.
    type: list
    elements: dict
    default: []
  proof:
    description: Result of M(registry_diagnosis_info) after the repair. Leave it empty where O(planned) is set.
    type: dict
    default: {}
  planned:
    description: Whether nothing was changed, as in check mode, so that the diagnosis still counts.
    type: bool
    default: false
  held:
    description: Whether an earlier recovery of the store had not ended well.
    type: bool
    default: false
  approve:
    description: What was approved, see O(registry_repair#module:approve).
    type: list
    elements: str
    default: []
  restarts:
    description: Whether it is known how the registry is restarted.
    type: bool
    default: true
  undo:
    description: The command that puts back what was replaced, for RV(problem). Empty where nothing can be put back.
    type: str
    default: ""
extends_documentation_fragment:
  - registry_info_attributes
author: registry-runbooks contributors
seealso:
  - module: registry_repair
  - module: registry_diagnosis_info
"""

EXAMPLES = r"""
- name: Weigh what came of it
  registry_recovery_info:
    diagnosis: "{{ before }}"
    repair: "{{ repaired }}"
    proof: "{{ after }}"
  register: outcome
"""

RETURN = r"""
state:
  description: V(untouched) where nothing was broken, or nothing done; V(broken) where something is, or may be; V(proven) where nothing is any more.
  returned: success
  type: str
images:
  description: RV(registry_repair#module:images), with what became of those that were made again, and with what the proof says of all.
  returned: success
  type: list
  elements: dict
findings:
  description: What is broken now, wasted space apart.
  returned: success
  type: list
  elements: dict
remaining:
  description: What is broken and stays so until a person decides, as RV(registry_repair#module:remaining) has it.
  returned: success
  type: list
  elements: dict
decisions:
  description: How many of those there are, where all else is proven or planned; else 0.
  returned: success
  type: int
problem:
  description: What went wrong or is left, in a sentence that says what to do; empty where all is well, or planned.
  returned: success
  type: str
problems:
  description: What could not be looked at, and why.
  returned: success
  type: list
  elements: str
code:
  description: "Stable name of the error: bad-input."
  returned: on failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.recovery.outcome import Run, outcome_of
from ansible.module_utils.recovery.words import Hints, problem_of


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    return {
        "diagnosis": {"type": "dict", "required": True},
        "repair": {"type": "dict", "required": True},
        "remade": {"type": "list", "elements": "dict", "default": []},
        "proof": {"type": "dict", "default": {}},
        "planned": {"type": "bool", "default": False},
        "held": {"type": "bool", "default": False},
        "approve": {"type": "list", "elements": "str", "default": []},
        "restarts": {"type": "bool", "default": True},
        "undo": {"type": "str", "default": ""},
    }


def weigh(params: dict) -> dict:
    """The result for what was given. Raises KeyError or TypeError for what is no result of the modules that are named."""
    run = Run(params["diagnosis"], params["repair"], params["remade"], params["proof"], params["planned"], params["held"])
    outcome = outcome_of(run)
    hints = Hints(params["approve"], params["restarts"], params["undo"])
    return {
        "state": outcome.state,
        "images": outcome.images,
        "findings": run.after,
        "remaining": outcome.remaining,
        "decisions": outcome.decisions,
        "problem": problem_of(run, outcome, hints),
        "problems": run.problems,
    }


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    try:
        result = weigh(module.params)
    except (KeyError, TypeError, AttributeError) as wrong:
        advice = "Pass whole results: diagnosis and proof of registry_diagnosis_info, repair of registry_repair"
        module.fail_json(msg=f"this is no result of these modules ({type(wrong).__name__}: {wrong}). {advice}", code="bad-input")
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
