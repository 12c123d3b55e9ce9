# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What counts as the same content: the images of each platform, whatever else an index holds."""

from __future__ import annotations

import itertools

import pytest
from ansible.module_utils.oci_registry.model import MAX_DEPTH, Descriptor, Manifest
from ansible.module_utils.oci_registry.plans.content import MAX_CONTENTS, contents_of, lost_platforms, same_content

AMD64, ARM64, UNKNOWN = "linux/amd64", "linux/arm64", "unknown/unknown"


def digest(text: str) -> str:
    return "sha256:" + text.ljust(64, "0")


def child(name: str, platform: str = AMD64, attestation: bool = False) -> Descriptor:
    return Descriptor(digest(name), 1, platform=platform, attestation=attestation)


def image(config: str, *layers: str) -> Manifest:
    return Manifest(
        "image", "oci", config=Descriptor(digest(config), 1), layers=tuple(Descriptor(digest(each), 1) for each in layers)
    )


KNOWN = {
    digest("a"): image("c", "1", "2"),
    digest("a2"): image("c", "1", "2"),
    digest("b"): image("d", "1", "3"),
    digest("swapped"): image("c", "2", "1"),
    digest("nested"): Manifest("index", "oci", children=(child("a", ""),)),
}


def contents(*children: Descriptor):
    known = {**KNOWN, digest("root"): Manifest("index", "oci", children=children)}
    return contents_of(digest("root"), known.get)


def alone(name: str):
    return contents_of(digest(name), KNOWN.get)


BOTH = (child("a"), child("b", ARM64))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (contents(*BOTH), contents(*BOTH), True),
        (contents(*BOTH), contents(*reversed(BOTH)), True),
        (contents(*BOTH), contents(*BOTH, child("x", UNKNOWN), child("y", ARM64, attestation=True)), True),
        (contents(*BOTH), contents(child("a2"), child("b", ARM64)), True),
        (contents(*BOTH), contents(child("swapped"), child("b", ARM64)), False),
        (contents(*BOTH), contents(child("a", ARM64), child("b")), False),
        (contents(*BOTH), contents(child("a")), False),
        (contents(child("a")), contents(*BOTH), False),
        (contents(child("gone")), contents(child("gone")), True),
        (contents(child("gone")), contents(child("a")), False),
        (contents(child("a"), child("a")), contents(child("a"), child("b")), False),
        (contents(child("nested")), contents(child("a")), True),
        (alone("a"), alone("a2"), True),
        (alone("a"), alone("b"), False),
        (alone("a"), contents(child("a2")), True),
        (alone("a"), contents(*BOTH), False),
        (contents(child("x", UNKNOWN)), contents(child("y", UNKNOWN)), False),
    ],
)
def test_same_content(one, other, same):
    assert same_content(one, other) is same


def test_what_cannot_be_read_tells_nothing():
    assert alone("gone") is None


def test_lost_platforms():
    assert lost_platforms(contents(*BOTH), contents(child("x"))) == [ARM64]
    assert lost_platforms(contents(child("x")), contents(*BOTH)) == []
    assert lost_platforms(alone("a"), contents(child("b", ARM64))) == [], "an image alone does not tell its platform"
    assert lost_platforms(contents(child("a")), alone("b")) == [], "it may be the same one"
    assert lost_platforms(contents(*BOTH), alone("b")) == [f"all but 1 of {AMD64}, {ARM64}"], "but no more than one"


def nest(depth: int, width: int) -> dict[str, Manifest]:
    """Indexes that each name the next one ``width`` times, over one image."""
    levels = [digest(f"level{number}") for number in range(depth)] + [digest("a")]
    indexes = {
        above: Manifest("index", "oci", children=(Descriptor(below, 1),) * width) for above, below in itertools.pairwise(levels)
    }
    return {**KNOWN, **indexes}


def test_what_is_named_again_and_again_is_read_once():
    """Eight levels of nine children each would else be 43 million."""
    known, asked = nest(MAX_DEPTH, 9), []

    def find(wanted: str):
        asked.append(wanted)
        return known.get(wanted)

    assert contents_of(digest("level0"), find) == [("", digest("a"), (digest("c"), digest("1"), digest("2")))]
    assert len(asked) <= MAX_DEPTH + 2


def test_what_nests_too_deep_is_not_known():
    assert contents_of(digest("level0"), nest(MAX_DEPTH + 1, 1).get) == [("", digest("a"), None)]


def test_more_than_any_image_has_is_not_compared():
    many = [child(f"{number}-") for number in range(MAX_CONTENTS + 1)]
    assert len(contents(*many[1:])) == MAX_CONTENTS
    assert contents(*many) is None
