#!/usr/bin/python
# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: a throw-away registry on loopback."""

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_lab
short_description: A throw-away registry on loopback
version_added: "0.1.0"
description:
  - Starts a real registry binary as a process of its own on a free port of 127.0.0.1, with everything that it reads and writes in one folder.
  - What was started stays until it is stopped or removed; nothing outside of the folder is ever touched.
options:
  folder:
    description: Folder of the lab. It is made, and marked as a lab; a folder that is no lab is refused.
    type: path
    required: true
  state:
    description:
      - V(started) makes the lab if there is none, and starts its registry.
      - V(restarted) also drops what a running registry has in its cache.
      - V(stopped) stops all that runs in the folder, with what M(registry_lab_scenario) and M(registry_monitoring_lab) started.
      - V(absent) stops it and removes the folder with all that is in it.
    type: str
    choices: [started, restarted, stopped, absent]
    default: started
  cache:
    description: Whether a new registry keeps descriptors in memory, as the example configurations do. It hides damage from clients.
    type: bool
    default: true
  access_log:
    description: Whether a new registry logs every request.
    type: bool
    default: false
  binary:
    description: The registry to run, as a name or a path. Without it, C(docker-registry) or C(registry) on the search path.
    type: path
extends_documentation_fragment:
  - registry_change_attributes
author: registry-runbooks contributors
seealso:
  - module: registry_lab_scenario
"""

EXAMPLES = r"""
- name: Start a registry to play with
  registry_lab:
    folder: /tmp/registry-to-play-with
  register: lab

- name: Remove it without a trace
  registry_lab:
    folder: /tmp/registry-to-play-with
    state: absent
"""

RETURN = r"""
folder: {description: Folder of the lab., returned: success, type: str}
running: {description: Whether its registry runs., returned: success, type: bool}
address:
  description: The registry, as C(host:port). It stays the same over restarts.
  returned: when there is a registry in the folder
  type: str
  sample: 127.0.0.1:40001
scheme: {description: V(http)., returned: same as RV(address), type: str}
root: {description: Rootdirectory of its store., returned: same as RV(address), type: str}
pid: {description: PID of the running process., returned: same as RV(address), type: int}
log: {description: File that it logs to., returned: same as RV(address), type: str}
config: {description: Its configuration file., returned: same as RV(address), type: str}
restart_commands:
  description: Commands that restart it, each as a list of its arguments.
  returned: same as RV(address)
  type: list
  elements: list
code: {description: Stable name of the error., returned: on failure, type: str, sample: lab}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.oci_registry.errors import RegistryError
from ansible.module_utils.registry_lab.facts import facts_of
from ansible.module_utils.registry_lab.folder import LabFolder
from ansible.module_utils.registry_lab.process import RegistryProcess
from ansible.module_utils.registry_lab.restart import write_restart_script


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    return {
        "folder": {"type": "path", "required": True},
        "state": {"type": "str", "choices": ["started", "restarted", "stopped", "absent"], "default": "started"},
        "cache": {"type": "bool", "default": True},
        "access_log": {"type": "bool", "default": False},
        "binary": {"type": "path"},
    }


def converge(params: dict, check_mode: bool) -> dict:
    """Bring the lab into its state, or only say whether that would change anything. Raises RegistryError."""
    lab, state = LabFolder(params["folder"]), params["state"]
    serves = any(registry.running for registry in lab.registries())
    changed = {"started": not serves, "restarted": True, "stopped": lab.running, "absent": lab.exists}[state]
    if changed and not check_mode:
        if state == "absent":
            lab.remove()
        elif state == "stopped":
            lab.stop()
        else:
            _start(lab, params)
    return dict(describe(lab), changed=changed)


def _start(lab: LabFolder, params: dict) -> None:
    lab.make()
    if not lab.has_main:
        extra = {"log": {"accesslog": {"disabled": not params["access_log"]}}}
        write_restart_script(RegistryProcess(lab.main, params["binary"], cache=params["cache"], extra=extra))
    RegistryProcess.attach(lab.main).restart()


def describe(lab: LabFolder) -> dict:
    """The lab as RETURN documents it."""
    if not lab.has_main:
        return {"folder": lab.path, "running": False}
    registry = RegistryProcess.attach(lab.main)
    return {
        "folder": lab.path,
        "running": registry.running,
        **facts_of(registry),
        "pid": registry.pid,
        "config": registry.config_path,
    }


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
