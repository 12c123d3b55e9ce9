# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""recover.yml and what it builds again by pipelines: which of them run in an image that is broken at that moment, and what became of it."""

from __future__ import annotations

import time
from typing import Any

import pytest
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.damage import damage
from ansible.module_utils.registry_lab.push import push
from ansible.module_utils.registry_lab.woodpecker.building import images_builder

from plugins.woodpecker import TOKEN

WORKFLOW = """\
when: [{event: push}, {event: manual}]
steps:
  - {name: lint, image: 'RUNS_IN', commands: [make lint]}
  - {name: build-and-push, image: woodpeckerci/plugin-docker-buildx, settings: {repo: REGISTRY/IMAGE, tags: [TAG]}}
"""


class Builds:
    """A registry, and repositories whose pipelines build its images."""

    def __init__(self, registry: Any, woodpecker: Any) -> None:
        self.registry, self.woodpecker = registry, woodpecker
        self.builder = images_builder({registry.address: {"address": registry.address, "scheme": "http"}}, "new")
        self.builds: list[dict[str, Any]] = []

    def image(self, name: str, harm: str, runs_in: str = "alpine:3.20", tag: str = "latest") -> None:
        """An image with a pipeline of its own, which was a success once, and what is done to it."""
        push(self.registry, name, tag, images.build(f"old {name} {tag}", [images.AMD64]))
        workflow = WORKFLOW.replace("RUNS_IN", runs_in).replace("IMAGE", name).replace("TAG", tag)
        made = self.woodpecker.add(f"o/{name}-{tag}", workflow.replace("REGISTRY", self.registry.address))
        self.woodpecker.do.clear()
        self.woodpecker.wait_for(self.woodpecker.create_in(made), "success")
        self.woodpecker.do["build-and-push"] = self.builder
        ci = {**self.woodpecker.described(made), "workflow": "build-ci-image", "step": "build-and-push", "checkout": made.folder}
        self.builds.append({"image": name, "tags": [tag], "ci": ci})
        if harm:
            damage(harm, self.registry.root, name, tag)

    def variables(self, **changes: Any) -> dict[str, Any]:
        """As of an inventory."""
        self.registry.restart()
        described = {
            "target": "localhost",
            "registry_address": self.registry.address,
            "registry_scheme": "http",
            "registry_store_path": self.registry.root,
            "registry_sources": [],
            "image_builds": self.builds,
            "approve": ["rebuild"],
        }
        return {**described, **changes}

    def pipelines(self, name: str) -> int:
        """How many the repository of this name had."""
        found = next(one for one in self.woodpecker.world.repositories if one.full_name == name)
        return len(self.woodpecker.world.of(found))


@pytest.fixture
def builds(any_registry, woodpecker):
    """See :class:`Builds`."""
    return Builds(any_registry(), woodpecker)


def ways(outcome):
    assert TOKEN not in outcome.stdout
    return [(one["image"], one["way"], one["problem"]) for one in outcome.report["results"][0]["rebuilds"]]


LINKED, BUILT = ("child-link-gone", []), ("child-blob-gone", [("infra-ci", "ci", "")])


@pytest.mark.parametrize(("harm", "made", "check"), [(*LINKED, True), (*BUILT, False)])
def test_an_image_that_is_whole_again_is_no_circle(builds, play, harm, made, check):
    """It is linked again, or built again before what runs in it, whose turn would come first; as planned, too."""
    builds.image("infra-ci", harm)
    builds.image("app", "child-blob-gone", f"{builds.registry.address}/infra-ci:latest")
    outcome = play("recover", builds.variables(), check=check)
    assert ways(outcome) == [*made, ("app", "ci", "")], outcome.stdout
    ended = {one["outcome"] for one in outcome.report["results"][0]["images"]}
    assert (outcome.rc, ended) == (0, {"planned" if check else "done"}), outcome.text


def test_an_alias_of_the_registry_is_known(builds, play):
    builds.image("web", "child-blob-gone", "mirror.example.com/web:latest")
    outcome = play("recover", builds.variables(registry_aliases=["mirror.example.com"]), check=True)
    ((_image, way, problem),) = ways(outcome)
    assert (way, "its pipeline runs in web:latest, which is broken itself" in problem) == ("", True), outcome.text


def test_of_two_entries_the_one_that_has_the_tag_is_taken(builds, play):
    builds.image("web", "")
    builds.image("web", "child-blob-gone", tag="1.2")
    # as people write it: the registry before the name, a tag that YAML takes for a number; and one that says too little, of an image that is well
    builds.builds[1] |= {"image": f"{builds.registry.address}/web", "tags": [1.2]}
    builds.builds.append({"image": "well", "tags": None, "ci": {"repository": "o/well"}})
    outcome = play("recover", builds.variables())
    assert (ways(outcome), outcome.rc) == ([("web", "ci", "")], 0), outcome.stdout
    assert (builds.pipelines("o/web-latest"), builds.pipelines("o/web-1.2")) == (1, 2)


def test_a_pipeline_that_fails_again_is_a_problem_and_none_of_the_image(builds, play):
    """Also, what pushes one image of the inventory is not run again for another one."""
    builds.image("infra-ci", "child-blob-gone")
    builds.image("web", "")
    other = builds.woodpecker.add("o/app", "steps: [{name: check, image: x:1, when: {event: [push, manual]}}]\n")
    builds.woodpecker.do.update({"check": lambda _job: 1, "build-and-push": lambda _job: 1})
    for repository in (other, *builds.woodpecker.world.repositories[1:3]):
        builds.woodpecker.wait_for(builds.woodpecker.create_in(repository), "failure")
    builds.woodpecker.do["build-and-push"] = builds.builder
    for build in builds.builds:
        build["ci"]["repositories"] = ["o/infra-ci-latest", "o/web-latest", "o/app"]
    asked = builds.variables(approve=["rebuild", "restart-pipelines"], recover_since=int(time.time()) - 600)
    outcome = play("recover", asked)
    (result,) = outcome.report["results"]
    assert [(one["rebuilt"], [each["repository"] for each in one["restarted"]]) for one in result["rebuilds"]] == [
        (True, ["o/app"]),
        (False, []),
    ], outcome.text
    assert (outcome.rc, "o/app 1, run again: " in result["problem"]) == (2, True), outcome.text
    assert [(one["repository"], one["outcome"]) for one in result["images"]] == [("infra-ci", "done")]
    assert (builds.pipelines("o/infra-ci-latest"), builds.pipelines("o/web-latest"), builds.pipelines("o/app")) == (3, 2, 2)
