#!/usr/bin/python
# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: the pipelines of Woodpecker that failed since a time."""

from __future__ import annotations

DOCUMENTATION = r"""
module: woodpecker_pipelines_info
short_description: List the pipelines of Woodpecker that failed since a time
version_added: "0.5.0"
description:
  - Lists the pipelines of some repositories that ended badly since a time, the newest first, each with the step that it failed in. Versions 1 to 3 of
    the server.
  - A pipeline and its restarts, with theirs, are listed as one, the first of them that failed.
  - A repository that cannot be looked at is one of RV(problems) and stops no other. It fails where none can be looked at.
options:
  server:
    description: Address of the Woodpecker server, with the path that it is served under if there is one.
    type: str
    required: true
  token:
    description: Token of a user who may see O(repositories). Never part of a result, an error or a log.
    type: str
    required: true
  repositories:
    description: The repositories on O(server), as C(owner/name) or by number.
    type: list
    elements: str
    required: true
  since:
    description: Seconds since 1970. Pipelines that ended before are left out.
    type: float
    required: true
  statuses:
    description: What counts as failed.
    type: list
    elements: str
    choices: [failure, error, killed, canceled, declined]
    default: [failure, error]
  not_again:
    description: What must not run again, such as the step that pushes an image which was proven since. It makes RV(pipelines[].left_out).
    type: list
    elements: dict
    default: []
    suboptions:
      repository: {description: "Its repository, as C(owner/name) or by number.", type: str, required: true}
      workflow: {description: "Name of the workflow, or its file. Without it, any that has the step.", type: str}
      step: {description: "Name of the step. Without it, the workflow as a whole.", type: str}
extends_documentation_fragment:
  - woodpecker_connection
  - registry_info_attributes
author: registry-runbooks contributors
seealso:
  - module: woodpecker_pipeline
"""

EXAMPLES = r"""
- name: What failed since the image broke
  woodpecker_pipelines_info:
    server: https://ci.example.com
    token: "{{ vault_woodpecker_token }}"
    repositories: [team/infra, team/app]
    since: 1776067200
  register: failed
"""

RETURN = r"""
pipelines:
  description: Those that failed, the newest first.
  returned: success
  type: list
  elements: dict
  contains:
    repository: {description: "Its repository, by full name.", type: str}
    number: {description: Its number., type: int}
    status: {description: How it ended., type: str, sample: failure}
    event: {description: What started it., type: str, sample: push}
    branch: {description: Its branch., type: str}
    commit: {description: Its commit., type: str}
    title: {description: First line of its title or message., type: str}
    author: {description: Who started it., type: str}
    url: {description: Where a person sees it., type: str}
    created: {description: "When it was created, in seconds since 1970.", type: int}
    started: {description: "When it was started, 0 for never.", type: int}
    finished: {description: When it ended., type: int}
    parent: {description: "Number of the one that it is a restart of, 0 for none.", type: int}
    errors: {description: What stopped it., type: list, elements: str}
    failed_step: {description: "As RV(woodpecker_pipeline#module:failed_step).", type: dict}
    workflows: {description: "Its workflows, with C(name), C(state), C(error) and C(steps).", type: list, elements: dict}
    restarted_as:
      description:
        - Number of the one that ran it again, 0 for none. Of several, restarts of restarts too, the newest that was a success, else the newest that
          has not ended, else the newest.
      type: int
    restarted_status: {description: "Status of that one; empty for none.", type: str}
    left_out:
      description: Why it is not to be run again, since that was done with success, is under way, waits for approval, or by O(not_again); else empty.
      type: str
problems:
  description: Repositories that could not be looked at, with C(repository), C(msg) and C(code).
  returned: success
  type: list
  elements: dict
server_version: {description: "Version of the server, if it says so.", returned: success, type: str}
code:
  description: Stable name of the error, such as bad-input, authentication, not-found, not-woodpecker or unreachable.
  returned: on failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.oci_registry.errors import RegistryError
from ansible.module_utils.woodpecker.failures import Failures
from ansible.module_utils.woodpecker.options import server_spec


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    shared = {name: option for name, option in server_spec().items() if name != "repository"}
    return {
        **shared,
        "server": {"type": "str", "required": True},
        "token": {"type": "str", "required": True, "no_log": True},
        "repositories": {"type": "list", "elements": "str", "required": True},
        "since": {"type": "float", "required": True},
        "statuses": {
            "type": "list",
            "elements": "str",
            "choices": ["failure", "error", "killed", "canceled", "declined"],
            "default": ["failure", "error"],
        },
        "not_again": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {
                "repository": {"type": "str", "required": True},
                "workflow": {"type": "str"},
                "step": {"type": "str"},
            },
        },
    }


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    job = Failures(module.params)
    try:
        job.run()
    except RegistryError as error:
        module.fail_json(msg=job.told(error), code=error.code)
    module.exit_json(changed=False, **job.result())


if __name__ == "__main__":
    main()
