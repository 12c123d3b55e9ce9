# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Every candidate of a broken tag, cheapest first, with what it costs, needs, and rests on; and what an approved rebuild brings with it."""

from __future__ import annotations

import os

import pytest
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.damage import damage
from ansible.module_utils.registry_lab.place import place_on_disk, revision_path
from ansible.module_utils.registry_lab.push import push

from .conftest import REPOSITORY, TAG, actions, scanned

IMAGE = f"{REPOSITORY}:{TAG}"
CI = {"image": REPOSITORY, "way": "ci", "needs": "Woodpecker"}
VM = {"image": IMAGE, "way": "vm", "why": "the VM has the sources"}
DOWN = {**CI, "possible": False, "why": "Woodpecker does not answer"}
ARCHIVE = {"image": REPOSITORY, "way": "archive", "why": "a tarball lies in _breakglass"}


def rungs(result):
    """(action, way, possible) of each candidate of the only broken tag."""
    (image,) = result["images"]
    return [(each["action"], each["way"], each["possible"]) for each in image["candidates"]]


def outcome(result):
    (image,) = result["images"]
    return image["chosen"], image["outcome"]


def test_unlinked(broken, repair):
    result = repair(check=True, **broken("child-link-gone").on_disk, rebuilds=[VM, CI])
    assert rungs(result) == [
        ("relink", "disk", True),
        ("repoint", "", False),
        ("rebuild", "ci", True),
        ("rebuild", "vm", True),
        ("delete", "disk", False),
    ]
    (image,) = result["images"]
    assert (image["states"], image["platforms"]) == (["unlinked"], ["linux/amd64"])
    assert [each["cost"] for each in image["candidates"]] == ["free", "free", "rebuild", "rebuild", "free"]
    assert [each["approval"] for each in image["candidates"]] == ["", "repoint", "rebuild", "rebuild", "delete"]
    assert image["candidates"][2]["needs"] == "Woodpecker"
    assert image["candidates"][3]["reason"] == "the VM has the sources"
    assert outcome(result) == ("relink", "planned")


def test_lost_with_a_source(broken, repair):
    case = broken("layer-gone")
    result = repair(check=True, **case.on_disk, **case.from_snapshot)
    first = result["images"][0]["candidates"][0]
    assert (first["action"], first["cost"], first["source"], first["possible"]) == (
        "restore",
        "copy",
        f"snapshot {case.snapshot}",
        True,
    )
    assert case.findings[0]["digest"] in first["reason"]
    assert outcome(repair(**case.on_disk, **case.from_snapshot)) == ("restore", "done")


def test_lost_without_anything(broken, repair):
    case = broken("layer-gone")
    result = repair(**case.on_disk)
    assert [possible for _action, _way, possible in rungs(result)] == [False] * 4
    (image,) = result["images"]
    assert (image["chosen"], image["outcome"]) == ("", "remaining")
    assert "neither a source" in image["why"] and case.findings[0]["digest"] in image["why"]
    assert image["candidates"][0]["needs"] == f"a source that has {case.findings[0]['digest']}"
    assert image["candidates"][2]["reason"] == "no pipeline and no build context is known for it"


def test_damaged_over_the_api_alone(broken_registry, repair):
    case = broken_registry("layer-emptied")
    (image,) = repair(**case.over_api, **case.from_snapshot, rebuilds=[CI])["images"]
    assert not image["candidates"][0]["possible"]
    assert "rootdirectory" in image["candidates"][0]["needs"]
    assert "moved aside first" in image["candidates"][2]["needs"]


@pytest.mark.parametrize(
    ("rebuilds", "approve", "expected"),
    [
        ([CI, VM], [], ("rebuild", "remaining", "needs approve: [rebuild]")),
        ([CI, VM], ["rebuild"], ("rebuild", "remaining", "approved, and for others to carry out (ci)")),
        ([DOWN, VM], ["rebuild"], ("rebuild", "remaining", "approved, and for others to carry out (vm)")),
        ([CI, ARCHIVE], [], ("reload", "remaining", "needs approve: [repoint]")),
        ([CI, ARCHIVE], ["rebuild"], ("rebuild", "remaining", "approved, and for others to carry out (ci)")),
        ([CI, ARCHIVE], ["repoint"], ("reload", "remaining", "approved, and for others to carry out (archive)")),
    ],
)
def test_which_is_chosen(broken, repair, rebuilds, approve, expected):
    case = broken("layer-gone")
    result = repair(check=True, **case.on_disk, rebuilds=rebuilds, approve=approve, allow_lost_platforms=True)
    (image,) = result["images"]
    assert (image["chosen"], image["outcome"], image["why"]) == expected
    assert not result["changed"]


