# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""woodpecker_images_info on checkouts: the incident's, in which everything runs in infra-ci, and odd ones."""

from __future__ import annotations

import pytest

from modules.woodpecker_workflow.conftest import INCIDENT

INFRA_CI = "registry.example.com:5050/infra-ci:latest"
LINT = f"when: {{event: push}}\nsteps:\n  lint:\n    image: {INFRA_CI}\n    commands: [make lint]\n"


@pytest.fixture
def look(run_module, tmp_path):
    """``look(files, **options)``: the result for files below ``.woodpecker``."""

    def run(files, **options):
        for name, text in files.items():
            path = tmp_path / ".woodpecker" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return run_module("woodpecker_images_info", path=str(tmp_path), host="infra", **options)

    return run


def images(result):
    return {one["name"].partition(":")[2]: one["reference"] for one in result["uses"]}


def one_step(step, more=""):
    return f"{more}\nsteps:\n  - name: it\n    {step}\n"


def test_the_incident(look):
    """Every workflow runs in infra-ci, the one that builds it too: the circle."""
    build = INCIDENT.replace("image: alpine:3.20", f"image: {INFRA_CI}")
    found = look({"build-ci-image.yml": build, "lint.yml": LINT, "deploy.yaml": LINT, "README.md": "none"})
    users = {one["name"].partition(":")[0] for one in found["uses"] if one["reference"] == INFRA_CI}
    assert users == {f".woodpecker/{name}" for name in ("build-ci-image.yml", "lint.yml", "deploy.yaml")}
    (built,) = found["builds"]
    assert {key: built[key] for key in ("file", "workflow", "step", "manual", "branches", "unclear")} == {
        "file": ".woodpecker/build-ci-image.yml",
        "workflow": "build-ci-image",
        "step": "build-and-push",
        "manual": True,
        "branches": [],
        "unclear": [],
    }
    assert built["images"] == [INFRA_CI, "registry.example.com:5050/infra-ci:${CI_COMMIT_SHA:0:8}"]
    assert built["images_used"] == ["woodpeckerci/plugin-docker-buildx", INFRA_CI, "curlimages/curl"]
    assert found["files"] == [f".woodpecker/{name}" for name in ("build-ci-image.yml", "deploy.yaml", "lint.yml")]
    assert (found["problems"], found["changed"]) == ([], False)
    assert found["uses"][1]["detail"].startswith("step, line ")


def test_services_and_clones(look):
    text = one_step("image: a:1", "clone: {git: {image: 'clone:1'}}\nservices: [{name: db, image: 'postgres:16'}]")
    assert images(look({"a.yml": text}, clone_image="plugin-git:2")) == {"it": "a:1", "db": "postgres:16", "git": "clone:1"}


@pytest.mark.parametrize(("more", "is_cloned"), [("", True), ("skip_clone: true", False), ("skip_clone: false", True)])
def test_what_the_server_clones_with(look, more, is_cloned):
    found = look({"a.yml": one_step("image: a:1", more)}, clone_image="plugin-git:2")
    assert images(found) == {"it": "a:1", **({"clone": "plugin-git:2"} if is_cloned else {})}
    assert "clone" not in images(look({}))


@pytest.mark.parametrize(
    ("image", "wanted"),
    [
        ("go:${V}", ["go:1", "go:2"]),
        ("go:${V}-${W:-x}", ["go:1-x", "go:2-x"]),
        ("go:${CI_COMMIT_SHA:0:8}", [""]),
        ("go:${UNKNOWN}", [""]),
        ("go:${V##1}", [""]),
        ("go:1", ["go:1"]),
    ],
)
def test_variables(look, image, wanted):
    found = look({"a.yml": one_step(f"image: {image}", "matrix: {V: [1, 2]}")})
    assert [one["reference"] for one in found["uses"]] == wanted
    assert [one["pattern"] for one in found["uses"] if not one["reference"]] in ([], ["go:*"])


def test_a_matrix_of_rows(look):
    found = look({"a.yml": one_step("image: ${I}:${V}", "matrix: {include: [{I: a, V: 1}, {I: b, V: 2}, {I: a, V: 1}]}")})
    assert [one["reference"] for one in found["uses"]] == ["a:1", "b:2"]


