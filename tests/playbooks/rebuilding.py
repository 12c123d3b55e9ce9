# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The role image_rebuild, run as a playbook does, on a registry whose image lost its children and a Woodpecker that builds it."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import yaml
from ansible.module_utils.image_build.look import look
from ansible.module_utils.oci_registry.client import Settings
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.damage import damage
from ansible.module_utils.registry_lab.push import push
from ansible.module_utils.registry_lab.woodpecker.building import images_builder

from contract.project import ROOT, ansible_environment
from plugins.builders import PASSWORD, USER, make_source
from plugins.woodpecker import TOKEN, WORKFLOW

AMD, ARM = images.AMD64, images.ARM64


class Rebuild:
    """A registry whose infra-ci:latest lost its children, its source, and a Woodpecker with its pipeline."""

    def __init__(self, registry: Any, woodpecker: Any, folder: Path) -> None:
        self.registry, self.woodpecker, self.folder = registry, woodpecker, folder
        self.old = images.build("old", [AMD])
        push(registry, "infra-ci", "latest", self.old, (USER, PASSWORD))
        self.commit = make_source(folder / "source")
        self.write(WORKFLOW)
        woodpecker.do["build-and-push"] = images_builder({registry.address: self.known}, "new")

    def write(self, workflow: str) -> None:
        """The workflow file of its pipeline."""
        self.woodpecker.write("build-ci-image.yml", workflow.replace("REGISTRY", self.registry.address))

    def break_it(self) -> None:
        """As after a collection: the index is served, its children are not."""
        damage("child-link-gone", self.registry.root, "infra-ci", "latest")
        self.registry.restart()

    def held(self, tag: str = "latest") -> Any:
        """What a tag holds."""
        return look(Settings(self.registry.address, "http", USER, PASSWORD), "infra-ci", tag)

    @property
    def ci(self) -> dict[str, Any]:
        """As of an inventory."""
        return {**self.woodpecker.described(), "workflow": "build-ci-image", "step": "build-and-push"}

    @property
    def vm(self) -> dict[str, Any]:
        """As of an inventory."""
        return {"git": f"file://{self.folder / 'source'}", "ref": "main"}

    @property
    def known(self) -> dict[str, Any]:
        """The registry, as roles and builders take it."""
        return {"address": self.registry.address, "scheme": "http", "username": USER, "password": PASSWORD}

    def let_one_pass(self) -> None:
        """A pipeline that pushes nothing and is a success: from then on it is known which plugins the server lets run."""
        builder = self.woodpecker.do.pop("build-and-push")
        self.woodpecker.wait_for(self.woodpecker.create(), "success")
        self.woodpecker.do["build-and-push"] = builder

    def run(self, *, check: bool = False, **inputs: Any) -> dict[str, Any]:
        """The role; its result with ``rc`` and ``recap`` of the play."""
        return self.run_all(inputs, check=check)[-1]

    def run_all(self, *all_inputs: dict[str, Any], check: bool = False) -> list[dict[str, Any]]:
        """The role several times in one run of Ansible; the results, each with ``rc`` and ``recap`` of the play."""
        kept = [self.folder / f"result-{number}.json" for number, _inputs in enumerate(all_inputs)]
        tasks = [task for inputs, path in zip(all_inputs, kept, strict=True) for task in self._tasks(inputs, path)]
        path = self.folder / "rebuild.yml"
        path.write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]), encoding="utf-8")
        command = ["ansible-playbook", "-v", "-i", str(ROOT / "inventory" / "lab"), str(path), *["--check"] * check]
        done = subprocess.run(command, capture_output=True, text=True, env=ansible_environment(), cwd=ROOT, check=False)
        text = done.stdout + done.stderr
        assert PASSWORD not in text and TOKEN not in text
        assert "WARNING" not in text, text
        changed = re.search(r"changed=(\d+)", done.stdout)
        facts = {"rc": done.returncode, "recap": int(changed[1]) if changed else -1, "stdout": text}
        return [{**json.loads(one.read_text(encoding="utf-8") if one.exists() else "{}"), **facts} for one in kept]

    def _tasks(self, inputs: dict[str, Any], kept: Path) -> list[dict[str, Any]]:
        given = {"image": "infra-ci", "registry": self.known, "ci": self.ci, "vm": self.vm, **inputs}
        keep = {"content": "{{ image_rebuild_result | default({}) | to_json }}", "dest": str(kept), "mode": "0600"}
        kept.unlink(missing_ok=True)
        return [
            {
                "include_role": {"name": "image_rebuild"},
                "vars": {f"image_rebuild_{name}": value for name, value in given.items()},
            },
            {"copy": keep, "check_mode": False, "changed_when": False, "no_log": True},
        ]
