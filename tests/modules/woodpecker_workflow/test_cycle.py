# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Check, do, check again, do again: the same prediction and result, only the one file touched, nothing secret shown."""

from __future__ import annotations

import subprocess

import pytest
import yaml

from contract.project import ansible_environment
from modules.woodpecker_workflow.conftest import INCIDENT


def test_check_do_do_again(workflow, edit):
    predicted = edit(check=True)
    assert predicted["changed"]
    assert workflow.read_text(encoding="utf-8") == INCIDENT
    done = edit()
    for key in ("changed", "changes", "images", "registry", "push_step", "diff", "msg"):
        assert done[key] == predicted[key]
    after = workflow.read_text(encoding="utf-8")
    assert [edit(check=True)["changed"], edit()["changed"]] == [False, False]
    assert workflow.read_text(encoding="utf-8") == after
    assert [path.name for path in workflow.parent.iterdir()] == [workflow.name]


def test_what_the_incidents_file_becomes(workflow, edit):
    done = edit()
    assert done["images"] == ["infra-ci:latest", "infra-ci:${CI_COMMIT_SHA:0:8}"]
    assert (done["registry"], done["push_step"]) == ("registry.example.com:5050", "build-and-push")
    text = workflow.read_text(encoding="utf-8")
    assert text.startswith(INCIDENT[: INCIDENT.index("\nsteps:")].rstrip() + "\n    branch: master\n")
    steps = yaml.safe_load(text)["steps"]
    assert [step["name"] for step in steps] == ["build-and-push", "verify-integrity", "slack"]
    proof, last = steps[1:]
    assert proof["environment"] == {
        "REGISTRY_USERNAME": {"from_secret": "registry_user"},
        "REGISTRY_PASSWORD": {"from_secret": "registry_password"},
    }
    command = "python3 ci/registry-doctor.pyz verify --registry registry.example.com:5050 --ca-path ci/ca.pem"
    assert proof["commands"] == [f"{command} infra-ci:latest 'infra-ci:${{CI_COMMIT_SHA:0:8}}'"]
    assert (last["failure"], last["when"]) == ("ignore", [{"status": ["success", "failure"]}])
    assert "# Asks for every blob with HEAD" in text, "comments around a step stay"


def test_the_difference_shows_changes_and_no_password(edit):
    diff = edit(check=True)["diff"]["prepared"]
    assert "+    branch: master" in diff
    assert "-      - …\n-      - |\n-        …\n" in diff, "of steps that are replaced no command is shown"
    assert "-      REG_PASS:\n" in diff and "-    image: alpine:3.20\n" in diff
    assert "hunter2" not in diff


def test_the_plugin_is_warned_of_where_nobody_says_what_the_server_allows(edit):
    warning = edit()["warnings"]
    assert "step build-and-push uses woodpeckerci/plugin-docker-buildx" in warning
    assert "privileged_plugins" in warning


def test_what_the_server_would_take_is_returned_and_mended_if_asked_for(workflow, edit):
    workflow.write_text(INCIDENT.replace("name: verify-integrity", "name: look"), encoding="utf-8")
    result = edit(verify=None, notify=None, check=True)
    assert [(one["step"], one["text"], one["becomes"]) for one in result["substituted"]] == [
        ("look", "$$", "$"),
        ("look", "${MT:-<unset>}", "its default"),
    ]
    assert "line 43: of ${MT:-<unset>} in step look the server leaves its default" in result["warnings"]
    mended = edit(verify=None, notify=None, escape=True)
    assert mended["substituted"] == []
    assert 'echo "Top-level media type: $${MT:-<unset>}"' in workflow.read_text(encoding="utf-8")


def test_a_validator_is_asked_before_anything_is_written(workflow, edit):
    schema = f"{ansible_environment()['PATH'].split(':')[0]}/check-jsonschema --builtin-schema vendor.woodpecker-ci %s"
    assert edit(check=True, validate=schema)["changed"]
    refused = edit(validate="grep nothing-like-this %s")
    assert (refused["failed"], refused["code"]) == (True, "bad-input")
    assert "grep does not take the changed file" in refused["msg"]
    assert workflow.read_text(encoding="utf-8") == INCIDENT
    assert "no %s" in edit(validate="true")["msg"]
    assert edit(validate="check 'x %s")["msg"] == "validate is no command: No closing quotation. Close its quotes"


def test_a_backup_is_kept_if_asked_for(workflow, edit):
    done = edit(backup=True)
    with open(done["backup_file"], encoding="utf-8") as kept:
        assert kept.read() == INCIDENT
    assert edit(backup=True)["backup_file"] == ""


@pytest.mark.parametrize("style", ["map", "list"])
def test_what_comes_out_is_what_the_schema_describes(workflow, edit, style):
    if style == "map":
        text = INCIDENT.replace("  - name: build-and-push\n", "  build-and-push:\n").replace("  - name: slack\n", "  slack:\n")
        workflow.write_text(text.replace("  - name: verify-integrity\n", "  verify-integrity:\n"), encoding="utf-8")
    assert edit()["changed"]
    command = ["check-jsonschema", "--builtin-schema", "vendor.woodpecker-ci", str(workflow)]
    outcome = subprocess.run(command, capture_output=True, text=True, env=ansible_environment(), check=False)
    assert outcome.returncode == 0, outcome.stdout
