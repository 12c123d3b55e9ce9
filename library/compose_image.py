#!/usr/bin/python
# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: the image of services in a compose file."""

from __future__ import annotations

DOCUMENTATION = r"""
module: compose_image
short_description: Set the image of services in a compose file, and touch no other byte
version_added: "0.2.0"
description:
  - Sets the image of selected services where it is written, and leaves comments, order, quotes, indentation, line endings and everything
    else of the file as they are. All selected services are set, or none.
  - Follows anchors, aliases, merge keys and C(extends) within the file to the one place where an image is written. Refuses to change a
    value that is also used by a service that is not selected, or as anything but an image.
  - In a value with variables, such as C(registry:${TAG:-2}), the default is edited if it decides. Where a variable decides that is set in the
    environment or in the file C(.env) beside the compose file, it is named and nothing is changed.
  - Other files are named and never edited. It refuses where an overriding file (C(compose.override.yml) and its kin, or C(COMPOSE_FILE)), or a
    file that a service extends, decides the image of a selected service.
  - Refuses what could be read in two ways, such as duplicate keys, several documents in a file, and symbolic links.
requirements:
  - PyYAML on the host (Debian and Ubuntu, C(python3-yaml))
options:
  path:
    description: The compose file. A symbolic link is refused; give the file that it leads to.
    type: path
    required: true
  services:
    description: Names of services, or shell patterns such as V(registry-*). Every one must fit some service.
    type: list
    elements: str
    default: []
  match:
    description:
      - Only services whose image is of the same repository as this one, whatever its tag or digest. V(registry:2), V(registry) and
        V(docker.io/library/registry) mean the same.
      - With O(services), services must fit both. At least one of the two must be given.
    type: str
  image:
    description:
      - The image that they shall have, as C(repository:tag), C(repository:tag@digest) or C(repository@digest).
      - C(:tag), C(@digest) or C(:tag@digest) keep the repository of each service.
    type: str
    required: true
  allow_floating:
    description:
      - Images without a digest whose tag is no full version (such as V(2) or V(latest)) are refused unless their tag, their repository or the
        image itself is named here.
    type: list
    elements: str
    default: []
  verify:
    description:
      - Whether to resolve the digest of the image and prove over HTTP, by bytes, that all of it can be pulled, before the file is changed.
      - Nothing is asked if there is nothing to change.
    type: bool
    default: false
  validate:
    description: Whether C(docker compose config) or C(docker-compose config) must take the changed file. Where the host has neither, it is not asked.
    type: bool
    default: true
  backup:
    description: Whether to keep a copy of the file beside it before it is changed.
    type: bool
    default: false
  registry:
    description: The registry to ask with O(verify), as C(host[:port]). Without it, the one that the image names.
    required: false
extends_documentation_fragment:
  - registry_connection
  - registry_change_attributes
author: registry-runbooks contributors
seealso:
  - module: registry_integrity_info
"""

EXAMPLES = r"""
- name: Pin every registry of the project, whatever version it has now
  compose_image:
    path: /opt/registry/docker-compose.yml
    match: registry:2
    image: registry:2.8.3
    backup: true
  register: pinned

- name: Show what would change
  compose_image:
    path: /opt/registry/docker-compose.yml
    services: ["registry-*"]
    match: registry
    image: registry:2.8.3
  check_mode: true
  diff: true

- name: Pin to a digest, once all of that image was proven to be there
  compose_image:
    path: /srv/app/compose.yml
    services: [app]
    image: registry.example.com:5050/team/app:1.4.2@sha256:6c3c624b58dbbcd3c0dd82b4c53f04194d1247c6eebdaab7c610cf7d66709b3b
    verify: true
    username: deploy
    password: "{{ vault_registry_password }}"
"""

RETURN = r"""
services:
  description: The selected services, in the order of the file.
  returned: success
  type: list
  elements: dict
  contains:
    service: {description: "Its name.", type: str, sample: registry-private}
    before: {description: "The image that compose made of the file, variables filled in.", type: str, sample: "registry:2"}
    after: {description: "The image that it makes of it now.", type: str, sample: "registry:2.8.3"}
    file: {description: "The file that the image is written in.", type: str}
    line: {description: "The line that it is written in, which several services can share.", type: int}
digests:
  description: Digest of each image that was proven with O(verify).
  returned: success
  type: dict
validated:
  description: Whether compose was asked about the changed file, and took it.
  returned: success
  type: bool
backup_file:
  description: Path of the copy that was kept; empty if there is none.
  returned: success
  type: str
code:
  description: Stable name of the error, such as bad-input, missing-library, apply-failed, unreachable, authentication.
  returned: on failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.compose_file.pinning import Pinning
from ansible.module_utils.oci_registry.errors import RegistryError
from ansible.module_utils.oci_registry.options import connection_spec


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    return dict(
        connection_spec(required=False),
        path={"type": "path", "required": True},
        services={"type": "list", "elements": "str", "default": []},
        match={"type": "str"},
        image={"type": "str", "required": True},
        allow_floating={"type": "list", "elements": "str", "default": []},
        verify={"type": "bool", "default": False},
        validate={"type": "bool", "default": True},
        backup={"type": "bool", "default": False},
    )


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    try:
        job = Pinning(module.params)
        job.run(check_mode=module.check_mode)
    except RegistryError as error:
        module.fail_json(msg=str(error), code=error.code)
    for warning in job.warnings():
        module.warn(warning)
    module.exit_json(msg=job.message(), diff=job.diff(), **job.result())


if __name__ == "__main__":
    main()
