# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The role image_rebuild: by the pipeline, and on the machine where Woodpecker is down, refuses, fails, or runs in the broken image."""

from __future__ import annotations

import json
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
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

pytestmark = [pytest.mark.xdist_group("builders"), pytest.mark.parametrize("a_builder", ["buildah"], indirect=True)]
AMD, ARM = images.AMD64, images.ARM64
CIRCLE = """\
when:
  - event: manual
steps:
  - name: lint
    image: REGISTRY/infra-ci:latest
    commands: [make lint]
  - name: build-and-push
    image: woodpeckerci/plugin-docker-buildx
    settings:
      repo: REGISTRY/infra-ci
      tags: [latest]
"""


class Rebuild:
    """A registry whose infra-ci:latest lost its children, its source, and a Woodpecker with its pipeline."""

    def __init__(self, registry: Any, woodpecker: Any, folder: Path) -> None:
        self.registry, self.woodpecker, self.folder = registry, woodpecker, folder
        self.old = images.build("old", [AMD])
        push(registry, "infra-ci", "latest", self.old, (USER, PASSWORD))
        self.commit = make_source(folder / "source")
        self.write(WORKFLOW)
        known = {"address": registry.address, "scheme": "http", "username": USER, "password": PASSWORD}
        woodpecker.do["build-and-push"] = images_builder({registry.address: known}, "new")

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
        return {
            **{name: self.woodpecker.options()[name] for name in ("server", "repository", "interval")},
            "token": TOKEN,
            "branch": "master",
            "workflow": "build-ci-image",
            "step": "build-and-push",
            "timeout": 20,
        }

    @property
    def vm(self) -> dict[str, Any]:
        """As of an inventory."""
        return {"git": f"file://{self.folder / 'source'}", "ref": "main"}

    def run(self, *, check: bool = False, **inputs: Any) -> dict[str, Any]:
        """The role; its result with ``rc`` and ``recap`` of the play."""
        registry = {"address": self.registry.address, "scheme": "http", "username": USER, "password": PASSWORD}
        given = {"image": "infra-ci", "registry": registry, "ci": self.ci, "vm": self.vm, **inputs}
        kept = self.folder / "result.json"
        keep = {"content": "{{ image_rebuild_result | default({}) | to_json }}", "dest": str(kept), "mode": "0600"}
        play = {
            "hosts": "localhost",
            "gather_facts": False,
            "tasks": [
                {
                    "include_role": {"name": "image_rebuild"},
                    "vars": {f"image_rebuild_{name}": value for name, value in given.items()},
                },
                {"copy": keep, "check_mode": False, "changed_when": False, "no_log": True},
            ],
        }
        path = self.folder / "rebuild.yml"
        path.write_text(yaml.safe_dump([play]), encoding="utf-8")
        kept.unlink(missing_ok=True)
        command = ["ansible-playbook", "-v", "-i", str(ROOT / "inventory" / "lab"), str(path), *["--check"] * check]
        done = subprocess.run(command, capture_output=True, text=True, env=ansible_environment(), cwd=ROOT, check=False)
        text = done.stdout + done.stderr
        assert PASSWORD not in text and TOKEN not in text
        assert "WARNING" not in text, text
        result: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
        changed = re.search(r"changed=(\d+)", done.stdout)
        return {**result, "rc": done.returncode, "recap": int(changed[1]) if changed else -1, "stdout": text}


@pytest.fixture
def rebuild(a_builder: str, any_registry: Any, woodpecker: Any, tmp_path: Path) -> Rebuild:
    """See :class:`Rebuild`."""
    return Rebuild(any_registry(htpasswd=(USER, PASSWORD, 4)), woodpecker, tmp_path)


def names(result: dict[str, Any]) -> list[tuple[str, str]]:
    return [(step["what"], step["state"]) for step in result["steps"]]


def test_by_the_pipeline_check_do_do_again(rebuild):
    rebuild.break_it()
    planned = rebuild.run(check=True)
    assert (planned["rc"], planned["way"], planned["problem"]) == (0, "ci", ""), planned["stdout"]
    assert "would be rebuilt by its pipeline" in planned["text"]
    assert rebuild.woodpecker.pipelines() == []

    done = rebuild.run()
    assert (done["way"], done["problem"], done["changed"]) == ("ci", "", True), done
    assert done["digest"] == rebuild.held().digest != rebuild.old.digest
    assert names(done) == [("choose", "done"), ("pipeline", "done")]
    assert all(step["ended"] >= step["began"] > 1e9 for step in done["steps"])
    for check in (True, False):
        again = rebuild.run(check=check)
        assert (again["changed"], again["problem"], again["recap"]) == (False, "", 0), again["stdout"]
    assert len(rebuild.woodpecker.pipelines()) == 1


