# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a pipeline came to: whether what was wanted of it was done, and if not, which step failed and why. Pure."""

from __future__ import annotations

import os
import re
from typing import Iterable, List, NamedTuple, Optional, Sequence, Tuple

from ..oci_registry.errors import RegistryError
from .errors import Blocked, Canceled, ConfigFailed, PipelineFailed, PipelineRefused, SecretNotManual, WantedMissing
from .pipeline import FAILED, Pipeline, Step, Workflow

_CLONE = "clone"
#: Woodpecker's own exit code for a step whose container did not start
_NOT_STARTED = 126
_ENDING = re.compile(r"\.ya?ml\Z")
_ADVICE = (
    (re.compile(r"not allowed to be used with pipeline event"), "Allow the event manual for this secret in Woodpecker"),
    (re.compile(r"secret .* not found"), "Add the secret to the repository in Woodpecker"),
    (re.compile(r"formerly privileged plugin"), "Add the plugin to WOODPECKER_PLUGINS_PRIVILEGED of the server"),
)


class Wanted(NamedTuple):
    """What must be there and successful. ``workflow`` empty: of any; ``step`` empty: the workflow as a whole."""

    workflow: str
    step: str

    @classmethod
    def of(cls, workflow: Optional[str], step: Optional[str]) -> Wanted:
        """From options; a workflow may be given as the file that it is in."""
        name = _ENDING.sub("", os.path.basename(workflow or ""))
        return cls(name.lstrip("."), step or "")

    def __str__(self) -> str:
        parts = [f"step {self.step}"] * bool(self.step) + [f"workflow {self.workflow}"] * bool(self.workflow)
        return " of ".join(parts)


class Culprit(NamedTuple):
    """The step that a pipeline failed in; ``step`` None: the workflow failed as a whole."""

    workflow: Workflow
    step: Optional[Step]

    def __str__(self) -> str:
        what = f"step {self.step.name} of workflow {self.workflow.name}" if self.step else f"workflow {self.workflow.name}"
        if self.step is None:
            return what
        return f"{what} (exit code {self.step.exit_code})"

    @property
    def why(self) -> str:
        """What the agent says of it, and what an exit code tells by itself."""
        said = [text for text in ((self.step.error if self.step else ""), self.workflow.error) if text]
        not_started = self.step is not None and self.step.exit_code == _NOT_STARTED
        hint = ["its container did not start: the image that it runs in may be one that cannot be pulled"] if not_started else []
        return "; ".join([" ".join(text.split())[:300] for text in dict.fromkeys(said)] + hint)


def unreached(pipeline: Pipeline, wanted: Iterable[Wanted]) -> List[Tuple[Wanted, str]]:
    """What is wanted and not successful, each with its state; an empty state: it is not there at all."""
    found = []
    for one in wanted:
        states = _states(pipeline, one)
        bad = next((state for state in states if state != "success"), "")
        if not states or bad:
            found.append((one, bad))
    return found


def absent(pipeline: Pipeline, wanted: Iterable[Wanted]) -> List[Wanted]:
    """What is wanted of a pipeline that lists its workflows, and is not among them: it will not come."""
    return [one for one in wanted if pipeline.workflows and not _states(pipeline, one)]


def holds(pipeline: Pipeline, wanted: Wanted) -> bool:
    """Whether it is in a pipeline, in whatever state."""
    return bool(_states(pipeline, wanted))


def _states(pipeline: Pipeline, wanted: Wanted) -> List[str]:
    workflows = [one for one in pipeline.workflows if wanted.workflow in ("", one.name)]
    if not wanted.step:
        return [one.state for one in workflows]
    return [step.state for one in workflows for step in one.steps if step.name == wanted.step]


def culprit(pipeline: Pipeline) -> Optional[Culprit]:
    """The first step that failed, in a workflow that did; a step whose failure was ignored is none."""
    for workflow in pipeline.workflows:
        if workflow.state not in FAILED:
            continue
        steps = sorted(workflow.steps, key=lambda step: step.pid)
        for states in (("failure", "error"), ("killed",)):
            found = next((step for step in steps if step.state in states), None)
            if found:
                return Culprit(workflow, found)
        return Culprit(workflow, None)
    return None


def running_step(pipeline: Pipeline) -> Optional[Culprit]:
    """The step that runs now."""
    for workflow in pipeline.workflows:
        for step in workflow.steps:
            if step.state == "running":
                return Culprit(workflow, step)
    return None


def judge(pipeline: Pipeline, wanted: Sequence[Wanted], where: str) -> None:
    """Return where a pipeline that has ended did all that is wanted. Raises what else it came to."""
    if pipeline.status in ("canceled", "killed"):
        raise canceled(pipeline, where)
    if pipeline.status in ("blocked", "declined"):
        raise blocked(pipeline, where)
    if pipeline.status == "error":
        raise refused(pipeline, where)
    missing = unreached(pipeline, wanted)
    if pipeline.status != "success":
        raise _failed(pipeline, wanted, missing, where)
    if missing:
        one, state = missing[0]
        how = f"ended as {state}" if state else "is not in it"
        advice = "Look at the when of the workflow and of its steps: a manual run may leave it out"
        raise WantedMissing(f"ended with success, but {one} {how}", where=where, advice=advice)


def only_cloned(pipeline: Pipeline) -> bool:
    """Whether nothing ran but the clone: all steps were filtered."""
    steps = [step for workflow in pipeline.workflows for step in workflow.steps]
    return bool(steps) and all(step.type == _CLONE or step.name == _CLONE for step in steps)


def refused(pipeline: Pipeline, where: str) -> RegistryError:
    """What is wrong with a pipeline of the status error."""
    errors = pipeline.errors or tuple(filter(None, (workflow.error for workflow in pipeline.workflows)))
    text = "; ".join(errors) or "the server does not say why"
    if re.search(r"could not load config|config ?fetch", text, re.IGNORECASE):
        return ConfigFailed(
            f"the workflow files could not be fetched: {text}", where=where, advice="See whether the forge answers"
        )
    advice = next((advice for pattern, advice in _ADVICE if pattern.search(text)), "Mend the workflow files")
    kind = SecretNotManual if _ADVICE[0][0].search(text) else PipelineRefused
    return kind(f"the server refuses the workflow files: {text}", where=where, advice=advice)


def canceled(pipeline: Pipeline, where: str) -> Canceled:
    """Somebody ended it."""
    return Canceled(f"was canceled by {pipeline.canceled_by or 'somebody'}", where=where, advice="Ask them, then run this again")


def blocked(pipeline: Pipeline, where: str) -> Blocked:
    """It waits for an approval, or did not get it."""
    if pipeline.status == "declined":
        return Blocked("was declined", where=where)
    return Blocked("waits for approval", where=where, advice="Approve it in Woodpecker, then follow it by its number")


def _failed(pipeline: Pipeline, wanted: Sequence[Wanted], missing: Sequence[object], where: str) -> PipelineFailed:
    found = culprit(pipeline)
    what = f"ended as {pipeline.status}"
    if found:
        what += f": {found}" + (f": {found.why}" if found.why else "")
    done = f"What was wanted of it is done, though: {', '.join(map(str, wanted))}" if wanted and not missing else ""
    return PipelineFailed(what, where=where, advice=done)
