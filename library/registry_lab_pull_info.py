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

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.registry_lab.pulling import UNAVAILABLE, Puller, skopeo


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    return {
        "registry": {"type": "str", "required": True},
        "images": {"type": "list", "elements": "str", "required": True},
    }


def pull_all(registry: str, images: list) -> dict:
    """Pull every image, one after the other."""
    program = skopeo()
    if program is None:
        return {"pulled": [], "refused": [], "reason": UNAVAILABLE}
    puller = Puller(program, registry)
    try:
        errors = [puller.pull(image) for image in images]
    finally:
        puller.close()
    pulled = [image for image, error in zip(images, errors) if not error]
    return {"pulled": pulled, "refused": [error for error in errors if error], "reason": ""}


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    module.exit_json(changed=False, **pull_all(module.params["registry"], module.params["images"]))


if __name__ == "__main__":
    main()
