#!/usr/bin/python
# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: a throw-away registry that is watched by real monitoring programs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_monitoring_lab
short_description: A throw-away registry that is watched by real monitoring
version_added: "0.3.0"
description:
  - Starts a registry with images in it, Pushgateway, Prometheus, Alertmanager, a receiver of its notifications, and a prober that runs
    C(registry-doctor probe) again and again. All are processes of their own on free ports of 127.0.0.1, with all that they have in one folder.
  - Prometheus scrapes and evaluates every second, and Alertmanager sends at once, so that what takes time is what the rules say.
  - What was started stays until it is removed, with this module or with M(registry_lab); nothing outside of the folder is ever touched.
options:
  folder:
    description: Folder of the lab. It is made, and marked as a lab; a folder that is no lab is refused.
    type: path
    required: true
  state:
    description:
      - V(present) makes the lab if there is none, and starts nothing. Then RV(doctor) and RV(rules) can be put into it.
      - V(started) also starts all parts of it but those of O(stopped).
      - V(absent) stops everything and removes the folder with all that is in it.
    type: str
    choices: [present, started, absent]
    default: started
  stopped:
    description: Parts that do not run.
    type: list
    elements: str
    choices: [receiver, alertmanager, pushgateway, prometheus, registry, prober]
    default: []
  every:
    description: Seconds from one run of a new lab's probe to the next.
    type: float
    default: 1.0
  cache:
    description: Whether a new lab's registry keeps descriptors in memory, as the example configurations do. It hides damage from clients.
    type: bool
    default: false
  binary:
    description: The registry to run, as a name or a path. Without it, C(docker-registry) or C(registry) on the search path.
    type: path
extends_documentation_fragment:
  - registry_change_attributes
author: registry-runbooks contributors
seealso:
  - module: registry_lab
  - module: registry_lab_damage
  - module: registry_lab_alert_info
"""

EXAMPLES = r"""
- name: Make a registry that can be watched
  registry_monitoring_lab:
    folder: /tmp/registry-watched
    state: present
  register: lab

- name: Give it the probe
  registry_doctor_archive:
    source: module_utils/oci_registry
    path: "{{ lab.doctor }}"

- name: Watch it
  registry_monitoring_lab:
    folder: /tmp/registry-watched

- name: Stop the probe
  registry_monitoring_lab:
    folder: /tmp/registry-watched
    stopped: [prober]
"""

RETURN = r"""
folder: {description: Folder of the lab., returned: success, type: str}
running: {description: Parts that run., returned: success, type: list, elements: str}
address: {description: "The registry, as C(host:port).", returned: when there is a lab, type: str, sample: 127.0.0.1:30001}
scheme: {description: V(http)., returned: same as RV(address), type: str}
root: {description: Rootdirectory of its store., returned: same as RV(address), type: str}
log: {description: File that it logs to., returned: same as RV(address), type: str}
version: {description: Its version., returned: same as RV(address), type: str}
dialect: {description: O(registry_store_info#module:dialect) of its store., returned: same as RV(address), type: str}
restart_commands:
  description: Commands that restart it, each as a list of its arguments.
  returned: same as RV(address)
  type: list
  elements: list
images: {description: "Every image in it, as C(repository:tag).", returned: same as RV(address), type: list, elements: str}
sources: {description: "O(registry_repair#module:sources) that have every image.", returned: same as RV(address), type: list, elements: dict}
urls: {description: URL of each server that watches it., returned: same as RV(address), type: dict}
doctor: {description: "Where the prober wants the file that M(registry_doctor_archive) makes.", returned: same as RV(address), type: str}
rules: {description: "Folder of the rule files (C(*.yml)) that Prometheus reads when it is started.", returned: same as RV(address), type: str}
notifications: {description: "File with all that the receiver got, one JSON document a line.", returned: same as RV(address), type: str}
runs: {description: "File with all runs of the probe, one JSON document a line.", returned: same as RV(address), type: str}
code: {description: Stable name of the error., returned: on failure, type: str, sample: lab}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.oci_registry.errors import RegistryError
from ansible.module_utils.registry_lab.monitoring.lab import MonitoringLab
from ansible.module_utils.registry_lab.monitoring.servers import PARTS


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    return {
        "folder": {"type": "path", "required": True},
        "state": {"type": "str", "choices": ["present", "started", "absent"], "default": "started"},
        "stopped": {"type": "list", "elements": "str", "choices": list(PARTS), "default": []},
        "every": {"type": "float", "default": 1.0},
        "cache": {"type": "bool", "default": False},
        "binary": {"type": "path"},
    }


def converge(params: dict, check_mode: bool) -> dict:
    """Bring the lab into its state, or only say whether that would change anything. Raises RegistryError."""
    made, state = MonitoringLab(params["folder"]), params["state"]
    wanted = [part for part in PARTS if part not in params["stopped"]]
    begun = made.begun
    changed = {"present": not begun, "started": made.running() != wanted, "absent": made.lab.exists}[state]
    if changed and not check_mode:
        if state == "absent":
            made.lab.remove()
        else:
            if not begun:
                made.make(params["every"], params["binary"], params["cache"])
            if state == "started":
                made.converge(params["stopped"])
    return dict(made.describe(), changed=changed)


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
