# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""registry_tag on real registries of every version: over the API, on disk, and both."""

from __future__ import annotations

import pytest
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.damage import damage
from ansible.module_utils.registry_lab.push import push

from modules.retention.conftest import APP, is_linked, scanned, store_files, tags_of, walked

WAYS = ["api", "disk", "both"]


def reach(case, way: str) -> dict[str, str]:
    """The options that lead to the registry."""
    on_disk = {"path": case.root, "dialect": case.dialect}
    return {"api": case.over_api, "disk": on_disk, "both": {**case.over_api, **on_disk}}[way]


def check_do_check_do(set_tag, case, **options):
    """The first real run; the second pair must find nothing to do."""
    before = store_files(case.root)
    predicted = set_tag(check=True, **options)
    assert predicted["changed"], predicted
    assert store_files(case.root) == before
    done = set_tag(**options)
    assert done["changed"], done
    assert (done["diff"], done["before"], done["after"]) == tuple(predicted[key] for key in ("diff", "before", "after"))
    for check in (True, False):
        assert not set_tag(check=check, **options)["changed"]
    return done


@pytest.mark.parametrize("way", WAYS)
def test_a_new_tag_and_a_tag_that_moves(stocked, set_tag, repair, way):
    case = stocked(cache=True)
    options = {**reach(case, way), "digest": case.builds["v2"].digest}
    assert check_do_check_do(set_tag, case, image=f"{APP}:new", **options)["before"] == ""
    moved = check_do_check_do(set_tag, case, image=f"{APP}:v5", **options)
    assert moved["diff"] == {"before": {f"{APP}:v5": case.builds["v5"].digest}, "after": {f"{APP}:v5": case.builds["v2"].digest}}
    assert walked(case.registry) == []
    assert tags_of(case.root, APP) == {*case.builds, "new"}
    if way != "api":
        assert repair(path=case.root, undo=moved["run_id"])["changed"]
        again = set_tag(check=True, image=f"{APP}:v5", **{**options, "digest": case.builds["v5"].digest})
        assert not again["changed"]
        assert walked(case.registry) == []


@pytest.mark.parametrize("way", WAYS)
def test_a_tag_goes_and_harms_nothing(stocked, set_tag, repair, way):
    case = stocked()
    done = check_do_check_do(set_tag, case, image=f"{APP}:v1", state="absent", **reach(case, way))
    assert tags_of(case.root, APP) == {"v2", "v3", "v4", "v5"}
    alone = way != "api" or case.dialect == "3"
    assert is_linked(case.root, APP, case.builds["v1"].digest) == alone
    case.registry.collect()
    assert scanned(case.root, case.dialect) == []
    assert walked(case.registry) == []
    if way != "api":
        assert repair(path=case.root, undo=done["run_id"])["changed"]
        assert "v1" in tags_of(case.root, APP)
        assert walked(case.registry) == []


@pytest.mark.parametrize("why", ["another tag", "an index", "a referrer", "a referrer's tag"])
def test_a_manifest_that_something_else_needs_does_not_go(stocked, set_tag, why):
    case = stocked()
    build, tag = case.builds["v1"], "v1"
    if why == "another tag":
        push(case.registry, APP, "same", build)
    elif why == "an index":
        tag = "amd64"
        push(case.registry, APP, tag, build.children[0])
    elif why == "a referrer":
        push(case.registry, APP, "note", images.artifact("note", build))
    else:
        push(case.registry, APP, images.fallback_tag(build) + ".sig", images.image("signature"))
    before = store_files(case.root)
    result = set_tag(image=f"{APP}:{tag}", state="absent", **{**case.over_api, "dialect": "2"})
    assert result["code"] == "still-needed", result
    assert not result["changed"]
    assert store_files(case.root) == before


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["child-link-gone", "layer-gone", "config-gone"])
def test_no_tag_is_set_to_a_broken_image(any_stocked, set_tag, way, kind):
    case = any_stocked(cache=True)
    damage(kind, case.root, APP, "v3")
    case.registry.restart()
    options = {**reach(case, way), "image": f"{APP}:latest", "digest": case.builds["v3"].digest}
    before = store_files(case.root)
    assert [set_tag(check=check, **options).get("code") for check in (True, False)] == ["proof-failed"] * 2
    assert store_files(case.root) == before
    if kind != "child-link-gone" or way == "disk":  # the API takes no index without its children
        assert set_tag(**options, verify=False)["changed"]
        assert "latest" in tags_of(case.root, APP)


@pytest.mark.parametrize("way", ["disk", "both"])
def test_a_tag_that_holds_no_digest_can_go(any_stocked, set_tag, way):
    case = any_stocked()
    damage("tag-link-empty", case.root, APP, "v3")
    assert set_tag(image=f"{APP}:v3", state="absent", **reach(case, way))["changed"]
    assert "v3" not in tags_of(case.root, APP)


def test_a_tag_that_dangles_can_go_over_the_api_of_3(stocked, set_tag):
    case = stocked()
    damage("tag-revision-gone", case.root, APP, "v3")
    case.registry.restart()
    options = {"image": f"{APP}:v3", "state": "absent", **case.over_api}
    if case.dialect == "3":
        check_do_check_do(set_tag, case, **options)
        assert "v3" not in tags_of(case.root, APP)
    else:
        result = set_tag(**options)
        assert "is gone or not known" in result["msg"]
        assert "v3" in tags_of(case.root, APP)
        assert set_tag(**options, path=case.root)["changed"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"image": APP}, "repository:tag"),
        ({"image": f"{APP}:v1@sha256:{'0' * 64}"}, "repository:tag"),
        ({"image": f"{APP}:a/b"}, "tag"),
        ({"image": "Team/App:v1"}, "repository name"),
        ({"image": f"elsewhere:5000/{APP}:v1"}, "is not of registry"),
        ({"digest": "sha256:12"}, "is no digest"),
        ({"digest": f"sha256:{'0' * 64}"}, "not to be had"),
        ({"state": "absent"}, "of no use"),
        ({"path": "/proc/nowhere"}, "/proc/nowhere"),
    ],
)
def test_bad_input(any_stocked, set_tag, options, said):
    case = any_stocked()
    result = set_tag(**{**case.over_api, "image": f"{APP}:new", "digest": case.builds["v1"].digest, **options})
    assert result["failed"] and said in result["msg"], result
    assert "new" not in tags_of(case.root, APP)


def test_a_cache_takes_no_tags(any_registry, any_stocked, set_tag):
    case = any_stocked()
    with open(f"{case.root}/scheduler-state.json", "w", encoding="utf-8") as file:
        file.write("{}")
    result = set_tag(path=case.root, image=f"{APP}:new", digest=case.builds["v1"].digest)
    assert "upstream" in result["msg"]
