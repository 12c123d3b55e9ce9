#!/usr/bin/python
# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: an image built on this host from a commit or a folder, pushed, and proven."""

from __future__ import annotations

DOCUMENTATION = r"""
module: image_build
short_description: Build an image on a host from a commit or a folder, push it, and prove it by bytes
version_added: "0.5.0"
description:
  - Builds with what is there and works, Docker with buildx, plain Docker or buildah; RV(builders) says why each was not taken.
  - A tag that holds the same commit, built the same way, and that is whole is left as it is unless O(force) is set. The label
    C(org.opencontainers.image.revision) tells.
  - The password goes to the builder by standard input, into a folder of mode 0700 that is removed whatever happens. Nothing is left in the
    user's own configuration, and nothing of it stands on a command line.
  - What was pushed is proven by bytes. A builder that pushed nothing, a platform that got lost, and a damaged file that the registry kept are errors.
  - Refuses before it builds where platforms would be lost, and where Docker does not trust the registry.
  - A run that was killed is cleaned up after by the next one, or by O(state=cleaned) where none follows. One build at a time for each user of a host.
options:
  state:
    description:
      - V(built) builds, pushes and proves what is not there.
      - V(cleaned) builds nothing. It ends what this user's builds on this host that were killed left running, and removes their folders, in which
        there may be a password. One that is under way is left alone. Of the other options it takes O(lock_timeout) only.
    type: str
    choices: [built, cleaned]
    default: built
  image:
    description: The image, as C(registry[:port]/repository), without a tag. Required for O(state=built).
    type: str
  tag:
    description: The tag to push to. Tags that others pull are better moved once this one is proven, see M(registry_tag).
    type: str
    default: manual
  git:
    description:
      - Address of the Git repository to build from. Credentials in an https address are kept out of command lines, errors and results.
      - Submodules are not fetched.
    type: str
  ref:
    description:
      - Branch, tag or commit to build. Required with O(git). What is built is the commit that it is at the time, see RV(commit).
      - What reads as a commit, in full or by its first seven characters or more, is that commit where the repository has it, whatever a branch
        or tag is called. C(refs/heads/NAME) is the branch in any case, C(refs/tags/NAME) the tag.
    type: str
  folder:
    description: Folder of this host to build from, instead of O(git).
    type: path
  context:
    description: Folder of the build context, below the source, also where a link in it leads to.
    type: str
    default: .
  dockerfile:
    description: Path of the Dockerfile, below the source, also where a link in it leads to. Without it, C(Dockerfile) in O(context).
    type: str
  platforms:
    description: Platforms to build, such as V(linux/amd64). Without it O(expected_platforms), else that of the builder's machine.
    type: list
    elements: str
    default: []
  expected_platforms:
    description: Platforms that the image must have, such as those that it had before.
    type: list
    elements: str
    default: []
  allow_lost_platforms:
    description: Whether to build what can be built where O(expected_platforms) or O(platforms) cannot all be.
    type: bool
    default: false
  build_args:
    description:
      - Build arguments by name. They are part of the image's history, so secrets do not belong there.
      - Values whose names sound like one (password, secret, token, credential, private, key) are not shown in C(invocation), and in RV(log) not
        where they have four characters or more.
    type: dict
    default: {}
  force:
    description: Whether to build although what is there was built from the same commit in the same way, and is whole.
    type: bool
    default: false
  builder:
    description: What builds.
    type: str
    choices: [auto, buildx, docker, buildah]
    default: auto
  scheme:
    description: V(http) is for registries on loopback; Docker must know them as insecure.
    type: str
    choices: [https, http]
    default: https
  username:
    description: User who may push.
    type: str
  password:
    description: Password of O(username). Never part of a result, an error or a log, nor of a command line.
    type: str
  ca_path:
    description:
      - File with the certificates, in PEM, that sign the registry's. They hold for base images, too.
      - Docker takes them from C(/etc/docker/certs.d) only, which is looked at.
    type: path
  validate_certs:
    description:
      - Whether the registry's certificate must be valid for its name. Docker does as its own configuration says.
      - Neither this nor O(scheme) holds for base images, which buildah takes by https from registries with valid certificates.
    type: bool
    default: true
  timeout:
    description: How long fetching, building and pushing may take, in seconds.
    type: float
    default: 3600.0
  lock_timeout:
    description: How long to wait for another build on this host to end, in seconds.
    type: float
    default: 30.0
  log_lines:
    description: How many lines of the builder's log are returned, its last ones.
    type: int
    default: 40
extends_documentation_fragment:
  - registry_change_attributes
attributes:
  diff_mode:
    description: Whether it shows what it changed, or would change, in diff mode.
    support: none
author: registry-runbooks contributors
seealso:
  - module: registry_tag
  - module: woodpecker_pipeline
"""

