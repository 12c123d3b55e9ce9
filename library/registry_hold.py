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
  - Several runs may hold a store at once, each under its O(run). One that releases it takes only its own part away, and the store is free once
    the last did. Whoever holds or releases it takes the parts of dead runs away, too. A run is dead once it left (O(state=left)), once its process
    is gone, once O(dead) names it, or, where its process cannot be seen from this host, once it holds for O(stale_hours).
  - It does not stop a C(garbage-collect) that somebody else's job calls. M(registry_legacy_jobs) finds and stops those.
options:
  path:
    description: The C(rootdirectory) of the registry's store on this host.
    type: path
    required: true
  state:
    description:
      - Whether the store is to be held. What is held already stays held since then, by whom it was.
      - V(released) without O(run) takes the hold of everybody away.
      - V(left) is for a run that ends while something is still broken, so the store stays held until another run releases it.
    type: str
    choices: [held, released, left]
    default: held
  run:
    description: Name of the run that holds, releases or leaves it, unique among all runs. Runs that give none count as one.
    type: str
    default: ""
  run_host:
    description: Name of the host on which O(run_pid) runs, as C(uname -n) says.
    type: str
    default: ""
  run_pid:
    description: Process that is alive for as long as O(run) goes on, such as that of C(ansible-playbook); V(0) where it is not known.
    type: int
    default: 0
  dead:
    description: Runs that are over and have not released it, as whoever calls this knows.
    type: list
    elements: str
    default: []
  stale_hours:
    description: After how many hours a run whose process cannot be seen from this host counts as dead.
    type: float
    default: 24.0
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

- name: Hold it beside others who may
  registry_hold:
    path: /opt/registry/data/private
    run: 20261127T090000Z-3fa2c1
    run_host: admin.example.com
    run_pid: 4711
"""

RETURN = r"""
hold:
  description: The hold, of several the oldest; where it was released or left the one that was there, and empty where none was.
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
others:
  description: The other runs that hold it as well, the oldest first. While there are any, it is not free.
  returned: success
  type: list
  elements: dict
  contains:
    run: {description: "Name of the run; empty where it gave none.", type: str}
    since: {description: "Since when, in UTC.", type: str, sample: 2026-11-27T09:00:00Z}
    who: {description: "Who holds it.", type: str}
    host: {description: "On which host its process runs; empty where it did not say.", type: str}
    pid: {description: "Its process there; 0 where it did not say.", type: int}
code:
  description: Stable name of the error, one of bad-input, not-a-store, store-unreadable, apply-failed.
  returned: on failure
  type: str
"""

import contextlib

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.oci_registry.apply.hold import (
    Hold,
    changing,
    dead_runs,
    leaving,
    read_hold,
    with_holder,
    without_holder,
    write_hold,
)
from ansible.module_utils.oci_registry.apply.holder import Holder, seen_from_here
from ansible.module_utils.oci_registry.apply.moment import Moment, now
from ansible.module_utils.oci_registry.apply.workplace import Workplace
from ansible.module_utils.oci_registry.errors import BadInput, RegistryError
from ansible.module_utils.oci_registry.store import one_root


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    return {
        "path": {"type": "path", "required": True},
        "state": {"type": "str", "choices": ["held", "released", "left"], "default": "held"},
        "run": {"type": "str", "default": ""},
        "run_host": {"type": "str", "default": ""},
        "run_pid": {"type": "int", "default": 0},
        "dead": {"type": "list", "elements": "str", "default": []},
        "stale_hours": {"type": "float", "default": 24.0},
        "who": {"type": "str", "default": "a recovery"},
        "why": {"type": "str", "default": "broken images are being repaired"},
        "jobs": {"type": "list", "elements": "str", "default": []},
    }


def converge(params: dict, check_mode: bool) -> dict:
    """Hold, release or leave the store, or only say whether that would change anything. Raises a RegistryError."""
    if params["stale_hours"] < 0:
        raise BadInput(f"stale_hours {params['stale_hours']} is negative", advice="With 0, whoever cannot be seen is dead")
    workplace, at = Workplace.of_store(one_root(params["path"])), now()
    idle = check_mode or (params["state"] != "held" and read_hold(workplace) is None)
    with contextlib.nullcontext() if idle else changing(workplace):
        before = read_hold(workplace)
        after = _after(before, params, at)
        if after != before and not idle:
            write_hold(workplace, after)
    shown = after if params["state"] == "held" else before
    others = [] if after is None else [each for each in after.holders if each.run != params["run"]]
    return {
        "changed": after != before,
        "found": before is not None,
        "hold": shown.as_dict() if shown is not None else {},
        "others": [each.told() for each in others],
    }


def _after(before: Hold | None, params: dict, at: Moment) -> Hold | None:
    """The hold as it is to be from now on."""
    run = params["run"]
    dead = dead_runs(before, at, params["stale_hours"], params["dead"])
    if params["state"] == "held":
        holder = Holder(run, at, params["who"], params["why"], params["run_host"], params["run_pid"])
        return with_holder(before, seen_from_here(holder), params["jobs"], dead)
    if before is None:
        return None
    return leaving(before, run) if params["state"] == "left" else without_holder(before, run, dead)


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
