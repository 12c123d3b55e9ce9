# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Which steps a manual run leaves out, and whether it can go on without them."""

from __future__ import annotations

from typing import List

from .conditions import judge
from .errors import CannotRun
from .manual import condition
from .workflow import Step, Workflow, depends_on


def runs_by_hand(workflow: Workflow, step: Step) -> bool:
    """Whether a step takes part in manual runs, of some branch at least."""
    found = condition(workflow, step.keys.get("when"), step.node)
    return found is None or judge(found.data).admits


def check_left_out(workflow: Workflow, push: str) -> List[str]:
    """Raises CannotRun where a step of a manual run waits for one that it leaves out; else warns of what then is not done before the push."""
    steps = {step.name: runs_by_hand(workflow, step) for step in workflow.steps}
    if not workflow.is_graph:
        names = list(steps)
        missing = [name for name in names[: names.index(push)] if not steps[name]]
        where = f"{workflow.document.path}: a manual run leaves out {', '.join(missing)}, which stand before {push}"
        return [f"{where}: add an item with event manual to their when if {push} needs them"] if missing else []
    for step in workflow.steps:
        missing = [name for name in depends_on(workflow, step) if steps.get(name) is False] if steps[step.name] else []
        if missing:
            what = f"step {step.name} waits for {', '.join(missing)}, which a manual run leaves out: the server refuses that"
            advice = f"Add an item with event manual to the when of {missing[0]}, or run this with manual: false"
            raise CannotRun(what, where=workflow.document.path, advice=advice)
    return []
