# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What stays, what goes and in which order, from made-up facts: no disk, no registry."""

from __future__ import annotations

import pytest
from ansible.module_utils.oci_registry.findings import CRITICAL, INFO, Finding

from unit.retention.made import DAY, NOW, about, digest, going, plan, repository, staying

FIVE = {f"v{number}": f"i{number}" for number in range(1, 6)}
PLATFORMS = {f"i{number}": (f"a{number}", f"b{number}") for number in range(1, 6)}


def digests(*names: str) -> list[str]:
    return [digest(name) for name in names]


@pytest.mark.parametrize(
    ("options", "gone"),
    [
        ({"keep_newest": 2}, {"v1", "v2", "v3"}),
        ({"keep_newest": 5}, set()),
        ({"keep_newest": 2, "keep_tags": ["v1"]}, {"v2", "v3"}),
        ({"keep_newest": 2, "keep_tags": ["V1"]}, {"v1", "v2", "v3"}),
        ({"keep_newest": 1, "keep_tags": ["v[12]"]}, {"v3", "v4"}),
        ({"keep_newest": 1, "keep_tags": ["~v[12]|x"]}, {"v3", "v4"}),
        ({"keep_newest": 1, "keep_tags": ["~v"]}, {"v1", "v2", "v3", "v4"}),
        ({"keep_younger_than": 2.5}, {"v1", "v2", "v3"}),
        ({"keep_newest": 4, "keep_younger_than": 2.5}, {"v1"}),
        ({"keep_newest": 1, "in_use": ["i2"]}, {"v1", "v3", "v4"}),
        ({"keep_newest": 1, "images_in_use": {("team/app", "v2"), ("other", "v1")}}, {"v1", "v3", "v4"}),
        ({"keep_tags": ["v1"]}, set()),
        ({}, set()),
    ],
)
def test_which_tags_go(options, gone):
    found = plan(repository(FIVE, PLATFORMS), **options)
    tags, manifests = going(found)
    assert tags == gone
    assert set(staying(found)) == set(FIVE) - gone
    assert set(manifests) == {digest(f"{kind}{tag[1:]}") for tag in gone for kind in "iab"}
    assert found.refusals == []


def test_rules_of_some_repositories_come_before_the_general_ones():
    rules = [{"name": "team/*", "keep_newest": 1}, {"name": "team/app", "keep_newest": 0}]
    app, other = repository(FIVE), repository(FIVE, name="other")
    found = plan(app, other, keep_newest=3, repositories=rules)
    gone = {
        name: {tag for item in found.changes if item.repository == name for tag in item.tags} for name in ("team/app", "other")
    }
    assert gone == {"team/app": set(FIVE) - {"v5"}, "other": {"v1", "v2"}}


def test_equal_times_are_ranked_by_name_as_people_count():
    tags = {tag: tag for tag in ("v9", "v10", "v2")}
    found = plan(repository(tags, days=dict.fromkeys(tags, 1.0)), keep_newest=1)
    assert list(staying(found)) == ["v10"]


def test_a_tag_of_the_future_stays_and_takes_nobodys_place():
    found = plan(repository(FIVE, days={"v3": -0.5}), keep_newest=2)
    assert going(found)[0] == {"v1", "v2"}
    assert "future" in staying(found)["v3"]


def test_a_tag_whose_time_nothing_tells_stays():
    facts = repository(FIVE)
    facts = facts._replace(pushed={tag: time for tag, time in facts.pushed.items() if tag != "v1"})
    assert going(plan(facts, keep_newest=1))[0] == {"v2", "v3", "v4"}


# -- the closure


def test_children_of_children_stay_and_go_with_their_index():
    edges = {"i1": ["n1", "shared"], "n1": ["a1", "shared"], "i2": ["shared"]}
    found = plan(repository({"old": "i1", "new": "i2"}, edges), keep_newest=1)
    assert going(found)[1] == digests("i1", "n1", "a1")
    (item,) = found.changes
    assert "1 of its manifests stay" in item.detail


def test_a_part_of_two_images_goes_with_the_last_of_them():
    edges = {"i1": ["shared"], "i2": ["shared"], "i3": ["x"]}
    order = going(plan(repository({"v1": "i1", "v2": "i2", "v3": "i3"}, edges), keep_newest=1))[1]
    assert order[-1] == digest("shared")
    assert set(order) == set(digests("i1", "i2", "shared"))


def test_a_tagged_child_of_an_index_that_stays_only_loses_its_tag():
    facts = repository({"amd64": "a", "multi": "i"}, {"i": ["a", "b"]})
    (item,) = plan(facts, keep_newest=1, untag_way="disk").changes
    assert (item.action, item.tags, item.way) == ("delete-tag", ("amd64",), "disk")
    found = plan(facts, keep_newest=1, untag_way=None)
    assert found.changes == []
    assert "no tag goes without its manifest" in staying(found)["amd64"]


