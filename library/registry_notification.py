#!/usr/bin/python
# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: tell a chat what a run came to."""

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_notification
short_description: Tell a chat, through a Slack-compatible webhook, what a run came to
version_added: "0.3.0"
description:
  - Puts the results of a run into a few lines and sends them as C(text) to a webhook. Slack, Mattermost, Rocket.Chat and the C(/slack) address
    of Discord take that.
  - Never fails for what it cannot send. RV(problem) says why, without a word of the address, which is the secret.
  - What comes from registries is escaped, and mentions nobody. The message has 1900 characters at most.
  - Proxies of the environment (C(https_proxy), C(no_proxy)) are honoured, redirects are not followed.
options:
  webhook_url:
    description: The webhook. Who knows it can write to the channel, so it is never part of a result, an error or a log.
    type: str
    required: true
  ca_path:
    description: File with the certificates, in PEM, that sign the webhook's. Without it, the system's store is used.
    type: path
  timeout:
    description: How long all of it may take, in seconds. A refused connection and an error of the server's are tried again within it.
    type: float
    default: 15.0
  occasions:
    description:
      - What is worth a message. V(findings) is that something is broken or differs, V(failure) that something could not be looked at or
        done, V(change) that something was changed, V(healthy) that there is nothing of the first two.
    type: list
    elements: str
    choices: [findings, failure, change, healthy]
    default: [findings, failure, change]
  run:
    description: The playbook.
    type: str
    required: true
  results:
    description: Results of the roles, each with C(name) and C(findings), and maybe C(changed), C(problem), C(problems) and more.
    type: list
    elements: dict
    default: []
  unseen:
    description: Hosts that have no result.
    type: list
    elements: str
    default: []
  problem:
    description: What is wrong, in one sentence, where the results do not say it themselves.
    type: str
    default: ""
  report:
    description: Where to read on, such as the folder of the report. The name of this host is put in front of it.
    type: str
    default: ""
extends_documentation_fragment:
  - registry_change_attributes
attributes:
  check_mode:
    description: Whether it runs in check mode, changing nothing and predicting what would change.
    support: full
    details: Nothing is sent. RV(text) is what would be.
  diff_mode:
    description: Whether it shows what it changed, or would change, in diff mode.
    support: none
  idempotent:
    description: Whether a second run with the same options changes nothing.
    support: none
    details: Each call sends a message.
author: registry-runbooks contributors
"""

EXAMPLES = r"""
- name: Tell the channel
  registry_notification:
    webhook_url: "{{ vault_notify_webhook_url }}"
    run: verify
    results: "{{ ansible_play_hosts | map('extract', hostvars, 'registry_verification_result') }}"
    report: /var/lib/registry-reports/2026-11-23
  delegate_to: localhost
"""

RETURN = r"""
sent: {description: Whether the webhook took it., returned: success, type: bool}
due: {description: Whether this run is one of O(occasions)., returned: success, type: bool}
seen: {description: "Which occasions it is, as in O(occasions).", returned: success, type: list, elements: str}
text: {description: The message as it was sent or would be; empty where none is due., returned: success, type: str}
problem: {description: Why it could not be sent; empty where it was., returned: success, type: str}
"""

import socket

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.notices.webhook import send
from ansible.module_utils.notices.words import OCCASIONS, Notice, occasions, text


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    return {
        "webhook_url": {"type": "str", "required": True, "no_log": True},
        "ca_path": {"type": "path"},
        "timeout": {"type": "float", "default": 15.0},
        "occasions": {
            "type": "list",
            "elements": "str",
            "choices": list(OCCASIONS),
            "default": ["findings", "failure", "change"],
        },
        "run": {"type": "str", "required": True},
        "results": {"type": "list", "elements": "dict", "default": []},
        "unseen": {"type": "list", "elements": "str", "default": []},
        "problem": {"type": "str", "default": ""},
        "report": {"type": "str", "default": ""},
    }


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    given = module.params
    report = f"{socket.gethostname()}:{given['report']}" if given["report"] else ""
    notice = Notice(given["run"], given["results"], given["unseen"], given["problem"], report)
    seen = occasions(notice)
    due = bool(set(seen) & set(given["occasions"]))
    message = text(notice) if due else ""
    problem = ""
    if due and not module.check_mode:
        problem = send(given["webhook_url"], message, given["ca_path"], given["timeout"])
    module.exit_json(
        changed=due and not problem,
        sent=due and not problem and not module.check_mode,
        due=due,
        seen=seen,
        text=message,
        problem=problem,
    )


if __name__ == "__main__":
    main()
