# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Lets a workflow be run by hand, of named branches only, with the least change of its two conditions: of the workflow and of the step.

A step runs where both hold. So one of the two must name the branches, and neither may keep manual runs out.
"""

from __future__ import annotations

from typing import Any, List, Optional, Sequence

from ..oci_registry.errors import BadInput
from ..yaml_file.tree import is_null, is_scalar
from .conditions import MANUAL, NOT_MANUAL, Item, admits, common_branches, judge, one_or_many, pushed_branches
from .edits import Edits
from .layout import indented
from .values import is_sequence
from .when import When
from .workflow import Step, Workflow
from .writing import mapping_lines

_BRANCHES = "Say of which branches with branch, such as main or ${CI_REPO_DEFAULT_BRANCH}"


def condition(workflow: Workflow, node: Any, owner: Any) -> Optional[When]:
    """The condition at a node, or None where there is none, or one that holds nothing."""
    is_empty = node is None or is_null(node) or (is_sequence(node) and not node.value)
    return None if is_empty else When(workflow.layout, node, owner)


def admit_manual(workflow: Workflow, push: Step, given: Sequence[str], edits: Edits) -> List[Item]:
    """Plan what is missing; returns the conditions under which ``push`` then runs, as its own ``when`` has them."""
    whole = condition(workflow, workflow.keys.get("when"), workflow.document.root)
    step = condition(workflow, push.keys.get("when"), push.node)
    before = len(edits.splices)
    names = _Branches(workflow, whole, step, given)
    exactly = bool(given)
    verdict, inner = [judge(one.data) if one else None for one in (whole, step)]
    closed_by_step = bool(inner and inner.admits and not inner.open)
    if whole and verdict and (not verdict.admits or (verdict.open and not closed_by_step) or (exactly and verdict.filtered)):
        whole.admit(names(), edits, exactly=exactly)
    if step and inner and (not inner.admits or (inner.open and not whole) or (exactly and inner.filtered)):
        step.admit(names(), edits, exactly=exactly)
    if not whole and not step:
        _add_condition(workflow, names(), edits)
    if len(edits.splices) > before:
        edits.done.append(f"manual runs of {', '.join(names())} come through, and of no other branch")
    return step.data if step else []


class _Branches:
    """The branches that may be run by hand; asked for only where something has to be written."""

    def __init__(self, workflow: Workflow, whole: Optional[When], step: Optional[When], given: Sequence[str]) -> None:
        self._workflow = workflow
        self._found = list(given)
        self._why = "no condition of a push names one"
        if given:
            return
        if step and not any(admits(item, "push") for item in step.data):
            self._why = "the step that pushes runs for no push"
            return
        found = [pushed_branches(one.data) if one else [] for one in (step, whole)]
        self._found = common_branches(found[0], found[1])
        if all(found):
            self._why = "which branches the conditions of workflow and step both let through is unclear"

    def __call__(self) -> List[str]:
        if not self._found:
            what = f"a manual run could be of any branch, and {self._why}"
            raise BadInput(what, where=self._workflow.document.path, advice=_BRANCHES)
        return self._found


def _add_condition(workflow: Workflow, names: Sequence[str], edits: Edits) -> None:
    """A workflow without any condition: what is not manual runs as before."""
    layout, document = workflow.layout, workflow.document
    if "when" in workflow.keys:
        advice = "Take it out: without it the same is meant"
        raise layout.refusal(workflow.keys["when"], "this list of conditions is empty", advice)
    number, key = next((n, key) for n, (key, _value) in enumerate(document.root.value) if is_scalar(key) and key.value == "steps")
    if document.root.flow_style:
        raise layout.refusal(document.root, "the workflow is written on one line", "Write one key on each line")
    value = [{"evaluate": NOT_MANUAL}, {"event": MANUAL, "branch": one_or_many(names)}]
    place = _above_comments(document.text, document.line_start(key.start_mark.index), document)
    lines = indented([*mapping_lines({"when": value}), ""], layout.column(key.start_mark.index))
    edits.splice(place, place, "".join(line + layout.newline for line in lines))
    edits.expect_added(document.root, number, ("when", value))


def _above_comments(text: str, place: int, document: Any) -> int:
    """The start of the comment that stands right above a line, so that it stays with what it is about."""
    while place:
        previous = document.line_start(place - 1)
        if not text[previous:place].lstrip().startswith("#") or previous == 0:
            return place
        place = previous
    return place
