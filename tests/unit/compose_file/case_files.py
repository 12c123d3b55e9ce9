# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Reads the case files: what is wanted of a compose file (YAML), the file before, and after; or what the refusal says."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import yaml
from ansible.module_utils.compose_file.environment import parse_environment
from ansible.module_utils.compose_file.images import parse_wanted
from ansible.module_utils.compose_file.plan import Plan, Request, plan_images
from ansible.module_utils.yaml_file.document import read_document

CASES = sorted((Path(__file__).parent / "cases").glob("*.txt"))
PATH = "/project/compose.yml"
IMAGE = "registry:2.8.3"


class Case(NamedTuple):
    """One case. ``wanted``: services, match, image, allow_floating, env (text of .env), process (variables), refused."""

    name: str
    wanted: dict
    before: str
    after: str


def read_cases(path: Path) -> list[Case]:
    """All cases of one file: ``##### name``, what is wanted, ``=====``, before, ``##### =====``, after."""
    pieces = path.read_bytes().decode().split("##### ")[1:]
    cases: list[Case] = []
    for piece in pieces:
        if piece.startswith("====="):
            cases[-1] = cases[-1]._replace(after=piece.partition("\n")[2])
        else:
            head, _line, before = piece.partition("\n=====\n")
            name, _line, wanted = head.partition("\n")
            cases.append(Case(f"{path.stem}: {name}", yaml.safe_load(wanted), before, ""))
    return cases


def every_case() -> list[Case]:
    """The cases of all files."""
    return [case for path in CASES for case in read_cases(path)]


def planned(content: bytes, wanted: dict) -> Plan:
    """The plan for a file that holds ``content``."""
    environment = parse_environment("/project/.env", wanted.get("env", ""), wanted.get("process", {}))
    image = parse_wanted(wanted.get("image", IMAGE))
    request = Request(wanted.get("services", []), wanted.get("match"), image, wanted.get("allow_floating", []))
    return plan_images(read_document(PATH, content), [], environment, request)
