#!/usr/bin/python
# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: a report as two files, for people and for programs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_report
short_description: A report as two files, for people and for programs
version_added: "0.1.0"
description:
  - Writes C(report.txt) and C(report.json) to a folder, which is made if it is missing. Only their owner can read them.
options:
  folder:
    description: Folder of the report.
    type: path
    required: true
  text:
    description: The report for people.
    type: str
    required: true
  data:
    description: The report for programs.
    type: dict
    required: true
extends_documentation_fragment:
  - registry_change_attributes
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
"""

import json
import os
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    return {
        "folder": {"type": "path", "required": True},
        "text": {"type": "str", "required": True},
        "data": {"type": "dict", "required": True},
    }


def read(path: Path) -> str:
    """What a file holds; nothing if there is none."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def write(path: Path, content: str) -> None:
    """Replace a file at once, so that nobody ever reads half of it."""
    new = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(content)
    new.replace(path)


def converge(wanted: dict, check_mode: bool) -> dict:
    """Bring the files to what is wanted, or only say whether that would change anything; return what they held before."""
    before = {path: read(path) for path in wanted}
    if before != wanted and not check_mode:
        for path, content in wanted.items():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write(path, content)
    return before


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    folder = Path(module.params["folder"])
    text_file, data_file = folder / "report.txt", folder / "report.json"
    wanted = {text_file: module.params["text"], data_file: json.dumps(module.params["data"], indent=2) + "\n"}
    try:
        before = converge(wanted, module.check_mode)
    except OSError as error:
        module.fail_json(msg=f"{folder}: the report cannot be written ({error.strerror}). Name another folder")
    diff = [
        {"before_header": str(path), "after_header": str(path), "before": before[path], "after": wanted[path]} for path in wanted
    ]
    module.exit_json(changed=before != wanted, text_file=str(text_file), data_file=str(data_file), diff=diff)


if __name__ == "__main__":
    main()