def test_two_tags_of_one_manifest_of_which_one_stays():
    facts = repository({"1.0": "i", "latest": "i"}, {"i": ["a"]})
    assert "tag latest has the same manifest" in staying(plan(facts, keep_newest=1))["1.0"]
    found = plan(facts, keep_newest=1, untag_way="api")
    assert [(item.action, item.tags) for item in found.changes] == [("delete-tag", ("1.0",))]


def test_two_tags_of_one_manifest_go_together():
    (item,) = plan(repository({"1.0": "i", "1": "i", "2.0": "j"}), keep_newest=1).changes
    assert (item.action, item.tags) == ("delete-manifest", ("1", "1.0"))


def test_referrers_live_and_die_with_their_subject():
    tags = {"old": "i1", "new": "i2", about("i1", ".sig"): "s1", about("i2", ".sig"): "s2", about("a1"): "f1", about("a2"): "f2"}
    edges = {"i1": ["a1"], "i2": ["a2"], "f1": ["r1"], "f2": ["r2"]}
    subjects = {"r1": "a1", "r2": "a2", "rr1": "r1", "rr2": "r2"}
    found = plan(repository(tags, edges, subjects=subjects), keep_newest=1)
    gone, order = going(found)
    assert gone == {"old", about("i1", ".sig"), about("a1")}
    assert set(order) == set(digests("i1", "a1", "s1", "f1", "r1", "rr1"))
    place = {each: number for number, each in enumerate(order)}
    for before, after in (("i1", "a1"), ("s1", "i1"), ("f1", "r1"), ("rr1", "r1"), ("r1", "a1"), ("f1", "a1")):
        assert place[digest(before)] < place[digest(after)], (before, after)
    assert staying(found)[about("i2", ".sig")].startswith("refers to")


def test_signatures_in_a_repository_of_their_own_live_and_die_with_their_subject_in_another():
    signed = {about(f"i{number}", ".sig"): f"s{number}" for number in range(1, 6)}
    countersigned = {about("s5", ".sig"): "c5", about("s1", ".sig"): "c1"}
    repositories = [
        repository(FIVE, PLATFORMS, name="team/app"),
        repository(
            signed, name="signatures", days=dict.fromkeys(signed, 9.0), untagged=["n5", "n1"], subjects={"n5": "i5", "n1": "i1"}
        ),
        repository(countersigned, name="a/first", days=dict.fromkeys(countersigned, 9.0)),
    ]
    found = plan(*repositories, keep_newest=2)
    gone = {about(f"i{number}", ".sig") for number in (1, 2, 3)} | {about("s1", ".sig")}
    assert going(found)[0] == {"v1", "v2", "v3"} | gone
    assert "n1" in {name for name in ("n1", "n5") if digest(name) in going(found)[1]}
    assert digest("n5") not in going(found)[1]
    assert "stays in team/app" in staying(found)[about("i5", ".sig")]
    assert {item.reason for item in found.changes if item.repository == "signatures" and item.tags} == {
        f"refers to {digest(f'i{number}')}, which goes" for number in (1, 2, 3)
    }


def test_signatures_of_what_is_left_alone_stay():
    signed = {about(f"i{number}", ".sig"): f"s{number}" for number in range(1, 6)}
    signatures = repository(signed, name="signatures", days=dict.fromkeys(signed, 9.0))
    rules = [{"name": "signatures", "keep_newest": 0}]
    assert going(plan(repository(FIVE), signatures, repositories=rules)) == (set(), [])
    lost = repository({"v1": "i1"}, name="team/app")
    finding = Finding("tag-dangling", CRITICAL, "team/app", ("v9",), "", "", "", "tag", "unknown", "", ())
    assert going(plan(lost, signatures, keep_newest=5, findings=[finding], approve=["broken"]))[0] == set()


def test_patterns_keep_no_referrer_whose_subject_goes():
    found = plan(repository({"old": "i1", "new": "i2", about("i1"): "s1"}), keep_newest=1, keep_tags=["sha256-*"])
    assert going(found)[0] == {"old", about("i1")}


def test_a_referrer_without_a_subject_goes_once_it_is_old():
    tags = {about("gone"): "s1", about("missing"): "s2", "v1": "i1"}
    found = plan(repository(tags, days={about("gone"): 3, about("missing"): 0.5}), keep_newest=1)
    assert going(found)[0] == {about("gone")}
    assert "may be under way" in staying(found)[about("missing")]


def test_what_is_in_use_stays_with_all_that_belongs_to_it():
    facts = repository({"old": "i1", "new": "i2"}, {"i1": ["a1", "b1"]}, subjects={"s": "a1"})
    found = plan(facts, keep_newest=1, in_use=["a1"])
    assert going(found)[1] == digests("i1", "b1")
    assert digest("s") not in going(found)[1]
    everywhere = plan(facts, repository({"x": "a1", "y": "z"}, name="copy"), keep_newest=1, in_use=["a1"])
    assert "x" in staying(everywhere)