@pytest.mark.parametrize(
    ("when", "is_manual", "branches"),
    [
        ("", True, []),
        ("when: {event: push}", False, []),
        ("when: {event: [push, manual], branch: [main, 'release/*']}", True, ["main", "release/*"]),
        ("when: [{event: push}, {event: manual, branch: main}]", True, ["main"]),
        ("when: {event: manual, branch: {exclude: main}}", True, []),
        ("when: {event: manual, ref: refs/heads/main}", False, []),
        ("when: [{event: manual, branch: main}, {event: manual}]", True, []),
    ],
)
def test_whether_a_manual_run_gets_there(look, when, is_manual, branches):
    push = "image: plugins/docker\n    settings: {repo: r.example.com/app}"
    at_workflow = look({"a.yml": one_step(push, when)})["builds"][0]
    at_step = look({"a.yml": one_step(f"{push}\n    {when}")})["builds"][0]
    assert [(one["manual"], one["branches"]) for one in (at_workflow, at_step)] == [(is_manual, branches)] * 2


HOST = "registry.example.com:5050"
BUILDS = {
    "build.yml": f"""\
steps:
  - {{name: lint, image: '{HOST}/infra-ci', commands: [make lint]}}
  - {{name: check, image: 'alias:5050/tools:1', commands: [make check]}}
  - {{name: release, image: '{HOST}/release:1', commands: [make release], when: {{event: tag}}}}
  - {{name: push, image: plugins/docker, settings: {{repo: '{HOST}/app', tags: ['${{CI_COMMIT_SHA}}']}}}}
services: [{{name: db, image: 'other.example.com/infra-ci:latest'}}]
""",
    "tools.yml": f"steps: [{{name: push, image: '{HOST}/base@sha256:{'a' * 64}', commands: ['docker push $$HOST/tools:1']}}]\n",
    "secret.yml": f"steps: [{{name: hidden, image: '{HOST}/kaniko:2', commands: ['docker push $$IMAGE']}}]\n",
    "lint.yml": LINT,
}
OF_APP = ["infra-ci:latest", "tools:1"]


@pytest.mark.parametrize(
    ("build", "wanted"),
    [
        ({}, []),
        ({"image": "app"}, OF_APP),
        ({"image": "app", "step": "push"}, OF_APP),
        ({"image": "app", "registries": [HOST]}, ["infra-ci:latest"]),
        ({"image": "app", "registries": ["other.example.com"]}, []),
        ({"image": "p"}, []),
        ({"image": "tools"}, [f"base@sha256:{'a' * 64}"]),
        ({"image": "other", "step": "hidden"}, ["kaniko:2"]),
        ({"image": "other", "step": "push"}, []),
        *(({"image": "other", "workflow": name}, OF_APP) for name in ("build", "build.yml", ".woodpecker/build.yml")),
        ({"image": "app", "workflow": "lint"}, ["infra-ci:latest"]),
        ({"image": "app", "workflow": "gone"}, []),
    ],
)
def test_what_a_build_needs(look, build, wanted):
    """Of the registry alone, as far as a run by hand gets there, and with the digest where that decides."""
    assert look(BUILDS, **{"registries": [HOST, "alias:5050"], **build})["needed"] == wanted


