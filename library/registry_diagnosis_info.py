#!/usr/bin/python
# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: hold what a scan and a walk saw against each other."""

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_diagnosis_info
short_description: Hold what a scan and a walk of one registry saw against each other
version_added: "0.1.0"
description:
  - Merges the findings of M(registry_store_info) and M(registry_integrity_info), each thing once, and reports where the two differ. A registry
    that still serves what its disk no longer holds answers from a stale cache.
  - Writes the table that people read, with the cheapest sound repair of each broken image.
  - Looks at nothing but its options.
options:
  name:
    description: What the observations are of, for the first line of the table.
    type: str
    required: true
  store:
    description: Result of M(registry_store_info) for the store of this one registry. Leave it empty where there is none.
    type: dict
    default: {}
  http:
    description: Result of M(registry_integrity_info) for the whole catalog, or for the part that matters where O(store) is empty.
    type: dict
    default: {}
  plan:
    description: RV(registry_repair#module:plan) of M(registry_repair) in check mode. Without it, the table names classes of repair.
    type: list
    elements: dict
    default: []
  images:
    description: RV(registry_repair#module:images) of the same run. With it, the table shows what was chosen for tags that no digest repairs.
    type: list
    elements: dict
    default: []
  problems:
    description: What else could not be looked at, and why.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - registry_info_attributes
author: registry-runbooks contributors
seealso:
  - module: registry_integrity_info
  - module: registry_store_info
  - module: registry_repair
"""

EXAMPLES = r"""
- name: Hold both observers against each other
  registry_diagnosis_info:
    name: registry.example.com:5050
    store: "{{ scanned }}"
    http: "{{ walked }}"
  register: diagnosis
"""

RETURN = r"""
healthy:
  description: Whether everything was looked at, nothing but wasted space was found, and the observers agree.
  returned: success
  type: bool
findings:
  description: What is wrong, each thing once. The disk's record where both observers saw it, for only the disk knows the cause.
  returned: success
  type: list
  elements: dict
  contains:
    observers: {description: "Who saw it, of V(disk) and V(http).", type: list, elements: str}
    masked: {description: "Whether the registry claims to have what its disk lacks.", type: bool}
differences:
  description: Where the observers disagree.
  returned: success
  type: list
  elements: dict
  contains:
    repository: {description: "Name of the repository; empty where all of the registry differs.", type: str}
    tags: {description: "Tags that are hit.", type: list, elements: str}
    digest: {description: "The thing.", type: str}
    disk: {description: "What the scan says of it.", type: str, sample: layer-missing (gone)}
    http: {description: "What the walk says of it.", type: str, sample: healthy}
    meaning: {description: "V(stale-cache), or V(other-store) where the registry does not serve this store.", type: str}
rows:
  description: The lines of the table, as C(image), C(tags), C(platform), C(missing), C(state) and C(repair).
  returned: success
  type: list
  elements: dict
problems:
  description: What could not be looked at, and why, of both observers.
  returned: success
  type: list
  elements: str
text:
  description: The table for people.
  returned: success
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.oci_registry.compare import compare
from ansible.module_utils.oci_registry.diagnosis import Diagnosis


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    return {
        "name": {"type": "str", "required": True},
        "store": {"type": "dict", "default": {}},
        "http": {"type": "dict", "default": {}},
        "plan": {"type": "list", "elements": "dict", "default": []},
        "images": {"type": "list", "elements": "dict", "default": []},
        "problems": {"type": "list", "elements": "str", "default": []},
    }


def diagnose(params: dict) -> dict:
    """The result for what was given. Raises KeyError for a result that is none of an observer."""
    reports = [report for report in (params["store"], params["http"]) if report]
    compared = compare(params["store"] or None, params["http"] or None)
    diagnosis = Diagnosis(params["name"], reports, compared, params["plan"], params["problems"], params["images"])
    return dict(
        compared._asdict(), healthy=diagnosis.healthy, problems=diagnosis.problems, rows=diagnosis.rows(), text=diagnosis.text()
    )


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    try:
        result = diagnose(module.params)
    except KeyError as missing:
        advice = "Pass the whole result of registry_store_info as store, and that of registry_integrity_info as http"
        module.fail_json(msg=f"this is no result of an observer: it has no {missing}. {advice}", code="bad-input")
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
