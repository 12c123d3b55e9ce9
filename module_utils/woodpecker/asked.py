# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a user asks of a pipeline, out of the options of ``woodpecker_pipeline``. Pure."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple

from ..oci_registry.errors import BadInput
from .verdict import Wanted


class Asked(NamedTuple):
    """``number`` 0: none was named."""

    state: str
    number: int
    branch: str
    variables: Dict[str, str]
    wanted: List[Wanted]
    path: str
    lines: int


def read_asked(params: Mapping[str, Any]) -> Asked:
    """The options. Raises BadInput for those that cannot be used."""
    for name in ("timeout", "interval"):
        if not params[name] > 0:
            raise BadInput(f"{name} is {params[name]:g}", advice="Give seconds, more than 0")
    if params["lines"] < 0:
        raise BadInput(f"lines is {params['lines']}", advice="Give 0 or more")
    number = params["number"] or 0
    if number < 0 or (params["state"] == "restarted" and not number):
        raise BadInput("which pipeline is not said", advice="Give number, that of the pipeline")
    if params["state"] == "started" and number:
        raise BadInput("a pipeline that is to be started has no number yet", advice="Say state: restarted, or leave number out")
    variables = {str(name): _text(str(name), value) for name, value in (params["variables"] or {}).items()}
    wanted = [Wanted.of(one.get("workflow"), one.get("step")) for one in params["wanted"] or []]
    if any(not (one.workflow or one.step) for one in wanted):
        raise BadInput("wanted has an entry with neither workflow nor step", advice="Name one of them")
    branch = params["branch"] or ""
    return Asked(params["state"], number, branch, variables, wanted, params["path"] or "", params["lines"])


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, (str, int, float)):
        raise BadInput(f"variable {name} is no text", advice="Quote it")
    return str(value)
