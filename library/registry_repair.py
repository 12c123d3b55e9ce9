#!/usr/bin/python
# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: repair broken images, by their digests or under approval otherwise."""

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_repair
short_description: Repair broken images, by their digests or under approval otherwise
version_added: "0.1.0"
description:
  - Brings back what images need to be pulled. Links that were lost are written again from the bytes that are still there, which needs no source.
    Bytes that are lost or damaged come from O(sources), and are written only once they were hashed and found right.
  - Works through the API where that can work, uploading without asking first, since a registry with a stale cache would say that nothing is missing.
    Works on disk where the API cannot help, above all where a damaged file must be replaced, which no push ever does.
  - Whatever is replaced or removed on disk is kept in a quarantine below O(path) and can be put back with O(undo).
  - Names for each broken tag every way to make it whole again in RV(images), cheapest first, with what it costs and needs. What no digest repairs
    is pointed at an intact image with the same content, or deleted, once O(approve) says so; a rebuild is only named.
  - Where one repair fails, the others are still done, and the module fails at the end; at once where no registry answers or the disk is full.
  - Looks for itself at everything that the images need, so running it again only does what is still to do, and completes a run that was killed.
  - Stop garbage collection and retention before repairing. Restart the registry where RV(restart_required) says so.
options:
  findings:
    description:
      - What to repair, as M(registry_store_info) or M(registry_integrity_info) return it in RV(ignore:findings).
      - Findings of another store than O(path) are left out.
    type: list
    elements: dict
  images:
    description: Images to repair, as C(repository:tag) or C(repository@digest), with all that they need.
    type: list
    elements: str
  path:
    description: The C(rootdirectory) of the registry's store on this host. Without it, everything is done through the API.
    type: path
  registry:
    description: The registry, as C(host[:port]), without a scheme. Without it, everything is done on disk.
    required: false
  undo:
    description: Put back what the run with this RV(run_id) moved into the quarantine, and do nothing else.
    type: str
  lock_timeout:
    description: How long to wait for another repair of the same store or registry to end, in seconds.
    type: float
    default: 30.0
  dialect:
    description:
      - Major version of the Distribution registry. V(2) also serves manifests through layer links, V(3) does not.
      - The API of V(2) cannot delete a tag without its manifest, that of V(3) can.
    type: str
    choices: ["2", "3"]
    default: "2"
extends_documentation_fragment:
  - registry_connection
  - registry_sources
  - registry_ladder
  - registry_change_attributes
author: registry-runbooks contributors
seealso:
  - module: registry_store_info
  - module: registry_integrity_info
  - module: registry_tag
"""

EXAMPLES = r"""
- name: Show what would be done, and what would remain
  registry_repair:
    path: /opt/registry/data/private
    findings: "{{ stores.findings }}"
  check_mode: true

- name: Repair on the registry's host, with a snapshot and a mirror to take lost bytes from
  registry_repair:
    path: /opt/registry/data/private
    registry: registry.example.com:5050
    username: repair
    password: "{{ vault_registry_password }}"
    findings: "{{ stores.findings }}"
    sources:
      - type: snapshot
        path: /var/backups/registry/2026-11-22
      - type: registry
        registry: mirror.example.com
  register: repaired

- name: Repair what is in use first, and point what is lost at an intact image
  registry_repair:
    path: /opt/registry/data/private
    findings: "{{ stores.findings }}"
    in_use: [infra-ci:latest, team/app:v7]
    rebuilds: [{image: infra-ci, way: ci}]
    repoint: {"team/app:v7": v8}
    approve: [repoint]
    approved_plan: "{{ planned.plan }}"

- name: Put back what that run moved aside
  registry_repair:
    path: /opt/registry/data/private
    undo: "{{ repaired.run_id }}"
"""

RETURN = r"""
plan:
  description: Every step in its order, those that were not needed and those that are for others to do included.
  returned: always, unless the options were refused
  type: list
  elements: dict
  contains:
    action: {description: "One of relink, restore, link-tag, quarantine, remove-link, restart, undo, repoint, reload, rebuild, delete.", type: str}
    repository: {description: "Name of the repository; empty for restart and undo.", type: str}
    tags: {description: "Every tag that needs it.", type: list, elements: str}
    digest: {description: "What the step is about; for a repoint, what the tag is to point at.", type: str}
    role: {description: "One of index, manifest, config, layer, tag, link.", type: str}
    way: {description: "V(api), V(disk), or V(operator) for what this module does not do.", type: str}
    cost: {description: "V(free), V(copy) for a transfer of bytes, V(rebuild).", type: str}
    needs_approval: {description: "Whether it is only done if O(approve) names it.", type: bool}
    reason: {description: "Why it is to be done, or why there is nothing to do.", type: str}
    state: {description: "One of planned, done, skipped, failed, remaining.", type: str}
    detail: {description: "What came of it.", type: str}
    source: {description: "Where a restore takes the bytes from, or the way of O(rebuilds).", type: str, sample: registry mirror.example.com}
    began: {description: "When it began, in seconds since 1970; 0.0 if it was not done.", type: float}
    ended: {description: "When it ended.", type: float}
