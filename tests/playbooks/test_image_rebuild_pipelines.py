# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The role image_rebuild and the pipelines that failed meanwhile: each is run again once, under approval, and none that pushes the image."""

from __future__ import annotations

import time
from typing import Any

import pytest
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.push import push

from playbooks.rebuilding import AMD, Rebuild
from plugins.builders import PASSWORD, USER

pytestmark = [pytest.mark.xdist_group("builders"), pytest.mark.parametrize("a_builder", ["buildah"], indirect=True)]
APP = "when: [{event: push}, {event: manual}]\nsteps: [{name: check, image: REGISTRY/infra-ci:latest, commands: [make check]}]\n"


class Failed:
    """Besides the image's own repository one of an application, whose pipelines failed since the image cannot be pulled."""

    def __init__(self, rebuild: Rebuild, failures: int) -> None:
        self.rebuild, self.woodpecker = rebuild, rebuild.woodpecker
        self.app = self.woodpecker.add("o/app", APP)
        self.check(126)
        for _number in range(failures):
            self.woodpecker.wait_for(self.woodpecker.create_in(self.app), "failure")

    def check(self, *codes: int) -> None:
        """How the next ones end, one after the other; the last one stands for all that follow."""
        left = list(codes)
        self.woodpecker.do["check"] = lambda _job: left.pop(0) if len(left) > 1 else left[0]

    def inputs(self, *, approved: bool = True, **ci: Any) -> dict[str, Any]:
        """Of the role; with the approval to run them again."""
        known = {**self.rebuild.ci, "repositories": ["o/infra", "o/app"], **ci}
        return {"ci": known, "since": time.time() - 600, "approve": ["restart-pipelines"] if approved else []}

    def restarts(self) -> list[str]:
        """What of o/app was asked to run again, in order."""
        return [target for target in self.woodpecker.posts() if target.startswith("/api/repos/2/")]


@pytest.fixture
def failed(rebuild):
    """``failed(number)``: see :class:`Failed`."""
    return lambda number: Failed(rebuild, number)


def test_they_are_listed_and_run_again_under_approval_until_one_succeeds(rebuild, failed):
    made = failed(2)
    rebuild.break_it()
    listed = rebuild.run(**made.inputs(approved=False))
    assert (listed["way"], [one["number"] for one in listed["failed_pipelines"]], listed["restarted"]) == ("ci", [2, 1], [])
    planned = rebuild.run(check=True, **made.inputs())
    assert "would be run again: o/app 1" in planned["text"] and made.restarts() == []
    made.check(1, 0)
    done = rebuild.run(**made.inputs())
    assert [(one["number"], one["status"]) for one in done["restarted"]] == [(1, "failure"), (2, "success")], done
    assert done["changed"] and "o/app 1, run again: " in done["problem"] and "pipeline 3" in done["problem"]
    for code, asked in ((1, 3), (0, 4), (0, 4)):
        made.check(code)
        done = rebuild.run(**made.inputs())
        assert (len(made.restarts()), done["problem"] != "") == (asked, code == 1), done["text"]
    assert set(made.restarts()) == {f"/api/repos/2/pipelines/{number}" for number in (1, 2)}
    assert done["changed"] is False and "not to be run again: run again as 6, which was a success" in done["text"]


def test_two_images_of_one_run_run_each_again_once(rebuild, failed):
    made = failed(1)
    push(rebuild.registry, "tools", "latest", images.build("tools", [AMD]), (USER, PASSWORD))
    made.check(1)
    first, second = rebuild.run_all(made.inputs(), {**made.inputs(), "image": "tools"})
    assert (len(made.restarts()), len(first["restarted"]), len(second["restarted"])) == (1, 1, 0)
    assert first["problem"] and not second["problem"]


def test_one_that_waits_for_approval_is_run_again_once(rebuild, failed):
    made = failed(1)
    made.woodpecker.world.switch(faults=["blocked"])
    assert "waits for approval" in rebuild.run(**made.inputs())["problem"]
    again = rebuild.run(**made.inputs())
    assert (again["problem"], len(made.restarts())) == ("", 1)
    assert "not to be run again: run again as 2, which waits for approval" in again["text"]


