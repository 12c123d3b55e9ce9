# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The table for people: order of columns, the repair that the plan has, what could not be seen; and nothing a terminal would obey."""

from __future__ import annotations

from ansible.module_utils.oci_registry.compare import compare
from ansible.module_utils.oci_registry.diagnosis import Diagnosis

from unit.core.test_compare import finding, report


def step(**changes):
    """A step of a plan: a restore of that layer from a mirror."""
    made = {"action": "restore", "repository": "team/app", "tags": ["1.0"], "digest": "sha256:aa", "way": "api", "cost": "copy"}
    return {**made, "source": "registry mirror", "role": "layer", "state": "planned", "needs_approval": False, **changes}


def observed(*findings, observer="disk", **options):
    return {**report(*findings, **options), "observer": observer, "legacy": []}


def diagnosis(*findings, plan=(), **options):
    disk = observed(*findings, **options)
    return Diagnosis("registry.example.com", [disk], compare(disk, None), plan)


def repair_of(*findings, plan):
    return diagnosis(*findings, plan=plan).rows()[0]["repair"]


def test_the_repair_comes_from_the_plan_with_its_source():
    assert repair_of(finding(), plan=[step()]) == "restore from registry mirror (api)"


def test_without_a_plan_the_class_of_repair_is_named():
    assert repair_of(finding(), plan=[]) == "restore"
    assert repair_of(finding(repairs=[]), plan=[]) == "-"


def test_steps_that_are_not_needed_are_no_repair():
    assert repair_of(finding(), plan=[step(state="skipped")]) == "restore"


def test_approval_is_mentioned():
    assert (
        repair_of(finding(), plan=[step(action="quarantine", source="", needs_approval=True)])
        == "quarantine (api, needs approval)"
    )


def test_a_hollow_manifest_is_filled_before_it_is_linked():
    hollow = finding(code="child-missing", role="manifest", digest="sha256:bb", parent="sha256:cc", state="hollow")
    relink = step(action="relink", digest="sha256:bb", cost="free", source="")
    elsewhere = step(repository="team/other", digest="sha256:dd", source="snapshot /elsewhere")
    assert repair_of(hollow, plan=[step(), relink, elsewhere]) == "restore from registry mirror (api), then relink (api)"


def test_worst_first():
    rows = diagnosis(finding(severity="warning", digest="sha256:dd"), finding()).rows()
    assert [row["missing"] for row in rows] == ["layer-missing sha256:aa", "layer-missing sha256:dd"]


def test_the_columns_stand_in_the_order_in_which_a_person_asks():
    text = diagnosis(finding(), plan=[step()]).text()
    row = ["team/app:1.0", "linux/amd64", "layer-missing sha256:aa", "gone", "restore from registry mirror (api)"]
    assert sorted(row, key=text.index) == row


def test_what_a_cache_hides_is_marked():
    disk, http = observed(finding()), observed(observer="http")
    masked = Diagnosis("registry.example.com", [disk, http], compare(disk, http))
    assert not masked.healthy
    assert masked.rows()[0]["state"] == "gone (a cache hides it)"
    assert "STALE-CACHE" in masked.text()


def test_healthy_empty_broken_and_incomplete_are_told_apart():
    assert diagnosis().text().startswith("registry.example.com: HEALTHY\n")
    assert diagnosis(repositories=0).text().startswith("registry.example.com: HEALTHY, and empty: no repositories\n")
    assert diagnosis(finding()).text().startswith("registry.example.com: BROKEN (1 critical, 0 warning, 0 info)\n")
    unseen = Diagnosis("registry.example.com", [], compare(None, None), (), ["connection refused"])
    assert not unseen.healthy
    assert unseen.text().startswith("registry.example.com: INCOMPLETE")
    assert "COULD NOT LOOK: connection refused" in unseen.text()


def test_wasted_space_is_no_fault():
    assert diagnosis(finding(severity="info", tags=[])).healthy


def test_nothing_in_a_registry_moves_the_cursor():
    assert "\x1b" not in diagnosis(finding(platform="\x1b[2J")).text()
