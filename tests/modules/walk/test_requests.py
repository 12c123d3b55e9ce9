# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""How much is asked, by the registry's own access log: one request a tag, one for each distinct digest, and the listing pages."""

from __future__ import annotations

from collections import Counter

import pytest
from ansible.module_utils.oci_registry.reference import parse_reference
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.place import place_on_disk

from modules.client.scripted import answer
from modules.walk.front import ACCESS_LOG, before, logged

LISTS = 2  # a page of the catalog, and one of the tags of the repository
USER = ("operator", "pass word")


def place_many_tags(root, repository="app", tags=12):
    """Many tags on one index, and one on another that shares all but one layer; every distinct digest of them."""
    shared = [images.layer("shared")]
    one, other = (images.build(name, shared=shared) for name in ("one", "other"))
    for number in range(tags - 1):
        place_on_disk(root, repository, f"same-{number}", one)
    place_on_disk(root, repository, "other", other)
    return {**one.contents(), **other.contents()}


@pytest.mark.parametrize("proof", ["bytes", "content", "head"])
def test_many_tags_on_one_digest(registry, walked, proof):
    made = registry(extra=ACCESS_LOG)
    contents = place_many_tags(made.root)
    report = walked(made, proof=proof)
    assert report.healthy and report.summary["tags"] == 12
    requests = logged(made, report.summary["requests"])
    assert len(requests) == report.summary["requests"]
    assert set(Counter(requests).values()) == {1}
    by_tag = [target for _method, target, _status in requests if "/manifests/" in target and "sha256:" not in target]
    by_digest = {target.rpartition("/")[2] for _method, target, _status in requests if "sha256:" in target}
    assert len(by_tag) == 12
    assert by_digest <= set(contents)
    assert len(requests) == len(by_tag) + len(by_digest) + LISTS == 12 + len(contents) - 2 + LISTS  # two came with their tags


def test_only_manifests(registry, walked):
    made = registry(extra=ACCESS_LOG)
    place_many_tags(made.root)
    report = walked(made, proof="manifests")
    assert "proves less" in report.caveats[0]
    assert not [target for _method, target, _status in logged(made, report.summary["requests"]) if "/blobs/" in target]


def test_a_blob_that_repositories_share_is_proven_in_each(any_registry, walked):
    """Each repository has a link of its own to it."""
    made, image = any_registry(extra=ACCESS_LOG), images.image("one")
    for repository in ("a", "b"):
        place_on_disk(made.root, repository, "v1", image)
    report = walked(made)
    targets = [target for _method, target, _status in logged(made, report.summary["requests"])]
    for blob in image.blobs:
        assert sorted(target for target in targets if blob.digest in target) == [
            f"/v2/{name}/blobs/{blob.digest}" for name in "ab"
        ]


def test_one_refusal_at_most_however_many_requests_there_are(registry, walked):
    """Each request costs a registry with bcrypt tens of milliseconds."""
    made = registry(extra=ACCESS_LOG, htpasswd=(*USER, 5))
    contents = place_many_tags(made.root)
    report = walked(made, username=USER[0], password=USER[1])
    assert report.healthy
    requests = logged(made, report.summary["requests"])
    assert Counter(status == 401 for _method, _target, status in requests)[True] == 1
    assert len(requests) == 1 + 12 + len(contents) - 2 + LISTS


def test_a_catalog_of_several_pages(registry, walked):
    made = registry(extra=ACCESS_LOG)
    for number in range(110):
        place_on_disk(made.root, f"r/{number:03}", "v1", images.image("one"))
    report = walked(made)
    assert report.healthy and report.summary["repositories"] == 110
    pages = [target for _method, target, _status in logged(made, report.summary["requests"]) if "_catalog" in target]
    assert len(pages) == 2


def test_tags_of_several_pages(any_registry, walked, serve):
    made, tags = any_registry(), [f"v{number}" for number in range(6)]
    for tag in tags:
        place_on_disk(made.root, "app", tag, images.image(tag))
    following = {"": 'Link: </v2/app/tags/list?last=v2&n=3>; rel="next"', "last=v2&n=3": ""}

    def page(seen):
        path, _mark, query = seen.target.partition("?")
        if path != "/v2/app/tags/list":
            return None
        names = tags[3:] if "last=" in query else tags[:3]
        link = following["last=v2&n=3" if "last=" in query else ""].partition(": ")[2] or None
        return answer(200, b'{"name":"app","tags":["%s"]}' % '","'.join(names).encode(), Link=link)

    report = walked(serve(before(made, page)))
    assert report.healthy and report.summary["tags"] == 6


def test_named_images_only(registry, walked):
    made = registry(extra=ACCESS_LOG)
    for tag in ("v1", "v2"):
        place_on_disk(made.root, "team/app", tag, images.image(tag))
    wanted = [parse_reference(text) for text in ("team/app:v1", f"team/app@{images.image('v2').digest}", "team/app:v1")]
    report = walked(made, images=wanted)
    assert report.healthy and report.summary["tags"] == 2
    targets = {target for _method, target, _status in logged(made, report.summary["requests"])}
    assert {f"/v2/team/app/manifests/{name}" for name in ("v1", images.image("v2").digest)} <= targets
    assert not [target for target in targets if "list" in target or "_catalog" in target]


def test_the_last_tags_of_each_repository_only(any_registry, walked):
    made = any_registry()
    for tag in ("v1", "v2", "v3"):
        place_on_disk(made.root, "app", tag, images.image(tag))
    report = walked(made, tags_per_repository=2)
    assert report.summary["tags"] == 2
    assert any("1 tags were not looked at" in caveat for caveat in report.caveats)
