# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Retention on hosted registries of every version, up to the garbage collection after it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.place import place_on_disk
from ansible.module_utils.registry_lab.push import push

from .conftest import APP, OTHER, age, age_link, changes, is_linked, scanned, store_files, tags_of, walked

WRITE = re.compile(r'"(POST|PUT|PATCH|DELETE) ')
ACCESS_LOG = {"log": {"accesslog": {"disabled": False}}}


def writes(case) -> int:
    return len(WRITE.findall(Path(case.registry.log_path).read_text()))


@pytest.mark.parametrize("with_path", [True, False], ids=["disk", "http"])
@pytest.mark.parametrize("cache", [False, True], ids=["uncached", "cached"])
def test_check_do_check_again_do_again_then_collect(stocked, retain, with_path, cache):
    case = stocked(cache=cache, extra=ACCESS_LOG)
    options = {**case.options, "path": case.root if with_path else None}
    before, written = store_files(case.root), writes(case)
    predicted = retain(check=True, **options)
    assert predicted["changed"], predicted
    assert (store_files(case.root), writes(case)) == (before, written)
    done = retain(**options)
    assert done["changed"], done
    assert (changes(done), done["diff"]) == (changes(predicted), predicted["diff"])
    assert done["proven"]["tags"] == 4
    assert done["proven"]["manifests"] == 3 * 5
    assert not any(item["state"] in ("skipped", "failed") for item in done["plan"])
    for check in (True, False):
        again = retain(check=check, **options)
        assert not again["changed"], again
        assert changes(again) == []
    if with_path:  # without it, all were created at the same time, and the names decide: the same here
        assert tags_of(case.root, APP) == {"v4", "v5"}
    case.registry.collect()
    assert scanned(case.root, case.dialect) == []
    assert walked(case.registry) == []
    left = {path for path in store_files(case.root) if path.endswith("/data")}
    wanted = {digest for tag in ("v1", "v2", "v4", "v5") for digest in case.builds[tag].contents()}
    assert {path.split("/")[-2] for path in left} == {digest.partition(":")[2] for digest in wanted}


def test_everything_that_belongs_to_what_stays(stocked, retain):
    """Nested indexes, referrers by subject and by tag, a referrer of a child, a child that is tagged itself."""
    case = stocked()
    nested = images.index([images.build("deep"), images.image("flat")])
    push(case.registry, APP, "nested", nested)
    child = nested.children[0].children[0]
    note = images.artifact("of a child", child)
    remark = images.artifact("of a note", note)
    lost = images.artifact("of what goes", case.builds["v1"])
    for made in (note, remark, lost):
        push(case.registry, APP, "", made)
    push(case.registry, APP, images.fallback_tag(nested), images.index([images.artifact("listed", nested)]))
    push(case.registry, APP, images.fallback_tag(case.builds["v1"]), images.index([lost]))
    push(case.registry, APP, images.fallback_tag(case.builds["v2"]) + ".sig", images.image("signature"))
    push(case.registry, APP, "amd64", case.builds["v5"].children[0])
    age(case.root, APP, "amd64", 20)
    result = retain(**{**case.options, "untagged_grace": 0})
    assert result["changed"], result
    sig = images.fallback_tag(case.builds["v2"]) + ".sig"
    assert tags_of(case.root, APP) == {"nested", "v5", images.fallback_tag(nested)}
    assert sig not in tags_of(case.root, APP)
    assert is_linked(case.root, APP, case.builds["v5"].children[0].digest)  # only its tag is gone
    assert is_linked(case.root, APP, note.digest) and is_linked(case.root, APP, remark.digest)
    assert not is_linked(case.root, APP, lost.digest)
    case.registry.collect()
    assert scanned(case.root, case.dialect) == []
    assert walked(case.registry) == []
    assert not retain(**{**case.options, "untagged_grace": 0})["changed"]


def test_untagged_manifests_go_after_the_grace_and_an_index_before_its_children(stocked, retain):
    case = stocked()
    orphan, young = images.build("orphan"), images.image("young")
    push(case.registry, APP, "", orphan)
    push(case.registry, APP, "", young)
    for manifest in orphan.manifests():
        age_link(case.root, APP, manifest.digest, 25)
    result = retain(**{**case.options, "keep_newest": 10})
    (item,) = [item for item in result["plan"] if item["action"] != "keep"]
    assert item["digest"] == orphan.digest
    assert set(item["parts"]) == {child.digest for child in orphan.children}
    assert is_linked(case.root, APP, young.digest)
    assert not any(is_linked(case.root, APP, manifest.digest) for manifest in orphan.manifests())


