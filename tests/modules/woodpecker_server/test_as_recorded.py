# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The lab's server, asked what the real one was asked when it was recorded, in the same order: same status, type, text and keys."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.registry_lab.woodpecker.answering import Answering
from ansible.module_utils.registry_lab.woodpecker.model import Pipeline, Repository
from ansible.module_utils.registry_lab.woodpecker.world import World

from plugins.contract_of_woodpecker import recorded

IMAGE = """\
when:
  - {event: push, branch: master}
  - event: manual
steps:
  - {name: build-and-push, image: woodpeckerci/plugin-docker-buildx, settings: {password: {from_secret: registry_password}}}
  - {name: verify-integrity, image: alpine, commands: [date]}
  - {name: slack, image: alpine, commands: [date]}
"""


def workflow(whole: str = "", **step: str) -> str:
    said = {"name": "a", "image": "alpine", "commands": "[date]", **step}
    inner = ", ".join(f"{key}: {value}" for key, value in said.items() if value)
    return f"{whole}\nsteps:\n  - {{{inner}}}\n"


MANUAL, PUSH = "when: {event: manual}", "when: {event: push}"
SELECTED = """when: [{event: manual, evaluate: 'IMAGE == "infra-ci"'}]"""
#: The label of an exchange: the workflow files of o/infra from then on.
FILES: dict[str, dict[str, str]] = {
    "lookup": {"build-ci-image.yml": IMAGE},
    "F1 ": {"push.yml": workflow(PUSH)},
    "F2 ": {"always.yml": workflow(), "man.yml": workflow(MANUAL), "push.yml": workflow(PUSH)},
    "F3 ": {"broken.yml": workflow(image=""), "man.yml": workflow(MANUAL)},
    "F4 ": {"bad.yml": "steps: [\n"},
    "F6 ": {"man.yml": workflow(MANUAL, environment="{A: {from_secret: nope}}")},
    "F7 ": {"ev.yml": workflow(SELECTED)},
    "F8 ": {"ref.yml": workflow("when: {event: manual, ref: refs/heads/master}")},
    "F9 ": {"path.yml": workflow("when: {event: [manual, push], path: ['nope/*']}")},
    "F10 ": {"branch.yml": workflow("when: {event: manual, branch: other}")},
    "F11 ": {"stepw.yml": workflow(when="{event: push}")},
    "C1 ": {"build-ci-image.yml": IMAGE},
}
#: What no lab needs: a warning of the schema, and a push that never was.
LEFT_OUT = ("F5 ",)


class Stage:
    """The server in the world that was recorded."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.world = World()
        self.world.agents = 0  # nothing ran
        for login in ("root", "dev", "reader", "stranger"):
            self.world.add_user(login, login, admin=login == "root")
        secrets = [{"name": f"registry_{kind}"} for kind in ("user", "password")]
        self.infra = self._add("o/infra", secrets=secrets)
        self._add("o/inactive", active=False)
        self._add("o/private", visibility="private")
        for name in ("o/noconfig", "o/forgedown", "o/gated"):
            self._add(name, secrets=secrets)
        self.write({"build-ci-image.yml": IMAGE}, "o/gated")
        self.answering = Answering(self.world)

    def _add(self, name: str, **fields: Any) -> Repository:
        branches = ["master", "feature"]
        made: Repository = self.world.add_repository(
            name, branches=branches, rights={"dev": "push"}, folder=str(self.folder / name), **fields
        )
        return made

    def write(self, files: dict[str, str], name: str = "o/infra") -> None:
        folder = self.folder / name / ".woodpecker"
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.iterdir():
            path.unlink()
        for file, text in files.items():
            (folder / file).write_text(text, encoding="utf-8")

    def prepare(self, label: str) -> None:
        """What was done beside the API before an exchange was recorded."""
        for prefix, files in FILES.items():
            if label.startswith(prefix):
                self.write(files)
        self.world.faults = {"config-fetch": True} if label == "create forge down" else {}
        state, number = {
            "L2 finished": ("success", 14),
            "A3 restart blocked": ("blocked", 14),
            "A6 get blocked": ("blocked", 15),
            "A9 decline": ("blocked", 16),
        }.get(label, ("", 0))
        if state:
            self._become(self.pipeline(number), state)

    def pipeline(self, number: int) -> Pipeline:
        found = self.world.pipeline(self.infra, number)
        assert found is not None
        return found

    def _become(self, one: Pipeline, state: str) -> None:
        one.status, one.started, one.finished = state, 1, 2
        for part in (*one.workflows, *one.steps):
            part.state, part.started, part.finished = state, 1, 2
        for workflow_ in one.workflows:
            workflow_.agent_id = 1
        one.steps[1].log = ["+ echo", "\x1b[31mred", ""]

    def target(self, path: str, steps: dict[str, str]) -> str:
        """A path, with the step that has the recorded one's name."""
        match = re.fullmatch(r"(/api/repos/1/logs/(\d+))/(\d+)", path)
        if not match or match[3] not in steps or not self.world.pipeline(self.infra, int(match[2])):
            return path
        step = next(step for step in self.pipeline(int(match[2])).steps if step.name == steps[match[3]])
        return f"{match[1]}/{step.id}"


