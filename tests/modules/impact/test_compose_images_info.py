# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""compose_images_info: what compose would make of the files of a project, and what it could not."""

from __future__ import annotations

import json
import os
import subprocess

import pytest
from ansible.module_utils.registry_lab.errors import LabError
from ansible.module_utils.registry_lab.vm.client import find_compose

HOST = "registry.example.com:5050"


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    """No variables but those of a test."""
    for name in [name for name in os.environ if name.startswith("COMPOSE_") or name in ("TAG", "REGISTRY", "UNSET")]:
        monkeypatch.delenv(name)


@pytest.fixture
def look(run_module, tmp_path):
    """``look(files, *paths)``: the result for files of a folder, by default for its compose.yml."""

    def run(files, *paths):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        given = [str(tmp_path / path) for path in paths or ["compose.yml"]]
        return run_module("compose_images_info", paths=given, host="vm")

    return run


def images(result):
    return {one["name"]: one["reference"] for one in result["uses"]}


FILES = {
    ".env": "REGISTRY=registry.example.com:5050\nTAG=from-file\n",
    "compose.yml": """\
x-base: &base
  image: registry:2.8.3
include: [more/compose.yml, {path: [third/compose.yml]}, absent.yml]
services:
  private: {<<: *base}
  app: {image: "${REGISTRY}/team/app:${TAG:-latest}"}
  plain: {image: "$REGISTRY/plain"}
  default: {image: "nginx:${OTHER:-1.25.3}"}
  extended: {extends: {service: web, file: base.yml}}
  overridden: {image: "old:1"}
  built: {build: .}
""",
    "compose.override.yml": "services:\n  overridden: {image: 'new:2'}\n  added: {image: 'added:3'}\n",
    "base.yml": "services:\n  web: {extends: {service: below, file: deeper/base.yml}}\n",
    "deeper/base.yml": "services:\n  below: {image: 'deep:${TAG}'}\n",
    "more/compose.yml": "services:\n  more: {image: 'more:${TAG}-${OWN}'}\n",
    "more/.env": "OWN=own\nTAG=ignored\n",
    "third/compose.yml": "services:\n  third: {image: 'third:1'}\n",
}
WANTED = {
    "private": "registry:2.8.3",
    "app": f"{HOST}/team/app:from-file",
    "plain": f"{HOST}/plain",
    "default": "nginx:1.25.3",
    "extended": "deep:from-file",
    "overridden": "new:2",
    "added": "added:3",
    "more": "more:from-file-own",
    "third": "third:1",
}


def test_all_files_of_a_project(look, tmp_path):
    found = look(FILES)
    assert images(found) == WANTED
    assert not found["changed"] and found["missing"] == []
    assert found["problems"] == [f"{tmp_path}/compose.yml: it includes absent.yml, which is not on this host"]
    (overridden,) = [one for one in found["uses"] if one["name"] == "overridden"]
    assert (overridden["kind"], overridden["host"], overridden["detail"]) == (
        "compose",
        "vm",
        f"{tmp_path}/compose.override.yml:2",
    )


def test_the_environment_wins(look, monkeypatch):
    monkeypatch.setenv("TAG", "from-process")
    assert images(look(FILES))["more"] == "more:from-process-own"


def test_as_compose_itself(look, tmp_path):
    """The real compose of this machine makes the same of the same files."""
    text = FILES["compose.yml"].replace(", absent.yml", "").replace("  built: {build: .}\n", "")
    ours = images(look({**FILES, "compose.yml": text}))
    try:
        compose = find_compose()
    except LabError as missing:
        pytest.skip(str(missing))
    files = ["-f", "compose.yml", "-f", "compose.override.yml"]
    ran = subprocess.run(
        [compose, *files, "config", "--format", "json"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert {name: service["image"] for name, service in json.loads(ran.stdout)["services"].items()} == ours


@pytest.mark.parametrize(
    ("service", "pattern", "why"),
    [
        (f"image: '{HOST}/app:${{UNSET}}'", f"{HOST}/app:*", "UNSET is not set"),
        ("image: 'app:${UNSET:?must be set}'", "app:*", "UNSET is not set"),
        ("image: 'app:${A:-${UNSET}}-x'", "app:*-x", "UNSET is not set"),
        ("image: 'app:${UNSET'", "", "the braces of UNSET are not closed"),
        ("image: 'Not/An/Image'", "", "is no image"),
        ("command: [true]", "", "it has no image and no build"),
        ("extends: {service: web, file: nowhere.yml}", "", "cannot be read (No such file or directory)"),
        ("extends: {service: web, file: other.yml}", "", "there is no service web"),
    ],
)
def test_what_cannot_be_told_is_told_as_such(look, service, pattern, why):
    found = look(
        {
            "compose.yml": f"services:\n  odd: {{{service}}}\n  app: {{image: 'a:1'}}\n",
            "other.yml": "services: {a: {image: 'a:1'}}\n",
        }
    )
    odd, app = found["uses"]
    assert (odd["name"], odd["reference"], odd["pattern"]) == ("odd", "", pattern)
    assert why in odd["detail"]
    assert app["reference"] == "a:1"


def test_folders_patterns_and_paths_that_are_not_there(look, tmp_path):
    files = {
        "a/compose.yml": FILES["third/compose.yml"],
        "b/docker-compose.yaml": "services:\n  b: {image: 'b:1'}\n",
        "c/README": "",
    }
    found = look(files, "*", "a", "c", "nowhere.yml", "none*/compose.yml")
    assert images(found) == {"third": "third:1", "b": "b:1"}
    assert found["missing"] == [f"{tmp_path}/c", f"{tmp_path}/nowhere.yml"]
    assert found["problems"] == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a: [\n", "this is not valid YAML"),
        ("- a\n", "holds no mapping"),
        ("volumes: {}\n", "has no services"),
        ("services: {a: {extends: a}}\n", "extends itself"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_problem_and_others_are_looked_at(look, text, why):
    found = look({"compose.yml": text, "good.yml": "services: {a: {image: 'a:1'}}\n"}, "compose.yml", "good.yml")
    assert images(found) == {"a": "a:1"}
    (problem,) = found["problems"]
    assert why in problem and "compose.yml" in problem


def test_files_that_include_each_other(look):
    found = look(
        {
            "compose.yml": "include: [b.yml]\nservices: {a: {image: 'a:1'}}\n",
            "b.yml": "include: [compose.yml]\nservices: {b: {image: 'b:1'}}\n",
        }
    )
    assert images(found) == {"a": "a:1", "b": "b:1"}
    found = look(
        {
            "compose.yml": "services: {a: {extends: {service: a, file: b.yml}}}\n",
            "b.yml": "services: {a: {extends: {service: a, file: compose.yml}}}\n",
        }
    )
    assert "extends itself" in found["uses"][0]["detail"]
