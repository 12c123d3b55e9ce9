# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A pipeline as any version from 1 to 3 tells it, as one shape. Pure: untrusted JSON in, plain facts out."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Tuple

from ..oci_registry.errors import ProtocolError

#: nothing more happens in these
ENDED = frozenset(("skipped", "success", "failure", "killed", "canceled", "error", "declined"))
#: what counts as under way: it will run, or does
ACTIVE = frozenset(("created", "pending", "running"))
FAILED = frozenset(("failure", "error", "killed"))
_NAMES = {
    "created": ("created", "created_at"),
    "started": ("started", "started_at", "start_time"),
    "finished": ("finished", "finished_at", "end_time"),
}


class Step(NamedTuple):
    """One step. ``id`` is what its log is asked by."""

    id: int
    name: str
    state: str
    exit_code: int
    error: str
    type: str
    pid: int


class Workflow(NamedTuple):
    """One workflow: one file, or one row of the matrix of one."""

    name: str
    state: str
    error: str
    steps: Tuple[Step, ...]


class Pipeline(NamedTuple):
    """One run. Times are in seconds since 1970, 0 for not yet. ``errors`` stopped it, ``warnings`` did not."""

    number: int
    status: str
    event: str
    branch: str
    commit: str
    author: str
    title: str
    parent: int
    created: int
    started: int
    finished: int
    variables: Dict[str, str]
    errors: Tuple[str, ...]
    warnings: Tuple[str, ...]
    canceled_by: str
    workflows: Tuple[Workflow, ...]

    @property
    def ended(self) -> bool:
        """Whether nothing more happens in it."""
        return self.status in ENDED

    @property
    def active(self) -> bool:
        """Whether it waits for an agent or runs."""
        return self.status in ACTIVE


def read_pipeline(body: Any, where: str = "") -> Pipeline:
    """One pipeline. Raises ProtocolError for what has no number or no status."""
    if not isinstance(body, dict) or _number(body.get("number")) < 1 or not isinstance(body.get("status"), str):
        raise ProtocolError("answered something else than a pipeline", where=where)
    errors, warnings = _problems(body)
    return Pipeline(
        number=body["number"],
        status=body["status"],
        event=_text(body.get("event")),
        branch=_text(body.get("branch")),
        commit=_text(body.get("commit")),
        author=_text(body.get("author")),
        title=_first_line(_text(body.get("title")) or _text(body.get("message"))),
        parent=_number(body.get("parent")),
        **{name: _time(body, name) for name in _NAMES},
        variables={str(name): _text(value) for name, value in _mapping(body.get("variables")).items()},
        errors=errors,
        warnings=warnings,
        canceled_by=_canceled_by(_mapping(body.get("cancel_info"))),
        workflows=tuple(map(_workflow, _entries(body.get("workflows")))),
    )


def read_pipelines(body: Any, where: str = "") -> List[Pipeline]:
    """A list of them; null is an empty one."""
    if body is None:
        return []
    if not isinstance(body, list):
        raise ProtocolError("answered something else than a list of pipelines", where=where)
    return [read_pipeline(entry, where) for entry in body]


def _workflow(body: Dict[str, Any]) -> Workflow:
    steps = tuple(map(_step, _entries(body.get("children"))))
    return Workflow(_text(body.get("name")), _text(body.get("state")), _text(body.get("error")), steps)


def _step(body: Dict[str, Any]) -> Step:
    return Step(
        id=_number(body.get("id")),
        name=_text(body.get("name")),
        state=_text(body.get("state")),
        exit_code=_number(body.get("exit_code")),
        error=_text(body.get("error")),
        type=_text(body.get("type")),
        pid=_number(body.get("pid")),
    )


def _problems(body: Dict[str, Any]) -> Tuple[Tuple[str, ...], Tuple[str, ...]]:
    """What stopped it and what did not; version 1 has one text for all."""
    found: Dict[bool, List[str]] = {False: [], True: []}
    for entry in _entries(body.get("errors")):
        where = _text(_mapping(entry.get("data")).get("file"))
        text = f"{where}: {_text(entry.get('message'))}" if where else _text(entry.get("message"))
        found[entry.get("is_warning") is True].append(" ".join(text.split()))
    if _text(body.get("error")):
        found[False].append(" ".join(_text(body["error"]).split()))
    return tuple(found[False]), tuple(found[True])


def _canceled_by(info: Dict[str, Any]) -> str:
    if _text(info.get("canceled_by_user")):
        return f"user {info['canceled_by_user']}"
    if _text(info.get("canceled_by_step")):
        return f"step {info['canceled_by_step']}"
    return f"pipeline {info['superseded_by']}, which took its place" if _number(info.get("superseded_by")) else ""


def _time(body: Dict[str, Any], name: str) -> int:
    return next((_number(body[key]) for key in _NAMES[name] if _number(body.get(key))), 0)


def _first_line(text: str) -> str:
    return (text.splitlines() or [""])[0][:200]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _mapping(value: Any) -> Dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _entries(value: Any) -> List[Dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
