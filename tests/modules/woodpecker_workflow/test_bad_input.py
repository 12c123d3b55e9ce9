# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Whatever cannot be done is one clear error, and the folder is as it was. What a plan refuses is in ``tests/unit/woodpecker/cases``."""

from __future__ import annotations

import subprocess
import sys

import pytest
from ansible.module_utils.oci_registry.errors import ApplyFailed
from ansible.module_utils.woodpecker import editing, edits
from ansible.module_utils.yaml_file import document, replacing

from contract.project import ROOT
from modules.woodpecker_workflow.conftest import INCIDENT


def refused(workflow, result, *said, code="bad-input"):
    assert (result.get("failed"), result.get("code")) == (True, code), result
    for words in said:
        assert words in result["msg"]
    assert "\n" not in result["msg"]
    assert [path.name for path in workflow.parent.iterdir() if path.is_file() and not path.is_symlink()] in ([workflow.name], [])


def test_no_file(workflow, edit):
    workflow.unlink()
    refused(workflow, edit(), f"{workflow}: cannot be read (No such file or directory)")


def test_a_symbolic_link(workflow, edit):
    link = workflow.with_name("link.yml")
    link.symlink_to(workflow.name)
    refused(workflow, edit(path=str(link)), f"is a symbolic link to {workflow}. Give path: {workflow}")


@pytest.mark.parametrize("check", [True, False])
def test_a_read_only_file(workflow, edit, check):
    workflow.chmod(0o444)
    refused(workflow, edit(check=check), "is read-only. Make it writable first")
    assert workflow.read_text(encoding="utf-8") == INCIDENT


def test_nothing_is_asked_for(workflow, edit):
    refused(workflow, edit(manual=False, verify=None, notify=None), "nothing is asked for. Give manual, verify, notify or escape")


def test_an_empty_branch(workflow, edit):
    refused(workflow, edit(branch=[""]), "branch holds an empty name")


def test_a_manual_run_that_leaves_out_what_others_wait_for(workflow, edit):
    text = """\
when: {event: push, branch: main}
steps:
  - name: test
    image: alpine:3.20.1
    commands: [test]
    when: {event: push}
  - name: push
    image: plugins/kaniko
    settings: {repo: registry.example.com/app}
    depends_on: [test]
"""
    workflow.write_text(text, encoding="utf-8")
    said = "step push waits for test, which a manual run leaves out: the server refuses that"
    refused(workflow, edit(), said, code="cannot-run")
    workflow.write_text(text.replace("    depends_on: [test]\n", ""), encoding="utf-8")
    assert "a manual run leaves out test, which stand before push" in edit()["warnings"]


def test_a_file_that_changes_meanwhile(workflow, edit, monkeypatch):
    monkeypatch.setattr(
        editing, "refuse_read_only", lambda _original: workflow.write_text(INCIDENT + "# edited\n", encoding="utf-8")
    )
    refused(workflow, edit(), "somebody changed it in the meantime", code="apply-failed")
    assert workflow.read_text(encoding="utf-8") == INCIDENT + "# edited\n"


def test_no_room(workflow, edit, monkeypatch):
    def full(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(replacing, "_dress", full)
    refused(workflow, edit(), "cannot be replaced (No space left on device). The file is as it was", code="apply-failed")
    assert workflow.read_text(encoding="utf-8") == INCIDENT


def test_no_library(workflow, edit, monkeypatch):
    monkeypatch.setattr(document, "HAS_YAML", False)
    refused(workflow, edit(), "PyYAML is not there for this Python", "python3-yaml", code="missing-library")


def test_it_is_there_without_the_library():
    program = "import sys; sys.modules['yaml'] = None; import module_utils.woodpecker.plan"
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


@pytest.mark.parametrize("extra", ["\n  privileged: true", "\n  - name: more\n    image: alpine\n", "\n    : :"])
def test_a_change_that_would_say_something_else_is_not_written(workflow, edit, monkeypatch, extra):
    right = edits.spliced

    def clumsy(text, splices):
        return right(text, [*splices[:-1], splices[-1]._replace(new=splices[-1].new + extra)])

    monkeypatch.setattr(edits, "spliced", clumsy)
    refused(workflow, edit(), code="apply-failed")
    assert workflow.read_text(encoding="utf-8") == INCIDENT


def test_changes_that_overlap_are_not_made():
    with pytest.raises(ApplyFailed, match="overlap"):
        edits.spliced("abc", [edits.Splice(0, 2, "x"), edits.Splice(1, 3, "y")])
