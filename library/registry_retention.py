#!/usr/bin/python
# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: delete what no rule keeps and nothing needs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_retention
short_description: Delete tags and manifests that no rule keeps and nothing needs
version_added: "0.2.0"
description:
  - Keeps, in every repository, what the rules keep and all that belongs to it, that is the children of indexes, however deep, whatever refers
    to it (C(subject), and tags such as C(sha256-<hex>) and C(sha256-<hex>.sig)), and what that refers to and needs in turn.
  - Deletes the rest. On a hosted registry, manifests go by digest through the API, an index before its children and a referrer before its subject,
    so that a run that is cut short orphans nothing; on a pull-through cache, tags go on disk, and nothing else does.
  - With O(path), it also deletes manifests that no tag needs, which is what C(garbage-collect -m) is misused for.
  - Frees no space by itself. That is left to a plain C(garbage-collect), without C(-m).
  - Every tag is read again right before it goes, and what was pushed since the plan was made stays, with all that it needs.
  - With O(path), every link is copied to the quarantine before it goes, and M(registry_repair) with O(ignore:undo) puts it back, until a
    garbage collection takes the bytes away.
  - Proves afterwards that every tag that was to stay is there and whole, and that everything deleted is gone.
options:
  keep_newest:
    description:
      - How many tags to keep in each repository, the newest first, by the time of their push. Equal times are ranked by name, C(v10) above C(v9).
      - The time of the push is that of the tag's link on disk. Without O(path) it is the time at which the image was created, which is weaker.
      - All tags of images are counted, those that O(keep_tags) keeps anyway and several of one image included.
      - Tags of referrers are neither counted nor judged, they live and die with their subject, in whatever repository of the registry that is.
        Tags pushed in the future are kept and not counted.
    type: int
  keep_younger_than:
    description: Keep tags that were pushed less than this many days ago. A tag stays if either this or O(keep_newest) keeps it.
    type: float
  keep_tags:
    description:
      - Tags to keep besides, whatever their age. A name, a pattern with C(*), C(?) and C([...]) for the whole name, or C(~) and
        a regular expression for the whole name. Upper and lower case differ.
      - Patterns only protect. Nothing goes from a repository for which neither O(keep_newest) nor O(keep_younger_than) is given.
    type: list
    elements: str
  repositories:
    description:
      - Rules of their own for some repositories. The first entry that matches a repository holds for it; what it does not give is as above.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: A repository, or a pattern as in O(keep_tags); C(*) also matches slashes.
        type: str
        required: true
      keep_newest:
        description: As above.
        type: int
      keep_younger_than:
        description: As above.
        type: float
      keep_tags:
        description: As above; replaces the general list.
        type: list
        elements: str
  keep_digests:
    description:
      - What is in use, as digests or as references of images, for instance from M(container_images_info). A digest is kept in every repository
        that has it, with all that belongs to it. A reference without a digest keeps the tag; its host is not looked at.
    type: list
    elements: str
    default: []
  untagged_grace:
    description:
      - How old, in hours, a manifest must be that no tag needs before it goes. The children of a push under way have no index yet.
      - Nothing that may be young goes where the clock cannot be believed, that is where something was pushed more than a day ahead of it, or
        nothing in the 366 days before it.
    type: float
    default: 24.0
  path:
    description: The C(rootdirectory) of the registry's store on this host.
    type: path
  mode:
    description: What the store is. V(auto) takes it for a cache if it holds C(scheduler-state.json), which only a pull-through cache keeps.
    type: str
    choices: [auto, hosted, cache]
    default: auto
  registry:
    description: The registry, as C(host[:port]), without a scheme. Needed unless O(path) is the store of a cache.
    required: false
  approve:
    description:
      - V(broken) lets it run although images are broken. What those need cannot be known, so the repositories that have any are left alone.
      - V(delete_all) lets it delete all tags of a repository.
    type: list
    elements: str
    choices: [broken, delete_all]
    default: []
  keep_undo:
    description: For how many days the copies that O(path) makes an undo possible with are kept. While the clock is in doubt none are removed.
    type: float
    default: 30.0
  lock_timeout:
    description: How long to wait for another run on the same store or registry to end, in seconds.
    type: float
    default: 30.0
  dialect:
    description:
      - Major version of the Distribution registry. V(2) also serves manifests through layer links, V(3) does not.
      - The API of V(2) cannot delete a tag without its manifest, that of V(3) can. With O(path) such tags go on disk.
    type: str
    choices: ["2", "3"]
    default: "2"