images:
  description: What is broken, one entry for each tag, those in use first.
  returned: same as RV(plan)
  type: list
  elements: dict
  contains:
    repository: {description: "Name of the repository.", type: str}
    tag: {description: "The tag; empty for a manifest that no tag names.", type: str}
    digest: {description: "What it points at; empty where that is not known.", type: str}
    in_use: {description: "Whether O(in_use) has it.", type: bool}
    states: {description: "The causes.", type: list, elements: str, sample: [unlinked]}
    platforms: {description: "The platforms that cannot be pulled.", type: list, elements: str}
    chosen: {description: "Action that is taken, or proposed if it remains; empty if none is possible.", type: str}
    approved: {description: "Whether O(approve), where it needs that, and O(approved_plan) and O(approved_digests) allow it.", type: bool}
    outcome: {description: "One of planned, done, failed, remaining, skipped.", type: str}
    why: {description: "Why it is not done.", type: str}
    candidates:
      description:
        - Every way to make it whole again, cheapest first, the impossible ones too, each as C(action) (relink, restore, quarantine, repoint, reload,
          rebuild or delete), C(cost) (free, copy or rebuild), C(way) (api, disk, or one of O(rebuilds)), C(source) of the bytes, C(digest) that
          a repoint points at, C(needs), C(approval) that O(approve) must have, C(possible), and C(reason), the evidence in words.
      type: list
      elements: dict
graph:
  description: All that was looked at, for a picture.
  returned: same as RV(plan)
  type: dict
  contains:
    note: {description: "What was left out of more than 5000 nodes.", type: str}
    nodes:
      description:
        - Each digest of each repository once, with C(role), C(parent) (a manifest that names it), C(platform), C(size) (bytes, -1 if unknown),
          C(tags) that need it, C(state) (V(right), or what was wrong with it), and C(repaired_by), the action that repairs it.
      type: list
      elements: dict
recomputed:
  description: Where the plan differs from O(approved_plan) or O(approved_digests), one sentence each.
  returned: same as RV(plan)
  type: list
  elements: str
remaining:
  description:
    - What is not repaired, each as C(repository), C(tags), C(digest) (empty where not even that is known), C(role), C(state) (the cause), C(why),
      and C(next), what can help, cheapest first.
  returned: same as RV(plan)
  type: list
  elements: dict
restart_required:
  description: Whether the registry must be restarted, because its cache contradicts the disk or because files were replaced under it.
  returned: same as RV(plan)
  type: bool
run_id:
  description: Name of this run in the journal and the quarantine, to be given to O(undo); empty if nothing was changed.
  returned: same as RV(plan)
  type: str
  sample: 20261123T191500Z-3fa2c1
recovered:
  description: Earlier runs that were killed, whose work this run went on with.
  returned: same as RV(plan)
  type: list
  elements: str
quarantine:
  description:
    - What this run moved aside, each as C(run_id), C(path) and C(kept) (where it was and is, below the rootdirectory), C(digest) (what it should have
      been), C(reason) and C(time) (UTC).
  returned: same as RV(plan)
  type: list
  elements: dict
proven:
  description:
    - What was repaired and then read again, byte by byte, each as C(repository), C(digest), C(tags), C(by) (V(disk), V(api), or both), and C(detail),
      what could not be proven yet.
  returned: same as RV(plan)
  type: list
  elements: dict
code:
  description: Stable name of the error, such as bad-input, not-a-store, unreachable, authentication, locked, apply-failed.
  returned: on failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.oci_registry.errors import RegistryError
from ansible.module_utils.oci_registry.options import connection_spec
from ansible.module_utils.oci_registry.plans.choices import choices_spec
from ansible.module_utils.oci_registry.repair import Repair
from ansible.module_utils.oci_registry.scan import DIALECTS
from ansible.module_utils.oci_registry.sources import sources_spec


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    return dict(
        connection_spec(required=False),
        **choices_spec(),
        sources=sources_spec(),
        findings={"type": "list", "elements": "dict"},
        images={"type": "list", "elements": "str"},
        path={"type": "path"},
        undo={"type": "str"},
        lock_timeout={"type": "float", "default": 30.0},
        dialect={"type": "str", "choices": list(DIALECTS), "default": DIALECTS[0]},
    )


def main() -> None:
    """Entry point of the module."""
    one_of = [("findings", "images", "undo")]
    module = AnsibleModule(
        argument_spec=argument_spec(),
        supports_check_mode=True,
        required_one_of=[*one_of, ("registry", "path")],
        mutually_exclusive=one_of,
    )
    try:
        job = Repair(module.params)
    except RegistryError as error:
        module.fail_json(msg=str(error), code=error.code)
    try:
        job.run(check_mode=module.check_mode)
    except RegistryError as error:
        module.fail_json(msg=str(error), code=error.code, **job.result())
    module.exit_json(msg=job.message(), diff=job.diff(), **job.result())


if __name__ == "__main__":
    main()
