#!/usr/bin/python
# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: whether observers reported exactly what a scenario broke."""

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_lab_verdict_info
short_description: Whether observers reported exactly what a scenario broke
version_added: "0.1.0"
description:
  - Holds reports against the ground truth of M(registry_lab_scenario), and fails where one misses something or accuses what is healthy.
  - Looks at nothing but its options.
options:
  expected:
    description: RV(registry_lab_scenario#module:expected) of M(registry_lab_scenario).
    type: list
    elements: dict
    required: true
  reports:
    description: Results of M(registry_integrity_info) with any proof, and of M(registry_store_info) with proof V(content).
    type: list
    elements: dict
    required: true
extends_documentation_fragment:
  - registry_info_attributes
author: registry-runbooks contributors
seealso:
  - module: registry_lab_scenario
"""

EXAMPLES = r"""
- name: Hold the scan against the truth
  registry_lab_verdict_info:
    expected: "{{ scene.expected }}"
    reports: ["{{ scanned }}"]
"""

RETURN = r"""
misjudged: {description: What was missed or wrongly reported., returned: always, type: list, elements: str}
reports: {description: How many reports were held against the truth., returned: always, type: int}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.registry_lab.verdict import misjudged


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    return {
        "expected": {"type": "list", "elements": "dict", "required": True},
        "reports": {"type": "list", "elements": "dict", "required": True},
    }


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    reports = module.params["reports"]
    wrong = [line for report in reports for line in misjudged(module.params["expected"], report)]
    if wrong:
        module.fail_json(msg="; ".join(wrong), misjudged=wrong, reports=len(reports))
    module.exit_json(changed=False, misjudged=[], reports=len(reports))


if __name__ == "__main__":
    main()
