#!/usr/bin/python
# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: a garbage collection that cannot lose an image."""

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_collection
short_description: Collect the garbage of a registry without losing an image
version_added: "0.2.0"
description:
  - Runs on the registry's host. Asks the registry's own dry run what it would delete, compares that with everything that the images on disk need, and
    refuses by name where something would be lost. Only then is the registry stopped or made read-only, a snapshot taken, the garbage collected, and
    the store proven. Whatever is lost all the same is put back from the snapshot before the registry serves again.
  - A snapshot holds the bytes of blobs as hard links, so it takes no space of its own, and the space of what was collected comes free when the
    snapshot expires (O(keep_snapshots)).
  - A run that was killed is finished by the next run, or by V(recovered) of O(state). Until then, repair and retention refuse to change the store.
  - Where nothing is eligible for deletion the registry is not stopped, so a second run changes nothing.
options:
  path:
    description: The C(rootdirectory) of the store. It must be that of a hosted registry, not of a pull-through cache.
    type: path
    required: true
  state:
    description:
      - V(collected) goes through the whole sequence.
      - V(gated) only says whether it would, and what would be deleted. Nothing is changed or stopped.
      - V(snapshotted) takes a snapshot, the registry running or not.
      - V(recovered) finishes a run that was killed, if there is one, and does nothing else.
      - V(proven) proves the store, and the registry if its address is given, against the newest snapshot or O(snapshot). Reads only.
      - V(restored) puts back what the store has lost since the newest snapshot or O(snapshot), between C(quiesce) and C(resume). It never replaces or
        removes anything newer. Tags that were deleted since are there again.
      - V(expired) removes O(snapshot), or all snapshots older than O(keep_snapshots).
    type: str
    choices: [collected, gated, snapshotted, proven, recovered, restored, expired]
    default: collected
  dialect:
    description: Major version of the Distribution registry that serves the store.
    type: str
    choices: ["2", "3"]
    default: "2"
  commands:
    description: What to run on this host, each command as a list of words. No shell is involved.
    type: dict
    suboptions:
      quiesce: {description: "Commands that stop the registry, or make it read-only. Run one after another.", type: list, elements: list}
      dry_run:
        description: The O(commands.collect) command with C(--dry-run). Its standard output must be that of the registry and nothing else.
        type: list
        elements: str
      collect:
        description: >-
          The collection itself, without C(-m) or C(--delete-untagged), which delete children of tagged indexes. Where that would lose something, the
          gate refuses.
        type: list
        elements: str
      resume:
        description: Commands that undo C(quiesce). They must restart the registry, so that its cache forgets what was collected; that is proven.
        type: list
        elements: list
      abort:
        description: Commands that end a collection which outlived its command, as a container does. Run where that was killed; failures are ignored.
        type: list
        elements: list
  registry:
    description:
      - The registry, as C(host[:port]), without a scheme. With it, an upload that must be refused makes sure that C(quiesce) worked, and
        every tag is pulled afterwards.
      - Without it, everything is proven on disk only.
    required: false
  approve:
    description: V(override_gate) goes on although the gate refuses. The proof afterwards still puts back what was lost.
    type: list
    elements: str
    choices: [override_gate]
    default: []
  assume_deleted:
    description:
      - Manifests that M(registry_retention) would delete before, as in its plan. With V(gated) of O(state) and in check mode the gate judges as if
        they and their tags were gone, so that the plan of both is the one that is carried out. A run that changes something asks the registry alone.
    type: list
    elements: dict
    default: []
    suboptions:
      repository: {description: Name of the repository., type: str, required: true}
      digest: {description: Digest of the manifest., type: str, required: true}
      parts: {description: Digests of manifests that go with it., type: list, elements: str, default: []}
  snapshot:
    description: Name of a snapshot, as in RV(snapshot.id), for the states V(restored), V(expired) and V(proven).
    type: str
  keep_snapshots:
    description:
      - For how many days snapshots are kept. V(0) removes them as soon as the collection is proven.
      - The age of a snapshot is told by the uptime of the machine where it was not restarted since, so that a clock that jumps removes none. One that
        is dated in the future is kept until it is named.
    type: float
    default: 7.0
  proof:
    description: What is proven on disk. V(sizes) compares sizes and hashes manifests, V(content) hashes every byte.
    type: str
    choices: [sizes, content]
    default: sizes
  tags_per_repository:
    description: How many tags of each repository are pulled over HTTP in the end, V(0) for all. On disk every tag is proven in any case.
    type: int
    default: 0
  push_grace:
    description:
      - Seconds after its last write for which an upload counts as under way, and something that was uploaded and that no manifest names yet as part
        of a push. After that an upload was broken off, and is left to the registry, and such blobs are garbage. What a deleted manifest names is too.
    type: float
    default: 900.0
  upload_timeout:
    description: How long to wait, in seconds, for uploads and pushes under way to end, before giving up.
    type: float
    default: 600.0
  command_timeout:
    description: How long each command may take, in seconds. It is killed then, together with all that it started in its process group.
    type: float
    default: 3600.0
  health_timeout:
    description: How long the registry may take to answer again after C(resume), in seconds.
    type: float
    default: 120.0
  lock_timeout:
    description: How long to wait for a repair, retention or collection of the same store to end, in seconds.
    type: float
    default: 30.0
