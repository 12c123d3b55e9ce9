# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What cases and other tests want of a workflow: options of the module, lost (texts that the server would take), warned, refused."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.woodpecker.plan import Plan, Request, plan_workflow
from ansible.module_utils.woodpecker.workflow import read_workflow

PATH = "/checkout/.woodpecker/build.yml"
IMAGE = "python:3.12.8-slim-bookworm"
_VERIFY = {
    "step": "verify-integrity",
    "image": IMAGE,
    "doctor": "ci/registry-doctor.pyz",
    "ca_path": None,
    "registry": None,
    "scheme": "https",
    "images": None,
    "username_secret": None,
    "password_secret": None,
}
_NOTIFY = {"step": "notify", "image": IMAGE}


def request_of(wanted: dict[str, Any]) -> Request:
    """What a case asks for, its other options as the module has them by default."""
    verify, notify = wanted.get("verify"), wanted.get("notify")
    return Request(
        wanted.get("push_step"),
        wanted.get("manual", True),
        wanted.get("branch", []),
        None if verify is None else {**_VERIFY, **verify},
        None if notify is None else {**_NOTIFY, **notify},
        wanted.get("escape", False),
    )


def planned(content: bytes, wanted: dict[str, Any]) -> Plan:
    """The plan for a file that holds ``content``."""
    return plan_workflow(read_workflow(PATH, content), request_of(wanted))
