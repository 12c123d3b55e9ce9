# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""registry_report writes two private files, once, and says so where it cannot."""

from __future__ import annotations

import json

DATA = {"findings": [], "healthy": True}


def test_check_do_check_again_do_again(run_module, tmp_path):
    folder = tmp_path / "reports" / "today"
    report = {"folder": str(folder), "text": "HEALTHY\n", "data": DATA}
    assert run_module("registry_report", check=True, **report)["changed"]
    assert not folder.exists()
    made = run_module("registry_report", **report)
    assert made["changed"]
    assert (folder / "report.txt").read_text(encoding="utf-8") == "HEALTHY\n"
    assert json.loads((folder / "report.json").read_text(encoding="utf-8")) == DATA
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    for check in (True, False):
        assert not run_module("registry_report", check=check, **report)["changed"]


def test_the_difference_is_what_was_and_what_is(run_module, tmp_path):
    run_module("registry_report", folder=str(tmp_path), text="before", data=DATA)
    diff = run_module("registry_report", folder=str(tmp_path), text="after", data=DATA)["diff"]
    assert (diff[0]["before"], diff[0]["after"]) == ("before", "after")


def test_a_folder_that_cannot_be_made(run_module, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    result = run_module("registry_report", folder=str(tmp_path / "file" / "folder"), text="", data={})
    assert result["failed"]
    assert "the report cannot be written" in result["msg"]


def test_the_whole_record_is_in_place_and_what_a_person_wrote_stays(run_module, tmp_path):
    report = {"folder": str(tmp_path), "text": "HEALTHY\n", "data": DATA}
    made = run_module("registry_report", **report)
    assert set(made["files"]) == {path.name for path in tmp_path.iterdir()}
    assert {"index.html", "post-mortem.md", "plan.json", "before.json", "after.json", "timeline.json"} <= set(made["files"])
    (tmp_path / "post-mortem.md").write_text("mine\n", encoding="utf-8")
    assert not run_module("registry_report", **report)["changed"]
    assert (tmp_path / "post-mortem.md").read_text(encoding="utf-8") == "mine\n"
