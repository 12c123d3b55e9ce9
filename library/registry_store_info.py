#!/usr/bin/python
# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: prove on the disk that images of a registry store can be served."""

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_store_info
short_description: Prove on the disk that images of a registry store can be served
version_added: "0.1.0"
description:
  - Reads stores of the Distribution registry (filesystem driver) and reports every tag, index, child manifest, config and layer that the
    API could not serve from there, with the cause and with the tags that this makes unpullable.
  - Sees what a registry that answers from its cache hides. Knows nothing of the network in front of it.
  - Tells hosted stores from pull-through caches by itself. What a cache has not pulled is never reported.
  - Reads only, follows no symbolic link inside a store, and can run while the registry does. Broken images are no failure of this module,
    look at RV(healthy); it fails only when it could not look, and then still returns what it saw until then.
options:
  path:
    description: A C(rootdirectory) of the filesystem driver, or a folder that holds several, such as C(/opt/registry/data).
    type: path
    required: true
  mode:
    description: What the stores are. V(auto) looks at O(configs) and for C(scheduler-state.json), which only a pull-through cache keeps.
    type: str
    choices: [auto, hosted, cache]
    default: auto
  configs:
    description: Configuration files of the registries by name of the store. A C(proxy.remoteurl) in it makes the store a cache.
    type: dict
    default: {}
  proof:
    description:
      - V(sizes) reads every link, hashes every manifest and compares the size of every blob.
      - V(content) also hashes every blob.
      - V(links) does not look at the sizes of blobs, and proves less.
    type: str
    choices: [links, sizes, content]
    default: sizes
  dialect:
    description: Major version of the Distribution registry that serves the stores. V(2) also serves manifests through layer links, V(3) does not.
    type: str
    choices: ["2", "3"]
    default: "2"
extends_documentation_fragment:
  - registry_info_attributes
author: registry-runbooks contributors
seealso:
  - module: registry_integrity_info
  - module: registry_repair
"""

EXAMPLES = r"""
- name: Scan all six stores of a registry host
  registry_store_info:
    path: /opt/registry/data
  register: stores

- name: Hash every byte of one store
  registry_store_info:
    path: /opt/registry/data/private
    mode: hosted
    proof: content
"""

RETURN = r"""
healthy:
  description: Whether everything was looked at and nothing but wasted space was found.
  returned: always, unless the options were refused
  type: bool
complete:
  description: Whether everything could be read.
  returned: same as RV(healthy)
  type: bool
findings:
  description: What is wrong in any store, worst first. C(docs/findings.md) explains codes and states.
  returned: same as RV(healthy)
  type: list
  elements: dict
  contains:
    store: {description: "Path of the store.", type: str}
    code: {description: "The symptom.", type: str, sample: child-missing}
    severity: {description: "V(critical) where a pull fails, V(warning) for attestations and referrers, V(info) for wasted space.", type: str}
    repository: {description: "Name of the repository.", type: str}
    tags: {description: "Every tag that this makes unpullable.", type: list, elements: str}
    digest: {description: "What is wrong; empty where not even that is known.", type: str}
    parent: {description: "Digest of a manifest that names it; empty for what a tag names.", type: str}
    platform: {description: "The platform that is hit.", type: str, sample: linux/amd64}
    role: {description: "One of index, manifest, config, layer, tag, link.", type: str}
    state: {description: "The cause.", type: str, sample: unlinked}
    detail: {description: "What was seen.", type: str}
    repairs: {description: "Classes of repair that can help, cheapest first.", type: list, elements: str}
stores:
  description: One record for each store, with the same keys as this result, and C(target) as its path.
  returned: same as RV(healthy)
  type: list
  elements: dict
quarantine:
  description: What M(registry_repair) has moved aside in these stores.
  returned: same as RV(healthy)
  type: list
  elements: dict
summary:
  description: Counts of C(repositories), C(tags), C(indexes), C(manifests), C(blobs), C(files), C(bytes), C(partial), C(seconds), and
    C(findings_by_code).
  returned: same as RV(healthy)
  type: dict
problems:
  description: What could not be read, and why.
  returned: same as RV(healthy)
  type: list
  elements: str
legacy:
  description: C(repository:tag) of schema 1 manifests. Old, not broken.
  returned: same as RV(healthy)
  type: list
  elements: str
caveats:
  description: What this observation cannot prove.
  returned: same as RV(healthy)
  type: list
  elements: str
observer: {description: Always V(disk)., returned: same as RV(healthy), type: str}
target: {description: The stores., returned: same as RV(healthy), type: str}
proof: {description: The proof that was asked for., returned: same as RV(healthy), type: str}
code:
  description: Stable name of the error, one of bad-input, not-a-store, store-unreadable, incomplete.
  returned: on failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.oci_registry.apply.quarantine import list_quarantine
from ansible.module_utils.oci_registry.errors import RegistryError
from ansible.module_utils.oci_registry.report import combine
from ansible.module_utils.oci_registry.scan import DIALECTS, PROOFS, scan
from ansible.module_utils.oci_registry.store import detect_mode, find_stores


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    return {
        "path": {"type": "path", "required": True},
        "mode": {"type": "str", "choices": ["auto", "hosted", "cache"], "default": "auto"},
        "configs": {"type": "dict", "default": {}},
        "proof": {"type": "str", "choices": list(PROOFS), "default": "sizes"},
        "dialect": {"type": "str", "choices": list(DIALECTS), "default": DIALECTS[0]},
    }


def observe(params: dict) -> dict:
    """Scan every store under the path. Raises RegistryError where there is nothing to look at."""
    reports, quarantined, unlisted = [], [], []
    for store in find_stores(params["path"]):
        mode = params["mode"]
        if mode == "auto":
            mode = detect_mode(store.root, params["configs"].get(store.name))
        reports.append(scan(store.root, mode=mode, proof=params["proof"], dialect=params["dialect"], name=store.name))
        try:
            quarantined += [dict(entry, store=store.root) for entry in list_quarantine(store.root)]
        except RegistryError as error:  # made by another user: no reason not to tell the rest
            unlisted.append(str(error))
    result = combine(reports)
    return dict(result, quarantine=quarantined, caveats=result["caveats"] + unlisted)


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    try:
        result = observe(module.params)
    except RegistryError as error:
        module.fail_json(msg=str(error), code=error.code)
    if not result["complete"]:
        module.fail_json(msg=f"could not look at everything: {result['problems'][0]}", code="incomplete", **result)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