def shape(value: Any) -> Any:
    """Keys and types. Of a list, each shape that its entries have."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in sorted(value.items()) if key not in ("workflows", "variables", "labels")}
    if isinstance(value, list):
        return sorted({json.dumps(shape(inner)) for inner in value})
    return type(value).__name__


def workflows(body: Any) -> Any:
    """Names, states and keys of the workflows of a pipeline and their steps."""
    found = body.get("workflows", []) if isinstance(body, dict) else []
    return [
        (
            one["name"],
            one["state"],
            shape({**one, "children": 0}),
            [(s["name"], s["type"], s["state"], shape(s)) for s in one["children"]],
        )
        for one in found
    ]


def authorization(exchange: dict[str, Any]) -> str | None:
    by_label = {"T2 lower-case bearer": "bearer dev", "T3 raw token without Bearer": "dev"}
    user = exchange["user"]
    return by_label.get(exchange["label"], f"Bearer {user}" if user else None)


def test_it_answers_as_the_real_one_did(tmp_path: Path) -> None:
    stage, different, steps = Stage(tmp_path), [], {}
    for one in recorded():
        label = one["label"]
        if label.startswith("seed on server"):
            stage = Stage(tmp_path / "another")
            stage.write({"build-ci-image.yml": IMAGE})
            stage.world.privileged_plugins = []
        stage.prepare(label)
        if label.startswith(LEFT_OUT):  # its number is taken all the same
            stage.world.add_pipeline(stage.infra, "manual", "master", "dev", {}).status = "error"
            continue
        target = stage.target(one["path"], steps).replace("<token>", "dev")
        reply = stage.answering.answer(one["method"], target, authorization(one), (one["request_body"] or "").encode())
        kind = one["headers"].get("Content-Type", "")
        told = dict(reply.headers).get("Pipeline-Filtered")
        if (reply.status, reply.kind, told) != (one["status"], kind, one["headers"].get("Pipeline-Filtered")):
            different.append((label, (reply.status, reply.kind, told), (one["status"], kind)))
        elif kind.startswith("text/plain") and one["body"] != "<token>" and reply.body != one["body"]:
            different.append((label, reply.body, one["body"]))
        elif kind.startswith("application/json"):
            mine, theirs = json.loads(reply.body), json.loads(one["body"])
            if isinstance(theirs, dict):
                steps.update({str(s["id"]): s["name"] for each in theirs.get("workflows", []) for s in each["children"]})
            looks = [(look(mine), look(theirs)) for look in (shape, workflows)]
            different += [(label, *pair) for pair in looks if pair[0] != pair[1]]
    assert different == []


@pytest.mark.parametrize(
    ("version", "without", "with_"),
    [
        ("1.0.5", {"errors", "version", "created", "forge_url"}, {"error", "created_at", "finished_at", "link_url"}),
        ("2.4.0", {"version", "created", "finished"}, {"errors", "created_at", "started_at", "finished_at", "forge_url"}),
        ("3.4.0", {"version", "created_at", "cancel_info"}, {"errors", "created", "started", "finished"}),
    ],
)
def test_older_versions_have_other_names(tmp_path: Path, version, without, with_) -> None:
    stage = Stage(tmp_path)
    stage.write({"build-ci-image.yml": IMAGE})
    stage.world.version = version
    body = json.dumps({"branch": "master"}).encode()
    keys = set(json.loads(stage.answering.answer("POST", "/api/repos/1/pipelines", "Bearer dev", body).body))
    assert not keys & without and keys >= with_
