#!/usr/bin/python
# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: bring one registry service to its image, and wait until it answers."""

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_service
short_description: Bring one registry service to the image that the compose file names, and wait until it answers
version_added: "0.1.0"
description:
  - Recreates the service (C(docker compose up -d --no-deps)) where its container does not run O(image), and starts it where it does not run.
  - Then waits until its health check, where it has one, and C(GET /v2/) at the container's own address say that it is healthy.
  - Fails where it does not come back, with the end of its log. Undoing is left to who called.
options:
  compose_path:
    description: The compose file. Its folder is the project folder.
    type: path
    required: true
  service:
    description: The service.
    type: str
    required: true
  image:
    description: The image that the compose file names for it. It must be on this host.
    type: str
    required: true
  healthy_statuses:
    description: Statuses of C(GET /v2/) that count as healthy; V(401) is one where the registry wants credentials.
    type: list
    elements: int
    default: [200]
  port:
    description: The port of the registry inside its container.
    type: int
    default: 5000
  timeout:
    description: How long it may take until it answers, in seconds.
    type: float
    default: 60.0
extends_documentation_fragment:
  - registry_change_attributes
attributes:
  diff_mode:
    description: Whether it shows what it changed, or would change, in diff mode.
    support: none
    details: RV(running), RV(wanted) and RV(reason) tell.
author: registry-runbooks contributors
seealso:
  - module: registry_host_info
"""

EXAMPLES = r"""
- name: Recreate the hosted registry with the image that was set before
  registry_service:
    compose_path: /opt/registry/docker-compose.yml
    service: registry-private
    image: registry:2.8.3
    healthy_statuses: [401]
"""

RETURN = r"""
service: {description: The service., returned: success, type: str}
action: {description: "V(keep), V(start) or V(recreate).", returned: success, type: str}
reason: {description: Why., returned: success, type: str}
configured: {description: The image in the compose file., returned: success, type: str}
running: {description: The image that its container was made from before., returned: success, type: str}
wanted: {description: The image., returned: success, type: str}
seconds: {description: How long it took until it answered., returned: success, type: float}
code:
  description: Stable name of the error, one of bad-input, engine, unhealthy.
  returned: on failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.oci_registry.errors import RegistryError
from ansible.module_utils.oci_registry.services.engine import Engine
from ansible.module_utils.oci_registry.services.project import Project
from ansible.module_utils.registry_services.bring import Wanted, bring


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    return {
        "compose_path": {"type": "path", "required": True},
        "service": {"type": "str", "required": True},
        "image": {"type": "str", "required": True},
        "healthy_statuses": {"type": "list", "elements": "int", "default": [200]},
        "port": {"type": "int", "default": 5000},
        "timeout": {"type": "float", "default": 60.0},
    }


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    given = module.params
    wanted = Wanted(given["service"], given["image"], given["healthy_statuses"], given["port"], given["timeout"])
    try:
        done = bring(Project(Engine(given["compose_path"])), wanted, module.check_mode)
    except RegistryError as error:
        module.fail_json(msg=str(error), code=error.code)
    module.exit_json(**done)


if __name__ == "__main__":
    main()
