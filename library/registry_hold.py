#!/usr/bin/python
# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: keep retention and collection off a store while it is being recovered."""

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_hold
short_description: Keep retention and collection off a store while it is being recovered
version_added: "0.3.0"
description:
  - While a store is held, M(registry_retention) and M(registry_collection) refuse to delete anything from it, with the code C(held), and so does
    C(registry-doctor), whatever the clock says. A collection that was killed is still finished.
  - A hold stays until it is released, also across a restart of the machine. A recovery that was killed leaves it, and the next one ends it.
  - It does not stop a C(garbage-collect) that somebody else's job calls. M(registry_legacy_jobs) finds and stops those.
options:
  path:
    description: The C(rootdirectory) of the registry's store on this host.
    type: path
    required: true
  state:
    description: Whether the store is to be held. What is held already stays held since then, by whom it was.
    type: str
    choices: [held, released]
    default: held
  who:
    description: Who holds it, for people.
    type: str
    default: a recovery
  why:
    description: What for, for people.
    type: str
    default: broken images are being repaired
  jobs:
    description: What was switched off for it, to be remembered together with what the hold remembers already.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - registry_change_attributes
attributes:
  diff_mode:
    description: Whether it shows what it changed, or would change, in diff mode.
    support: none
    details: RV(hold) tells.
author: registry-runbooks contributors
seealso:
  - module: registry_repair
  - module: registry_legacy_jobs
"""

EXAMPLES = r"""
- name: Keep everything that deletes off the store
  registry_hold:
    path: /opt/registry/data/private

- name: Let it go on
  registry_hold:
    path: /opt/registry/data/private
    state: released
"""

RETURN = r"""
hold:
  description: The hold; where it was released the one that was there, and empty where none was.
  returned: success
  type: dict
  contains:
    since: {description: "Since when, in UTC.", type: str, sample: 2026-11-27T09:00:00Z}
    who: {description: "Who holds it.", type: str}
    why: {description: "What for.", type: str}
    jobs: {description: "What was switched off for it.", type: list, elements: str}
found:
  description: Whether it was held before.
  returned: success
  type: bool
code:
  description: Stable name of the error, one of not-a-store, store-unreadable, apply-failed.
  returned: on failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.oci_registry.apply.hold import Hold, clear_hold, read_hold, write_hold
from ansible.module_utils.oci_registry.apply.moment import now
from ansible.module_utils.oci_registry.apply.workplace import Workplace
from ansible.module_utils.oci_registry.errors import RegistryError
from ansible.module_utils.oci_registry.store import one_root


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    return {
        "path": {"type": "path", "required": True},
        "state": {"type": "str", "choices": ["held", "released"], "default": "held"},
        "who": {"type": "str", "default": "a recovery"},
        "why": {"type": "str", "default": "broken images are being repaired"},
        "jobs": {"type": "list", "elements": "str", "default": []},
    }


def converge(params: dict, check_mode: bool) -> dict:
    """Hold or release the store, or only say whether that would change anything. Raises a RegistryError."""
    workplace = Workplace.of_store(one_root(params["path"]))
    before = read_hold(workplace)
    if params["state"] == "released":
        if before is not None and not check_mode:
            clear_hold(workplace)
        return {"changed": before is not None, "found": before is not None, "hold": before.as_dict() if before else {}}
    known = before or Hold(now(), params["who"], params["why"], [])
    wanted = known._replace(jobs=sorted({*known.jobs, *params["jobs"]}))
    if wanted != before and not check_mode:
        write_hold(workplace, wanted)
    return {"changed": wanted != before, "found": before is not None, "hold": wanted.as_dict()}


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
