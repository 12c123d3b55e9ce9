# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Reading from real registries: what each request returns, and how many requests it takes."""

from __future__ import annotations

import os

import pytest
from ansible.module_utils.oci_registry.client import error_codes
from ansible.module_utils.oci_registry.digest import sha256_of
from ansible.module_utils.oci_registry.errors import BadInput
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.place import blob_path, place_on_disk
from ansible.module_utils.registry_lab.push import push

ABSENT = sha256_of(b"never pushed")


def test_an_empty_registry_lists_nothing(registry, client_of):
    client = client_of(registry())
    assert list(client.repositories()) == []
    assert client.tags("team/app") is None
    assert client.requests == 2


def test_a_catalog_of_several_pages_is_followed_to_its_end(registry, client_of):
    made = registry()
    image = images.image("one")
    names = [f"team-{number:03}/app" for number in range(130)]
    for name in names:
        place_on_disk(made.root, name, "v1", image)
    client = client_of(made)
    assert list(client.repositories()) == names
    assert client.requests == 2


def test_tags_and_a_repository_that_lost_them_all(registry, client_of):
    made = registry()
    push(made, "app", "v1", images.image("one"))
    push(made, "app", "v2", images.image("two"))
    push(made, "untagged", "", images.image("one"))
    client = client_of(made)
    assert sorted(client.tags("app")) == ["v1", "v2"]
    assert client.tags("untagged") in ([], None)  # depends on whether its tags folder exists
    assert client.tags("absent") is None


def test_manifests_by_tag_and_digest_are_returned_byte_for_byte(registry, client_of):
    made, image = registry(), images.build("one")
    push(made, "app", "v1", image)
    client = client_of(made)
    for reference in ("v1", image.digest):
        answer = client.get_manifest("app", reference)
        assert (answer.status, answer.body, answer.complete) == (200, image.content, True)
        assert answer.headers["docker-content-digest"] == image.digest
    head = client.head_manifest("app", "v1")
    assert (head.status, head.length, head.body) == (200, len(image.content), b"")
    assert client.requests == 3


@pytest.mark.parametrize("reference", ["v2", ABSENT])
def test_a_manifest_that_is_not_there(registry, client_of, reference):
    made = registry()
    push(made, "app", "v1", images.image("one"))
    answer = client_of(made).get_manifest("app", reference)
    assert answer.status == 404
    assert error_codes(answer) == ("MANIFEST_UNKNOWN",)


def test_a_blob_whole_in_part_and_as_a_promise(registry, client_of):
    made = registry()
    blob = images.layer("one", 200_000)
    push(made, "app", "v1", images.image("one", layers=[blob]))
    client, pieces = client_of(made), []
    whole = client.get_blob("app", blob.digest, pieces.append)
    assert (whole.status, whole.complete, whole.received, whole.body) == (200, True, len(blob.content), b"")
    assert b"".join(pieces) == blob.content
    last = len(blob.content) - 1
    tail = client.get_blob_range("app", blob.digest, last - 2, last)
    assert (tail.status, tail.body, tail.complete, tail.received) == (206, blob.content[-3:], True, 3)
    assert tail.headers["content-range"] == f"bytes {last - 2}-{last}/{len(blob.content)}"
    assert client.head_blob("app", blob.digest).length == len(blob.content)
    assert client.requests == 3


def test_a_range_beyond_the_end(registry, client_of):
    made = registry()
    blob = images.layer("one")
    push(made, "app", "v1", images.image("one", layers=[blob]))
    assert client_of(made).get_blob_range("app", blob.digest, len(blob.content), len(blob.content)).status == 416


def test_a_blob_that_is_not_there(registry, client_of):
    made = registry()
    push(made, "app", "v1", images.image("one"))
    client = client_of(made)
    assert error_codes(client.get_blob_range("app", ABSENT, 0, 0)) == ("BLOB_UNKNOWN",)
    assert client.head_blob("app", ABSENT).status == 404
    assert client.get_blob("app", ABSENT, pytest.fail).status == 404


def test_a_stale_cache_promises_bytes_and_delivers_none(registry, client_of):
    made = registry(cache=True)
    blob = images.layer("one")
    push(made, "app", "v1", images.image("one", layers=[blob]))
    client = client_of(made)
    os.unlink(blob_path(made.root, blob.digest))
    assert client.head_blob("app", blob.digest).status == 200
    last = len(blob.content) - 1
    answer = client.get_blob_range("app", blob.digest, last, last)
    assert (answer.complete, answer.received) == (False, 0)
    whole = client.get_blob("app", blob.digest, lambda piece: None)
    assert (whole.status, whole.complete, whole.length, whole.received) == (200, False, len(blob.content), 0)


def test_referrers_where_the_registry_has_no_such_list(registry, client_of):
    made, image = registry(), images.image("one")
    push(made, "app", "v1", image)
    assert client_of(made).referrers("app", image.digest) is None


def test_a_damaged_link_is_a_500_asked_about_twice_and_returned(registry, client_of):
    made, image = registry(), images.image("one")
    push(made, "app", "v1", image)
    tag = os.path.join(made.root, "docker/registry/v2/repositories/app/_manifests/tags/v1/current/link")
    with open(tag, "w", encoding="ascii"):
        pass
    client = client_of(made)
    assert client.get_manifest("app", "v1").status == 500
    assert client.requests == 2


@pytest.mark.parametrize("name", ["../etc", "UPPER", "a//b", "a?n=1", ""])
def test_a_name_never_becomes_a_path_of_its_own_choosing(any_registry, client_of, name):
    client = client_of(any_registry())
    with pytest.raises(BadInput):
        client.tags(name)
    with pytest.raises(BadInput):
        client.get_manifest(name, "v1")
    with pytest.raises(BadInput):
        client.get_manifest("app", f"v1/{name}")
    with pytest.raises(BadInput):
        client.head_blob("app", f"sha256:{name}")
    assert client.requests == 0
