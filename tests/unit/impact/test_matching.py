# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Uses held against broken images: by name under every alias, by digest, and what cannot be told."""

from __future__ import annotations

import pytest
from ansible.module_utils.image_uses.options import result_of
from ansible.module_utils.image_uses.use import use
from ansible.module_utils.oci_registry.errors import BadInput

INDEX, CHILD, CONFIG, OTHER, SIBLING = (f"sha256:{digit * 64}" for digit in "12345")
HOST = "registry.example.com:5050"


def impact(uses, **options):
    """The result for options of the module; broken is infra-ci:latest and one tag that nobody is known to use."""
    broken = [{"repository": "infra-ci", "tag": "latest"}, {"repository": "infra-ci", "tag": "old"}]
    given = {"name": "", "findings": [], "images": broken, "graph": {}, "registries": [HOST], "problems": [], **options}
    return result_of({**given, "uses": uses})


def runs(image, **options):
    return use("container", "host", "app", image, **options)


def child_missing(**changes):
    record = {
        "code": "child-missing",
        "severity": "critical",
        "repository": "infra-ci",
        "tags": ["latest"],
        "digest": CHILD,
        "parent": INDEX,
    }
    return {**record, **changes}


@pytest.mark.parametrize(
    ("image", "registries", "is_hit"),
    [
        (f"{HOST}/infra-ci:latest", [HOST], True),
        (f"{HOST}/infra-ci", [HOST], True),
        (f"{HOST}/infra-ci:1", [HOST], False),
        (f"{HOST}/team/infra-ci:latest", [HOST], False),
        ("registry-nginx:5050/infra-ci:latest", [HOST], False),
        ("registry-nginx:5050/infra-ci:latest", [HOST, "registry-nginx:5050"], True),
        ("REGISTRY.example.com:443/infra-ci:latest", ["registry.example.com"], True),
        ("registry.example.com/infra-ci:latest", ["registry.example.com:443"], True),
        ("infra-ci:latest", [HOST], False),
        ("infra-ci:latest", [], True),
        ("elsewhere:1/infra-ci:latest", [], True),
    ],
)
def test_by_name(image, registries, is_hit):
    found = impact([runs(image)], registries=registries)
    assert found["in_use"] == (["infra-ci:latest"] if is_hit else [])
    assert found["unused"] == ([] if is_hit else ["infra-ci:latest"]) + ["infra-ci:old"]
    assert found["complete"]


@pytest.mark.parametrize("image", ["alpine:3", "library/alpine:3", "docker.io/alpine:3", "index.docker.io/library/alpine:3"])
@pytest.mark.parametrize("name", ["docker.io", "index.docker.io"])
def test_a_cache_of_docker_hub(image, name):
    broken = [{"repository": "library/alpine", "tag": "3"}]
    assert impact([runs(image)], images=broken, registries=["cache:5000", name])["in_use"] == ["library/alpine:3"]
    assert impact([runs(image)], images=broken, registries=["cache:5000"])["in_use"] == []


@pytest.mark.parametrize(
    ("image", "digests"),
    [
        (f"{HOST}/infra-ci@{INDEX}", ()),
        (f"{HOST}/infra-ci:other@{INDEX}", ()),
        ("", [INDEX]),
        ("", [CHILD]),
        ("built:here", [CHILD]),
    ],
)
def test_an_index_or_what_it_names_by_digest(image, digests):
    found = impact([runs(image, digests=digests)], findings=[child_missing()], images=[])
    assert found["in_use"] == ["infra-ci:latest"]
    assert [one["by"] for one in found["images"][0]["uses"]] == ["digest"]
    assert "(by digest)" in found["text"]


def test_a_digest_that_only_the_graph_knows():
    """docker names an image by the digest of its config."""
    nodes = [
        {"repository": "infra-ci", "digest": INDEX, "parent": "", "tags": ["latest"]},
        {"repository": "infra-ci", "digest": CHILD, "parent": INDEX, "tags": []},
        {"repository": "infra-ci", "digest": CONFIG, "parent": CHILD, "tags": []},
        {"repository": "other", "digest": OTHER, "parent": CHILD, "tags": []},
        {"repository": "infra-ci", "digest": SIBLING, "parent": OTHER, "tags": []},
    ]
    runs_config, pinned = runs("", digests=[CONFIG]), runs(f"{HOST}/infra-ci@{CONFIG}")
    assert impact([runs_config])["in_use"] == []
    for one in (runs_config, pinned):
        assert impact([one], graph={"nodes": nodes})["in_use"] == ["infra-ci:latest"]
    assert impact([runs("", digests=[OTHER, SIBLING])], graph={"nodes": nodes})["in_use"] == []


