# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Which images a workflow runs in, and which it builds and pushes, when it runs by hand too."""

from __future__ import annotations

import os
from typing import Any, Dict, List, NamedTuple, Tuple

from ..image_uses.use import WOODPECKER, Use, untold, use
from ..oci_registry.errors import BadInput
from ..yaml_file.tree import is_mapping, is_null, is_scalar
from .commanded import pushed_by_commands
from .conditions import branches, common_branches, judge
from .filling import UNKNOWN, filled, matrix_rows
from .left_out import runs_by_hand
from .manual import condition
from .pushed import destinations
from .pushing import pushes, pushing_commands
from .values import is_sequence, plain
from .workflow import Step, Workflow, containers

_HIDDEN = "its image does not stand in the file"


class Known(NamedTuple):
    """What one file tells. ``by_hand``: the references of those images that a manual run may run in."""

    uses: List[Use]
    builds: List[Dict[str, Any]]
    workflow: str
    by_hand: List[str]


def known_of(workflow: Workflow, file: str, checkout: str, clone_image: str) -> Known:
    """``file`` is the path in the checkout. ``clone_image`` is what the server clones with where the file does not say, empty if nobody told."""
    rows = matrix_rows(workflow)
    uses: List[Use] = []
    by_hand: List[Use] = []
    for kind, step in containers(workflow):
        found = _uses(workflow, step, rows, Place(checkout, f"{file}:{step.name}", kind))
        uses += [one for one in found if one not in uses]
        by_hand += found if _may_run_by_hand(workflow, step) else []
    if clone_image and _clones_by_default(workflow):
        cloning = use(WOODPECKER, checkout, f"{file}:clone", clone_image, detail="clone, as the server has it")
        uses.append(cloning)
        by_hand.append(cloning)
    builds = [_build(workflow, step, file, _told(uses)) for step in workflow.steps if pushes(workflow, step)]
    return Known(uses, builds, workflow_name(file), _told(by_hand))


def _told(uses: List[Use]) -> List[str]:
    return list(dict.fromkeys(one["reference"] for one in uses if one["reference"]))


def _may_run_by_hand(workflow: Workflow, step: Step) -> bool:
    try:
        return runs_by_hand(workflow, step)
    except BadInput:
        return True  # a condition that makes no sense keeps nothing out for certain


class Place(NamedTuple):
    """Where an image is used: ``kind`` is step, service or clone."""

    checkout: str
    name: str
    kind: str


def _uses(workflow: Workflow, step: Step, rows: List[Dict[str, str]], place: Place) -> List[Use]:
    node: Any = step.keys.get("image")
    where = f"{place.kind}, line {workflow.layout.line(node if is_scalar(node) else step.node)}"
    if not is_scalar(node) or is_null(node) or not node.value.strip():
        return [untold(WOODPECKER, place.checkout, place.name, f"{where}: {_HIDDEN}")]
    found = []
    for image in dict.fromkeys(filled(node.value.strip(), row) for row in rows):
        if UNKNOWN in image:
            pattern = image.replace("*", "").replace(UNKNOWN, "*")
            found.append(
                untold(WOODPECKER, place.checkout, place.name, f"{where}: {node.value.strip()}, which a run decides", pattern)
            )
        else:
            found.append(use(WOODPECKER, place.checkout, place.name, image, detail=where))
    return found


def _clones_by_default(workflow: Workflow) -> bool:
    node: Any = workflow.keys.get("clone")
    own = (is_mapping(node) or is_sequence(node)) and bool(node.value)
    skipped = workflow.keys.get("skip_clone")
    return not own and not (skipped is not None and plain(workflow.document, skipped) is True)


def _build(workflow: Workflow, step: Step, file: str, used: List[str]) -> Dict[str, Any]:
    images, unclear = _images(workflow, step)
    is_manual, names, wrong = _manual(workflow, step)
    return {
        "file": file,
        "workflow": workflow_name(file),
        "step": step.name,
        "images": images,
        "manual": is_manual,
        "branches": names,
        "images_used": used,
        "unclear": [*unclear, *wrong],
    }


def _images(workflow: Workflow, step: Step) -> Tuple[List[str], List[str]]:
    """What a step pushes, and what of it is unclear."""
    if pushing_commands(step):
        images, unclear = pushed_by_commands(workflow, step)
        line = workflow.layout.line(step.node)
        return images, [f"line {line}: step {step.name} pushes, and does not say which image: {command}" for command in unclear]
    try:
        return destinations(workflow, step), []
    except BadInput as error:
        return [], [error.what]


def _manual(workflow: Workflow, step: Step) -> Tuple[bool, List[str], List[str]]:
    """Whether a manual run comes to a step, of which branches (any where none is named), and what is wrong with its conditions."""
    named: List[List[str]] = []
    for node, owner in ((workflow.keys.get("when"), workflow.document.root), (step.keys.get("when"), step.node)):
        try:
            found = condition(workflow, node, owner)
        except BadInput as error:
            return False, [], [error.what]
        verdict = judge(found.data) if found else None
        if found and verdict and not verdict.admits:
            return False, [], []
        items = found.data if found and verdict and not verdict.open else []
        named.append([name for number in (verdict.filtered if verdict and items else []) for name in branches(items[number])])
    return True, common_branches(named[0], named[1]), []


def workflow_name(file: str) -> str:
    """The name that the server gives to the workflow of a file."""
    return os.path.splitext(os.path.basename(file))[0].lstrip(".")
