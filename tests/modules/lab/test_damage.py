# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Each kind of damage really breaks what it says, in every registry, and nothing else."""

from __future__ import annotations

import contextlib

import pytest
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.damage import BASELINE, KINDS, candidates, damage
from ansible.module_utils.registry_lab.errors import LabError
from ansible.module_utils.registry_lab.graph import nodes_of, tags_of, users_of
from ansible.module_utils.registry_lab.place import place_on_disk

ACCEPT = ", ".join((images.OCI_INDEX, images.OCI_MANIFEST, images.DOCKER_LIST, images.DOCKER_MANIFEST))


#: tested one by one: the first breaks two things, the second none
APART = {"child-hollow", "layer-link-orphan"}


def made_for(kind):
    """An image of its own for each kind."""
    if kind.startswith("bare"):
        return images.index([images.image(kind, written=False)], written=False)
    return images.build(kind, shared=[images.layer(f"{kind} base")])


def place_twice(root, kind):
    """Two tags in one repository, and a second repository, all with the same image."""
    for repository, tag in ((kind, "v1"), (kind, "same"), (f"other/{kind}", "v1")):
        place_on_disk(root, repository, tag, made_for(kind))


def broken_things(registry, repository, image):
    """What a client that reads everything under the tag v1 does not get: digests, and "tag" for the tag itself."""
    answers = {"tag": ("manifests/v1", image.content)}
    for manifest in image.manifests():
        answers[manifest.digest] = (f"manifests/{manifest.digest}", manifest.content)
        answers.update({blob.digest: (f"blobs/{blob.digest}", blob.content) for blob in manifest.blobs})
    with contextlib.closing(registry.connect()) as connection:
        return {name for name, answer in answers.items() if not is_given(connection, repository, *answer)}


def is_given(connection, repository, target, content):
    connection.request("GET", f"/v2/{repository}/{target}", headers={"Accept": ACCEPT})
    answer = connection.getresponse()
    return answer.read() == content and answer.status == 200


def expected_of(done, image):
    """One thing, and with the root manifest the tag; a tag's link breaks the tag alone."""
    hit = {done.digest} & set(image.contents())
    return hit | {"tag"} if done.role == "tag" or done.digest == image.digest else hit


def test_each_kind_breaks_what_it_says_and_nothing_else(registry):
    made = registry()
    wrong = {}
    for kind in sorted(set(KINDS) - APART):
        place_twice(made.root, kind)
        image = made_for(kind)
        done = damage(kind, made.root, kind, "v1")
        seen = [broken_things(made, repository, image) for repository in (kind, f"other/{kind}")]
        expected = expected_of(done, image)
        if seen != [expected, expected if KINDS[kind].spreads else set()]:
            wrong[kind] = (done, seen, expected)
    assert not wrong


def test_a_hollow_child_has_lost_its_config_too(registry):
    made, image = registry(), made_for("child-hollow")
    place_twice(made.root, "child-hollow")
    done = damage("child-hollow", made.root, "child-hollow", "v1")
    config = image.children[0].blobs[0].digest
    assert broken_things(made, "child-hollow", image) == {done.digest, config}
    assert broken_things(made, "other/child-hollow", image) == {config}


def test_an_orphaned_layer_link_breaks_nothing(registry):
    made, image = registry(), made_for("layer-link-orphan")
    place_twice(made.root, "layer-link-orphan")
    done = damage("layer-link-orphan", made.root, "layer-link-orphan", "v1")
    assert (done.tags, done.severity) == ((), "info")
    assert broken_things(made, "layer-link-orphan", image) == set()


@pytest.mark.parametrize(
    ("kind", "tags", "affected"),
    [
        ("layer-gone", ("same", "v1"), {"app", "other/app"}),
        ("child-link-gone", ("same", "v1"), {"app"}),
        ("tag-link-empty", ("v1",), {"app"}),
        ("tag-revision-gone", ("same", "v1"), {"app"}),
    ],
)
def test_every_tag_and_repository_that_is_hit_is_named(tmp_path, kind, tags, affected):
    for repository, tag in (("app", "v1"), ("app", "same"), ("other/app", "v1")):
        place_on_disk(str(tmp_path), repository, tag, images.build("one"))
    place_on_disk(str(tmp_path), "app", "sound", images.build("two"))
    done = damage(kind, str(tmp_path), "app", "v1")
    assert (done.tags, set(done.affected)) == (tags, affected)


def test_which_chooses_among_the_candidates(tmp_path):
    place_on_disk(str(tmp_path), "app", "v1", images.build("one"))
    layers = [node.digest for node in candidates("layer-gone", str(tmp_path), "app", "v1")]
    assert len(layers) == 2
    assert damage("layer-gone", str(tmp_path), "app", "v1", which=3).digest == layers[1]


def test_a_tag_without_the_thing_to_damage_is_an_error(tmp_path):
    place_on_disk(str(tmp_path), "app", "v1", images.image("one"))
    with pytest.raises(LabError, match=r"app:v1: nothing here for damage of the kind child-gone"):
        damage("child-gone", str(tmp_path), "app", "v1")


def test_hard_linked_copies_stay_whole(tmp_path):
    root = tmp_path / "store"
    place_on_disk(str(root), "app", "v1", images.build("one"))
    done = damage("layer-halved", str(root), "app", "v1")
    kept = tmp_path / "kept"
    kept.hardlink_to(done.path)
    before = kept.read_bytes()
    damage("config-emptied", str(root), "app", "v1")
    damage("layer-halved", str(root), "app", "v1")
    assert kept.read_bytes() == before


def test_attestations_are_warnings(tmp_path):
    place_on_disk(str(tmp_path), "app", "v1", images.build("one"))
    assert damage("attestation-gone", str(tmp_path), "app", "v1").severity == "warning"
    assert damage("child-gone", str(tmp_path), "app", "v1").severity == "critical"


def test_the_ground_truth_is_the_image_that_was_made(tmp_path):
    image = images.build("one")
    place_on_disk(str(tmp_path), "team/app", "v1", image)
    assert list(tags_of(str(tmp_path))) == [("team/app", "v1")]
    assert {node.digest for node in nodes_of(str(tmp_path), "team/app", "v1")} == set(image.contents())
    assert users_of(str(tmp_path), image.children[0].blobs[0].digest) == {"team/app": ("v1",)}


def test_the_baseline_has_seventeen_kinds_of_which_one_needs_the_bytes_read():
    assert len(BASELINE) == 17
    assert [kind for kind, made in BASELINE.items() if made.proof == "content"] == ["layer-corrupt"]
