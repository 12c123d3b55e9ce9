#!/usr/bin/python
# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: pull images with a client that people use."""

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_lab_pull_info
short_description: Pull images of a throw-away registry with a client that people use
version_added: "0.1.0"
description:
  - Copies every image, all platforms and attestations of it, with C(skopeo copy --all) to a folder that is removed at once.
  - Where C(skopeo) is not installed nothing is pulled, and RV(reason) says so.
options:
  registry:
    description: The registry, as C(host:port).
    type: str
    required: true
  images:
    description: Images to pull, as C(repository:tag).
    type: list
    elements: str
    required: true
extends_documentation_fragment:
  - registry_info_attributes
author: registry-runbooks contributors
seealso:
  - module: registry_lab_scenario
"""

EXAMPLES = r"""
- name: Pull for real
  registry_lab_pull_info:
    registry: 127.0.0.1:40001
    images: ["team/app:1.0"]
  register: pull
  failed_when: pull is failed or pull.refused | length > 0
"""

RETURN = r"""
pulled: {description: Images that were pulled whole., returned: always, type: list, elements: str}
refused: {description: "Images that were not, each with the client's last words.", returned: always, type: list, elements: str}
reason: {description: Why nothing was pulled; empty where it was tried., returned: always, type: str}
"""

import shutil
import tempfile

from ansible.module_utils.basic import AnsibleModule


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    return {
        "registry": {"type": "str", "required": True},
        "images": {"type": "list", "elements": "str", "required": True},
    }


def pull(module: AnsibleModule, skopeo: str, image: str) -> str:
    """Pull one image; return why it failed, or nothing."""
    folder = tempfile.mkdtemp(prefix="registry-pull-")
    command = [skopeo, "--insecure-policy", "copy", "--all", "--src-tls-verify=false", "--src-no-creds", "-q"]
    try:
        status, _output, error = module.run_command([*command, f"docker://{image}", f"dir:{folder}"])
    finally:
        shutil.rmtree(folder)
    return f"{image}: {error.strip()[-500:]}" if status else ""


def pull_all(module: AnsibleModule) -> dict:
    """Pull every image, one after the other."""
    skopeo, images = shutil.which("skopeo"), module.params["images"]
    if skopeo is None:
        return {"pulled": [], "refused": [], "reason": "skopeo is not installed"}
    errors = [pull(module, skopeo, f"{module.params['registry']}/{image}") for image in images]
    pulled = [image for image, error in zip(images, errors) if not error]
    return {"pulled": pulled, "refused": [error for error in errors if error], "reason": ""}


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    module.exit_json(changed=False, **pull_all(module))


if __name__ == "__main__":
    main()
