# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What the table says of a repair: the steps of the plan, then what was chosen for the tags that digests do not mend."""

from __future__ import annotations

import pytest
from ansible.module_utils.oci_registry.findings import Finding
from ansible.module_utils.oci_registry.remedy import Repairs

from unit.core.test_compare import finding
from unit.core.test_diagnosis import step

NEW = "sha256:" + "b" * 64
GENERAL = step(action="repoint", way="operator", cost="rebuild", source="", needs_approval=True, state="remaining", role="layer")


def image(chosen="rebuild", outcome="remaining", why="needs approve: [rebuild]", tag="1.0", **candidate):
    made = {"action": chosen, "way": "ci", "digest": "", "possible": True, **candidate}
    return {"repository": "team/app", "tag": tag, "chosen": chosen, "outcome": outcome, "why": why, "candidates": [made]}


def words(*images, plan=(GENERAL,), **about):
    return Repairs(list(plan), list(images)).of(Finding.from_dict(finding(**about)))


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        ([image()], "rebuild (ci, needs approval)"),
        ([image(why="approved, and for others to carry out (ci)")], "rebuild (ci)"),
        (
            [image("repoint", way="api", digest=NEW, why="needs approve: [repoint]")],
            f"repoint to {NEW[:19]} (api, needs approval)",
        ),
        ([image("delete", outcome="planned", why="", way="disk")], "delete (disk)"),
        ([image("", why="")], "none known"),
        ([], "repoint (operator, needs approval)"),
    ],
)
def test_what_was_chosen_stands_for_what_is_lost(images, expected):
    assert words(*images) == expected


def test_each_tag_has_its_own():
    two = [image(tag="1.0"), image("delete", way="disk", why="needs approve: [delete]", tag="2.0")]
    assert words(*two, tags=["1.0", "2.0"]) == "rebuild (ci, needs approval); delete (disk, needs approval)"


def test_a_damaged_file_goes_first():
    aside = step(action="quarantine", way="disk", cost="free", source="", needs_approval=True, state="remaining", role="layer")
    assert words(image(), plan=[GENERAL, aside]) == "quarantine (disk, needs approval), then rebuild (ci, needs approval)"


def test_what_digests_mend_says_its_steps():
    assert words(image("restore", outcome="planned", why=""), plan=[step(role="layer")]) == "restore from registry mirror (api)"