extends_documentation_fragment:
  - registry_connection
  - registry_change_attributes
author: registry-runbooks contributors
seealso:
  - module: registry_tag
  - module: registry_repair
  - module: container_images_info
"""

EXAMPLES = r"""
- name: Show what would go, and why everything else stays
  registry_retention:
    path: /opt/registry/data/private
    registry: registry.example.com:5050
    username: maintenance
    password: "{{ vault_registry_password }}"
    keep_newest: 10
    keep_tags: [latest, "v*", "~[0-9]+\\.[0-9]+"]
    keep_digests: "{{ in_use.digests + in_use.references }}"
    repositories:
      - {name: ci/*, keep_newest: 3}
      - {name: archive/*, keep_tags: ["*"]}
  check_mode: true

- name: Keep the newest ten tags of each repository of a pull-through cache
  registry_retention:
    path: /opt/registry/data/dockerhub
    keep_newest: 10
"""

RETURN = r"""
plan:
  description: Every decision by repository, deletions in the order in which they are carried out.
  returned: always, unless the options were refused
  type: list
  elements: dict
  contains:
    action: {description: "One of delete-manifest, delete-tag, keep.", type: str, sample: delete-manifest}
    repository: {description: "Name of the repository.", type: str}
    tags: {description: "The tag that stays or goes, or every tag that goes with the manifest.", type: list, elements: str}
    digest: {description: "The manifest.", type: str}
    parts: {description: "Manifests that go right after it, since nothing else needs them.", type: list, elements: str}
    reason: {description: "Why it stays or goes.", type: str, sample: number 3 of the newest 10}
    way: {description: "V(api) or V(disk); empty for what stays.", type: str}
    state: {description: "One of planned, done, skipped, failed; empty for what stays.", type: str}
    detail: {description: "What came of it, or what stays of it.", type: str}
summary:
  description: Counts of C(tags_kept), C(tags_deleted), C(manifests_deleted), C(skipped) and C(failed).
  returned: same as RV(plan)
  type: dict
caveats:
  description: What could not be told, and what was done about it.
  returned: same as RV(plan)
  type: list
  elements: str
refusals:
  description: What kept it from doing anything, each with the value of O(approve) that would let it.
  returned: same as RV(plan)
  type: list
  elements: dict
  contains:
    approval: {description: "The value of O(approve).", type: str}
    what: {description: "Why it was needed, with repository, tags and digest.", type: str}
run_id:
  description: Name of this run in the journal and the quarantine, to be given to C(undo) of M(registry_repair); empty if nothing was changed.
  returned: same as RV(plan)
  type: str
  sample: 20261123T191500Z-3fa2c1
expired:
  description: Earlier runs whose copies for an undo were removed, or in check mode are to be.
  returned: same as RV(plan)
  type: list
  elements: str
recovered:
  description: Earlier runs that were killed, whose work this run went on with.
  returned: same as RV(plan)
  type: list
  elements: str
proven:
  description: How many C(tags) were found to be there and whole afterwards, and how many C(manifests) to be gone; empty if nothing was changed.
  returned: same as RV(plan)
  type: dict
code:
  description: Stable name of the error, such as bad-input, needs-approval, not-a-store, store-unreadable, unreachable, locked, apply-failed,
    proof-failed.
  returned: on failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.oci_registry.errors import RegistryError
from ansible.module_utils.oci_registry.retention import RETENTION_OPTIONS, Retention


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    return RETENTION_OPTIONS


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True, required_one_of=[("registry", "path")])
    try:
        job = Retention(module.params)
    except RegistryError as error:
        module.fail_json(msg=str(error), code=error.code)
    try:
        job.run(check_mode=module.check_mode)
    except RegistryError as error:
        module.fail_json(msg=str(error), code=error.code, **job.result())
    module.exit_json(msg=job.message(), diff=job.diff(), **job.result())


if __name__ == "__main__":
    main()
