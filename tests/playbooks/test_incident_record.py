# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Bare ansible-playbook leaves the whole record of a run: the same files as the console, and nobody else can read them."""

from __future__ import annotations

import json

FILES = {"report.txt", "report.json", "plan.json", "before.json", "after.json", "timeline.json", "index.html", "post-mortem.md"}


def record_of(folder):
    """The newest folder of a run below ``folder``."""
    return max(folder.rglob("report.json"), key=lambda path: path.stat().st_mtime).parent


def test_what_was_broken_and_what_was_repaired(lab, play, tmp_path):
    broken = lab("unlinked")
    found = play("diagnose", broken.variables())
    record = record_of(tmp_path)
    assert {path.name for path in record.iterdir()} == FILES
    assert {path.stat().st_mode & 0o777 for path in record.iterdir()} == {0o600}
    assert "Incident record of diagnose" in (record / "index.html").read_text(encoding="utf-8")
    before = json.loads((record / "before.json").read_text(encoding="utf-8"))["registries"][0]["findings"]
    assert before == found.report["results"][0]["findings"]
    assert json.loads((record / "after.json").read_text(encoding="utf-8"))["registries"][0]["looked"] is False

    repaired = play("recover", broken.variables())
    assert repaired.rc == 0, repaired.stdout
    record = record_of(tmp_path)
    after = json.loads((record / "after.json").read_text(encoding="utf-8"))["registries"][0]
    assert (after["looked"], after["findings"]) == (True, [])
    assert "repaired and proven by" in (record / "index.html").read_text(encoding="utf-8")
    assert "- relink manifest:" in (record / "post-mortem.md").read_text(encoding="utf-8")