# -- manifests without a tag


def test_untagged_manifests_go_when_they_are_old():
    facts = repository({"v1": "i1"}, {"i1": ["a1"], "u": ["c", "a1"]}, untagged=["young"], linked={"young": 0.5})
    found = plan(facts, keep_newest=1)
    assert going(found)[1] == digests("u", "c")
    (kept,) = [item for item in found.items if item.action == "keep" and not item.tags]
    assert kept.digest == digest("young")


def test_what_a_young_untagged_index_needs_stays():
    facts = repository({"v1": "i1", "v2": "i2"}, {"i1": ["a"], "u": ["a", "c"]}, linked={"u": 0.1})
    assert going(plan(facts, keep_newest=1))[1] == digests("i1")


def test_a_child_that_was_pushed_again_after_its_index_may_be_under_way():
    facts = repository({"v1": "i1", "v2": "i2"}, {"i1": ["a", "b"]}, linked={"a": 0.1})
    found = plan(facts, keep_newest=1)
    assert going(found)[1] == digests("i1", "b")
    assert set(going(plan(facts, keep_newest=1, grace=0.0))[1]) == set(digests("i1", "a", "b"))


def test_what_is_being_attached_to_an_untagged_manifest_keeps_it():
    facts = repository({"v1": "i1"}, untagged=["u", "r"], subjects={"r": "u"}, linked={"r": 0.1})
    assert going(plan(facts, keep_newest=1))[1] == []
    assert going(plan(facts, keep_newest=1, grace=0.0))[1] == digests("r", "u")


def test_leftovers_of_a_killed_run_go_although_they_are_young():
    facts = repository({"v1": "i1"}, untagged=["a"], linked={"a": 0.1})
    assert going(plan(facts, keep_newest=1))[1] == []
    assert going(plan(facts, keep_newest=1, leftovers={("team/app", digest("a"))}))[1] == digests("a")


@pytest.mark.parametrize("shift", [-3 * DAY, 400 * DAY])
def test_a_clock_that_cannot_be_believed_condemns_nothing_by_age(shift):
    facts = repository(FIVE, untagged=["u"])
    found = plan(facts, keep_newest=2, now=NOW + shift)
    assert digest("u") not in going(found)[1]
    assert found.caveats
    if shift > 0:  # ranks are no ages
        assert going(found)[0] == {"v1", "v2", "v3"}
        assert going(plan(facts, keep_younger_than=1.5, now=NOW + shift))[0] == set()


# -- what is refused


def broken(code: str, *tags: str, role: str = "manifest", severity: str = CRITICAL) -> Finding:
    return Finding(code, severity, "team/app", tags, digest("a1"), "", "", role, "gone", "", ())


@pytest.mark.parametrize("code", ["child-missing", "tag-dangling", "manifest-invalid", "blob-corrupt", "link-invalid"])
def test_broken_images_are_refused_by_name(code):
    facts, other = repository(FIVE), repository(FIVE, name="whole")
    found = plan(facts, other, keep_newest=2, findings=[broken(code, "v5")])
    ((approval, what),) = found.refusals
    assert approval == "broken"
    assert "team/app:v5" in what and digest("a1") in what
    approved = plan(facts, other, keep_newest=2, findings=[broken(code, "v5")], approve=["broken"])
    assert approved.refusals == []
    assert {item.repository for item in approved.changes} == {"whole"}


@pytest.mark.parametrize(
    "finding",
    [
        broken("layer-missing", "v5", role="layer"),
        broken("blob-truncated", "v5", role="config"),
        broken("child-missing", severity=INFO),
        broken("layer-link-orphan", severity=INFO, role="link"),
    ],
)
def test_what_hides_no_needs_is_no_reason_to_refuse(finding):
    assert plan(repository(FIVE), keep_newest=2, findings=[finding]).refusals == []


def test_emptying_a_repository_takes_a_word():
    facts = repository(FIVE | {about("i1"): "s"}, PLATFORMS)
    ((approval, what),) = plan(facts, keep_newest=0).refusals
    assert (approval, "team/app" in what) == ("delete_all", True)
    assert plan(facts, keep_newest=0, approve=["delete_all"]).refusals == []
    assert plan(facts, keep_newest=0, keep_tags=["v1"]).refusals == []
    assert plan(repository({}), keep_newest=0).refusals == []
    referrers = repository({about("gone", ".sig"): "s"}, days={about("gone", ".sig"): 9.0})
    assert [approval for approval, _what in plan(referrers, keep_newest=5).refusals] == ["delete_all"]


def test_on_a_cache_only_tags_go():
    facts = repository(FIVE, PLATFORMS, untagged=["u"])
    found = plan(facts, keep_newest=2, is_cache=True)
    assert {(item.action, item.way, item.tags) for item in found.changes} == {
        ("delete-tag", "disk", (tag,)) for tag in ("v1", "v2", "v3")
    }
