# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""From a workflow file and what is wanted of it to the changes that do it: data in, data out."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from ..compose_file.images import refuse_floating
from ..oci_registry.errors import BadInput
from .conditions import Item, judge, strings
from .edits import Edits
from .errors import CannotRun
from .graph import ends, kept_dependencies, refuse_other_proof, wait_for_proof, waiting_for
from .left_out import check_manual
from .manual import admit_manual, condition
from .notification import also_for_others, notification_step, whatever_the_outcome
from .ours import is_notification, is_proof
from .placing import Wanted, place_step, refuse_misplaced
from .pushed import Pushed, pushed, refuse_empty_by_hand
from .pushing import pushing_step
from .substitution import Lost, escape, lost
from .values import plain
from .verification import Proof, proof_of, verification_step
from .workflow import Step, Workflow, read_workflow

_PROVES = "proves by bytes that all of what was pushed can be pulled"


class Request(NamedTuple):
    """What is wanted. ``verify`` and ``notify`` are the options of that name, or None."""

    push_step: Optional[str]
    manual: bool
    branches: Sequence[str]
    verify: Optional[Dict[str, Any]]
    notify: Optional[Dict[str, Any]]
    escape: bool


class Plan(NamedTuple):
    """What to do: ``content`` holds the bytes of the file once it is done, ``changes`` one sentence for each change."""

    push: str
    registry: str
    images: List[str]
    changes: List[str]
    splices: List[Any]
    content: bytes
    lost: List[Lost]
    warnings: List[str]
    hidden: List[Tuple[int, int]]  # what no difference may show


def plan_workflow(workflow: Workflow, request: Request) -> Plan:
    """Plan everything or raise BadInput, which says what is in the way and where."""
    edits = Edits(workflow.document, workflow.added)
    push = pushing_step(workflow, request.push_step)
    if request.manual:
        if not (request.verify or {}).get("images"):
            refuse_empty_by_hand(workflow, push)
        conditions = admit_manual(workflow, push, request.branches, edits)
    else:
        found = condition(workflow, push.keys.get("when"), push.node)
        conditions = found.data if found else []
    aim, proof = _verify(workflow, request, push, conditions, edits)
    last = _notify(workflow, request, push, conditions, edits)
    ours = [name for name in (last, (request.verify or {}).get("step")) if name]
    places = [place for place in lost(workflow) if place.step not in ours]
    if request.escape and places:
        escape(workflow, ours, edits)
        places = []
    images = list(proof.images) if proof else []
    warnings = _warnings(workflow, push, aim, proof)
    content = edits.content()
    if request.manual:
        warnings += check_manual(read_workflow(workflow.document.path, content), push.name, ours)
    registry = proof.registry if proof else ""
    return Plan(push.name, registry, images, edits.done, edits.splices, content, places, warnings, edits.hidden)


def _verify(workflow: Workflow, request: Request, push: Step, conditions: List[Item], edits: Edits) -> Any:
    options = request.verify
    if not options:
        return None, None
    name = options["step"]
    refuse_floating([options["image"]], [])
    _refuse_without_clone(workflow)
    refuse_misplaced(workflow, name, push)
    refuse_other_proof(workflow, name, push)
    aim = pushed(workflow, push, options["registry"] or "", options["images"] or [])
    proof = proof_of(options, aim)
    step = verification_step(proof, workflow.matrix)
    if workflow.is_graph:
        step["depends_on"] = kept_dependencies(workflow, name, [push.name])
    if conditions:
        step["when"] = conditions
    how = place_step(workflow, edits, Wanted(name, step, _PROVES, is_proof, "verify.step"), push)
    if how:
        edits.done.append(f"step {name} {how} and proves {', '.join(proof.images)} in {proof.registry}")
    for waiting in waiting_for(workflow, push, name, [(request.notify or {}).get("step", "")]):
        wait_for_proof(workflow, waiting, push, name, edits)
    return aim, proof


def _refuse_without_clone(workflow: Workflow) -> None:
    node = workflow.keys.get("skip_clone")
    if node is not None and plain(workflow.document, node) is True:
        what = "skip_clone leaves registry-doctor out of the workspace, so nothing could be proven"
        where = workflow.document.path
        raise CannotRun(f"line {workflow.layout.line(node)}: {what}", where=where, advice="Take skip_clone out")


def _notify(workflow: Workflow, request: Request, push: Step, conditions: List[Item], edits: Edits) -> str:
    options = request.notify
    if not options:
        return ""
    name = options["step"]
    refuse_floating([options["image"]], [])
    after = request.verify["step"] if request.verify else push.name
    _refuse_early(workflow, name, push, after)
    step = notification_step(options["image"], options["secret"])
    if workflow.is_graph:
        step["depends_on"] = kept_dependencies(workflow, name, ends(workflow, push, after, name, conditions))
    step["when"] = whatever_the_outcome(also_for_others(workflow, name, push, conditions, after))
    how = place_step(workflow, edits, Wanted(name, step, "", is_notification, "notify.step"), workflow.steps[-1])
    if how:
        edits.done.append(f"step {name} {how} and tells how it went, whatever the outcome")
    return str(name)


def _refuse_early(workflow: Workflow, name: str, push: Step, after: str) -> None:
    names = [step.name for step in workflow.steps]
    if name in (push.name, after):
        raise BadInput(f"notify.step is the name of another step, {name}", where=workflow.document.path, advice="Give it its own")
    if name in names and not workflow.is_graph and names.index(name) < names.index(push.name):
        line = workflow.layout.line(workflow.step(name).node)
        what = f"line {line}: step {name} stands before {push.name}, so it could not tell how that went"
        raise BadInput(what, where=workflow.document.path, advice="Move it to the end, or give notify.step another name")


def _warnings(workflow: Workflow, push: Step, aim: Optional[Pushed], proof: Optional[Proof]) -> List[str]:
    found = []
    if aim and aim.others:
        found.append(f"step {push.name} also pushes {', '.join(aim.others)}, which nothing proves")
    if proof and not proof.password:
        found.append(f"{proof.registry} is asked without a password: name one with verify.password_secret if it wants one")
    when = condition(workflow, workflow.keys.get("when"), workflow.document.root)
    by_ref = [item for item in (when.data if when else []) if "ref" in item and "manual" in strings(item.get("event"))]
    if by_ref and not judge(when.data if when else []).admits:
        found.append("a condition with ref names manual, but up to Woodpecker 3.17 no ref of a branch holds for manual runs")
    return found
