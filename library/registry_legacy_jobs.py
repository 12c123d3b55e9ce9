#!/usr/bin/python
# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: find and retire jobs by the clock that break a registry's images."""

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_legacy_jobs
short_description: Find and retire jobs by the clock that break a registry's images
version_added: "0.2.0"
description:
  - Finds what runs C(garbage-collect), with or without C(-m) (C(--delete-untagged)), and what removes folders below C(_manifests).
  - Looks into C(/etc/crontab), C(/etc/anacrontab), C(/etc/cron.d), the crontabs of users, the scripts in C(/etc/cron.daily) and its siblings, and the
    services of systemd that a timer starts or that are enabled; and into the scripts that these call, one level deep.
  - What it finds are signs, each with its file, line, text and reason, so that a person can judge. A dry run is no sign.
  - A retired line stays as a comment that says when and by whom. A script loses its x bits, which a hidden file beside it remembers. A unit gets a
    drop-in whose condition never holds. V(restored) takes back exactly that.
  - A job that does something else too, on the same line or in the same script, is shown and never touched.
options:
  state:
    description:
      - V(found) only looks. V(retired) switches off what is found. V(restored) brings back what was retired.
    type: str
    choices: [found, retired, restored]
    default: found
  only:
    description:
      - Only these jobs, each as C(file), as C(file:line), or as the name of a unit. All of them where none is named.
      - One that is as wanted already is left as it is.
    type: list
    elements: str
    default: []
  root:
    description: Folder with the files of the machine, for one that is not running. systemd is told of changes only for V(/).
    type: path
    default: /
extends_documentation_fragment:
  - registry_change_attributes
author: registry-runbooks contributors
seealso:
  - module: registry_collection
  - module: registry_retention
"""

EXAMPLES = r"""
- name: Show what runs by the clock and breaks images
  registry_legacy_jobs:
    state: found
  register: jobs

- name: Retire it
  registry_legacy_jobs:
    state: retired

- name: Bring one line back
  registry_legacy_jobs:
    state: restored
    only:
      - /etc/cron.d/registry:4
"""

RETURN = r"""
jobs:
  description: The jobs that are active; in check mode those before the change.
  returned: success
  type: list
  elements: dict
  contains:
    kind: {description: "V(crontab), V(script) or V(unit).", type: str}
    name: {description: "Its unit, or where it stands as C(file:line).", type: str, sample: "/etc/cron.d/registry:4"}
    file: {description: "Where it stands.", type: str, sample: /etc/cron.d/registry}
    line: {description: "Its line, from 1.", type: int}
    text: {description: "The line, with passwords replaced; empty for a script.", type: str}
    schedule: {description: "When it runs, in the words of cron or of the timer.", type: str, sample: 0 3 * * 0}
    user: {description: "As whom it runs.", type: str}
    unit: {description: "The unit that starts it, for systemd.", type: str}
    severity: {description: "V(critical) for what breaks images, V(warning) for a collection without a gate.", type: str}
    retirable: {description: "Whether it does nothing else, so that it can be retired.", type: bool}
    others: {description: "The commands in it that do something else.", type: list, elements: str}
    evidence:
      description: The signs.
      type: list
      elements: dict
      contains:
        file: {description: "The crontab, unit or script with the line.", type: str}
        line: {description: "Its number, from 1.", type: int}
        text: {description: "The line, with passwords replaced.", type: str}
        why: {description: "What it does.", type: str}
        severity: {description: "V(critical) or V(warning).", type: str}
retired:
  description: The jobs that were retired and can be brought back; in check mode those before the change.
  returned: success
  type: list
  elements: dict
  contains:
    kind: {description: "V(crontab), V(script) or V(unit).", type: str}
    name: {description: "What it was called while it was active.", type: str}
    file: {description: "Where it stands.", type: str}
    line: {description: "Its line, from 1.", type: int}
    text: {description: "The line as it was, or the name of the unit.", type: str}
    since: {description: "When it was retired, in UTC.", type: str}
    by: {description: "The user who retired it.", type: str}
files:
  description: The files that were changed, or would be.
  returned: success
  type: list
  elements: str
problems:
  description: What could not be read, so that nothing can be said about it.
  returned: success
  type: list
  elements: str
code:
  description: "Stable name of the error: bad-input or apply-failed."
  returned: on failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.oci_registry.errors import RegistryError
from ansible.module_utils.scheduled_jobs.run import FOUND, STATES, LegacyJobs


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    return {
        "state": {"type": "str", "choices": list(STATES), "default": FOUND},
        "only": {"type": "list", "elements": "str", "default": []},
        "root": {"type": "path", "default": "/"},
    }


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    try:
        work = LegacyJobs(module.params, module.run_command)
        work.run(check_mode=module.check_mode)
    except RegistryError as error:
        module.fail_json(msg=str(error), code=error.code)
    module.exit_json(msg=work.message(), diff=work.diff(), **work.result())


if __name__ == "__main__":
    main()
