# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a manual run leaves out and whether it can go on without that; and what else it runs that nobody asked for."""

from __future__ import annotations

from typing import List, Sequence

from .conditions import judge
from .errors import CannotRun
from .manual import condition
from .pushing import pushes
from .workflow import Step, Workflow, required


def runs_by_hand(workflow: Workflow, step: Step) -> bool:
    """Whether a step takes part in manual runs, of some branch at least."""
    found = condition(workflow, step.keys.get("when"), step.node)
    return found is None or judge(found.data).admits


def check_manual(workflow: Workflow, push: str, ours: Sequence[str]) -> List[str]:
    """Raises CannotRun where a manual run could not start, or would push more than was asked for; else warns."""
    return _left_out(workflow, push) + _unasked(workflow, push, ours)


def _left_out(workflow: Workflow, push: str) -> List[str]:
    """Raises CannotRun where a step of a manual run waits for one that it leaves out; else warns of what then is not done before the push."""
    steps = {step.name: runs_by_hand(workflow, step) for step in workflow.steps}
    if not workflow.is_graph:
        names = list(steps)
        missing = [name for name in names[: names.index(push)] if not steps[name]]
        where = f"{workflow.document.path}: a manual run leaves out {', '.join(missing)}, which stand before {push}"
        return [f"{where}: add an item with event manual to their when if {push} needs them"] if missing else []
    for step in workflow.steps:
        missing = [name for name in required(workflow, step) if steps.get(name) is False] if steps[step.name] else []
        if missing:
            what = f"step {step.name} waits for {', '.join(missing)}, which a manual run leaves out: the server refuses that"
            advice = f"Add an item with event manual to the when of {missing[0]}, or run this with manual: false"
            raise CannotRun(what, where=workflow.document.path, advice=advice)
    return []


def _unasked(workflow: Workflow, push: str, ours: Sequence[str]) -> List[str]:
    """Steps that a manual run of any branch runs: no condition of theirs names one, nor does that of the workflow."""
    whole = condition(workflow, workflow.keys.get("when"), workflow.document.root)
    if whole and not judge(whole.data).open:
        return []
    found = []
    for step in workflow.steps:
        own = condition(workflow, step.keys.get("when"), step.node)
        if step.name in (push, *ours) or (own and not judge(own.data).open):
            continue
        what = f"a manual run of any branch also runs {step.name}"
        if pushes(workflow, step):
            line, advice = workflow.layout.line(step.node), "Give its when a branch, or take manual runs out of it"
            raise CannotRun(f"line {line}: {what}, which pushes too", where=workflow.document.path, advice=advice)
        found.append(step.name)
    what = f"a manual run of any branch also runs {', '.join(found)}"
    return [f"{what}, which no condition keeps to a branch: give their when one if that does any harm"] if found else []
