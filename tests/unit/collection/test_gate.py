# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The gate's judgement, pure: what refuses, what only waits, and what is nobody's business."""

from __future__ import annotations

import pytest
from ansible.module_utils.oci_registry.errors import GateRefused
from ansible.module_utils.oci_registry.findings import Finding
from ansible.module_utils.oci_registry.plans.collection import Holdings, Need, Push, judge_collection
from ansible.module_utils.oci_registry.plans.dryrun import DryRun
from ansible.module_utils.registry_lab.images import digest_of

DIGEST, OTHER = digest_of(b"one"), digest_of(b"other")
GARBAGE = DryRun(repositories={"app"}, blobs={DIGEST})


def verdict(holdings: Holdings, dry_run: DryRun = GARBAGE, *, delete_untagged: bool = False):
    return judge_collection(dry_run, holdings, delete_untagged=delete_untagged)


def finding(severity: str = "critical", code: str = "child-missing") -> Finding:
    return Finding(code, severity, "app", ("v1",), DIGEST, "", "", "manifest", "unlinked", "its link is gone", ())


def test_garbage_that_nobody_needs():
    found = verdict(Holdings(serving=frozenset({"app"})))
    assert (found.word, found.refusals) == ("clear", [])
    found.demand("/store")


def test_nothing_to_collect():
    assert verdict(Holdings(), DryRun()).word == "nothing"
    assert verdict(Holdings(pushes=[Push("app", "", 1.0, "upload")]), DryRun()).word == "nothing"


def test_a_push_waits():
    found = verdict(Holdings(pushes=[Push("app", "", 12.4, "upload x is under way"), Push("app", OTHER, 3.0, "unnamed")]))
    assert found.word == "busy"
    assert [each.code for each in found.refusals] == ["upload-in-flight", "push-in-flight"]
    with pytest.raises(GateRefused, match="12 seconds ago"):
        found.demand("/store")


@pytest.mark.parametrize(("severity", "word"), [("critical", "refused"), ("warning", "refused"), ("info", "clear")])
def test_broken_images(severity, word):
    assert verdict(Holdings(findings=[finding(severity)])).word == word


def test_invalid_links_stop_a_collection_even_where_no_tag_needs_them():
    assert [each.code for each in verdict(Holdings(findings=[finding("warning", "link-invalid")])).refusals] == ["link-invalid"]


def test_what_tags_need():
    found = verdict(Holdings(needs=[Need("app", DIGEST, "manifest", ("v1", "v2"))]), delete_untagged=True)
    (refusal,) = found.refusals
    assert (refusal.code, refusal.repository, refusal.tags, refusal.digest) == ("would-lose", "app", ("v1", "v2"), DIGEST)
    assert "-m" in refusal.detail
    with pytest.raises(GateRefused, match=f"app:v1,v2 {DIGEST}"):
        found.demand("/store")


def test_untagged_manifests_are_needed_unless_the_command_deletes_them():
    holdings = Holdings(needs=[Need("app", DIGEST, "manifest", ())])
    assert verdict(holdings).word == "refused"
    assert verdict(holdings, delete_untagged=True).word == "clear"


def test_repositories_that_stop_it():
    holdings = Holdings(unservable=["Upper"], without_tags=["app"])
    assert [each.code for each in verdict(holdings).refusals] == ["invalid-repository"]
    assert [each.code for each in verdict(holdings, delete_untagged=True).refusals] == ["invalid-repository", "tags-missing"]


def test_a_dry_run_that_did_not_look():
    assert [each.repository for each in verdict(Holdings(serving=frozenset({"app", "b"}))).refusals] == ["b"]
    assert verdict(Holdings(), DryRun(problem="no summary")).word == "refused"


def test_a_loss_is_told_before_a_push():
    found = verdict(Holdings(pushes=[Push("app", "", 1.0, "upload")], needs=[Need("app", DIGEST, "blob", ("v1",))]))
    with pytest.raises(GateRefused, match=r"would-lose.*and 1 more"):
        found.demand("/store")
