#!/usr/bin/python
# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: which images the containers of a host use."""

from __future__ import annotations

DOCUMENTATION = r"""
module: container_images_info
short_description: Tell which images the containers of a host use
version_added: "0.2.0"
description:
  - Asks Docker and Podman, through their command lines, for the digests and the references of the images that containers of this host use.
  - Run on all hosts that pull from a registry, it tells M(registry_retention) what must stay.
  - Fails where an engine does not tell, so that nobody takes that for an answer.
options:
  engines:
    description: Engines to ask. Without it, all that are installed, of which there must be one.
    type: list
    elements: str
    choices: [docker, podman]
  stopped:
    description: Whether to look at containers that do not run, too.
    type: bool
    default: false
  host:
    description: What this host is called in RV(uses).
    type: str
    default: ""
extends_documentation_fragment:
  - registry_info_attributes
author: registry-runbooks contributors
seealso:
  - module: registry_retention
  - module: registry_impact_info
"""

EXAMPLES = r"""
- name: Ask every host what it runs, or may start again
  container_images_info:
    stopped: true
  register: in_use

- name: Keep all of it
  registry_retention:
    path: /opt/registry/data/private
    registry: registry.example.com:5050
    keep_newest: 10
    keep_digests: "{{ hosts | map('extract', hostvars, 'in_use') | map(attribute='digests') | flatten
      + hosts | map('extract', hostvars, 'in_use') | map(attribute='references') | flatten }}"
  vars:
    hosts: "{{ groups['docker_hosts'] }}"
  delegate_to: registry-vm
  run_once: true
"""

RETURN = r"""
digests:
  description: Digests under which the images were pulled or pushed, each once.
  returned: success
  type: list
  elements: str
references:
  description: References of the images, each once.
  returned: success
  type: list
  elements: str
  sample: ["registry.example.com:5050/team/app:v1"]
containers:
  description: One record for each container.
  returned: success
  type: list
  elements: dict
  contains:
    engine: {description: "V(docker) or V(podman).", type: str}
    id: {description: "Identifier of the container.", type: str}
    name: {description: "Name of the container.", type: str}
    image: {description: "The image as it was named when the container was made.", type: str}
    image_id: {description: "Identifier of the image on this host.", type: str}
    digests: {description: "Digests of the image; empty for one that was built here and never pushed.", type: list, elements: str}
    references: {description: "References of the image.", type: list, elements: str}
uses:
  description: The same for M(registry_impact_info); a container whose image has several references, and was made from none of them, has several.
  returned: success
  type: list
  elements: dict
  contains:
    reference: {description: "The image; empty for one that has none.", type: str}
    digests: {description: "Digests of the image, its identifier on this host among them.", type: list, elements: str}
    kind: {description: "Always V(container).", type: str}
    host: {description: "O(host).", type: str}
    name: {description: "Name of the container.", type: str}
    pattern: {description: "Always empty.", type: str}
    detail: {description: "The engine.", type: str}
engines:
  description: The engines that were asked.
  returned: success
  type: list
  elements: str
code:
  description: Stable name of the error, one of bad-input, command-failed.
  returned: on failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.container_images import ENGINES, images_in_use, summarize, uses_of
from ansible.module_utils.oci_registry.errors import BadInput, RegistryError


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    return {
        "engines": {"type": "list", "elements": "str", "choices": list(ENGINES)},
        "stopped": {"type": "bool", "default": False},
        "host": {"type": "str", "default": ""},
    }


def observe(module: AnsibleModule) -> dict:
    """Ask every engine. Raises RegistryError where one is not there or does not tell."""
    wanted = module.params["engines"]
    engines = [engine for engine in wanted or ENGINES if module.get_bin_path(engine)]
    missing = [engine for engine in wanted or () if engine not in engines]
    if missing or not engines:
        names = " and ".join(missing or ENGINES)
        raise BadInput(f"not installed: {names}", advice="Leave this host out, or install what it should be asked by")
    records = []
    for engine in engines:
        records += images_in_use(module.run_command, engine, stopped=module.params["stopped"])
    return dict(summarize(records), containers=records, uses=uses_of(records, module.params["host"]), engines=engines)


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    try:
        result = observe(module)
    except RegistryError as error:
        module.fail_json(msg=str(error), code=error.code)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