def test_what_one_repository_loses_the_other_keeps(stocked, retain):
    """Links are each repository's own: only a collection could do harm, and it keeps what any of them links."""
    case = stocked()
    result = retain(**case.options)
    assert result["changed"]
    for tag in ("v1", "v2"):
        assert not is_linked(case.root, APP, case.builds[tag].digest)
        assert is_linked(case.root, OTHER, case.builds[tag].digest)
    case.registry.collect()
    assert walked(case.registry) == []


def test_a_tag_whose_manifest_another_tag_keeps(stocked, retain):
    case = stocked()
    push(case.registry, APP, "old", case.builds["v5"])
    age(case.root, APP, "old", 50)
    without_path = retain(check=True, **{**case.over_api, "keep_newest": 2, "keep_tags": ["v?"]})
    by_api = [item for item in without_path["plan"] if "old" in item["tags"]]
    # the image of both was created at the same time; by name, v5 and v4 come first
    assert [item["action"] for item in by_api] == ["delete-tag" if case.dialect == "3" else "keep"]
    result = retain(**case.options)
    assert result["changed"], result
    assert tags_of(case.root, APP) == {"v4", "v5"}
    assert is_linked(case.root, APP, case.builds["v5"].digest)
    assert walked(case.registry) == []


def test_what_is_in_use_stays_in_every_repository(stocked, retain):
    case = stocked()
    child = case.builds["v1"].children[0]
    options = {**case.options, "keep_newest": 1, "keep_digests": [child.digest, f"host:5000/{APP}:v2"]}
    assert retain(**options)["changed"]
    assert is_linked(case.root, APP, child.digest) and is_linked(case.root, OTHER, child.digest)
    assert not is_linked(case.root, APP, case.builds["v1"].digest)
    assert "v2" in tags_of(case.root, APP)
    assert not retain(**options)["changed"]


@pytest.mark.parametrize("with_path", [True, False], ids=["disk", "http"])
def test_an_untagged_index_in_use_keeps_what_it_shares(stocked, retain, with_path):
    case = stocked()
    pinned = images.index([case.builds["v1"].children[0], images.image("pinned only")])
    push(case.registry, APP, "", pinned)
    options = {**case.options, "path": case.root if with_path else None, "keep_newest": 1, "keep_digests": [pinned.digest]}
    assert retain(**options)["changed"]
    assert not is_linked(case.root, APP, case.builds["v1"].digest)
    assert all(is_linked(case.root, APP, manifest.digest) for manifest in pinned.manifests())
    assert not retain(**options)["changed"]


@pytest.mark.parametrize("with_path", [True, False], ids=["disk", "http"])
def test_signatures_in_a_repository_of_their_own(stocked, retain, with_path):
    """As cosign keeps them with COSIGN_REPOSITORY; one is of an image without a tag."""
    case = stocked()
    untagged = images.image("untagged")
    push(case.registry, APP, "", untagged)
    signed = {"v1": case.builds["v1"], "v3": case.builds["v3"], "v5": case.builds["v5"], "untagged": untagged}
    tags = {name: images.fallback_tag(image) + ".sig" for name, image in signed.items()}
    for name, tag in tags.items():
        push(case.registry, "signatures", tag, images.image(f"signature of {name}"))
        age(case.root, "signatures", tag, 50)
    options = {**case.options, "path": case.root if with_path else None}
    result = retain(**options)
    assert result["changed"], result
    assert tags_of(case.root, "signatures") == {tags["v1"], tags["v5"], tags["untagged"]}  # v1 stays in the other repository
    assert not retain(**options)["changed"]


def test_a_schema_1_image_goes_and_stays_like_any_other(any_stocked, retain):
    case = any_stocked()
    for number in (1, 2):
        place_on_disk(case.root, "old/app", f"s{number}", images.schema1("old/app", f"s{number}"))
        age(case.root, "old/app", f"s{number}", 10 - number)
    assert retain(**{**case.options, "keep_newest": 1})["changed"]
    assert tags_of(case.root, "old/app") == {"s2"}
