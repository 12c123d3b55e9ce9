#!/usr/bin/python
# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: the six registries of one machine behind nginx, to play with."""

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_vm_lab
short_description: A machine with six registries behind nginx, to play with
version_added: "0.2.0"
description:
  - Makes the place of the incident in one folder. Five pull-through caches with an upstream of their own, one hosted registry with TLS and a
    password, and nginx in front of them, from one compose file under a real Docker engine; and an SSH server on loopback that leads to them.
  - Uses the engine that runs on this machine, else starts one with all that it has in the folder. Images are made of the programs that are
    installed here; nothing is pulled. All ports are free ones of 127.0.0.1.
  - What is written over SSH below C(/etc), C(/run), C(/usr/local), C(/var/log) and C(/var/spool) lands in the folder. The rest of the machine
    is the machine's own. Needs root.
  - A lab of which something does not run, or that was never finished, is completed; what was changed in its files stays as it is.
options:
  folder:
    description:
      - Folder of the lab. It is made, and marked as a lab; a folder that is no lab is refused.
      - At most 60 characters, as there are sockets in it.
    type: path
    required: true
  state:
    description:
      - V(present) makes the lab, or what is missing of it. In check mode, RV(missing) tells what that would be.
      - V(stopped) ends all that runs in it, and keeps its files; V(present) starts it again.
      - V(absent) removes it with its containers, networks, images and processes.
    type: str
    choices: [present, stopped, absent]
    default: present
  engine:
    description:
      - Which Docker engine a new lab lives in. V(existing) is the one of the environment variable E(DOCKER_HOST) or of the default socket;
        V(own) is one that is started for it; V(auto) the first of them that can be had.
    type: str
    choices: [auto, existing, own]
    default: auto
extends_documentation_fragment:
  - registry_change_attributes
author: registry-runbooks contributors
seealso:
  - module: registry_lab
"""

EXAMPLES = r"""
- name: Bring up a machine to play with
  registry_vm_lab:
    folder: /tmp/registry-vm-lab
  register: lab

- name: Remove it without a trace
  registry_vm_lab:
    folder: /tmp/registry-vm-lab
    state: absent
"""

RETURN = r"""
folder: {description: Folder of the lab., returned: success, type: str}
missing:
  description: The parts that were made, or in check mode would be made; empty where all of it runs.
  returned: when O(state=present)
  type: list
  elements: str
  sample: [services, ssh]
name: {description: Name that all containers and networks of the lab begin with., returned: when there is a lab, type: str, sample: lab-0a1b2c3d}
engine: {description: V(existing) or V(own)., returned: when there is a lab, type: str}
docker_host: {description: Where the engine listens., returned: when there is a lab, type: str, sample: "unix:///var/run/docker.sock"}
inventory: {description: Inventory that names the machine and its registries., returned: when there is a lab, type: str}
compose_path: {description: The compose file., returned: when there is a lab, type: str}
compose_command: {description: The command that selects the project., returned: when there is a lab, type: list, elements: str}
ca_path: {description: Certificates that sign the hosted registry's., returned: when there is a lab, type: str}
username: {description: User of the hosted registry; the password is in the inventory., returned: when there is a lab, type: str}
images: {description: "Images of registries that there are to run, as C(tag: name)", returned: when there is a lab, type: dict}
services:
  description: The registries, each with name, address, scheme, container and store.
  returned: when there is a lab
  type: list
  elements: dict
ssh_command: {description: Command that leads to the machine., returned: when there is a lab, type: list, elements: str}
commands: {description: Command lines to try from a checkout., returned: when there is a lab, type: list, elements: str}
code: {description: Stable name of the error., returned: on failure, type: str, sample: lab}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.oci_registry.errors import RegistryError
from ansible.module_utils.registry_lab.vm.lab import VmLab


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    return {
        "folder": {"type": "path", "required": True},
        "state": {"type": "str", "choices": ["present", "stopped", "absent"], "default": "present"},
        "engine": {"type": "str", "choices": ["auto", "existing", "own"], "default": "auto"},
    }


def converge(params: dict, check_mode: bool) -> dict:
    """Bring the lab into its state, or only say whether that would change anything. Raises RegistryError."""
    lab = VmLab(params["folder"], params["engine"])
    if params["state"] == "absent":
        return {"folder": params["folder"], "changed": lab.begun if check_mode else lab.down()}
    if params["state"] == "stopped":
        return {"folder": params["folder"], "changed": lab.begun if check_mode else lab.stop()}
    missing = lab.missing() if check_mode else lab.up()
    return dict(lab.describe(), missing=missing, changed=bool(missing))


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    try:
        result = converge(module.params, module.check_mode)
    except RegistryError as error:
        module.fail_json(msg=str(error), code=error.code)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
