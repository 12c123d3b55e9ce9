# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Reads the case files: what is wanted of a workflow (YAML), the file before, and after; or what the refusal says."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import yaml
from ansible.module_utils.woodpecker.plan import Plan, Request, plan_workflow
from ansible.module_utils.woodpecker.workflow import read_workflow

CASES = sorted((Path(__file__).parent / "cases").glob("*.txt"))
PATH = "/checkout/.woodpecker/build.yml"
IMAGE = "python:3.12.8-slim-bookworm"
_VERIFY = {
    "step": "verify-integrity",
    "image": IMAGE,
    "doctor": "ci/registry-doctor.pyz",
    "ca_path": None,
    "registry": None,
    "scheme": "https",
    "images": None,
    "username_secret": None,
    "password_secret": None,
}
_NOTIFY = {"step": "notify", "image": IMAGE}


class Case(NamedTuple):
    """One case. ``wanted``: options of the module, lost (texts that the server would take), warned, refused."""

    name: str
    wanted: dict[str, Any]
    before: str
    after: str


def read_cases(path: Path) -> list[Case]:
    """All cases of one file: ``##### name``, what is wanted, ``=====``, before, ``##### =====``, after (none: nothing changes)."""
    pieces = path.read_bytes().decode().split("##### ")[1:]
    cases: list[Case] = []
    for piece in pieces:
        if piece.startswith("====="):
            cases[-1] = cases[-1]._replace(after=piece.partition("\n")[2])
        else:
            head, _line, before = piece.partition("\n=====\n")
            name, _line, wanted = head.partition("\n")
            cases.append(Case(f"{path.stem}: {name}", yaml.safe_load(wanted) or {}, before, before))
    return cases


def every_case() -> list[Case]:
    """The cases of all files."""
    return [case for path in CASES for case in read_cases(path)]


def request_of(wanted: dict[str, Any]) -> Request:
    """What a case asks for, its other options as the module has them by default."""
    verify, notify = wanted.get("verify"), wanted.get("notify")
    return Request(
        wanted.get("push_step"),
        wanted.get("manual", True),
        wanted.get("branch", []),
        None if verify is None else {**_VERIFY, **verify},
        None if notify is None else {**_NOTIFY, **notify},
        wanted.get("escape", False),
    )


def planned(content: bytes, wanted: dict[str, Any]) -> Plan:
    """The plan for a file that holds ``content``."""
    return plan_workflow(read_workflow(PATH, content), request_of(wanted))
