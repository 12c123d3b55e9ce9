# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A registry that a scenario broke, described as an inventory describes one, and the playbooks to run on it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.registry_lab.folder import LabFolder
from ansible.module_utils.registry_lab.rehearsal import rehearse

from playbooks.rebuilding import Rebuild
from playbooks.running import run_playbook
from plugins.builders import PASSWORD, USER

_WRITES = re.compile(r"http\.request\.method=(POST|PUT|PATCH|DELETE)")


class Lab:
    """One broken registry. ``truth`` is what registry_lab_scenario returns."""

    def __init__(self, truth: dict[str, Any]) -> None:
        self.truth = truth
        self.root = Path(truth["root"])

    def variables(self, **changes: Any) -> dict[str, Any]:
        """Its variables, as of a host of an inventory."""
        described = {
            "target": "localhost",
            "registry_address": self.truth["address"],
            "registry_scheme": self.truth["scheme"],
            "registry_store_path": self.truth["root"],
            "registry_dialect": self.truth["dialect"],
            "registry_sources": self.truth["sources"],
            "registry_restart_commands": self.truth["restart_commands"],
        }
        return {**described, **changes}

    def writes(self) -> int:
        """How many requests that write the registry has answered so far."""
        return len(_WRITES.findall(Path(self.truth["log"]).read_text(encoding="utf-8")))

    def state(self) -> tuple[int, dict[str, str]]:
        """What must stay as it is when nothing is to be changed: requests that write, and every file in the store."""
        files = sorted(
            path for path in self.root.rglob("*") if path.is_file() and path.name != "lock"
        )  # it names its last holder
        return self.writes(), {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Callable[[str], Lab]]:
    """``lab(scenario)`` breaks a registry; everything is stopped at the end."""
    folder = LabFolder(str(tmp_path / "lab"))

    def make(scenario: str) -> Lab:
        return Lab(rehearse(folder.path, scenario))

    yield make
    folder.remove()


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., Any]:
    """``play(name, variables, check=False)`` runs a playbook; see :func:`run_playbook`."""
    folder = tmp_path / "runs"
    folder.mkdir()

    def run(name: str, variables: dict[str, Any], **options: Any) -> Any:
        return run_playbook(name, folder, variables, **options)

    return run


@pytest.fixture
def rebuild(a_builder: str, any_registry: Any, woodpecker: Any, tmp_path: Path) -> Rebuild:
    """See :class:`Rebuild`."""
    return Rebuild(any_registry(htpasswd=(USER, PASSWORD, 4)), woodpecker, tmp_path)


@pytest.fixture
def cluster_with(tmp_path: Path) -> Callable[[str], str]:
    """``cluster_with(image)``: a file as of a cluster in which a pod, ``web``, runs the image; its path."""

    def write(image: str) -> str:
        pod = {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "web"}, "spec": {"containers": [{"image": image}]}}
        (tmp_path / "cluster.json").write_text(json.dumps(pod), encoding="utf-8")
        return str(tmp_path / "cluster.json")

    return write
