# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a workflow means to the server, worked out from plain data with nothing of ours: which steps run for which event and branch."""

from __future__ import annotations

import fnmatch
from typing import Any

import yaml

EVENTS = ["push", "pull_request", "tag", "cron", "deployment", "release", "manual"]
BRANCHES = ["main", "dev", "release/1", "feature/x"]


def read(text: str) -> dict[str, Any]:
    """The workflow as plain data."""
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 (both are safe)


def steps_of(workflow: dict[str, Any]) -> dict[str, Any]:
    """Steps by name, in order."""
    steps = workflow["steps"]
    return steps if isinstance(steps, dict) else {step["name"]: step for step in steps}


def runs(workflow: dict[str, Any], name: str, event: str, branch: str) -> bool:
    """Whether a step runs, as long as everything before it succeeds."""
    return all(_matches(owner.get("when"), event, branch) for owner in (workflow, steps_of(workflow)[name]))


def _matches(when: Any, event: str, branch: str) -> bool:
    items = when if isinstance(when, list) else [] if when is None else [when]
    return not items or any(_item(item, event, branch) for item in items)


def _item(item: dict[str, Any], event: str, branch: str) -> bool:
    if item.get("event") and event not in _list(item["event"]):
        return False
    if item.get("evaluate") and not _evaluate(item["evaluate"], event):
        return False
    if event == "tag":  # a tag is on no branch
        return True
    wanted = item.get("branch")
    include, exclude = (wanted.get("include"), wanted.get("exclude")) if isinstance(wanted, dict) else (wanted, None)
    fits = [any(fnmatch.fnmatchcase(branch, pattern) for pattern in _list(patterns)) for patterns in (include, exclude)]
    return (fits[0] or not include) and not fits[1]


def _evaluate(expression: str, event: str) -> bool:
    """Only what the tests write."""
    assert expression == 'CI_PIPELINE_EVENT != "manual"', expression
    return event != "manual"


def _list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [] if value is None else [value]
