#!/usr/bin/python
# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: the report of a drill, with the clock."""

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_lab_report_info
short_description: The report of a drill, with the clock
version_added: "0.1.0"
description:
  - Puts into words what each scenario of a drill broke, and how long it took to detect, to diagnose, to repair and to prove.
  - Looks at nothing but its options.
options:
  records:
    description: What came of each scenario.
    type: list
    elements: dict
    required: true
    suboptions:
      scenario: {description: Its name., type: str, required: true}
      passed: {description: Whether everything went as it should., type: bool, required: true}
      problem: {description: What did not., type: str, default: ""}
      folder: {description: Folder of the lab; empty if it holds nothing to look at., type: str, required: true}
      revived_by: {description: What starts again what was kept in the folder., type: str, default: ""}
      version: {description: Version of the registry., type: str}
      times:
        description: When it was broken (C(break)), and when each of the stages C(detect), C(diagnose), C(repair) and C(prove) ended, in seconds
          since 1970. Stages that were not reached are left out.
        type: dict
        default: {}
      found: {description: How many findings there were., type: int}
      broken: {description: What was broken., type: list, elements: str, default: []}
      evidence: {description: What was shown on the way., type: list, elements: str, default: []}
      steps: {description: Steps of M(registry_repair)., type: list, elements: dict, default: []}
      delays:
        description: What a drill of the monitoring measured, in seconds. C(probed), C(fired) and C(notified) count from the break, C(resolved) from
          when the repair began, C(stale) from when the probe was killed, C(inaccessible) from when the registry was stopped.
        type: dict
        default: {}
      shipped:
        description: What the time from a break to a page is made of with the shipped values, each part at its longest.
        type: list
        elements: dict
        default: []
        suboptions:
          what: {description: What is waited for., type: str, required: true}
          duration: {description: "How long, such as V(30m).", type: str, required: true}
      proved: {description: What was proved., type: list, elements: str, default: []}
extends_documentation_fragment:
  - registry_info_attributes
author: registry-runbooks contributors
seealso:
  - module: registry_lab_scenario
"""

EXAMPLES = r"""
- name: Put the drill into words
  registry_lab_report_info:
    records: "{{ groups['drill'] | map('extract', hostvars, 'registry_lab_record') }}"
  register: report
"""

RETURN = r"""
passed: {description: Whether every scenario went as it should., returned: always, type: bool}
clocks:
  description: Seconds from the break to the end of each stage, by scenario.
  returned: always
  type: dict
text: {description: The report for people., returned: always, type: str}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.registry_lab.drill import clock, passed, text


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    lines = {"type": "list", "elements": "str", "default": []}
    part = {"what": {"type": "str", "required": True}, "duration": {"type": "str", "required": True}}
    record = {
        "scenario": {"type": "str", "required": True},
        "passed": {"type": "bool", "required": True},
        "problem": {"type": "str", "default": ""},
        "folder": {"type": "str", "required": True},
        "revived_by": {"type": "str", "default": ""},
        "version": {"type": "str"},
        "times": {"type": "dict", "default": {}},
        "found": {"type": "int"},
        "broken": lines,
        "evidence": lines,
        "steps": {"type": "list", "elements": "dict", "default": []},
        "delays": {"type": "dict", "default": {}},
        "shipped": {"type": "list", "elements": "dict", "default": [], "options": part},
        "proved": lines,
    }
    return {"records": {"type": "list", "elements": "dict", "required": True, "options": record}}


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    records = module.params["records"]
    clocks = {record["scenario"]: clock(record) for record in records}
    module.exit_json(changed=False, passed=passed(records), clocks=clocks, text=text(records))


if __name__ == "__main__":
    main()
