#!/usr/bin/python
# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: push an image of a docker save archive to a registry, under a new digest."""

from __future__ import annotations

DOCUMENTATION = r"""
module: docker_archive_push
short_description: Push an image that C(docker save) wrote, under a new digest
version_added: "0.5.0"
description:
  - Takes one image from an archive of C(docker save) (C(docker-archive)), compresses its layers, and pushes it to a tag. Needs no engine.
  - The archive has the content of one platform and not the bytes that were once pushed. So the image gets a new digest, what refers to the old one
    stays broken, and other platforms of the tag are lost; RV(platforms_lost) names them.
  - Where exact bytes are to be had (a registry, a snapshot, a containerd, an OCI archive), M(registry_repair) is the better way.
  - Uploads without asking first, and reads every blob back, before the tag is set. A tag that is there is only moved with O(replace).
  - Where the tag is this image already, and every byte of it can be read, nothing is done.
options:
  path:
    description:
      - The archive on this host, which may be compressed with gzip. Then it is decompressed into C(TMPDIR) (C(/var/tmp) unless set) for the time
        of the run, leaving 1 GiB free there.
    type: path
    required: true
  saved_image:
    description: Name of the image in the archive, as it was tagged, or its ID. Needed where the archive holds several.
    type: str
  image:
    description: Where to push it, as C(repository:tag).
    type: str
    required: true
  replace:
    description: Whether a tag that is there already, and points at something else, may be moved.
    type: bool
    default: false
  format:
    description: Media types of the manifest that is pushed, those of V(docker) (schema 2) or of V(oci).
    type: str
    choices: [docker, oci]
    default: docker
  lock_timeout:
    description: How long to wait for another run on the same registry to end, in seconds.
    type: float
    default: 30.0
extends_documentation_fragment:
  - registry_connection
  - registry_change_attributes
author: registry-runbooks contributors
seealso:
  - module: registry_repair
  - module: registry_tag
"""

EXAMPLES = r"""
- name: Push what an engine still had, to a tag of its own
  docker_archive_push:
    path: /var/backups/infra-ci.tar.gz
    image: infra-ci:reloaded
    registry: registry.example.com:5050
    username: repair
    password: "{{ vault_registry_password }}"

- name: Move the broken tag to it
  docker_archive_push:
    path: /var/backups/images.tar
    saved_image: infra-ci:latest
    image: infra-ci:latest
    replace: true
    registry: registry.example.com:5050
"""

RETURN = r"""
digest:
  description: The digest of the manifest that the tag has now, or would have; empty where the push failed.
  returned: always, unless the options were refused
  type: str
digests_before:
  description: What the tag pointed at before, followed by the children of that if it was an index; empty where it could not be pulled.
  returned: same as RV(digest)
  type: list
  elements: str
platform:
  description: The one platform of the image.
  returned: same as RV(digest)
  type: str
  sample: linux/amd64
platforms_lost:
  description: Platforms that the tag had before and has no more, or would not have.
  returned: same as RV(digest)
  type: list
  elements: str
image_id:
  description: Digest of the image's config, which is what Docker calls the image ID.
  returned: same as RV(digest)
  type: str
saved_names:
  description: How the image is tagged in the archive.
  returned: same as RV(digest)
  type: list
  elements: str
layers:
  description: The layers as they are pushed; empty where nothing was to be done.
  returned: same as RV(digest)
  type: list
  elements: dict
  contains:
    digest: {description: "Of the compressed layer.", type: str}
    size: {description: "Its size in bytes.", type: int}
code:
  description: Stable name of the error, such as bad-input, needs-approval, unreachable, authentication, proof-failed, apply-failed.
  returned: on failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.oci_registry.errors import RegistryError
from ansible.module_utils.oci_registry.reload import PUSH_OPTIONS, ArchivePush


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    return PUSH_OPTIONS


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    try:
        job = ArchivePush(module.params)
    except RegistryError as error:
        module.fail_json(msg=str(error), code=error.code)
    try:
        job.run(check_mode=module.check_mode)
    except RegistryError as error:
        module.fail_json(msg=str(error), code=error.code, **job.result())
    module.exit_json(msg=job.message(), diff=job.diff(), **job.result())


if __name__ == "__main__":
    main()
