# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The role image_rebuild: by the pipeline, and on the machine where Woodpecker is down, refuses, fails, or runs in the broken image."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

import pytest
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.damage import damage
from ansible.module_utils.registry_lab.push import push

from playbooks.rebuilding import AMD, ARM
from plugins.builders import PASSWORD, USER, make_source

pytestmark = [pytest.mark.xdist_group("builders"), pytest.mark.parametrize("a_builder", ["buildah"], indirect=True)]
CIRCLE = """\
when:
  - event: manual
steps:
  - name: lint
    image: RUNS_IN
    commands: [make lint]
  - name: build-and-push
    image: woodpeckerci/plugin-docker-buildx
    settings:
      repo: REGISTRY/infra-ci
      tags: [latest]
"""


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
    assert done["tags"] == [rebuild.commit[:8], "latest"], "what makes it due moves last"
    assert {rebuild.held(tag).digest for tag in ("latest", "manual", rebuild.commit[:8])} == {done["digest"]}
    assert rebuild.held().whole
    assert ("move", "done") in names(done)
    again = rebuild.run(ci=down)
    assert (again["changed"], again["recap"]) == (False, 0), again["stdout"]
    forced = rebuild.run(check=True, ci=down, force=True)
    assert (forced["rebuilt"], ("push", "planned") in names(forced)) == (True, True), forced["text"]


def circle(rebuild, runs_in, **ci):
    """The plan for a pipeline that runs in this image."""
    rebuild.let_one_pass()
    rebuild.write(CIRCLE.replace("RUNS_IN", runs_in))
    rebuild.break_it()
    return rebuild.run(check=True, ci={**rebuild.ci, "checkout": str(rebuild.woodpecker.repository.folder), **ci})


@pytest.mark.parametrize("runs_in", ["REGISTRY/infra-ci:latest", "alias.example.com/infra-ci", "REGISTRY/infra-ci@DIGEST"])
def test_the_circle_is_seen_in_the_workflow_file(rebuild, runs_in):
    names = ["alias.example.com"]
    planned = circle(
        rebuild, runs_in.replace("DIGEST", rebuild.old.digest), registries=names, workflow=".woodpecker/build-ci-image.yml"
    )
    assert (planned["way"], planned["problem"]) == ("vm", ""), planned["text"]
    tag = f"@{rebuild.old.digest}" if "DIGEST" in runs_in else ":latest"
    assert f"its pipeline runs in infra-ci{tag}, which is broken itself" in planned["text"]


@pytest.mark.parametrize(
    "runs_in", ["other.example.com/infra-ci:latest", f"REGISTRY/infra-ci@sha256:{'0' * 64}", "REGISTRY/infra-ci:old"]
)
def test_what_is_no_circle(rebuild, runs_in):
    """The same name in another registry, another image by its digest, and another tag."""
    planned = circle(rebuild, runs_in)
    assert (planned["way"], planned["problem"], planned["rebuilt"]) == ("ci", "", True), planned["text"]


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


def test_tags_move_so_that_one_that_is_killed_goes_on(rebuild):
    """What is whole first, and what makes it due last; also a tag that never was, which tells no platforms and had none."""
    push(rebuild.registry, "infra-ci", "stable", images.build("stable", [AMD]), (USER, PASSWORD))
    rebuild.break_it()
    done = rebuild.run(ci={}, tags=["latest", "stable", "next"], broken=["infra-ci:latest"])
    assert (done["tags"], done["problem"]) == ([rebuild.commit[:8], "stable", "latest", "next"], ""), done["text"]
    assert {rebuild.held(tag).digest for tag in done["tags"]} == {done["digest"]}


def test_platforms_that_nobody_can_read_must_be_named(rebuild):
    """They are not none: the image may have had some that this host does not build by itself."""
    push(rebuild.registry, "infra-ci", "latest", images.image("plain", ARM), (USER, PASSWORD))
    damage("config-gone", rebuild.registry.root, "infra-ci", "latest")
    rebuild.registry.restart()
    before = rebuild.held().digest
    for check in (True, False):
        done = rebuild.run(check=check, ci={})
        assert (done["way"], done["changed"], done["rebuilt"]) == ("", False, False), done["text"]
        assert "its platforms are not known, since infra-ci:latest cannot be read. Name them with vm.platforms" in done["problem"]
    assert rebuild.held().digest == before
    assert rebuild.run(check=True)["way"] == "ci", "a pipeline says itself what it builds"
    whole = images.build("of the same commit", [AMD, ARM])
    push(rebuild.registry, "infra-ci", rebuild.commit[:8], whole, (USER, PASSWORD))
    named = rebuild.run(ci={}, vm={**rebuild.vm, "platforms": [AMD]})
    assert (named["problem"], named["platforms"], rebuild.held().whole) == ("", [AMD], True), named["text"]
    assert (named["tags"], rebuild.held(rebuild.commit[:8]).digest) == (["latest"], whole.digest), (
        "what is whole keeps its platforms"
    )
    assert named["notes"] == [f"{rebuild.commit[:8]} is whole, and stays at {whole.digest}"]


def test_the_registry_does_not_answer(rebuild):
    """Then nobody knows what the image was: nothing is built, and no pipeline is run again, whatever else is given."""
    rebuild.woodpecker.do["build-and-push"] = lambda _job: 1
    rebuild.woodpecker.wait_for(rebuild.woodpecker.create(), "failure")
    rebuild.registry.stop()
    given = {"force": True, "broken": ["infra-ci:latest"], "since": time.time() - 60, "approve": ["restart-pipelines"]}
    for inputs in (given, {**given, "force": False, "broken": [], "ci": {**rebuild.ci, "workflow": "", "step": ""}}):
        done = rebuild.run(**inputs)
        assert (done["rc"], done["changed"], done["restarted"]) == (0, False, []), done["stdout"]
        assert "the registry cannot be asked" in done["problem"] and "Nothing was done" in done["problem"]
        assert [one["number"] for one in done["failed_pipelines"]] == [1]
    assert rebuild.woodpecker.posts() == []


def test_a_registry_that_is_just_starting_is_waited_for(rebuild):
    rebuild.break_it()
    rebuild.registry.stop()
    with socket.create_server(("127.0.0.1", int(rebuild.registry.address.partition(":")[2]))) as door:

        def start():
            door.accept()[0].close()
            door.close()
            rebuild.registry.start()

        starting = threading.Thread(target=start)
        starting.start()
        planned = rebuild.run(check=True)
        starting.join()
    assert (planned["way"], planned["problem"]) == ("ci", ""), planned["text"]


def test_bad_input_is_one_clear_error(rebuild):
    done = rebuild.run(image="infra-ci:latest")
    assert done["rc"] == 2 and "cannot be rebuilt as described" in done["stdout"]
    done = rebuild.run(vm={"git": "https://git.invalid/x.git"})
    assert done["rc"] == 2 and "vm needs git and ref" in done["stdout"]