def test_a_name_that_no_registry_has(look):
    result = look(BUILDS, image="app", registries=["https://registry.example.com"])
    assert (result["code"], "is no address of a registry" in result["msg"]) == ("bad-input", True)


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        ("docker push r.example.com/app:1", ["r.example.com/app:1"]),
        ("docker build -t r.example.com/app:1 . && docker push --quiet r.example.com/app:1", ["r.example.com/app:1"]),
        (
            "docker buildx build --push -t r.example.com/app:1 --tag=r.example.com/app:$CI_COMMIT_SHA .",
            ["r.example.com/app:1", "r.example.com/app:$CI_COMMIT_SHA"],
        ),
        ("docker buildx build \\\\\n        --push \\\\\n        -t r.example.com/app:1 .", ["r.example.com/app:1"]),
        ("IMAGE=r.example.com/app; docker push $IMAGE:1", ["r.example.com/app:1"]),
        ("docker push $${FROM_ENVIRONMENT}:1", ["r.example.com/env:1"]),
        ("docker push r.example.com/app:$(git rev-parse --short HEAD; true)", ["r.example.com/app:$(…)"]),
        ("buildah push --creds $U:$P localhost/app docker://r.example.com/app:1", ["r.example.com/app:1"]),
        ("skopeo copy --all docker://a.example.com/x:1 docker://r.example.com/app:1", ["r.example.com/app:1"]),
        (
            "/kaniko/executor --context . --destination r.example.com/app:1 --destination=r.example.com/app:2",
            ["r.example.com/app:1", "r.example.com/app:2"],
        ),
        ("docker buildx imagetools create -t r.example.com/app:1 r.example.com/app:2", ["r.example.com/app:1"]),
        ("buildctl build --output type=image,name=r.example.com/app:1,push=true", ["r.example.com/app:1"]),
        ("crane push image.tar r.example.com/app:1", ["r.example.com/app:1"]),
        ("docker compose push web", []),
        ("docker buildx bake --push", []),
    ],
)
def test_what_commands_push(look, command, wanted):
    step = (
        f"image: docker:27\n    environment: {{FROM_ENVIRONMENT: r.example.com/env}}\n    commands:\n      - |\n        {command}"
    )
    (built,) = look({"a.yml": one_step(step.replace("\\\\", "\\"))})["builds"]
    assert built["images"] == wanted
    assert bool(built["unclear"]) is not bool(wanted)


@pytest.mark.parametrize(
    "command", ["docker build -t r.example.com/app:1 .", "docker pull r.example.com/app:1", "git push", "echo push"]
)
def test_what_pushes_nothing(look, command):
    assert look({"a.yml": one_step(f"image: docker:27\n    commands: ['{command}']")})["builds"] == []


def test_what_a_plugin_hides(look):
    (built,) = look({"a.yml": one_step("image: plugins/docker\n    settings: {repo: r.example.com/app, auto_tag: true}")})[
        "builds"
    ]
    assert built["images"] == []
    assert built["unclear"] == ["line 3: step it makes its tags by auto_tag"]


def test_a_file_that_cannot_be_read_is_no_end(look, tmp_path):
    found = look(
        {"a.yml": LINT, "b.yml": "steps: [\n", "c.yml": "pipeline: {a: {image: x}}\n", "d.yml": one_step("commands: [true]")}
    )
    assert images(found) == {"lint": INFRA_CI, "it": ""}
    assert "line 3: its image does not stand in the file" in found["uses"][1]["detail"]
    bad, old = found["problems"]
    assert bad.startswith(f"{tmp_path}/.woodpecker/b.yml: line 2")
    assert old.startswith(f"{tmp_path}/.woodpecker/c.yml: line 1: 'pipeline' is what")


def test_names_are_not_taken_for_more_than_names(look):
    found = look({"a\x1b[2J.yml": one_step("image: 'x:1; rm -rf /'\n    commands: ['docker push \"unclosed']")})
    assert found["uses"][0]["reference"] == "" and "is no image" in found["uses"][0]["detail"]


def test_where_workflows_are(run_module, tmp_path):
    def files(**options):
        return run_module("woodpecker_images_info", path=str(tmp_path), **options)

    assert "has no workflow files" in files()["msg"]
    (tmp_path / ".woodpecker.yml").write_text(LINT)
    assert files()["files"] == [".woodpecker.yml"]
    (tmp_path / ".woodpecker.yaml").write_text(LINT)
    assert files()["files"] == [".woodpecker.yaml"]
    (tmp_path / ".woodpecker").mkdir()
    assert files()["files"] == [".woodpecker.yaml"]
    (tmp_path / ".woodpecker" / "b.yml").write_text(LINT)
    assert files()["files"] == [".woodpecker/b.yml"]
    assert files()["uses"][0]["host"] == str(tmp_path)
    assert files(config=".woodpecker.yml")["files"] == [".woodpecker.yml"]
    assert "Name a checkout with ci/ in it" in files(config="ci/")["msg"]
    missing = run_module("woodpecker_images_info", path=str(tmp_path / "none"))
    assert (missing["code"], missing["failed"]) == ("bad-input", True)
