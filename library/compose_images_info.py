#!/usr/bin/python
# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: which images the services of compose files use."""

from __future__ import annotations

DOCUMENTATION = r"""
module: compose_images_info
short_description: Tell which images the services of compose files use
version_added: "0.4.0"
description:
  - Reads compose files of this host, whether or not their services run, with the files that override them, that they extend and that they include,
    and with the variables of the environment and of C(.env), as compose does.
  - A service whose image a variable decides that nobody sets is returned without a reference, saying so. One that is only built uses no image of a
    registry and is left out.
requirements:
  - PyYAML on the host (Debian and Ubuntu, C(python3-yaml))
options:
  paths:
    description: Compose files, folders with one, or shell patterns such as V(/srv/*/compose.yml).
    type: list
    elements: path
    required: true
  host:
    description: What this host is called in RV(uses).
    type: str
    default: ""
extends_documentation_fragment:
  - registry_info_attributes
author: registry-runbooks contributors
seealso:
  - module: container_images_info
  - module: registry_impact_info
"""

EXAMPLES = r"""
- name: See which images the projects of a host use
  compose_images_info:
    paths: [/opt/registry/docker-compose.yml, "/srv/*/compose.yml"]
    host: "{{ inventory_hostname }}"
  register: composed
"""

RETURN = r"""
uses:
  description: The image of every service.
  returned: success
  type: list
  elements: dict
  contains:
    reference: {description: "The image; empty where it cannot be told.", type: str, sample: "registry.example.com:5050/team/app:v1"}
    digests: {description: "Always empty.", type: list, elements: str}
    kind: {description: "Always V(compose).", type: str}
    host: {description: "O(host).", type: str}
    name: {description: "Name of the service.", type: str}
    pattern: {description: "What is known of an image that cannot be told, a star for each unknown part.", type: str, sample: "host/app:*"}
    detail: {description: "The file and the line, and why the image cannot be told.", type: str}
problems: {description: "Files that could not be read, and why.", returned: success, type: list, elements: str}
files: {description: "Files that were read.", returned: success, type: list, elements: str}
missing: {description: "Those of O(paths) that this host does not have, patterns left out.", returned: success, type: list, elements: str}
code: {description: "Stable name of the error, missing-library.", returned: on failure, type: str}
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.compose_file.projects import projects
from ansible.module_utils.oci_registry.errors import RegistryError


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    return {
        "paths": {"type": "list", "elements": "path", "required": True},
        "host": {"type": "str", "default": ""},
    }


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    try:
        result = projects(module.params["paths"], module.params["host"], os.environ)
    except RegistryError as error:
        module.fail_json(msg=str(error), code=error.code)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