extends_documentation_fragment:
  - registry_connection
  - registry_change_attributes
author: registry-runbooks contributors
seealso:
  - module: registry_repair
  - module: registry_retention
  - module: registry_store_info
"""

EXAMPLES = r"""
- name: Show what would be collected, and why not
  registry_collection:
    path: /opt/registry/data/private
    state: gated
    commands: &commands
      quiesce:
        - [docker, stop, registry]
      dry_run: [docker, run, --rm, --volumes-from, registry, "registry:2.8.3", garbage-collect, --dry-run, /etc/docker/registry/config.yml]
      collect: [docker, run, --rm, --name, gc, --volumes-from, registry, "registry:2.8.3", garbage-collect, /etc/docker/registry/config.yml]
      resume:
        - [docker, start, registry]
      abort:
        - [docker, rm, --force, gc]

- name: Collect, and prove every tag
  registry_collection:
    path: /opt/registry/data/private
    registry: registry.example.com:5050
    username: maintenance
    password: "{{ vault_registry_password }}"
    commands: *commands

- name: Put everything back that the last collection took
  registry_collection:
    path: /opt/registry/data/private
    state: restored
    commands: *commands
"""

RETURN = r"""
verdict:
  description: >-
    V(clear), V(nothing) where nothing is eligible for deletion, V(busy) while pushes are under way, or V(refused). Empty where no gate was asked.
  returned: always, unless the options were refused
  type: str
refusals:
  description: Why the gate refuses, in full.
  returned: same as RV(verdict)
  type: list
  elements: dict
  contains:
    code: {description: "Why: would-lose, broken-image, link-invalid, upload-in-flight, push-in-flight, and others.", type: str}
    repository: {description: "Name of the repository; empty where it is none's.", type: str}
    tags: {description: "Every tag that would be hit.", type: list, elements: str}
    digest: {description: "What would be lost or is broken.", type: str}
    detail: {description: "Why, in words.", type: str}
plan:
  description: Every phase in its order.
  returned: same as RV(verdict)
  type: list
  elements: dict
  contains:
    phase:
      description: One of recover, gate, quiesce, gate-again, snapshot, collect, prove-disk, restore, resume, prove-http, expire.
      type: str
    state: {description: "One of planned, done, skipped, failed.", type: str}
    detail: {description: "What came of it.", type: str}
planned:
  description: What the dry run says would be deleted.
  returned: same as RV(verdict)
  type: dict
  sample: {blobs: 3, manifests: 0, layer_links: 0, bytes: 104857600}
swept:
  description: What is gone from the store, by comparison with the snapshot; empty if nothing was collected, or all was put back.
  returned: same as RV(verdict)
  type: dict
  sample: {blobs: 3, links: 0, bytes: 104857600}
snapshot:
  description: The snapshot that was taken or used. RV(snapshot.bytes) are held by it alone, and come free when it expires.
  returned: same as RV(verdict)
  type: dict
  sample: {id: 20261123T191500Z-3fa2c1, path: /opt/registry/data/private/.registry-runbooks/snapshots/20261123T191500Z-3fa2c1, bytes: 104857600}
restored: {description: "What was put back, and from which snapshot.", returned: same as RV(verdict), type: dict}
recovered: {description: "The killed run that was finished, and the phase it was in.", returned: same as RV(verdict), type: dict}
proof: {description: "What was proven, on V(disk) and over V(http), as counts.", returned: same as RV(verdict), type: dict}
expired: {description: "What was removed, each with the bytes that came free.", returned: same as RV(verdict), type: list, elements: dict}
freed_bytes: {description: "How many bytes came free with the snapshots that were removed.", returned: same as RV(verdict), type: int}
notes: {description: "What does not stand in the way, such as broken-off uploads.", returned: same as RV(verdict), type: list, elements: str}
code:
  description: Stable name of the error, such as gate-refused, proof-failed, command-failed, interrupted, locked, bad-input, apply-failed.
  returned: on failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.oci_registry.collection import COLLECTION_OPTIONS, Collection
from ansible.module_utils.oci_registry.errors import RegistryError


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    return COLLECTION_OPTIONS


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    try:
        job = Collection(module.params)
    except RegistryError as error:
        module.fail_json(msg=str(error), code=error.code)
    try:
        job.run(check_mode=module.check_mode)
    except RegistryError as error:
        module.fail_json(msg=str(error), code=error.code, **job.result())
    module.exit_json(msg=job.message(), diff=job.diff(), **job.result())


if __name__ == "__main__":
    main()
