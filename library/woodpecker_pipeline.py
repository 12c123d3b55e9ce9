#!/usr/bin/python
# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: a pipeline of Woodpecker, started, restarted or followed to a proven end."""

from __future__ import annotations

DOCUMENTATION = r"""
module: woodpecker_pipeline
short_description: Start, restart or follow a pipeline of Woodpecker to a proven end
version_added: "0.5.0"
description:
  - Starts a manual pipeline of a branch, runs one again, or follows one that is there, until it has ended. Versions 1 to 3 of the server.
  - Succeeds only where the pipeline ended with success and all of O(wanted) is in it and successful. A pipeline whose steps were all left out
    by their C(when) ends with success too.
  - Nothing is started twice. One that waits or runs for the same purpose (by hand, same branch, same variables; or as a restart of the same
    number, or of such a restart) is followed instead, and so is what a request started whose answer never came. Of two that were started at
    the same moment, the newer one is canceled.
  - Looks beforehand at what would keep it from starting or from being picked up, in check mode too; the repository, the right to push, the
    branch, the queue and its agents where the token may see them, and with O(path) the workflow files and the secrets that they take.
  - A manual pipeline runs every workflow file whose C(when) takes it; there is no way to choose one.
requirements:
  - PyYAML on the host, with O(path) only (Debian and Ubuntu, C(python3-yaml))
options:
  server:
    description: Address of the Woodpecker server, with the path that it is served under if there is one.
    type: str
    required: true
  token:
    description: Token of a user who may push to O(repository). Never part of a result, an error or a log.
    type: str
    required: true
  repository:
    description: The repository on O(server), as C(owner/name) or by its number.
    type: str
    required: true
  state:
    description:
      - V(started) starts a manual pipeline of O(branch).
      - V(restarted) runs pipeline O(number) again, with its old workflow files, event and variables; the new run has a number of its own. One that
        is under way is followed instead; so is a restart of it, or a restart of that, which is under way, waits for approval or was a success.
      - V(followed) starts nothing. It follows O(number), or what runs by hand on O(branch) with O(variables) and is no restart.
    type: str
    choices: [started, restarted, followed]
    default: started
  number:
    description: Number of a pipeline, for V(restarted) and V(followed).
    type: int
  branch:
    description: The branch to run. Without it, the default branch of the repository.
    type: str
  variables:
    description: Variables of the pipeline, by name. Woodpecker shows them to everybody who may see the pipeline, so secrets belong into its own
      secrets. Values of those that look like secrets by their names are masked here.
    type: dict
    default: {}
  wanted:
    description: What must be in the pipeline and successful. What is not in it is noticed at once; a pipeline that this run started is then canceled.
    type: list
    elements: dict
    default: []
    suboptions:
      workflow: {description: "Name of the workflow, or its file. Without it, any that has the step.", type: str}
      step: {description: "Name of the step. Without it, the workflow as a whole.", type: str}
  path:
    description: A checkout of O(repository) on this host, or one workflow file of it. With it, it is known beforehand whether a manual run of
      O(branch) gets to O(wanted), whether the secrets that it takes are there for one, and what the server refuses of any file.
    type: path
  timeout:
    description: How long all of it may take, in seconds. No wait is longer.
    type: float
    default: 3600.0
  interval:
    description: Seconds between two looks.
    type: float
    default: 5.0
  cancel_on_timeout:
    description: Whether a pipeline that this run started is canceled when the time is over. Otherwise it goes on, and the next run follows it.
      One that was followed is never canceled.
    type: bool
    default: false
  lines:
    description: How many lines of the log of a failed step are returned, its last ones.
    type: int
    default: 40
  mask:
    description: Values that must not be shown, wherever a log or an error holds them.
    type: list
    elements: str
extends_documentation_fragment:
  - woodpecker_connection
  - woodpecker_server
  - registry_change_attributes
attributes:
  check_mode:
    description: Whether it runs in check mode, changing nothing and predicting what would change.
    support: full
    details: Looks at everything that it looks at before a start, and fails as a start would. Waits for nothing.
  diff_mode:
    description: Whether it shows what it changed, or would change, in diff mode.
    support: none
  idempotent:
    description: Whether a second run with the same options changes nothing.
    support: partial
    details: While the pipeline is under way. One that has ended is history, and V(started) starts another.
author: registry-runbooks contributors
seealso:
  - module: woodpecker_pipelines_info
  - module: woodpecker_workflow
"""

