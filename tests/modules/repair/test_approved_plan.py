# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A plan that was approved and no longer fits: what it does not cover is not done, and said so."""

from __future__ import annotations

import pytest
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.damage import damage
from ansible.module_utils.registry_lab.place import place_on_disk

from .conftest import REPOSITORY, TAG, actions, scanned, tree_of

IMAGE = f"{REPOSITORY}:{TAG}"
OTHER = "team/other"
STEP = {"action": "relink", "repository": "a", "digest": "", "tags": [], "state": "planned"}


def test_what_was_approved_is_done(broken, repair):
    case = broken("child-link-gone", "layer-gone")
    options = {**case.on_disk, **case.from_snapshot}
    approved = repair(check=True, **options)["plan"]
    done = repair(**options, approved_plan=approved)
    assert (done["recomputed"], scanned(case.root)) == ([], [])
    again = repair(**options, approved_plan=approved)
    assert not again["changed"]
    assert all("is not to be done any more" in line for line in again["recomputed"])


def test_what_broke_since_is_left_and_said(broken, repair):
    case = broken("child-link-gone")
    options = {"path": case.root, "images": [IMAGE, f"{OTHER}:v1"]}
    place_on_disk(case.root, OTHER, "v1", images.build("other"))
    approved = repair(check=True, **options)["plan"]
    late = damage("child-link-gone", case.root, OTHER, "v1").digest
    for check in (True, False):
        result = repair(check=check, **options, approved_plan=approved)
        assert actions(result) == [("relink", "disk")]
        assert [line for line in result["recomputed"] if late in line and "was not in the plan" in line]
        assert "recomputed: relink" in result["msg"]
        by_name = {image["repository"]: image for image in result["images"]}
        assert by_name[REPOSITORY]["outcome"] == ("planned" if check else "done")
        assert by_name[OTHER]["outcome"] == "remaining"
        assert by_name[OTHER]["why"].startswith("recomputed:")
        assert list(result["diff"]["after"]) == [f"{OTHER}:v1"]
    assert [finding["repository"] for finding in scanned(case.root)] == [OTHER]
    assert repair(**options, approved_plan=repair(check=True, **options)["plan"])["recomputed"] == []
    assert scanned(case.root) == []


def test_what_needs_something_that_was_not_approved_is_left_too(broken_registry, repair):
    case = broken_registry("child-hollow")
    options = {**case.over_api, **case.on_disk, **case.from_snapshot}
    planned = repair(check=True, **options)["plan"]
    approved = [step for step in planned if step["action"] != "restore"]
    assert len(approved) < len(planned)
    before = tree_of(case.root, own=False)
    result = repair(**options, approved_plan=approved)
    assert not result["changed"], result["plan"]
    assert any("it needs sha256:" in line for line in result["recomputed"])
    assert tree_of(case.root, own=False) == before


def test_a_repoint_to_something_else_than_was_approved(broken, repair):
    case = broken("attestation-gone")
    children = case.image.children[:2]
    place_on_disk(case.root, REPOSITORY, "v2", images.index(children))
    options = {"path": case.root, "images": [IMAGE], "approve": ["repoint"]}
    approved = repair(check=True, **{**options, "approve": []})["plan"]
    assert not repair(check=True, **options, approved_plan=approved)["recomputed"], (
        "what it proposed, and was then approved, is covered"
    )
    newer = images.index([*children, images.attestation(children[0], "again")])
    place_on_disk(case.root, REPOSITORY, "v3", newer)
    result = repair(**options, approved_plan=approved)
    assert not result["changed"]
    (image,) = result["images"]
    assert image["outcome"] == "remaining"
    assert newer.digest in image["why"]


@pytest.mark.parametrize(("way", "word"), [("ci", "rebuild"), ("archive", "repoint")])
def test_what_others_make_again_is_held_to_it_too(broken, repair, way, word):
    case = broken("layer-emptied")
    options = {**case.on_disk, "allow_lost_platforms": True, "rebuilds": [{"image": REPOSITORY, "way": way}]}
    proposed = repair(check=True, **options)
    assert not proposed["images"][0]["approved"]
    options["approve"] = [word]
    for check in (True, False):
        late = repair(check=check, **options, approved_plan=repair(check=True, **case.on_disk)["plan"])
        (image,) = late["images"]
        assert (image["approved"], image["outcome"], late["changed"]) == (False, "remaining", False)
        assert [line for line in late["recomputed"] if f"{image['chosen']} {IMAGE}" in line and "was not in the plan" in line]
    done = repair(**options, approved_plan=proposed["plan"])
    (image,) = done["images"]
    assert (image["approved"], done["recomputed"], actions(done)) == (True, [], [("quarantine", "disk")])


