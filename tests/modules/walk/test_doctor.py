# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""registry-doctor as people call it: what it says, and the exit codes that scripts go by."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from ansible.module_utils.oci_registry.doctor import main, progress
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.damage import damage
from ansible.module_utils.registry_lab.place import place_on_disk


@pytest.fixture
def lab(any_registry):
    """A registry with a sound and a broken repository, and the digest that is lost in the broken one."""
    made = any_registry()
    for repository in ("broken", "sound"):
        place_on_disk(made.root, repository, "v1", images.build(repository))
    return made, damage("child-link-gone", made.root, "broken", "v1").digest


def test_named_images(lab, capsys):
    made, lost = lab
    host = made.address
    assert main(["verify", "--scheme=http", f"{host}/sound:v1"]) == 0
    assert capsys.readouterr().out.startswith(f"{host}: HEALTHY  [1 repositories, 1 tags")
    assert main(["verify", "--scheme=http", f"{host}/sound:v1", f"{host}/broken:v1"]) == 1
    assert f"child-missing {lost}" in capsys.readouterr().out
    assert main(["verify", "--scheme=http", "--registry", host, f"broken@{images.build('broken').digest}"]) == 1
    assert f"broken:@{images.build('broken').digest}" in capsys.readouterr().out
    assert main(["verify", "--scheme=http", f"{host}/sound:never-pushed"]) == 1
    assert "tag-dangling answers 404" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["verify", "app:v1"], "no registry given. Name it with --registry"),
        (["verify", "a.example:5000/app", "b.example:5000/app"], "several registries: a.example:5000, b.example:5000"),
        (["verify", "--registry=host:5000", "App:v1"], "is no repository name"),
        (["verify", "--registry=host:5000", "app:v 1"], "is no tag"),
        (["verify", "--registry=host:5000", "app@sha256:12"], "is no digest"),
        (["walk"], "no registry given"),
        (["walk", "--registry=host:5000", "../etc"], "is no repository name"),
        (
            ["walk", "--registry=host:5000", "--username=u", "--password-file=/nonexistent/file"],
            "/nonexistent/file: the password file",
        ),
    ],
)
def test_what_cannot_be_meant(arguments, words, capsys):
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert words in said.err and said.err.count("\n") == 1
    assert not said.out


def test_a_repository_that_the_registry_does_not_know(lab, capsys):
    made, _lost = lab
    assert main(["walk", "--scheme=http", "--registry", made.address, "sound", "nosuch"]) == 2
    out = capsys.readouterr().out
    assert "INCOMPLETE" in out and "COULD NOT LOOK: nosuch: the registry knows no such repository. Check the name" in out


def test_several_stores_are_one_document(lab, tmp_path, capsys):
    made, lost = lab
    place_on_disk(str(tmp_path / "other"), "app", "v1", images.image("one"))
    paths = [made.root, str(tmp_path / "other")]
    assert main(["scan", *paths]) == 1
    assert [line.split(": ")[1].split()[0] for line in capsys.readouterr().out.splitlines() if "proof: sizes" in line] == [
        "BROKEN",
        "HEALTHY",
    ]
    assert main(["scan", *paths, "--output=json"]) == 1
    whole = json.loads(capsys.readouterr().out)
    assert [store["healthy"] for store in whole["stores"]] == [False, True]
    assert [(finding["digest"], made.root in finding["store"]) for finding in whole["findings"]] == [(lost, True)]


def test_credentials_come_from_the_environment_or_a_file(any_registry, tmp_path, monkeypatch, capsys):
    made = any_registry(htpasswd=("operator", "pass word", 4))
    arguments = ["walk", "--scheme=http", "--registry", made.address]
    monkeypatch.setenv("REGISTRY_USERNAME", "operator")
    monkeypatch.setenv("REGISTRY_PASSWORD", "pass word")
    assert main(arguments) == 0
    monkeypatch.delenv("REGISTRY_PASSWORD")
    (tmp_path / "password").write_text("pass word\nnot this line\n")
    assert main([*arguments, "--password-file", str(tmp_path / "password")]) == 0
    assert "HEALTHY, and empty: no repositories" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--help"], ["verify", "--help"], ["walk", "--help"], ["scan", "--help"]])
def test_help_tells_the_exit_codes(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 0
    assert "0 healthy    1 findings    2 could not look" in capsys.readouterr().out


def test_progress_is_at_most_one_line_a_second(monkeypatch, capsys):
    now = [100.0]
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: now[0]))
    walking, scanning = progress.WalkProgress(), progress.ScanProgress()
    for tenth in range(25):
        now[0] = 100.0 + tenth / 10
        walking({"repositories": 1, "tags": 2, "requests": tenth, "findings": 0})
        scanning("links", tenth, 0)
    said = capsys.readouterr().err.splitlines()
    assert said == [
        "walking: 1 repositories, 2 tags, 10 requests, 0 findings",
        "scanning: links 10",
        "walking: 1 repositories, 2 tags, 20 requests, 0 findings",
        "scanning: links 20",
    ]
