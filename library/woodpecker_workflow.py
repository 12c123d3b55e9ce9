#!/usr/bin/python
# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: a Woodpecker workflow that can be run by hand and proves what it pushes."""

from __future__ import annotations

DOCUMENTATION = r"""
module: woodpecker_workflow
short_description: Let a Woodpecker workflow prove what it pushes, run by hand, and tell how it went
version_added: "0.3.0"
description:
  - Edits a workflow file that pushes an image, in place. Comments, order, quotes, line endings and everything else of the file stay as they are.
  - The workflow then accepts manual runs of named branches and of no others (O(manual)), has a step right after the push that proves by bytes that
    what was pushed can be pulled (O(verify)), and a step at the end that tells people how it went (O(notify)).
  - A step of the same name that is there already, an older one or one edited by hand, is replaced where it stands, if it asks a registry, or for
    O(notify) calls a webhook. Of its keys C(pull), C(dns), C(dns_search), C(volumes) and C(backend_options) are kept. Any other step of that
    name is somebody's own, and is refused.
  - Where steps form a graph with C(depends_on), the proof waits for the push, and what waited for the push waits for the proof instead.
  - Refuses what the server would refuse, as far as it can be known. Nothing tells what C(WOODPECKER_PLUGINS_PRIVILEGED) of a server holds, so that is
    an option (O(privileged_plugins)).
  - Never commits and never pushes.
requirements:
  - PyYAML on the host (Debian and Ubuntu, C(python3-yaml))
options:
  path:
    description: The workflow file. A symbolic link is refused; give the file that it leads to.
    type: path
    required: true
  push_step:
    description: Name of the step that pushes. Needed where several do, or where none is known to. For several, run the module once for each of
      them, each with another O(verify.step).
    type: str
  manual:
    description:
      - Whether the workflow shall accept manual runs.
      - An item C(event; manual) without branch, which lets a run of any branch push, gets the branches of O(branch).
    type: bool
    default: true
  branch:
    description:
      - Branches that may be run by hand, or patterns. V(${CI_REPO_DEFAULT_BRANCH}) is filled in by the server.
      - Without it, those from which a push gets through by both conditions, of the workflow and of the step; and a condition that names a branch
        for manual runs already is left as it is.
    type: list
    elements: str
  verify:
    description: The step that proves what was pushed. Without it, none is added.
    type: dict
    suboptions:
      step: {description: Its name., type: str, default: verify-integrity}
      image:
        description: A stock image with Python 3.9 or later, pinned to a full version or a digest.
        type: str
        default: python:3.12.8-slim-bookworm
      doctor: {description: C(registry-doctor.pyz) in the checkout., type: str, default: ci/registry-doctor.pyz}
      registry:
        description: The registry as the step reaches it, C(host[:port]). Without it, the one that the pushing step names.
        type: str
      scheme:
        description: V(http) is for registries without TLS; passwords travel in the clear with it.
        type: str
        choices: [https, http]
        default: https
      images:
        description:
          - What to prove, as C(repository:tag). Without it, what the settings of the pushing step say, if they are plain or variables C(CI_…).
          - In C(${NAME}), the server fills in variables C(CI_…) and those of the matrix; any other is left to the shell of the step.
        type: list
        elements: str
      ca_path: {description: "File in the checkout with the certificates, in PEM, that sign the registry's.", type: str}
      username_secret:
        description: Name of the secret with the user. Without this and the next one, what the pushing step logs in with.
        type: str
      password_secret: {description: Name of the secret with the password., type: str}
  notify:
    description: The step that tells how it went, after success and after failure. Its own failure fails nothing. Without it, none is added. One that
      is there and tells of another push tells of both.
    type: dict
    suboptions:
      step: {description: Its name., type: str, default: notify}
      image:
        description: A stock image with Python 3, pinned to a full version or a digest.
        type: str
        default: python:3.12.8-slim-bookworm
      secret: {description: Name of the secret with the address of a Slack-compatible webhook., type: str, required: true}
  escape:
    description:
      - Whether to escape, in the commands of all steps, what the server would take from the shell, such as C(${name}) of a variable that the
        shell sets.
      - Without it, these places are returned as RV(substituted) and warned of.
    type: bool
    default: false
  privileged_plugins:
    description: What C(WOODPECKER_PLUGINS_PRIVILEGED) of the server holds. Without it, a plugin that would need to be in there is only warned of,
      unless the newest pipelines on O(server) were refused for it.
    type: list
    elements: str
  validate:
    description:
      - A command that must take the new file before it replaces the old one; C(%s) stands for it.
        For instance V(check-jsonschema --builtin-schema vendor.woodpecker-ci %s).
    type: str
  backup:
    description: Whether to keep a copy of the file beside it before it is changed. Woodpecker ignores it, since it ends in C(.bak).
    type: bool
    default: false
extends_documentation_fragment:
  - woodpecker_connection
  - woodpecker_server
  - registry_change_attributes
author: registry-runbooks contributors
seealso:
  - module: registry_doctor_archive
"""

