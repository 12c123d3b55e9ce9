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
  - Where one repair fails, the others are still done, and the module fails at the end. It ends at once where the registry does not answer or
    the disk is full.
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
  approve:
    description:
      - Actions that change more than what a digest says, and are only taken if they are named here.
      - V(remove-link) moves layer links that lead nowhere to the quarantine. V(quarantine) moves damaged files there that no source
        has the bytes of, so that a push or a rebuild can write them again.
      - V(repoint) points a tag that nothing cheaper repairs at another image of its repository. It also approves what O(rebuilds) has from an archive.
      - V(delete) deletes tags that O(delete) names, and those that O(in_use) leaves out and nothing else can repair.
      - V(rebuild) is for whoever rebuilds. Here it moves aside the damaged files that a rebuild would not replace.
    type: list
    elements: str
    choices: [quarantine, remove-link, repoint, rebuild, delete]
    default: []
  in_use:
    description:
      - Images that something runs on or is to run on, as C(repository:tag) or C(repository@digest); those of other registries are passed over.
      - They are repaired first, and never deleted unless O(delete) names them. Without this option nothing is known to be out of use.
    type: list
    elements: str
  rebuilds:
    description: Ways to make an image again that the caller knows of. They are named in RV(images), and nothing here carries them out.
    type: list
    elements: dict
    default: []
    suboptions:
      image: {description: "The image, as C(repository) for all its tags, or C(repository:tag).", type: str, required: true}
      way:
        description: V(ci) for a pipeline, V(vm) for a build on the registry's host, V(archive) for a tarball of C(docker save), which gives a new digest.
        type: str
        choices: [ci, vm, archive]
        required: true
      possible: {description: Whether it can be done now., type: bool, default: true}
      needs: {description: What it needs., type: str, default: ""}
      why: {description: "Why it is possible, or why it is not.", type: str, default: ""}
  repoint:
    description:
      - What broken tags are to point at, each C(repository:tag) with a digest or tag of the same repository. It must be intact.
      - Without an entry, the newest intact image with the same content is taken. The content is the same where each platform has the same image, by
        its digest or by its config and layers; attestations and annotations do not count. The newest is the one whose tag or link was written last;
        over the API alone nothing tells that, so it is the last tag by name, and what has no tag is not seen.
    type: dict
    default: {}
  allow_lost_platforms:
    description: Whether an image that O(repoint) names may lack platforms that the tag has now.
    type: bool
    default: false
  delete:
    description: Broken tags that are to go, each as C(repository:tag), whatever else could be done for them.
    type: list
    elements: str
    default: []
  approved_plan:
    description:
      - RV(plan) of an earlier run in check mode. What would be done now and is not in it is not done, and RV(recomputed) says so.
      - Where bytes come from and by which way does not matter, since a digest says all.
    type: list
    elements: dict
  approved_digests:
    description: The digests of the steps that may be done; none means all. One that the plan does not have is an error, and nothing is done.
    type: list
    elements: str
    default: []
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
    rebuilds:
      - image: infra-ci
        way: ci
        needs: Woodpecker, and the secret registry_password
    repoint:
      team/app:v7: v8
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
    action: {description: "One of relink, restore, link-tag, quarantine, remove-link, restart, repoint, reload, rebuild, delete, undo.", type: str, sample: relink}
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
    source: {description: "Where a restore takes the bytes from, or which way of O(rebuilds) was chosen.", type: str, sample: registry mirror.example.com}
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
    chosen: {description: "Action of the candidate that is taken, or proposed if RV(images.outcome=remaining); empty if none is possible.", type: str}
    outcome: {description: "One of planned, done, failed, remaining, skipped.", type: str}
    why: {description: "Why it is not done.", type: str}
    candidates:
      description: Every way to make it whole again, cheapest first.
      type: list
      elements: dict
      contains:
        action: {description: "One of relink, restore, quarantine, repoint, reload, rebuild, delete.", type: str}
        cost: {description: "V(free), V(copy) or V(rebuild).", type: str}
        way: {description: "V(api), V(disk), or the way of O(rebuilds).", type: str}
        source: {description: "Where bytes come from.", type: str}
        digest: {description: "What a repoint points at.", type: str}
        needs: {description: "What it needs.", type: str}
        approval: {description: "What O(approve) must have for it; empty for none.", type: str}
        possible: {description: "Whether it can be done.", type: bool}
        reason: {description: "The evidence, or why it cannot be done.", type: str}
