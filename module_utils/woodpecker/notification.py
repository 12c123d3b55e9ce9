# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The step at the end that tells people how it went: a Slack-compatible webhook, whose address stays out of command lines."""

from __future__ import annotations

from typing import Any, Dict, List

from .conditions import Item
from .manual import condition
from .ours import is_our_notification, is_our_proof
from .pushing import pushes
from .workflow import Step, Workflow

# Its failure fails nothing (failure: ignore). The address is a secret, so not even errors may show it.
_COMMAND = """\
python3 - <<'PYTHON'
import json, os, sys, urllib.request
seen = os.environ.get
text = "{}: {} pipeline {} on {} {}".format(
    seen("CI_PIPELINE_STATUS", "done"), seen("CI_REPO", ""), seen("CI_PIPELINE_NUMBER", ""),
    seen("CI_COMMIT_BRANCH", ""), seen("CI_PIPELINE_URL", ""))
try:
    body = json.dumps({"text": text}).encode()
    request = urllib.request.Request(os.environ["WEBHOOK_URL"], body, {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=30).close()
except Exception as error:
    sys.exit("the webhook did not take the message: " + type(error).__name__)
print("told:", text)
PYTHON
"""


def notification_step(image: str, secret: str) -> Dict[str, Any]:
    """The step but for its name, what it depends on and when it runs."""
    environment = {"WEBHOOK_URL": {"from_secret": secret}}
    return {"image": image, "failure": "ignore", "environment": environment, "commands": [_COMMAND]}


def whatever_the_outcome(conditions: List[Item]) -> List[Item]:
    """The conditions of the push, for a success and for a failure."""
    return [{**item, "status": ["success", "failure"]} for item in conditions or [{}]]


def also_for_others(workflow: Workflow, name: str, push: Step, conditions: List[Item], proof: str) -> List[Item]:
    """The conditions, and those of the other pushes that our step ``name`` tells of already; in the order that it has them in."""
    mine = conditions or [{}]
    old = workflow.step(name)
    if old is None or not is_our_notification(workflow, old):
        return mine
    others: List[Item] = []
    for step in workflow.steps:
        if step.name not in (name, push.name, proof) and (pushes(workflow, step) or is_our_proof(step)):
            others += _conditions(workflow, step)
    had = [{key: value for key, value in item.items() if key != "status"} for item in _conditions(workflow, old)]
    kept = [item for item in had if item in mine or item in others]
    if workflow.is_graph and any(item not in mine for item in kept):
        what = (
            f"step {name} tells of another push, under other conditions; in a graph it would wait for what one of them leaves out"
        )
        raise workflow.layout.refusal(old.node, what, "Give notify.step another name")
    return kept + [item for item in mine if item not in kept]


def _conditions(workflow: Workflow, step: Step) -> List[Item]:
    found = condition(workflow, step.keys.get("when"), step.node)
    return found.data if found else [{}]
