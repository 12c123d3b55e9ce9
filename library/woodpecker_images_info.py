#!/usr/bin/python
# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: which images the Woodpecker workflows of a checkout run in, and which they build."""

from __future__ import annotations

DOCUMENTATION = r"""
module: woodpecker_images_info
short_description: Tell which images Woodpecker workflows of a checkout run in, and which they build
version_added: "0.4.0"
description:
  - Reads the workflow files that the server would read, and tells the images of steps, services and clones, with the variables of a matrix filled in.
  - Of steps that push images it tells which, by the settings of the plugin or by the commands, and whether and of which branches a run that is
    started by hand gets there.
  - A file that cannot be read is a problem in RV(problems), and the others are looked at.
  - Asks no server.
requirements:
  - PyYAML on the host (Debian and Ubuntu, C(python3-yaml))
options:
  path:
    description: The checkout.
    type: path
    required: true
  config:
    description: The workflow file, or the folder of them, in the checkout, where the repository does not have it at one of the usual places.
    type: str
    default: ""
  host:
    description: What the checkout is called in RV(uses). Without it, O(path).
    type: str
    default: ""
  image:
    description: A repository of O(registries), without address and tag. What a workflow that pushes it runs in is told as RV(needed).
    type: str
    default: ""
  workflow:
    description: The workflow that pushes it, by its name or its file, where that is known. Then RV(needed) is of this one.
    type: str
    default: ""
  step:
    description: The step that pushes it, where that is known; it decides between several without O(workflow).
    type: str
    default: ""
  registries:
    description: Every address and alias that workflows know the registry of O(image) by, as C(host[:port]). Without any, every registry is meant.
    type: list
    elements: str
    default: []
  clone_image:
    description:
      - The image that the server clones with where a workflow does not say, such as V(docker.io/woodpeckerci/plugin-git:2.8.0)
        (C(WOODPECKER_DEFAULT_CLONE_PLUGIN)). Without it, these clones are left out.
    type: str
    default: ""
extends_documentation_fragment:
  - registry_info_attributes
author: registry-runbooks contributors
seealso:
  - module: woodpecker_workflow
  - module: registry_impact_info
"""

EXAMPLES = r"""
- name: See which images the pipelines of a repository need, and which they build
  woodpecker_images_info:
    path: /srv/checkouts/infra
    host: infra
  register: pipelines
"""

RETURN = r"""
uses:
  description: The image of every step, service and clone, each once for each value that a matrix gives it.
  returned: success
  type: list
  elements: dict
  contains:
    reference: {description: "The image; empty where only a run decides it.", type: str, sample: "registry.example.com:5050/infra-ci:latest"}
    digests: {description: "Always empty.", type: list, elements: str}
    kind: {description: "Always V(woodpecker).", type: str}
    host: {description: "O(host).", type: str}
    name: {description: "The file in the checkout and the step.", type: str, sample: ".woodpecker/lint.yml:shellcheck"}
    pattern: {description: "What is known of an image that cannot be told, a star for each unknown part.", type: str}
    detail: {description: "What runs in it and the line, and why the image cannot be told.", type: str}
builds:
  description: One record for each step that pushes.
  returned: success
  type: list
  elements: dict
  contains:
    file: {description: "The file in the checkout.", type: str, sample: .woodpecker/build-ci-image.yml}
    workflow: {description: "The name that the server gives to the workflow.", type: str, sample: build-ci-image}
    step: {description: "The step.", type: str, sample: build-and-push}
    images: {description: "What it pushes, as C(registry/repository:tag) as written; empty where that is not said.", type: list, elements: str}
    manual: {description: "Whether a run that is started by hand gets to the step.", type: bool}
    branches: {description: "Of which branches; empty for any.", type: list, elements: str}
    unclear: {description: "What of it cannot be told, with the line.", type: list, elements: str}
    images_used: {description: "Every image that the workflow runs in.", type: list, elements: str}
needed:
  description:
    - The images of O(registries) that a manual run of the workflow of O(image) runs in, as C(repository:tag), or C(repository@digest) where the
      workflow names a digest. Such a build cannot be done while one of them is broken.
    - Empty without O(image), O(workflow) and O(step), and where no workflow fits.
  returned: success
  type: list
  elements: str
  sample: ["infra-ci:latest"]
files: {description: "The workflow files that are there.", returned: success, type: list, elements: str}
problems: {description: "Files that cannot be read, with the line if there is one.", returned: success, type: list, elements: str}
code: {description: "Stable name of the error, one of bad-input, missing-library.", returned: on failure, type: str}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.oci_registry.errors import RegistryError
from ansible.module_utils.woodpecker.checkout_images import images_of
from ansible.module_utils.woodpecker.needed import asked


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    return {
        "path": {"type": "path", "required": True},
        "config": {"type": "str", "default": ""},
        "host": {"type": "str", "default": ""},
        "image": {"type": "str", "default": ""},
        "workflow": {"type": "str", "default": ""},
        "step": {"type": "str", "default": ""},
        "clone_image": {"type": "str", "default": ""},
        "registries": {"type": "list", "elements": "str", "default": []},
    }


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    options = {name: module.params[name] for name in ("config", "host", "clone_image")}
    try:
        result = images_of(module.params["path"], asked(module.params), **options)
    except RegistryError as error:
        module.fail_json(msg=str(error), code=error.code)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
