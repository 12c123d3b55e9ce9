# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What waits for what: in a graph, what waited for the push has to wait for its proof."""

from __future__ import annotations

from typing import Any, List

from ..yaml_file.tree import is_mapping, is_scalar
from .edits import Edits
from .manual import condition
from .values import is_sequence, plain
from .workflow import Step, Workflow, depends_on, waits_for
from .writing import scalar


def waiting_for(workflow: Workflow, push: Step, proof: str, others: List[str]) -> List[Step]:
    """The steps that wait for the push and not for its proof; ``others`` are steps of ours."""
    found = []
    for step in workflow.steps:
        names = depends_on(workflow, step)
        if step.name not in (proof, *others) and push.name in names and proof not in names:
            found.append(step)
    return found


def wait_for_proof(workflow: Workflow, step: Step, push: Step, proof: str, edits: Edits) -> None:
    """Let ``step`` wait for the proof in the place of the push."""
    layout = workflow.layout
    node = step.own.get("depends_on")
    found = [each for each in _names(node) if each.value == push.name]
    is_here = (
        node is not None and layout.is_within(step.node, node) and not layout.is_shared(node) and not layout.is_shared(step.node)
    )
    if len(found) != 1 or not is_here or layout.is_shared(found[0]) or not layout.is_within(node, found[0]):
        advice = f"Write depends_on out in step {step.name}"
        raise layout.refusal(
            step.node, f"step {step.name} waits for {push.name} by an anchor, and must wait for its proof", advice
        )
    edits.splice(found[0].start_mark.index, layout.end(found[0]), scalar(proof, inside=True))
    edits.expect(found[0], proof)
    edits.done.append(f"step {step.name} waits for {proof} instead of {push.name}")


def _names(node: Any) -> List[Any]:
    """The scalars that name steps."""
    if is_scalar(node):
        return [node]
    entries = node.value if is_sequence(node) else []
    named = [value for entry in entries if is_mapping(entry) for key, value in entry.value if key.value == "name"]
    return [entry for entry in entries if is_scalar(entry)] + named


def kept_dependencies(workflow: Workflow, name: str, needed: List[str]) -> List[Any]:
    """What a step of ours shall depend on: what it does already, and all that is ``needed``."""
    step = workflow.step(name)
    value = plain(workflow.document, step.keys["depends_on"]) if step and "depends_on" in step.keys else []
    entries = value if isinstance(value, list) else [value]
    return [*entries, *(each for each in needed if each not in entries)]


def ends(workflow: Workflow, push: Step, proof: str, name: str, conditions: List[Any]) -> List[str]:
    """The steps that nobody waits for and that run whenever the push does: after them all, and the proof, ``name`` can tell how it went."""
    waited = {each for step in workflow.steps if step.name != name for each in depends_on(workflow, step)} | {push.name}
    found = []
    for step in workflow.steps:
        own = condition(workflow, step.keys.get("when"), step.node)
        detached: Any = step.keys.get("detach")
        runs = own is None or own.data == conditions
        if step.name not in waited | {name, proof} and runs and not (is_scalar(detached) and detached.value == "true"):
            found.append(step.name)
    return [proof, *found]


def refuse_other_proof(workflow: Workflow, name: str, push: Step) -> None:
    """Raises BadInput where the step of this name waits for something else than the push: it is the proof of another one; or the push for it."""
    step = workflow.step(name)
    waits = depends_on(workflow, step) if step else []
    advice = "Give verify.step another name, or let that step wait for it"
    if waits_for(workflow, push, name):
        what = f"step {push.name} waits for {name}, which shall prove it"
        raise workflow.layout.refusal(push.node, what, "Give verify.step another name")
    if step and workflow.is_graph and waits and push.name not in waits:
        what = f"step {name} is there, but waits for {', '.join(waits)} and not for {push.name}"
        raise workflow.layout.refusal(step.node, what, advice)
