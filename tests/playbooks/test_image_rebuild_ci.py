# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The role image_rebuild by its pipeline: one that does not end, one of which another part fails, and a module that dies."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

import pytest
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.push import push

from playbooks.rebuilding import AMD
from plugins.builders import PASSWORD, USER

pytestmark = [pytest.mark.xdist_group("builders"), pytest.mark.parametrize("a_builder", ["buildah"], indirect=True)]
LINT = "when: {event: manual}\nsteps: [{name: lint, image: REGISTRY/infra-ci:latest, commands: [make lint]}]\n"


def impatient(rebuild, **changes):
    """A pipeline that is not waited for long."""
    return {**rebuild.ci, "timeout": 3, **changes}


def test_one_that_is_late_is_canceled_before_the_image_is_built_here(rebuild):
    """Else it would run once an agent is there, and push over what was proven."""
    rebuild.break_it()
    rebuild.woodpecker.world.switch(agents=0)
    done = rebuild.run(ci=impatient(rebuild))
    assert (done["way"], done["problem"], done["rebuilt"]) == ("vm", "", True), done["text"]
    assert [one.status for one in rebuild.woodpecker.pipelines()] == ["canceled"]
    rebuild.woodpecker.world.switch(agents=1)
    assert rebuild.held().digest == done["digest"]


def test_one_that_is_late_goes_on_where_there_is_no_other_way(rebuild):
    rebuild.break_it()
    rebuild.woodpecker.world.switch(agents=0)
    done = rebuild.run(ci=impatient(rebuild), vm={})
    assert "not rebuilt, its pipeline failed" in done["problem"] and "Run this again to follow it" in done["problem"]
    assert [one.status for one in rebuild.woodpecker.pipelines()] == ["pending"]


@pytest.mark.parametrize("faults", [[], ["blocked"]])
def test_one_of_somebody_else_is_left_and_that_is_said(rebuild, faults):
    """Whether it waits for an agent, or was made to wait for an approval meanwhile: it may push over what was proven."""
    rebuild.break_it()
    rebuild.woodpecker.world.switch(agents=0)
    theirs = rebuild.woodpecker.create()
    if faults:
        rebuild.woodpecker.once("GET /api/repos/1/pipelines/1", lambda: setattr(theirs, "status", "blocked"))
    done = rebuild.run(ci=impatient(rebuild))
    assert (done["way"], done["rebuilt"], rebuild.held().digest) == ("vm", True, done["digest"]), done["text"]
    status = "blocked" if faults else "pending"
    assert f"its pipeline has not ended (it is {status}) and may push over it" in done["problem"]
    assert f"{rebuild.woodpecker.server.address}/repos/1/pipeline/1. Cancel it" in done["problem"]
    assert theirs.status == status


def test_nobody_knows_whether_one_was_started(rebuild):
    rebuild.break_it()
    rebuild.woodpecker.world.switch(agents=0, faults=["lost-answer"])
    rebuild.woodpecker.once("POST /api/repos/1/pipelines", lambda: rebuild.woodpecker.world.switch(faults=["silent"]))
    done = rebuild.run()
    assert (done["way"], done["rebuilt"]) == ("vm", True), done["text"]
    assert "whether a pipeline was started is not known" in done["problem"]


def test_a_module_that_dies_is_no_success(rebuild, monkeypatch, tmp_path):
    monkeypatch.setenv("ANSIBLE_PIPELINING", "0")  # so that it is a file, with a name

    def kill():
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):  # it ended meanwhile
                ours = str(tmp_path).encode() in (process / "environ").read_bytes()
                if ours and b"AnsiballZ_woodpecker_pipeline" in (process / "cmdline").read_bytes():
                    os.kill(int(process.name), signal.SIGKILL)

    rebuild.break_it()
    rebuild.woodpecker.held("build-and-push")
    rebuild.woodpecker.once("GET /api/repos/1/pipelines/1", kill)
    done = rebuild.run()
    assert (done["way"], done["rebuilt"], done["problem"] != "") == ("vm", True, True), done["text"]
    assert "its pipeline failed: " in done["text"] and "succeeded" not in done["text"]


def test_what_was_wanted_is_believed_by_the_bytes_though_another_workflow_failed(rebuild):
    """One that runs in the broken image itself, such as the lint."""
    rebuild.woodpecker.write("lint.yml", LINT)
    rebuild.woodpecker.do["lint"] = lambda _job: 126
    rebuild.break_it()
    done = rebuild.run()
    assert (done["way"], done["problem"], done["rebuilt"]) == ("ci", "", True), done["text"]
    assert done["digest"] == rebuild.held().digest != rebuild.old.digest and rebuild.held().whole
    (note,) = done["notes"]
    assert "its pipeline built it, and failed otherwise" in note and "step lint of workflow lint" in note
    assert f"note: {note}" in done["text"]


@pytest.mark.parametrize("pushed", [True, False])
def test_it_is_not_believed_without_the_bytes(rebuild, pushed):
    def push_less(_job):
        if pushed:
            push(rebuild.registry, "infra-ci", "latest", images.build("less", [AMD]), (USER, PASSWORD))
        return 0

    push(rebuild.registry, "infra-ci", "latest", images.build("both", [AMD, images.ARM64]), (USER, PASSWORD))
    rebuild.woodpecker.write("lint.yml", LINT)
    rebuild.woodpecker.do.update({"lint": lambda _job: 1, "build-and-push": push_less})
    rebuild.break_it()
    done = rebuild.run(vm={})
    assert (done["rebuilt"], done["digest"]) == (False, ""), done["text"]
    said = f"lacks {images.ARM64}" if pushed else "the step of its pipeline succeeded and pushed nothing that can be pulled"
    assert said in done["problem"]
