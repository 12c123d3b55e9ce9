#!/usr/bin/python
# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: wait for an alert of a watched throw-away registry."""

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_lab_alert_info
short_description: Wait for an alert of a watched throw-away registry
version_added: "0.3.0"
description:
  - Waits until the receiver of a M(registry_monitoring_lab) was notified of an alert, and tells when each part of the chain knew of it.
  - Fails where that does not happen in time, and says what was received instead.
options:
  folder:
    description: Folder of the lab.
    type: path
    required: true
  name:
    description: Name of the alert.
    type: str
    required: true
  status:
    description: Whether to wait until it fires or until it is over.
    type: str
    choices: [firing, resolved]
    default: firing
  since:
    description: Only what happened after this moment counts, in seconds since 1970.
    type: float
    required: true
  timeout:
    description: Seconds to wait.
    type: float
    default: 60.0
extends_documentation_fragment:
  - registry_info_attributes
author: registry-runbooks contributors
seealso:
  - module: registry_monitoring_lab
"""

EXAMPLES = r"""
- name: Wait until somebody is told
  registry_lab_alert_info:
    folder: /tmp/registry-watched
    name: RegistryManifestIntegrityFailure
    since: "{{ damage.broken_at }}"
  register: told
"""

RETURN = r"""
received_at: {description: "When the receiver got it, in seconds since 1970.", returned: success, type: float}
starts_at: {description: When Prometheus let it fire., returned: success, type: float}
ends_at: {description: When Prometheus found it to be over; 0 while it fires., returned: success, type: float}
labels: {description: Its labels., returned: success, type: dict}
annotations: {description: "Its annotations, those of the rule.", returned: success, type: dict}
runs:
  description: Runs of the probe that ended after O(since).
  returned: success
  type: list
  elements: dict
  contains:
    started: {description: "In seconds since 1970.", type: float}
    ended: {description: "In seconds since 1970.", type: float}
    code: {description: Its exit code., type: int}
states:
  description: Names of all alerts that Prometheus had after O(since), each with the states C(pending) and C(firing) that it was in.
  returned: success
  type: dict
code: {description: Stable name of the error., returned: on failure, type: str, sample: lab}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.oci_registry.errors import RegistryError
from ansible.module_utils.registry_lab.monitoring.knows import states_since
from ansible.module_utils.registry_lab.monitoring.lab import MonitoringLab
from ansible.module_utils.registry_lab.monitoring.received import runs_in, wait_for


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    return {
        "folder": {"type": "path", "required": True},
        "name": {"type": "str", "required": True},
        "status": {"type": "str", "choices": ["firing", "resolved"], "default": "firing"},
        "since": {"type": "float", "required": True},
        "timeout": {"type": "float", "default": 60.0},
    }


def wait(params: dict) -> dict:
    """Wait, and tell all that is known. Raises RegistryError."""
    spec, since = MonitoringLab(params["folder"]).spec, params["since"]
    alert = wait_for(spec.notifications, params["name"], params["status"], since, params["timeout"])
    return {
        "received_at": alert.received_at,
        "starts_at": alert.starts_at,
        "ends_at": alert.ends_at,
        "labels": alert.labels,
        "annotations": alert.annotations,
        "runs": runs_in(spec.runs, since),
        "states": states_since(spec.address("prometheus"), since),
    }


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    try:
        result = wait(module.params)
    except RegistryError as error:
        module.fail_json(msg=str(error), code=error.code)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