def test_builds_of_the_image_are_left_out(rebuild, failed):
    """They would push over what was proven just now, and those of other images that were described over theirs."""
    made, builder = failed(2), rebuild.woodpecker.do["build-and-push"]
    rebuild.woodpecker.do["build-and-push"] = lambda _job: 1
    rebuild.woodpecker.wait_for(rebuild.woodpecker.create(), "failure")
    rebuild.woodpecker.do["build-and-push"] = builder
    rebuild.break_it()
    planned = rebuild.run(check=True, **made.inputs(not_again=[{"repository": "o/app", "step": "check"}]))
    assert (planned["way"], planned["restarted"]) == ("ci", []), planned["text"]
    assert "o/app 1 (manual, master), not to be run again: it runs step check" in planned["text"]
    made.check(0)
    done = rebuild.run(**made.inputs())
    assert (done["way"], done["problem"], done["digest"]) == ("ci", "", rebuild.held().digest), done["text"]
    assert (
        "o/infra 1 (manual, master), not to be run again: it runs step build-and-push of workflow build-ci-image" in done["text"]
    )
    restarted = [(one["repository"], one["number"]) for one in done["restarted"]]
    assert restarted == [("o/app", 1), ("o/app", 2)], "also the one with the number of the build that was started"


def test_what_one_of_them_pushes_all_the_same_is_told(rebuild, failed):
    """Where nobody says which step pushes the image, or another one does: the registry decides what the tag holds."""
    made, other = failed(1), images.build("other", [AMD])

    def push_other(_job: Any) -> int:
        push(rebuild.registry, "infra-ci", "latest", other, (USER, PASSWORD))
        return 0

    rebuild.woodpecker.do["check"] = push_other
    rebuild.break_it()
    done = rebuild.run(**made.inputs(workflow="", step=""))
    assert [(one["repository"], one["number"], one["status"]) for one in done["restarted"]] == [("o/app", 1, "success")]
    assert (done["rebuilt"], done["digest"], done["problem"]) == (True, other.digest, ""), done["text"]
    assert done["notes"] == [f"infra-ci:latest was pushed by one of the pipelines that were run again, and is {other.digest} now"]


def test_one_of_them_breaks_it_again(rebuild, failed):
    made = failed(1)
    push(rebuild.registry, "infra-ci", "latest", images.build("both", [AMD, images.ARM64]), (USER, PASSWORD))

    def push_less(_job: Any) -> int:
        push(rebuild.registry, "infra-ci", "latest", images.build("less", [AMD]), (USER, PASSWORD))
        return 0

    rebuild.woodpecker.do["check"] = push_less
    done = rebuild.run(**made.inputs())
    assert (
        f"infra-ci:latest, after they were run again, is {rebuild.held().digest}, which lacks {images.ARM64}." in done["problem"]
    )


@pytest.mark.parametrize("approved", [True, False])
def test_what_cannot_be_listed_is_said(rebuild, failed, approved):
    """It is a problem for who approved that they run again."""
    made = failed(0)
    rebuild.woodpecker.add("o/hidden", APP, visibility="private", rights={})
    done = rebuild.run(**made.inputs(approved=approved, repositories=["o/infra", "o/hidden"]))
    said = "the pipelines of o/hidden cannot be listed"
    assert (said in done["text"], said in done["problem"]) == (True, approved), done["text"]
    done = rebuild.run(**made.inputs(approved=approved, server="http://127.0.0.1:9"))
    said = "the pipelines that failed meanwhile cannot be listed: http://127.0.0.1:9"
    assert (said in done["text"], said in done["problem"]) == (True, approved), done["text"]


def test_where_only_pipelines_are_to_be_seen_to_nothing_is_built(rebuild, failed):
    """A tag that was never pushed is none that anybody approved to build."""
    made = failed(1)
    made.check(0)
    done = rebuild.run(**made.inputs(), tags=["latest", "stable"], build=False)
    assert (done["way"], done["rebuilt"], made.restarts()) == ("", False, ["/api/repos/2/pipelines/1"]), done["text"]
    assert rebuild.held("stable") is None