def test_woodpecker_is_down(rebuild):
    rebuild.break_it()
    down = {**rebuild.ci, "server": "http://127.0.0.1:9"}
    planned = rebuild.run(check=True, ci=down)
    assert (planned["way"], planned["problem"]) == ("vm", ""), planned
    assert "since Woodpecker: http://127.0.0.1:9" in planned["text"] and "planned  push" in planned["text"]
    assert not rebuild.held().whole
    done = rebuild.run(ci=down)
    assert (done["way"], done["problem"], done["changed"]) == ("vm", "", True), done["text"]
    assert done["tags"] == ["latest", rebuild.commit[:8]]
    assert {rebuild.held(tag).digest for tag in ("latest", "manual", rebuild.commit[:8])} == {done["digest"]}
    assert rebuild.held().whole
    assert ("move", "done") in names(done)
    again = rebuild.run(ci=down)
    assert (again["changed"], again["recap"]) == (False, 0), again["stdout"]


def test_the_circle_is_seen_in_the_workflow_file(rebuild):
    rebuild.write(CIRCLE)
    rebuild.break_it()
    done = rebuild.run(ci={**rebuild.ci, "checkout": str(rebuild.woodpecker.repository.folder)})
    assert (done["way"], done["problem"]) == ("vm", ""), done["text"]
    assert "its pipeline runs in infra-ci:latest, which is broken itself" in done["text"]
    assert rebuild.woodpecker.pipelines() == []


def test_the_circle_is_seen_in_how_the_pipeline_fails(rebuild):
    def cannot_pull(job):
        job.say("image can't be pulled: manifest unknown")
        return 126

    rebuild.break_it()
    rebuild.woodpecker.do["build-and-push"] = cannot_pull
    done = rebuild.run()
    assert (done["way"], done["problem"]) == ("vm", ""), done["text"]
    assert "the image that it runs in cannot be pulled" in done["text"]
    assert names(done)[1] == ("pipeline", "failed")


@pytest.mark.parametrize(("platforms", "said"), [([], "pushed nothing that can be pulled"), ([ARM], f"lacks {AMD}")])
def test_a_pipeline_that_succeeds_is_not_believed(rebuild, platforms, said):
    def push_other(_job):
        if platforms:
            push(rebuild.registry, "infra-ci", "latest", images.build("other", platforms), (USER, PASSWORD))
        return 0

    rebuild.break_it()
    rebuild.woodpecker.do["build-and-push"] = push_other
    done = rebuild.run(vm={})
    assert (done["way"], done["digest"]) == ("", ""), done
    assert said in done["problem"] and "Say how this host can build it" in done["problem"]


def test_without_any_way_what_is_known_is_said(rebuild):
    rebuild.break_it()
    done = rebuild.run(ci={}, vm={})
    assert (done["rc"], done["way"], done["changed"]) == (0, "", False), done["stdout"]
    assert f"infra-ci:latest is {rebuild.old.digest}; for {AMD}" in done["problem"]


def test_a_build_that_fails_moves_no_tag(rebuild):
    make_source(rebuild.folder / "source", "x\n", "FROM scratch\nCOPY nothing /\n")
    rebuild.break_it()
    done = rebuild.run(ci={})
    assert "not rebuilt" in done["problem"] and "the build failed" in done["problem"], done
    assert (rebuild.held().digest, rebuild.held("manual")) == (rebuild.old.digest, None)


def test_the_registry_does_not_answer(rebuild):
    rebuild.registry.stop()
    done = rebuild.run()
    assert (done["rc"], done["changed"]) == (0, False), done["stdout"]
    assert "the registry cannot be asked" in done["problem"]


def test_pipelines_that_failed_are_listed_and_run_again_under_approval(rebuild):
    since = time.time() - 60
    rebuild.break_it()
    for code in (1, 1):
        rebuild.woodpecker.do["build-and-push"] = lambda _job, code=code: code
        failed = rebuild.woodpecker.create()
        rebuild.woodpecker.wait_for(failed, "failure")
    attempts: list[int] = []

    def first_fails(_job):
        attempts.append(1)
        return 1 if len(attempts) == 1 else 0

    known = {"address": rebuild.registry.address, "scheme": "http", "username": USER, "password": PASSWORD}
    rebuild.woodpecker.do["build-and-push"] = images_builder({rebuild.registry.address: known}, "new")
    listed = rebuild.run(since=since)
    assert (listed["way"], [one["number"] for one in listed["failed_pipelines"]], listed["restarted"]) == ("ci", [2, 1], [])
    rebuild.woodpecker.do["build-and-push"] = first_fails
    done = rebuild.run(since=since, approve=["restart-pipelines"])
    assert [(one["number"], one["status"]) for one in done["restarted"]] == [(1, "failure"), (2, "success")], done
    assert done["restarted"][0]["problem"] and done["changed"]


def test_bad_input_is_one_clear_error(rebuild):
    done = rebuild.run(image="infra-ci:latest")
    assert done["rc"] == 2 and "cannot be rebuilt as described" in done["stdout"]
    done = rebuild.run(vm={"git": "https://git.invalid/x.git"})
    assert done["rc"] == 2 and "vm needs git and ref" in done["stdout"]
