# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The commands of a verifying step, as each system would give them to a shell."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from contract.project import ROOT

PAGE = ROOT / "docs" / "ci-verification.md"
_PLACE = re.compile(r"\$\$|\$\{(?P<name>\w+)(?::(?P<start>\d+):(?P<length>\d+)|:-(?P<default>[^}]*))?\}")


def snippet(title: str) -> str:
    """The first YAML block of a section of the page."""
    section = PAGE.read_text(encoding="utf-8").partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    return section.partition("```yaml\n")[2].partition("```")[0]


def substituted(text: str, variables: dict[str, str]) -> str:
    """What Woodpecker's server makes of a file before it parses it: ``${…}`` by what it knows, ``$$`` by a dollar, ``$NAME`` left alone."""

    def one(found: re.Match[str]) -> str:
        if found[0] == "$$":
            return "$"
        value = variables.get(found["name"], "")
        if found["start"]:
            return value[int(found["start"]) :][: int(found["length"])]
        return value or found["default"] or ""

    return _PLACE.sub(one, text)


def of_woodpecker(text: str, sha: str, step: str = "verify-integrity") -> tuple[list[str], dict[str, str]]:
    """Commands of a step, and its environment."""
    steps = yaml.safe_load(substituted(text, {"CI_COMMIT_SHA": sha}))["steps"]
    return next(each for each in steps if each["name"] == step)["commands"], {"CI_COMMIT_SHA": sha}


def of_actions(text: str, sha: str) -> tuple[list[str], dict[str, str]]:
    """Commands of the step ``Verify integrity`` of any job."""
    steps = [step for job in yaml.safe_load(text)["jobs"].values() for step in job["steps"]]
    found = next(step for step in steps if step.get("name") == "Verify integrity")
    assert set(found["env"]) >= {"REGISTRY_USERNAME", "REGISTRY_PASSWORD"}
    return [found["run"]], {"GITHUB_SHA": sha}


def of_gitlab(text: str, sha: str) -> tuple[list[str], dict[str, str]]:
    """Commands of the job ``verify-integrity``."""
    return yaml.safe_load(text)["verify-integrity"]["script"], {"CI_COMMIT_SHA": sha}


Reader = Callable[[str, str], tuple[list[str], dict[str, str]]]
#: section of the page: how its step is read, and the schema that describes its file
SYSTEMS: dict[str, tuple[Reader, str]] = {
    "Woodpecker": (of_woodpecker, "vendor.woodpecker-ci"),
    "GitHub Actions": (of_actions, "vendor.github-workflows"),
    "Forgejo Actions": (of_actions, "vendor.github-workflows"),
    "GitLab CI": (of_gitlab, "vendor.gitlab-ci"),
}


def write(folder: Path, text: str) -> Path:
    """A file for a validator."""
    path = folder / "pipeline.yml"
    path.write_text(text, encoding="utf-8")
    return path


def images_of(text: str) -> list[Any]:
    """Every image and action that a file names."""
    found: list[Any] = []
    waiting = [yaml.safe_load(text)]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            found += [value[key] for key in ("image", "uses") if isinstance(value.get(key), str)]
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return found