def test_what_others_make_again_needs_its_digests_approved(broken, repair):
    case = broken("layer-emptied")
    options = {**case.on_disk, "rebuilds": [{"image": REPOSITORY, "way": "ci"}], "approve": ["rebuild"], "check": True}
    root, damaged = case.image.digest, case.findings[0]["digest"]
    for digests, approved in (([root, damaged], True), ([root], False), ([damaged], False)):
        result = repair(**options, approved_digests=digests)
        assert result["images"][0]["approved"] is approved
        assert bool(result["recomputed"]) is not approved


@pytest.mark.parametrize("action", ["repoint", "delete"])
def test_what_was_only_proposed_can_be_approved_as_it_stands(broken, repair, action):
    case = broken("attestation-gone")
    if action == "repoint":
        place_on_disk(case.root, REPOSITORY, "v2", images.index(case.image.children[:2]))
    options = {**case.on_disk, "in_use": []}
    proposed = repair(check=True, **options)
    assert (proposed["images"][0]["chosen"], proposed["changed"]) == (action, False)
    done = repair(**options, approve=[action], approved_plan=proposed["plan"])
    assert ([each for each, _way in actions(done)], done["recomputed"]) == ([action], [])
    assert done["images"][0]["approved"]


def test_only_approved_digests(broken, repair):
    case = broken("child-link-gone", "child-link-gone")
    first, second = (finding["digest"] for finding in case.findings)
    result = repair(**case.on_disk, approved_digests=[first])
    assert [step["digest"] for step in result["plan"] if step["state"] == "done"] == [first]
    assert [finding["digest"] for finding in scanned(case.root)] == [second]
    assert f"relink {REPOSITORY} {second} is not done, since its digest was not approved" in result["recomputed"][0]


@pytest.mark.parametrize("over_api", [True, False])
def test_digests_that_an_earlier_run_mended_are_no_error(broken_registry, repair, over_api):
    case = broken_registry("child-link-gone", "layer-gone")
    digests = [finding["digest"] for finding in case.findings]
    reach = {"registry": case.registry.address, "scheme": "http"} if over_api else {"path": case.root}
    options = {**reach, "approved_digests": digests}
    done = repair(**options, findings=case.findings, **case.from_snapshot)
    assert (done["changed"], done["recomputed"]) == (True, [])
    case.registry.restart()
    again = repair(**options, findings=scanned(case.root))
    assert (again.get("failed"), again["changed"]) == (None, False), again["msg"]
    assert again["recomputed"] == [f"recomputed: {digest} was approved, and is right already" for digest in sorted(set(digests))]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"approved_digests": ["sha256:" + "0" * 64]}, "was approved, and is not in the plan; nothing was done"),
        ({"approved_digests": ["latest"]}, "is no digest"),
        ({"approved_plan": [{"action": "relink"}]}, "approved_plan[0]"),
        ({"approved_plan": [{"action": "relink", "repository": "a", "digest": "", "tags": "v1", "state": "planned"}]}, "no list"),
        *(({"approved_plan": [{**STEP, "tags": tags}]}, "tags is no list of texts") for tags in ([["x"]], [{}], [7, "a"])),
        ({"approved_plan": [{**STEP, "digest": ["x"]}]}, "digest is no text"),
        ({"repoint": {IMAGE: "../up"}}, "neither a digest nor a tag"),
        ({"repoint": {REPOSITORY: "v2"}}, "is no repository with a tag"),
        ({"repoint": {"other.example.com/a:b": "v2"}}, "there is no such tag"),
        ({"repoint": {f"{REPOSITORY}:v11": TAG}}, f"repoint: {REPOSITORY}:v11: there is no such tag"),
        ({"repoint": {IMAGE: "v2"}, "delete": [IMAGE]}, "in repoint and in delete"),
        ({"delete": ["Not/Lower:v1"]}, "is no repository name"),
        ({"in_use": ["Not/Lower:v1"]}, "is no repository name"),
        ({"rebuilds": [{"image": f"{REPOSITORY}@sha256:{'0' * 64}", "way": "ci"}]}, "rebuilds[0]"),
    ],
)
def test_bad_input(broken, repair, options, says):
    case = broken("child-link-gone")
    before = tree_of(case.root, own=False)
    for check in (True, False):
        result = repair(check=check, **case.on_disk, **options)
        assert (result["failed"], result["code"]) == (True, "bad-input")
        assert says in result["msg"]
    assert tree_of(case.root, own=False) == before
