#!/usr/bin/python
# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: registry-doctor as one file."""

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_doctor_archive
short_description: Make registry-doctor as one file
version_added: "0.2.0"
description:
  - Makes the same file as C(./runbook build), from the sources of a checkout. Runs where the checkout is, that is on the controller.
  - The same sources make the same bytes, so it changes nothing while the sources stay as they are.
options:
  source:
    description: The folder C(module_utils/oci_registry) of the checkout.
    type: path
    required: true
  path:
    description: The file to make. Its folder is made if it is missing.
    type: path
    required: true
  commands:
    description:
      - Only these subcommands, and what they need. The file is compressed then, and a tenth of the whole, so that it fits into a ConfigMap.
      - Without any, all of them; this file is not compressed, so that every controller makes the same bytes.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - registry_change_attributes
author: registry-runbooks contributors
"""

EXAMPLES = r"""
- name: Make registry-doctor
  registry_doctor_archive:
    source: "{{ playbook_dir }}/../module_utils/oci_registry"
    path: "{{ playbook_dir }}/../dist/registry-doctor.pyz"
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
path: {description: The file., returned: success, type: str}
sha256: {description: "Its SHA-256, as hexadecimal digits.", returned: success, type: str}
code: {description: "Stable name of the error: bad-input or apply-failed.", returned: on failure, type: str}
"""

import hashlib
import os
import tempfile
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.doctor_archive import archive

MODE = 0o755


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    return {
        "source": {"type": "path", "required": True},
        "path": {"type": "path", "required": True},
        "commands": {"type": "list", "elements": "str", "default": []},
    }


def is_there(path: Path, content: bytes) -> bool:
    """Whether the file is what it should be."""
    return path.is_file() and path.read_bytes() == content and path.stat().st_mode & 0o777 == MODE


def write(path: Path, content: bytes) -> None:
    """Replace the file at once: another run may be reading it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(content)
        os.fchmod(file.fileno(), MODE)
    Path(file.name).replace(path)


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    path = Path(module.params["path"])
    try:
        content = archive(module.params["source"], module.params["commands"])
    except ValueError as error:
        module.fail_json(msg=f"commands: {error}", code="bad-input")
    except OSError as error:
        module.fail_json(
            msg=f"{module.params['source']}: there are no sources to read ({error.strerror or error})", code="bad-input"
        )
    changed = not is_there(path, content)
    try:
        if changed and not module.check_mode:
            write(path, content)
    except OSError as error:
        module.fail_json(msg=f"{path}: cannot be written ({error.strerror})", code="apply-failed")
    words = ("older or missing", "made from the sources") if changed else ("the same", "the same")
    diff = {"before": f"{path}: {words[0]}\n", "after": f"{path}: {words[1]}\n"}
    module.exit_json(changed=changed, path=str(path), sha256=hashlib.sha256(content).hexdigest(), diff=diff)


if __name__ == "__main__":
    main()
