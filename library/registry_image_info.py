#!/usr/bin/python
# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: what tags of a registry hold."""

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_image_info
short_description: Tell what tags of a registry hold, and whether all of it can be pulled
version_added: "0.5.0"
description:
  - Tells of each tag its digest, its platforms and the commit that its label names, and proves by bytes whether it can be pulled.
  - A tag that is not there is no failure. It fails only when it could not look.
options:
  images:
    description: The tags, as C(repository:tag).
    type: list
    elements: str
    required: true
  proof:
    description:
      - V(bytes) hashes every manifest and fetches the last byte of every blob, with the whole size compared.
      - V(content) reads and hashes every blob. After a push onto damaged files nothing less proves it, since Docker takes the size of a truncated
        file for that of its layer.
    type: str
    choices: [bytes, content]
    default: bytes
extends_documentation_fragment:
  - registry_connection
  - registry_info_attributes
author: registry-runbooks contributors
seealso:
  - module: registry_integrity_info
  - module: image_build
"""

EXAMPLES = r"""
- name: See which platforms the image had
  registry_image_info:
    registry: registry.example.com:5050
    images: [infra-ci:latest]
"""

RETURN = r"""
images:
  description: One record for each of O(images), in that order.
  returned: success
  type: list
  elements: dict
  contains:
    name: {description: "The tag, as C(repository:tag).", type: str}
    digest: {description: "Its digest; empty where there is no such tag.", type: str}
    whole: {description: "Whether it is there, and all of it can be pulled.", type: bool}
    platforms: {description: "Its platforms, as its index or its config names them.", type: list, elements: str}
    revision: {description: "The commit that its label C(org.opencontainers.image.revision) names; empty for none.", type: str}
    findings: {description: "What is wrong with it, as M(registry_integrity_info) tells.", type: list, elements: dict}
code:
  description: Stable name of the error, one of bad-input, unreachable, tls, authentication, not-a-registry, unavailable, protocol.
  returned: on failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.image_build.look import look
from ansible.module_utils.oci_registry.errors import BadInput, RegistryError
from ansible.module_utils.oci_registry.options import concurrency_from, connection_spec, settings_from
from ansible.module_utils.oci_registry.reference import parse_reference


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    return dict(
        connection_spec(),
        images={"type": "list", "elements": "str", "required": True},
        proof={"type": "str", "choices": ["bytes", "content"], "default": "bytes"},
    )


def observe(params: dict) -> list:
    """One record for each image. Raises RegistryError where one could not be looked at."""
    settings, workers, found = settings_from(params), concurrency_from(params), []
    for text in params["images"]:
        reference = parse_reference(text, settings.registry)
        if reference.digest or not reference.tag or reference.registry not in ("", settings.registry):
            raise BadInput("is no tag of this registry", where=text[:300], advice="Expected repository:tag")
        held = look(settings, reference.repository, reference.tag, params["proof"], workers)
        seen = {"digest": "", "whole": False, "platforms": [], "revision": "", "findings": []} if held is None else held.as_dict()
        found.append({"name": f"{reference.repository}:{reference.tag}", **seen})
    return found


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    try:
        found = observe(module.params)
    except RegistryError as error:
        module.fail_json(msg=str(error), code=error.code)
    module.exit_json(changed=False, images=found)


if __name__ == "__main__":
    main()
