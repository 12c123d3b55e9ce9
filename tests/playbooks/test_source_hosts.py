# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The role registry_source_hosts: what a host still has comes to where it is wanted, and a host that is gone ends nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from ansible.module_utils.oci_registry.sources import ArchiveSource
from ansible.module_utils.registry_lab import images

from contract.project import ROOT, ansible_environment
from plugins.contents import content_store

INVENTORY = f"""
[all:vars]
ansible_python_interpreter={sys.executable}
[all]
vm ansible_connection=local
runner ansible_connection=local
other ansible_connection=local
gone ansible_host=127.0.0.1 ansible_port=1 ansible_ssh_common_args="-o ConnectTimeout=2"
"""
PLAY = """
- hosts: vm
  gather_facts: false
  tasks:
    - ansible.builtin.include_role: {name: registry_source_hosts}
    - ansible.builtin.copy:
        dest: "{{ answer }}"
        content: >-
          {{ {'result': registry_source_hosts_result, 'found': registry_source_hosts_found,
                 'problems': registry_source_hosts_problems} | to_json }}
      check_mode: false
      changed_when: false
      diff: false
    - ansible.builtin.include_role: {name: registry_source_hosts, tasks_from: cleanup}
      when: cleans | default(false)
"""


class Answer(NamedTuple):
    """What the role left behind."""

    result: list[dict[str, Any]]
    found: list[dict[str, Any]]
    problems: list[str]
    changed: int
    printed: str


Play = Callable[..., Answer]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    """``play(sources, digests, check=False, **variables)``; in the end nothing may be left on the controller and on the hosts."""
    (tmp_path / "hosts").write_text(INVENTORY, encoding="utf-8")
    (tmp_path / "play.yml").write_text(PLAY, encoding="utf-8")
    (tmp_path / "between").mkdir()

    def run(sources: list[dict[str, Any]], digests: list[str], check: bool = False, **variables: Any) -> Answer:
        named = {"sources": sources, "digests": digests, "folder": str(tmp_path / "between")}
        given = {f"registry_source_hosts_{name}": value for name, value in named.items()}
        given.update(variables, answer=str(tmp_path / "answer.json"))
        command = ["ansible-playbook", "-i", str(tmp_path / "hosts"), "-e", json.dumps(given)]
        command += [*(["--check"] if check else []), str(tmp_path / "play.yml")]
        ran = subprocess.run(command, cwd=ROOT, env=ansible_environment(), capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout
        assert "WARNING" not in ran.stderr, ran.stderr
        said = json.loads((tmp_path / "answer.json").read_text(encoding="utf-8"))
        changed = sum(int(word[8:]) for word in ran.stdout.split() if word.startswith("changed="))
        return Answer(**said, changed=changed, printed=ran.stdout)

    return run


def left(tmp_path: Path) -> list[str]:
    return sorted(path.name.rpartition("-")[0] for path in (tmp_path / "between").iterdir())


def test_what_a_host_has_comes_as_an_archive_that_only_its_owner_can_read(play, tmp_path):
    image, unwanted = images.image("app"), images.image("other")
    store = content_store(tmp_path / "store", {**image.contents(), **unwanted.contents()})
    mirror = {"type": "registry", "registry": "mirror.example.com"}
    answer = play([mirror, {**store, "host": "runner"}, {"type": "layout", "path": "/srv/layout", "host": "vm"}], [image.digest])
    assert answer.problems == []
    assert [source["type"] for source in answer.result] == ["registry", "archive", "layout"], "in the order that was given"
    assert [source for source in answer.result if "host" in source] == []
    archive = Path(answer.result[1]["path"])
    assert answer.result[1]["name"] == "containerd of runner"
    assert (archive.stat().st_mode & 0o777, archive.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    source = ArchiveSource(str(archive))
    assert sorted(source.digests()) == sorted(image.contents()), "what nobody wants does not travel"
    source.close()
    assert left(tmp_path) == ["registry-sources"], "nothing else is left anywhere"
    assert sorted(answer.found[0]["found"]) == sorted(image.contents())


def test_the_end_removes_what_was_copied(play, tmp_path):
    image = images.image("app")
    play([{**content_store(tmp_path / "store", image.contents()), "host": "runner"}], [image.digest], cleans=True)
    assert left(tmp_path) == []


def test_what_is_right_where_the_image_is_missed_does_not_travel(play, tmp_path):
    image = images.image("app")
    store = content_store(tmp_path / "store", image.contents())
    right = [blob.digest for blob in image.blobs]
    answer = play([{**store, "host": "runner"}], [image.digest], registry_source_hosts_unneeded=right)
    assert answer.found[0]["found"] == [image.digest]


def test_check_mode_writes_nothing_and_lists_what_a_plan_can_name(play, tmp_path):
    image = images.image("app")
    answer = play([{**content_store(tmp_path / "store", image.contents()), "host": "runner"}], [image.digest], check=True)
    assert left(tmp_path) == []
    listed = answer.result[0]
    assert (listed["type"], listed["name"]) == ("listed", "containerd of runner")
    assert {record["digest"] for record in listed["contents"]} == set(image.contents())


def test_hosts_that_are_gone_unknown_or_empty_are_problems_in_words(play, tmp_path):
    image = images.image("app")
    good = content_store(tmp_path / "store", image.contents())
    sources = [
        {**good, "host": "gone"},
        {**good, "host": "nobody"},
        {**content_store(tmp_path / "empty", images.image("else").contents()), "host": "other"},
        {"type": "containerd", "path": str(tmp_path / "nowhere"), "host": "other"},
        {"type": "registry", "registry": "mirror.example.com", "host": "other"},
        {**good, "host": "runner"},
    ]
    answer = play(sources, [image.digest])
    told = [problem.partition(" (")[0] for problem in answer.problems]
    assert told[:3] == [
        "gone: cannot be reached",
        "nobody: is not in the inventory",
        "other: has nothing of what is wanted",
    ]
    assert "holds no content store of containerd" in told[3]
    assert told[4] == "other: a source of type registry has no host"
    assert [source["type"] for source in answer.result] == ["listed"] * 4 + ["archive"], "the last one is used all the same"
    assert [source["name"] for source in answer.result[:2]] == ["containerd of gone", "containerd of nobody"]
    assert [source["problem"] for source in answer.result[:4]] == [
        problem for problem in answer.problems if "nothing" not in problem
    ]


def test_where_nothing_is_wanted_nobody_is_asked(play):
    answer = play([{"type": "containerd", "host": "gone"}], [])
    assert (answer.result, answer.problems, answer.changed) == ([], [], 0)


def test_what_the_copy_cannot_be_written_to_is_a_problem_too(play, tmp_path):
    if os.geteuid() == 0:
        (tmp_path / "between").rmdir()
    else:
        (tmp_path / "between").chmod(0o500)
    image = images.image("app")
    answer = play([{**content_store(tmp_path / "store", image.contents()), "host": "runner"}], [image.digest])
    assert [(source["type"], source["problem"]) for source in answer.result] == [("listed", answer.problems[0])]
    assert len(answer.problems) == 1
