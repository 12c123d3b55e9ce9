#!/usr/bin/python
# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: what the registry services of a compose project run, and what a new image would change."""

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_host_info
short_description: Tell what the registry services of a compose project run, and plan another image for them
version_added: "0.1.0"
description:
  - Reads a compose file as C(docker compose) understands it, and the containers of its services.
  - With O(image), tells which services would have to be recreated for it, and what speaks against it.
  - Changes nothing. To learn the version of O(image), it is run once with C(--version), without a network, and its container removed.
options:
  compose_path:
    description: The compose file. Its folder is the project folder.
    type: path
    required: true
  services:
    description: The services that are registries.
    type: list
    elements: str
    required: true
  front_service:
    description: The service in front of them.
    type: str
    default: ""
  image:
    description: An image that all of them are to run. It is looked for on this host only, and never pulled.
    type: str
    default: ""
extends_documentation_fragment:
  - registry_info_attributes
author: registry-runbooks contributors
seealso:
  - module: registry_service
  - module: registry_front_info
"""

EXAMPLES = r"""
- name: What would it take to run 2.8.3?
  registry_host_info:
    compose_path: /opt/registry/docker-compose.yml
    services: [registry-dockerhub, registry-private]
    front_service: registry-nginx
    image: registry:2.8.3
  register: host
"""

RETURN = r"""
services:
  description: What each service runs now.
  returned: success
  type: list
  elements: dict
  contains:
    service: {description: Its name., type: str}
    image: {description: The image in the compose file., type: str}
    container: {description: Id of its container; empty where it has none., type: str}
    running: {description: The image that its container was made from., type: str}
    running_id: {description: The id of that image., type: str}
    status: {description: Status of the container., type: str, sample: running}
    health: {description: What its health check says; empty where it has none., type: str, sample: healthy}
    addresses: {description: Addresses of the container., type: list, elements: str}
front:
  description: The same of O(front_service); empty without it.
  returned: success
  type: dict
others:
  description: Services that are not among O(services), and have the image of one that is.
  returned: success
  type: list
  elements: str
image:
  description: The wanted image (C(reference), C(present), C(id), C(version), C(major)); empty without O(image).
  returned: success
  type: dict
plan:
  description: For each service C(service), C(action) (keep, start or recreate), C(configured), C(running), C(wanted) and C(reason).
  returned: success
  type: list
  elements: dict
objections:
  description: Why services would not run with the image as they do now.
  returned: success
  type: list
  elements: str
code:
  description: Stable name of the error, one of bad-input, engine.
  returned: on failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.oci_registry.errors import RegistryError
from ansible.module_utils.oci_registry.services.engine import Engine
from ansible.module_utils.oci_registry.services.project import Project
from ansible.module_utils.registry_services.survey import survey


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    return {
        "compose_path": {"type": "path", "required": True},
        "services": {"type": "list", "elements": "str", "required": True},
        "front_service": {"type": "str", "default": ""},
        "image": {"type": "str", "default": ""},
    }


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    given = module.params
    try:
        found = survey(Project(Engine(given["compose_path"])), given["services"], given["image"], given["front_service"])
    except RegistryError as error:
        module.fail_json(msg=str(error), code=error.code)
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