@pytest.mark.parametrize("kinds", [("layer-gone",), ("tag-manifest-gone",)])
def test_an_archive_does_not_replace_several_platforms_unless_that_is_meant(broken, repair, kinds):
    options = {**broken(*kinds).on_disk, "rebuilds": [CI, ARCHIVE], "approve": ["repoint", "rebuild"], "check": True}
    (image,) = repair(**options)["images"]
    assert (image["chosen"], image["approved"]) == ("rebuild", True)
    (reload,) = [each for each in image["candidates"] if each["action"] == "reload"]
    assert not reload["possible"]
    said = "linux/amd64, linux/arm64" if kinds == ("layer-gone",) else "is not known any more"
    assert said in reload["reason"] and "allow_lost_platforms" in reload["reason"]
    assert repair(**options, allow_lost_platforms=True)["images"][0]["chosen"] == "reload"


def test_an_archive_replaces_what_has_one_platform(broken, repair):
    case = broken()
    place_on_disk(case.root, REPOSITORY, "one", images.image("one"))
    damage("layer-gone", case.root, REPOSITORY, "one")
    (image,) = repair(path=case.root, images=[f"{REPOSITORY}:one"], rebuilds=[ARCHIVE], check=True)["images"]
    assert image["chosen"] == "reload"


def test_one_with_the_same_content_comes_before_a_rebuild(broken, repair):
    case = broken("attestation-gone")
    place_on_disk(case.root, REPOSITORY, "v2", images.index(case.image.children[:2]))
    assert outcome(repair(check=True, **case.on_disk, rebuilds=[CI])) == ("repoint", "remaining")
    assert outcome(repair(check=True, **case.on_disk, rebuilds=[CI], approve=["rebuild"])) == ("rebuild", "remaining")
    assert outcome(repair(**case.on_disk, rebuilds=[CI], approve=["rebuild", "repoint"])) == ("repoint", "done")
    assert [finding for finding in scanned(case.root) if finding["tags"]] == []


@pytest.mark.parametrize(("way", "approval"), [("ci", "rebuild"), ("archive", "repoint")])
def test_a_damaged_file_is_moved_aside_with_an_approved_rebuild(broken_registry, repair, way, approval):
    case = broken_registry("layer-emptied")
    options = {**case.on_disk, "rebuilds": [{"image": REPOSITORY, "way": way}], "allow_lost_platforms": True}
    assert not repair(**options)["changed"]
    assert not repair(**options, approve=["delete"])["changed"]
    predicted = repair(check=True, **options, approve=[approval])
    done = repair(**options, approve=[approval])
    assert actions(predicted) == actions(done) == [("quarantine", "disk")]
    assert done["restart_required"]
    assert not repair(**options, approve=[approval])["changed"]
    case.registry.restart()
    push(case.registry, REPOSITORY, TAG, case.image)
    assert scanned(case.root) == []


def test_a_rebuild_that_is_not_possible_moves_nothing(broken, repair):
    assert not repair(**broken("layer-emptied").on_disk, rebuilds=[DOWN], approve=["rebuild"])["changed"]


def test_a_cache_fetches_again_what_is_moved_aside(broken, repair):
    case = broken("layer-emptied")
    with open(f"{case.root}/scheduler-state.json", "w", encoding="utf-8") as file:
        file.write("{}")
    result = repair(check=True, **case.on_disk)
    assert rungs(result) == [("quarantine", "disk", True), ("repoint", "", False)]
    assert outcome(result) == ("quarantine", "remaining")
    assert outcome(repair(**case.on_disk, approve=["quarantine"])) == ("quarantine", "done")
    refused = repair(**case.on_disk, delete=[IMAGE])
    assert refused["code"] == "bad-input" and "upstream" in refused["msg"]


def test_what_has_no_tag(broken, repair):
    case = broken()
    other = images.build("untagged")
    place_on_disk(case.root, REPOSITORY, "", other)
    os.unlink(revision_path(case.root, REPOSITORY, other.children[0].digest))
    result = repair(path=case.root, images=[f"{REPOSITORY}@{other.digest}"])
    (image,) = result["images"]
    assert (image["tag"], image["digest"]) == ("", other.digest)
    assert (outcome(result), rungs(result)) == (("relink", "done"), [("relink", "disk", True)])


def test_the_graph(broken, repair):
    case = broken("child-link-gone", "layer-gone")
    result = repair(check=True, **case.on_disk, **case.from_snapshot)
    nodes = {node["digest"]: node for node in result["graph"]["nodes"]}
    assert set(nodes) == set(case.image.contents())
    wrong = {digest: (node["state"], node["repaired_by"]) for digest, node in nodes.items() if node["state"] != "right"}
    assert {finding["digest"] for finding in case.findings} <= set(wrong)
    assert {repaired for _state, repaired in wrong.values()} <= {"relink", "restore"}
    assert nodes[case.image.digest]["role"] == "index"
    child = nodes[case.image.children[0].digest]
    assert (child["parent"], child["platform"], child["tags"]) == (case.image.digest, "linux/amd64", [TAG])
    assert child["size"] == len(case.image.children[0].content)
