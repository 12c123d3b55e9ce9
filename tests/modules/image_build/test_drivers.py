# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""image_build where Docker's buildx has one driver or another: what Docker tells is made up here, as no builder of that driver is."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.xdist_group("builders")
AMD, ARM = "linux/amd64", "linux/arm64"


@pytest.fixture
def docker_says(programs):
    """``docker_says(driver)``: Docker is there, with the daemon's old image store and a buildx of this driver."""

    def say(driver: str) -> None:
        programs.rule("docker", "info", f"echo '{json.dumps({'ServerVersion': '28', 'Architecture': 'x86_64'})}'")
        programs.rule("docker", "version", "echo github.com/docker/buildx v0.19.3 abc")
        programs.rule("docker", "inspect", f"printf 'Driver: {driver}\\nPlatforms: {AMD}, {ARM}\\n'")

    return say


def test_a_builder_that_builds_again_to_push_is_given_the_arguments_again(docker_says, site, image_build, programs, tmp_path):
    """Of an argument without a value buildx takes that of the variable; of one that is not set, none."""
    docker_says("docker-container")
    programs.rule("docker", "login", "cat >/dev/null")
    programs.rule("docker", "logout")
    programs.rule("docker", "build", f'echo "${{WHO-nobody}} $*" >>{tmp_path}/builds')
    told = image_build(**site.options(builder="buildx", build_args={"WHO": "me"}))
    assert told["code"] == "pushed-nothing", told
    builds = [line.split() for line in (tmp_path / "builds").read_text(encoding="utf-8").splitlines()]
    assert [(words[0], "--push" in words, "WHO" in words) for words in builds] == [("me", False, True), ("me", True, True)]


@pytest.mark.parametrize("a_builder", ["buildah"], indirect=True)
def test_platforms_may_get_lost_only_where_no_builder_here_can_build_them(a_builder, docker_says, site, image_build, programs):
    docker_says("docker")
    options = site.options(expected_platforms=[AMD, ARM], allow_lost_platforms=True)
    done = image_build(**options)
    assert (done["builder"], sorted(done["platforms"]), done["lost_platforms"]) == (a_builder, [AMD, ARM], []), done
    programs.rule("buildah", "info", "echo no store >&2; exit 1")
    planned = image_build(check=True, **options)
    assert (planned["builder"], planned["platforms"], planned["lost_platforms"]) == ("buildx", [AMD], [ARM]), planned
    assert "linux/amd64 only" in next(step["detail"] for step in planned["steps"] if step["what"] == "choose")
