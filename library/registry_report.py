#!/usr/bin/python
# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: the record of a run as files, for people and for programs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_report
short_description: The record of a run as files, for people and for programs
version_added: "0.1.0"
description:
  - Writes a folder, which is made if it is missing. Only its owner can read the files.
  - C(report.txt) and C(report.json) are what is given. Made from O(data) are C(index.html), a page that needs no network, C(post-mortem.md), a
    draft, and C(plan.json), C(before.json), C(after.json) and C(timeline.json).
  - A C(post-mortem.md) that a person has written in is never replaced.
  - A C(journal.jsonl) in the folder becomes part of the page.
  - What stands before the C(@) of an address is masked in every file.
options:
  folder:
    description: Folder of the record.
    type: path
    required: true
  text:
    description: The report for people.
    type: str
    required: true
  data:
    description:
      - The report for programs. C(results) has what the roles kept, one for each registry, C(unseen) the hosts without a result, C(run) the
        playbook, C(problem) what is wrong in one sentence, C(inventory) the options that name the inventory. Each may be missing.
    type: dict
    required: true
extends_documentation_fragment:
  - registry_change_attributes
attributes:
  check_mode:
    description: Whether it runs in check mode, changing nothing and predicting what would change.
    support: full
  diff_mode:
    description: Whether it shows what it changed, or would change, in diff mode.
    support: partial
    details: Of C(report.txt) and C(report.json), from which all others are made.
  idempotent:
    description: Whether a second run with the same options changes nothing.
    support: full
author: registry-runbooks contributors
"""

EXAMPLES = r"""
- name: Keep what was found
  registry_report:
    folder: /var/lib/registry-reports/2026-11-23
    text: "{{ diagnosis.text }}"
    data:
      findings: "{{ diagnosis.findings }}"
"""

RETURN = r"""
text_file: {description: Path of the report for people., returned: success, type: str}
data_file: {description: Path of the report for programs., returned: success, type: str}
page_file: {description: Path of the page., returned: success, type: str}
files: {description: "Names of all files that are in place.", returned: success, type: list, elements: str}
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.incident_record import RecordError, converge, documents, journal

_SHOWN = ("report.txt", "report.json")


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    return {
        "folder": {"type": "path", "required": True},
        "text": {"type": "str", "required": True},
        "data": {"type": "dict", "required": True},
    }


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    folder = Path(module.params["folder"])
    try:
        wanted = documents(module.params["data"], journal(str(folder)), module.params["text"])
        before = converge(str(folder), wanted, module.check_mode)
    except RecordError as error:
        module.fail_json(msg=str(error))
    paths = {name: str(folder / name) for name in wanted}
    diff = [
        {"before_header": paths[name], "after_header": paths[name], "before": before[name], "after": wanted[name]}
        for name in _SHOWN
    ]
    module.exit_json(
        changed=any(before[name] != wanted[name] for name in before),
        text_file=paths["report.txt"],
        data_file=paths["report.json"],
        page_file=paths["index.html"],
        files=sorted(wanted),
        diff=diff,
    )


if __name__ == "__main__":
    main()
