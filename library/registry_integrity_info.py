#!/usr/bin/python
# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: prove over HTTP that images can be pulled."""

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_integrity_info
short_description: Prove over HTTP that images in an OCI registry can be pulled
version_added: "0.1.0"
description:
  - Walks images, repositories or the whole catalog of a registry that speaks the Distribution API, and reports every tag, index, child
    manifest, config and layer that cannot be fetched, with the tags that this makes unpullable.
  - Asks once for each tag and once for each distinct digest of a repository.
  - Reads only. Broken images are no failure of this module, look at RV(healthy); it fails only when it could not look, and then still
    returns what it saw until then.
  - A running registry may answer from a cache what its disk no longer holds. M(registry_store_info) shows that, or a restart does.
  - On a pull-through cache this fetches from upstream whatever is not there. Use M(registry_store_info) on its store instead.
options:
  images:
    description:
      - Images to prove, as C(repository[:tag][@digest]), with or without the registry in front.
      - Mutually exclusive with O(repositories). Without either, the whole catalog is walked.
    type: list
    elements: str
    default: []
  repositories:
    description: Repositories to prove, all tags of each.
    type: list
    elements: str
    default: []
  tags_per_repository:
    description: Look only at the last so many tags of each repository, by name. V(0) stands for all; anything else leaves damage unseen.
    type: int
    default: 0
  proof:
    description:
      - V(bytes) hashes every manifest and fetches the last byte of every blob, with the whole size compared.
      - V(content) reads and hashes every blob.
      - V(head) and V(manifests) exist for comparison. They prove less, a stale cache passes them, and the result says so in RV(caveats).
    type: str
    choices: [manifests, head, bytes, content]
    default: bytes
  referrers:
    description: Also ask the OCI referrers API about each tag. Fallback tags (C(sha256-...)) are tags and always looked at.
    type: bool
    default: false
extends_documentation_fragment:
  - registry_connection
  - registry_info_attributes
author: registry-runbooks contributors
seealso:
  - module: registry_store_info
  - module: registry_repair
"""

EXAMPLES = r"""
- name: Prove what was just pushed
  registry_integrity_info:
    registry: registry.example.com:5050
    images: ["infra-ci:latest"]
    username: ci
    password: "{{ vault_registry_password }}"
  register: pushed
  failed_when: pushed is failed or not pushed.healthy

- name: Walk the whole catalog of a registry with its own certificate authority
  registry_integrity_info:
    registry: registry.example.com:5050
    ca_path: /opt/registry/tls/ca.pem
"""

RETURN = r"""
healthy:
  description: Whether everything was looked at and nothing but wasted space was found.
  returned: always, unless the options were refused
  type: bool
complete:
  description: Whether everything that was asked for was looked at.
  returned: same as RV(healthy)
  type: bool
findings:
  description: What is wrong, worst first. C(docs/findings.md) explains codes and states.
  returned: same as RV(healthy)
  type: list
  elements: dict
  contains:
    code: {description: "The symptom.", type: str, sample: child-missing}
    severity: {description: "V(critical) where a pull fails, V(warning) for attestations and referrers, V(info) for wasted space.", type: str}
    repository: {description: "Name of the repository.", type: str}
    tags: {description: "Every tag that this makes unpullable; C(@digest) for an image asked for by digest.", type: list, elements: str}
    digest: {description: "What is wrong; empty where the registry does not tell.", type: str}
    parent: {description: "Digest of a manifest that names it; empty for what a tag names.", type: str}
    platform: {description: "The platform that is hit.", type: str, sample: linux/amd64}
    role: {description: "One of index, manifest, config, layer, tag, link.", type: str}
    state: {description: "The cause, as far as it shows from here.", type: str}
    detail: {description: "What was seen.", type: str}
    repairs: {description: "Classes of repair that can help, cheapest first.", type: list, elements: str}
summary:
  description: Counts of C(repositories), C(tags), C(indexes), C(manifests), C(blobs), C(requests), C(bytes) (content described),
    C(bytes_received), C(seconds), and C(findings_by_code).
  returned: same as RV(healthy)
  type: dict
problems:
  description: What could not be looked at, and why.
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
observer: {description: Always V(http)., returned: same as RV(healthy), type: str}
target: {description: The registry., returned: same as RV(healthy), type: str}
proof: {description: The proof that was asked for., returned: same as RV(healthy), type: str}
code:
  description: Stable name of the error, one of bad-input, unreachable, tls, authentication, not-a-registry, unavailable, protocol, incomplete.
  returned: on failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.oci_registry.client import Client
from ansible.module_utils.oci_registry.errors import BadInput, RegistryError
from ansible.module_utils.oci_registry.options import concurrency_from, connection_spec, settings_from
from ansible.module_utils.oci_registry.reference import parse_reference, parse_repository
from ansible.module_utils.oci_registry.report import Report
from ansible.module_utils.oci_registry.walk import PROOFS, Options, walk


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    return dict(
        connection_spec(),
        images={"type": "list", "elements": "str", "default": []},
        repositories={"type": "list", "elements": "str", "default": []},
        tags_per_repository={"type": "int", "default": 0},
        proof={"type": "str", "choices": list(PROOFS), "default": "bytes"},
        referrers={"type": "bool", "default": False},
    )


def observe(params: dict) -> Report:
    """Walk what the parameters name. Raises RegistryError where nothing could be looked at."""
    if params["tags_per_repository"] < 0:
        raise BadInput(f"tags_per_repository {params['tags_per_repository']} is negative", advice="0 stands for all")
    if params["images"] and params["repositories"]:
        raise BadInput("images and repositories are both given", advice="Give one of them, or neither to walk the whole catalog")
    settings = settings_from(params)
    references = [parse_reference(image, settings.registry) for image in params["images"]]
    strangers = [str(reference) for reference in references if reference.registry not in ("", settings.registry)]
    if strangers:
        raise BadInput(f"{strangers[0]} is not of registry {settings.registry}", advice="Call the module once for each registry")
    return walk(
        Client(settings),
        images=references,
        repositories=[parse_repository(name) for name in params["repositories"]],
        concurrency=concurrency_from(params),
        options=Options(params["proof"], params["tags_per_repository"], params["referrers"]),
    )


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    try:
        report = observe(module.params)
    except RegistryError as error:
        module.fail_json(msg=str(error), code=error.code)
    if not report.complete:
        module.fail_json(msg=f"could not look at everything: {report.problems[0]}", code="incomplete", **report.as_dict())
    module.exit_json(changed=False, **report.as_dict())


if __name__ == "__main__":
    main()