EXAMPLES = r"""
- name: Build the CI image on the registry's machine, for the platforms that it had
  image_build:
    image: registry.example.com:5050/infra-ci
    git: https://git.example.com/team/infra.git
    ref: main
    context: ci-image
    expected_platforms: [linux/amd64, linux/arm64]
    username: ci
    password: "{{ vault_registry_password }}"
  register: built

- name: Move the tag that all pipelines pull, now that the image is proven
  registry_tag:
    registry: registry.example.com:5050
    username: ci
    password: "{{ vault_registry_password }}"
    image: infra-ci:latest
    digest: "{{ built.digest }}"

- name: Leave nothing of builds that were killed, without building
  image_build:
    state: cleaned
"""

RETURN = r"""
msg: {description: "What was done, in one sentence; in check mode what would be.", returned: always, type: str}
cleaned: {description: "After how many runs that were killed it cleaned up; with O(state=cleaned) in check mode, would.", returned: always, type: int}
reference: {description: What was pushed to., returned: when building, type: str, sample: "registry.example.com:5050/infra-ci:manual"}
image: {description: The repository., returned: when building, type: str}
tag: {description: The tag., returned: when building, type: str}
commit: {description: "The commit; empty for a folder that is no clean work tree.", returned: when building, type: str}
revision:
  description: What the label C(org.opencontainers.image.revision) says, the commit or a hash of the folder.
  returned: when building
  type: str
builder: {description: The builder., returned: when building, type: str}
builders:
  description: What was looked at, until one was taken.
  returned: when building
  type: list
  elements: dict
  contains:
    name: {description: Its name., type: str}
    usable: {description: Whether it is taken., type: bool}
    why: {description: "What it is, or why not.", type: str}
platforms: {description: "The platforms of the image, or those it would have.", returned: when building, type: list, elements: str}
lost_platforms: {description: "Of O(expected_platforms), those that it does not get.", returned: when building, type: list, elements: str}
digest: {description: "What the registry has under the tag, once it is proven; empty before.", returned: when building, type: str}
before: {description: "What it had before; empty for no such tag.", returned: when building, type: str}
findings:
  description: What is wrong with what was pushed, as M(registry_integrity_info) tells.
  returned: when building
  type: list
  elements: dict
notes: {description: What is worth knowing., returned: when building, type: list, elements: str}
steps:
  description: What was done.
  returned: when building
  type: list
  elements: dict
  contains:
    what: {description: "One of look, choose, source, fetch, login, build, push, clean, prove.", type: str}
    state: {description: "V(done), V(failed), or in check mode V(planned).", type: str}
    detail: {description: What came of it., type: str}
    began: {description: "When it began, in seconds since 1970.", type: float}
    ended: {description: When it ended., type: float}
log: {description: "The last lines of the build, or of what failed, without secrets.", returned: when building, type: list, elements: str}
code:
  description:
    - Stable name of the error, one of bad-input, source-failed, ref-missing, no-builder, registry-trust, build-failed, push-failed, pushed-nothing,
      platforms-lost, still-damaged, command-failed, apply-failed, locked, interrupted, authentication, unreachable, tls, not-a-registry,
      unavailable, protocol.
  returned: on failure
  type: str
"""

from ansible.module_utils.image_build.cleaning import clean_up
from ansible.module_utils.image_build.job import ImageBuild
from ansible.module_utils.image_build.module import BuildModule
from ansible.module_utils.image_build.wanted import BUILD_OPTIONS
from ansible.module_utils.oci_registry.errors import RegistryError


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    return BUILD_OPTIONS


def main() -> None:
    """Entry point of the module."""
    required = [("state", "built", ["image"])]
    module = BuildModule(argument_spec=argument_spec(), required_if=required, supports_check_mode=True)
    try:
        if module.params["state"] == "cleaned":
            module.exit_json(invocation=module.shown, **clean_up(module.params["lock_timeout"], module.check_mode))
        job = ImageBuild(module.params)
    except RegistryError as error:
        module.fail_json(msg=str(error), code=error.code)
    module.no_log_values.update(job.secrets)
    try:
        job.run(check_mode=module.check_mode)
    except RegistryError as error:
        module.fail_json(msg=job.told(error), code=error.code, **job.result())
    module.exit_json(msg=job.message(module.check_mode), invocation=module.shown, **job.result())


if __name__ == "__main__":
    main()