EXAMPLES = r"""
- name: Build the image that all pipelines run in, and believe it only when its proof was a success
  woodpecker_pipeline:
    server: https://ci.example.com
    token: "{{ vault_woodpecker_token }}"
    repository: team/infra
    branch: main
    wanted:
      - {workflow: build-ci-image, step: build-and-push}
      - {workflow: build-ci-image, step: verify-integrity}
    timeout: 1800

- name: Run a pipeline again that failed while the image was broken
  woodpecker_pipeline:
    server: https://ci.example.com
    token: "{{ vault_woodpecker_token }}"
    repository: team/app
    state: restarted
    number: 366
"""

RETURN = r"""
msg: {description: "What was done, in one sentence; in check mode what would be.", returned: always, type: str}
followed: {description: Whether a pipeline that was there already was followed., returned: always, type: bool}
pipeline:
  description: The pipeline as it was seen last; empty where there is none.
  returned: always
  type: dict
  contains:
    number: {description: Its number., type: int}
    status: {description: Its status., type: str, sample: success}
    event: {description: What started it., type: str, sample: manual}
    branch: {description: Its branch., type: str}
    commit: {description: Its commit., type: str}
    author: {description: Who started it., type: str}
    title: {description: First line of its title or message., type: str}
    url: {description: Where a person sees it., type: str}
    created: {description: "When it was created, in seconds since 1970.", type: int}
    started: {description: "When it was started, 0 for not yet.", type: int}
    finished: {description: "When it ended, 0 for not yet.", type: int}
    parent: {description: "Number of the one that it is a restart of, 0 for none.", type: int}
    variables: {description: "Its variables, those that look secret masked.", type: dict}
    errors: {description: What stopped it., type: list, elements: str}
    workflows: {description: "Its workflows, with C(name), C(state), C(error) and C(steps).", type: list, elements: dict}
wanted_reached: {description: "Whether all of O(wanted) was successful, however the pipeline ended.", returned: always, type: bool}
may_go_on:
  description:
    - Whether it may still do something. It had not ended when it was seen last, not even by O(cancel_on_timeout); or nobody knows whether one was
      started.
  returned: always
  type: bool
failed_step:
  description: The step that failed, or that ran when the time was over; empty for none.
  returned: always
  type: dict
  contains:
    workflow: {description: Its workflow., type: str}
    step: {description: "Its name; empty where the workflow failed as a whole.", type: str}
    state: {description: Its state., type: str}
    exit_code: {description: Its exit code., type: int, sample: 126}
    why: {description: "What the agent says, and what the exit code tells.", type: str}
log: {description: "The last lines of its log, without colours and secrets.", returned: always, type: list, elements: str}
server_version: {description: "Version of the server, if it says so.", returned: always, type: str}
code:
  description:
    - Stable name of the error.
    - Before a start C(bad-input), C(authentication), C(not-woodpecker), C(not-found), C(deactivated), C(branch-missing), C(filtered),
      C(secret-not-manual), C(cannot-run), C(wanted-missing), C(queue-paused), C(no-agent).
    - Of a pipeline C(config-failed), C(pipeline-error), C(pipeline-failed), C(wanted-missing), C(blocked), C(canceled), C(timed-out),
      C(interrupted).
    - Of the server C(unreachable), C(tls), C(unavailable), C(protocol).
  returned: on failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.oci_registry.errors import RegistryError
from ansible.module_utils.woodpecker.options import server_spec
from ansible.module_utils.woodpecker.piloting import Piloting


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    return {
        **server_spec(),
        "server": {"type": "str", "required": True},
        "token": {"type": "str", "required": True, "no_log": True},
        "repository": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["started", "restarted", "followed"], "default": "started"},
        "number": {"type": "int"},
        "branch": {"type": "str"},
        "variables": {"type": "dict", "default": {}},
        "wanted": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {"workflow": {"type": "str"}, "step": {"type": "str"}},
        },
        "path": {"type": "path"},
        "timeout": {"type": "float", "default": 3600.0},
        "interval": {"type": "float", "default": 5.0},
        "cancel_on_timeout": {"type": "bool", "default": False},
        "lines": {"type": "int", "default": 40},
        "mask": {"type": "list", "elements": "str", "no_log": True},
    }


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    job = Piloting(module.params)
    module.no_log_values.update(job.secrets())
    try:
        job.run(check_mode=module.check_mode)
    except RegistryError as error:
        module.fail_json(msg=job.told(error), code=error.code, **job.result())
    for warning in job.warnings:
        module.warn(warning)
    module.exit_json(msg=job.message(), **job.result())


if __name__ == "__main__":
    main()