graph:
  description: All that was looked at, for a picture.
  returned: same as RV(plan)
  type: dict
  contains:
    note: {description: "What was left out of more than 5000 nodes.", type: str}
    nodes:
      description: Each digest of each repository once.
      type: list
      elements: dict
      contains:
        repository: {description: "Name of the repository.", type: str}
        digest: {description: "The digest.", type: str}
        role: {description: "One of index, manifest, config, layer.", type: str}
        parent: {description: "A manifest that names it; empty for what a tag names.", type: str}
        platform: {description: "Its platform.", type: str}
        size: {description: "In bytes; -1 where nothing tells.", type: int}
        tags: {description: "Every tag that needs it.", type: list, elements: str}
        state: {description: "V(right), or the cause of what is wrong before the repair.", type: str}
        repaired_by: {description: "Action that repairs it; empty for none.", type: str}
recomputed:
  description: Where the plan differs from O(approved_plan) or O(approved_digests), one sentence each.
  returned: same as RV(plan)
  type: list
  elements: str
remaining:
  description: What is not repaired.
  returned: same as RV(plan)
  type: list
  elements: dict
  contains:
    repository: {description: "Name of the repository.", type: str}
    tags: {description: "Every tag that needs it.", type: list, elements: str}
    digest: {description: "What remains broken; empty where not even that is known.", type: str}
    role: {description: "One of index, manifest, config, layer, tag, link.", type: str}
    state: {description: "The cause.", type: str, sample: gone}
    why: {description: "Why it remains.", type: str}
    next: {description: "What can help, cheapest first.", type: list, elements: str, sample: [repoint, rebuild]}
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
  description: What this run moved aside.
  returned: same as RV(plan)
  type: list
  elements: dict
  contains:
    run_id: {description: "The run that did it.", type: str}
    path: {description: "Where it was, below the rootdirectory.", type: str}
    kept: {description: "Where it is, below the rootdirectory.", type: str}
    digest: {description: "What it should have been.", type: str}
    reason: {description: "Why it was moved aside.", type: str}
    time: {description: "When, in UTC.", type: str}
proven:
  description: What was repaired and then read again, byte by byte.
  returned: same as RV(plan)
  type: list
  elements: dict
  contains:
    repository: {description: "Name of the repository.", type: str}
    digest: {description: "What was read.", type: str}
    tags: {description: "Every tag that needs it.", type: list, elements: str}
    by: {description: "V(disk), V(api), or both.", type: list, elements: str}
    detail: {description: "What could not be proven yet.", type: str}
code:
  description: Stable name of the error, such as bad-input, not-a-store, unreachable, authentication, locked, apply-failed.
  returned: on failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.oci_registry.errors import RegistryError
from ansible.module_utils.oci_registry.options import connection_spec
from ansible.module_utils.oci_registry.plans.steps import APPROVABLE
from ansible.module_utils.oci_registry.repair import Repair
from ansible.module_utils.oci_registry.scan import DIALECTS
from ansible.module_utils.oci_registry.sources import sources_spec

_REBUILD = {
    "image": {"type": "str", "required": True},
    "way": {"type": "str", "choices": ["ci", "vm", "archive"], "required": True},
    "possible": {"type": "bool", "default": True},
    "needs": {"type": "str", "default": ""},
    "why": {"type": "str", "default": ""},
}


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    return dict(
        connection_spec(required=False),
        sources=sources_spec(),
        findings={"type": "list", "elements": "dict"},
        images={"type": "list", "elements": "str"},
        path={"type": "path"},
        in_use={"type": "list", "elements": "str"},
        rebuilds={"type": "list", "elements": "dict", "options": _REBUILD, "default": []},
        repoint={"type": "dict", "default": {}},
        allow_lost_platforms={"type": "bool", "default": False},
        delete={"type": "list", "elements": "str", "default": []},
        approved_plan={"type": "list", "elements": "dict"},
        approved_digests={"type": "list", "elements": "str", "default": []},
        approve={"type": "list", "elements": "str", "choices": list(APPROVABLE), "default": []},
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