EXAMPLES = r"""
- name: Let the image pipeline prove its push, and be run by hand on main only
  woodpecker_workflow:
    path: "{{ checkout }}/.woodpecker/build-ci-image.yml"
    branch: [main]
    verify:
      ca_path: ci/registry-ca.pem
    notify:
      secret: slack_webhook

- name: The same with everything said, and the server asked for its secrets
  woodpecker_workflow:
    path: "{{ checkout }}/.woodpecker/build.yaml"
    push_step: publish
    branch: ["${CI_REPO_DEFAULT_BRANCH}", "release/*"]
    verify:
      registry: registry.example.com:5050
      images: ["team/app:latest", "team/app:${CI_COMMIT_SHA:0:8}"]
      username_secret: registry_user
      password_secret: registry_password
    privileged_plugins: [woodpeckerci/plugin-docker-buildx]
    server: https://ci.example.com
    token: "{{ vault_woodpecker_token }}"
    repository: team/app
    validate: check-jsonschema --builtin-schema vendor.woodpecker-ci %s
  check_mode: true
  diff: true
"""

RETURN = r"""
push_step: {description: Name of the step that pushes., returned: success, type: str}
registry: {description: "The registry that the proof asks; empty without O(verify).", returned: success, type: str}
images:
  description: What is proven, as it stands in the step.
  returned: success
  type: list
  elements: str
  sample: ["infra-ci:latest", "infra-ci:${CI_COMMIT_SHA:0:8}"]
changes: {description: "What was changed, one sentence each; in check mode what would be.", returned: success, type: list, elements: str}
substituted:
  description: Places in commands where the server takes something away that the shell was meant to see, and O(escape) was not asked for.
  returned: success
  type: list
  elements: dict
  contains:
    step: {description: The step., type: str}
    line: {description: The line before any change., type: int}
    text: {description: What stands there., type: str, sample: "${MT:-<unset>}"}
    becomes: {description: What the server leaves of it., type: str, sample: its default}
server_version: {description: "Version of the server, if it was asked and says so.", returned: success, type: str}
backup_file: {description: Path of the copy that was kept; empty if there is none., returned: success, type: str}
code:
  description: Stable name of the error, such as bad-input, cannot-run, missing-library, apply-failed, authentication, not-found or not-woodpecker.
  returned: on failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.oci_registry.errors import RegistryError
from ansible.module_utils.woodpecker.editing import Editing
from ansible.module_utils.woodpecker.options import server_spec
from ansible.module_utils.woodpecker.validating import validator

IMAGE = "python:3.12.8-slim-bookworm"


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    verify = {
        "step": {"type": "str", "default": "verify-integrity"},
        "image": {"type": "str", "default": IMAGE},
        "doctor": {"type": "str", "default": "ci/registry-doctor.pyz"},
        "registry": {"type": "str"},
        "scheme": {"type": "str", "choices": ["https", "http"], "default": "https"},
        "images": {"type": "list", "elements": "str"},
        "ca_path": {"type": "str"},
        "username_secret": {"type": "str"},
        "password_secret": {"type": "str", "no_log": False},
    }
    notify = {
        "step": {"type": "str", "default": "notify"},
        "image": {"type": "str", "default": IMAGE},
        "secret": {"type": "str", "required": True, "no_log": False},
    }
    return {
        **server_spec(),
        "path": {"type": "path", "required": True},
        "push_step": {"type": "str"},
        "manual": {"type": "bool", "default": True},
        "branch": {"type": "list", "elements": "str"},
        "verify": {"type": "dict", "options": verify},
        "notify": {"type": "dict", "options": notify},
        "escape": {"type": "bool", "default": False},
        "privileged_plugins": {"type": "list", "elements": "str"},
        "validate": {"type": "str"},
        "backup": {"type": "bool", "default": False},
    }


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    try:
        job = Editing(module.params)
        job.run(validator(module), check_mode=module.check_mode)
    except RegistryError as error:
        module.fail_json(msg=str(error), code=error.code)
    for warning in job.warnings():
        module.warn(warning)
    module.exit_json(msg=job.message(), diff=job.diff(), **job.result())


if __name__ == "__main__":
    main()