def test_a_digest_beside_a_tag_decides():
    """Engines do not read the tag then. Whether the digest is of a broken image is only known where all of that image is."""
    pinned = runs(f"{HOST}/infra-ci:latest@{OTHER}")
    unsure = impact([pinned])
    assert (unsure["in_use"], unsure["unsure"], unsure["complete"]) == ([], [pinned], False)
    assert "may be part of a broken image" in unsure["text"]
    known = [{"repository": "infra-ci", "tag": "latest", "digest": INDEX}]
    assert (impact([pinned], images=known)["unsure"], impact([pinned], images=known)["in_use"]) == ([], [])


def test_an_image_that_is_not_told_may_be_any_unless_something_of_it_is_known():
    def unsure(pattern):
        one = use("compose", "host", "app", "", pattern=pattern, detail="TAG is not set")
        return impact([one])["unsure"] == [one]

    assert unsure("") and unsure("*") and unsure(f"{HOST}/infra-ci:*") and unsure("*/infra-ci") and unsure("*:*/infra-ci:o*")
    assert unsure(f"{HOST}/infra-ci@*") and unsure(f"{HOST.upper()}/infra-c*") and unsure("*a" * 500)
    assert not any(map(unsure, [f"{HOST}/other:*", "elsewhere:1/infra-ci:*", f"{HOST}/infra-ci:v*", "infra-ci:*"]))


def test_findings_as_they_come():
    """Wasted space breaks nothing, an image without a tag has its digest for a name, and one that a tag reaches is that tag's."""
    findings = [
        child_missing(),
        child_missing(severity="info", repository="wasted"),
        child_missing(tags=[], digest=INDEX, parent=""),
        child_missing(tags=[], digest=CONFIG, parent=OTHER),
        child_missing(tags=[f"@{OTHER}"], repository="asked", digest=CONFIG, parent=""),
    ]
    found = impact([runs(f"{HOST}/asked@{OTHER}")], findings=findings, images=[])
    assert [(one["image"], one["tags"], one["in_use"]) for one in found["images"]] == [
        (f"asked@{OTHER}", [], True),
        ("infra-ci:latest", ["latest"], False),
        (f"infra-ci@{OTHER}", [], False),
    ]


def test_what_could_not_be_asked_makes_the_map_incomplete():
    found = impact([runs(f"{HOST}/infra-ci")], problems=["client-2: what it uses is not known (no route)"])
    assert (found["in_use"], found["unused"], found["complete"]) == (["infra-ci:latest"], ["infra-ci:old"], False)
    assert "COULD NOT LOOK: client-2" in found["text"] and "may still be used" in found["text"]


def test_the_table():
    """One row for each place; many names are counted, and nothing in a name moves a cursor."""
    uses = [use("woodpecker", "infra", f"{number}.yml:lint", f"{HOST}/infra-ci") for number in range(8)]
    uses.append(use("container", "host\x1b[2J", "evil\nname", f"{HOST}/infra-ci"))
    text = impact([*uses, uses[0]])["text"]
    assert "CI of infra: 0.yml:lint, 1.yml:lint, 2.yml:lint, 3.yml:lint, 4.yml:lint, 5.yml:lint (+2 more)\n" in text
    assert "runs on host?[2J: evil?name\n" in text
    assert "infra-ci:old     nothing that is known\n" in text


def test_nothing_is_broken():
    found = impact([runs("")], images=[])
    assert (found["images"], found["unsure"], found["complete"], found["text"]) == ([], [], True, "no image is broken\n")


@pytest.mark.parametrize(
    "options",
    [
        {"uses": [{"reference": "x"}]},
        {"uses": [{"kind": "compose", "digests": "sha256"}]},
        {"registries": ["https://registry.example.com"]},
        {"images": [{"tag": "latest"}]},
        {"graph": {"nodes": [{"digest": INDEX}]}, "images": [{"repository": "a", "tag": "b"}]},
    ],
)
def test_bad_input(options):
    with pytest.raises(BadInput):
        impact(**{"uses": [], **options})
