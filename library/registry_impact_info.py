#!/usr/bin/python
# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: which broken images are used, and by what."""

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_impact_info
short_description: Tell which broken images are used, and by what
version_added: "0.4.0"
description:
  - Holds the uses of images that were gathered elsewhere against what is broken in one registry.
  - A use hits an image by its reference (C(latest) where it names no tag), or by a digest of the image or of anything that it is made of. Where a
    reference has a digest, that decides, as it does for the engines.
  - Looks at nothing but its options.
options:
  name:
    description: What the registry is called in RV(text).
    type: str
    default: ""
  findings:
    description: What is broken, as observers return it in RV(ignore:findings). Wasted space (severity V(info)) breaks no image.
    type: list
    elements: dict
    default: []
  images:
    description: Further broken images, as C(repository) with C(tag) or C(tags), and with C(digest) (the tag's) or C(digests) where they are known.
    type: list
    elements: dict
    default: []
  graph:
    description:
      - What the images are made of. C(nodes) are dictionaries with C(repository), C(digest), C(parent) and C(tags).
      - Without it, a use by a digest that no finding names cannot be told to hit an image or not, and is in RV(unsure).
    type: dict
    default: {}
  uses:
    description:
      - Who uses what, as M(compose_images_info), M(container_images_info), M(kubernetes_images_info) and M(woodpecker_images_info) return it.
    type: list
    elements: dict
    default: []
  registries:
    description:
      - Every address and alias that the registry is known by, as C(host[:port]). V(docker.io) is one of a cache of Docker Hub.
      - Without any, an image of any registry counts.
    type: list
    elements: str
    default: []
  problems:
    description: What could not be asked for its uses, and why.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - registry_info_attributes
author: registry-runbooks contributors
seealso:
  - module: compose_images_info
  - module: container_images_info
  - module: kubernetes_images_info
  - module: woodpecker_images_info
"""

EXAMPLES = r"""
- name: See who needs what is broken
  registry_impact_info:
    name: registry-private
    findings: "{{ diagnosis.findings }}"
    uses: "{{ composed.uses + running.uses + pipelines.uses }}"
    registries: ["registry.example.com:5050", "registry-nginx:5050"]
  register: impact

- name: Repair that first
  registry_repair:
    path: /opt/registry/data/private
    findings: "{{ diagnosis.findings }}"
    images: "{{ impact.in_use }}"
"""

RETURN = r"""
images:
  description: One record for each broken image, those in use first.
  returned: success
  type: list
  elements: dict
  contains:
    image: {description: "C(repository:tag), or C(repository@digest) where no tag is hit.", type: str, sample: "infra-ci:latest"}
    repository: {description: "Name of the repository.", type: str}
    tags: {description: "The tag; empty where none is hit.", type: list, elements: str}
    digests: {description: "Digests under which it may be used, as far as they are known.", type: list, elements: str}
    in_use: {description: "Whether a use is known.", type: bool}
    uses:
      description: Its uses, with the keys of O(uses) and C(by), which is V(tag) or V(digest).
      type: list
      elements: dict
in_use: {description: "Names of the images that are used.", returned: success, type: list, elements: str}
unused:
  description: Names of the images of which no use is known. Unless RV(complete), they may still be used.
  returned: success
  type: list
  elements: str
unsure:
  description:
    - Uses whose image is not known and may be a broken one, or of which it cannot be told whether their digest belongs to a broken image.
  returned: success
  type: list
  elements: dict
problems: {description: "Those of O(problems).", returned: success, type: list, elements: str}
complete: {description: "Whether everything could be asked, and every use be told.", returned: success, type: bool}
text: {description: "The table for people.", returned: success, type: str}
code: {description: "Stable name of the error, bad-input.", returned: on failure, type: str}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.image_uses.options import result_of
from ansible.module_utils.oci_registry.errors import RegistryError


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    records = {"type": "list", "elements": "dict", "default": []}
    texts = {"type": "list", "elements": "str", "default": []}
    return {
        "name": {"type": "str", "default": ""},
        "findings": records,
        "images": records,
        "graph": {"type": "dict", "default": {}},
        "uses": records,
        "registries": texts,
        "problems": texts,
    }


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    try:
        result = result_of(module.params)
    except RegistryError as error:
        module.fail_json(msg=str(error), code=error.code)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
