# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The tree of an image, each thing once, what was broken first; and the scale of a timeline."""

from __future__ import annotations

from ansible.module_utils.incident_record.page.clockwork import Scale
from ansible.module_utils.incident_record.page.tree import MOST_CHILDREN, graph_of, lines_of
from ansible.module_utils.incident_record.run import run_of

from plugins.records import incident, report


def lines(result, number=0):
    registry = run_of(report(result)).registries[0]
    image = registry.images[number]
    return lines_of(image, graph_of(image, registry.nodes, registry.before, registry.steps))


def test_index_children_and_what_they_name():
    shown = lines(incident(1, left=0, platforms=["linux/amd64", "linux/arm64", "unknown/unknown"]))
    assert [(line.depth, line.label, line.words) for line in shown] == [
        (0, "index", "right"),
        (1, "linux/amd64", "hollow, relinked"),
        (2, "config", "gone, restored"),
        (2, "layer", "gone, restored"),
        (1, "linux/arm64", "hollow, relinked"),
        (2, "config", "gone, restored"),
        (2, "layer", "gone, restored"),
        (1, "attestation", "right"),
        (2, "config", "right"),
        (2, "layer", "right"),
        (1, "shared by several", ""),
        (2, "layer", "right"),
    ]
    assert [line.shares for line in shown if line.depth == 1] == [True, True, False, False]


def test_what_is_still_broken_says_so_and_is_first():
    shown = lines(incident(1, left=1, platforms=["linux/amd64", "linux/arm64", "linux/s390x"]))
    assert [(line.kind, line.words) for line in shown if line.depth == 1][:3] == [
        ("bad", "hollow"),
        ("bad", "hollow"),
        ("good", "right"),
    ]
    planned = incident(1, left=0)
    planned["images"][0]["outcome"] = "planned"
    assert {line.kind for line in lines(planned)} == {"good", "warn", "plain"}


def test_many_children_are_counted():
    shown = lines(incident(1, platforms=[f"linux/arm/v{number}" for number in range(40)]))
    assert sum(line.label.startswith("linux/") for line in shown) == MOST_CHILDREN
    assert ("and 28 more", "all right") in [(line.label, line.words) for line in shown]
    assert len(shown) < 30


def test_without_a_graph_the_findings_make_one():
    shown = lines({**incident(2), "graph": {}, "images": []})
    assert [(line.depth, line.label) for line in shown] == [(0, "index"), (1, "linux/amd64"), (1, "linux/arm64")]
    assert [line.words for line in shown[1:]] == ["hollow, relinked", "hollow, relinked"]


def test_a_graph_that_goes_in_circles_ends():
    result = incident(1)
    index, child = result["graph"]["nodes"][:2]
    result["graph"]["nodes"] = [{**index, "parent": child["digest"]}, child]
    assert len(lines(result)) == 2


def test_a_scale_is_true_but_for_one_long_stretch():
    true = Scale([0.0, 10.0, 30.0, 40.0])
    assert (true.broken, true.at(10.0), true.at(20.0), true.at(40.0)) == (-1, 25.0, 50.0, 100.0)
    long = Scale([0.0, 10_000.0, 10_010.0, 10_020.0])
    assert (long.broken, long.gap) == (0, (0.0, 10_000.0))
    assert (long.at(10_000.0), long.at(10_010.0), long.at(99_999.0)) == (50.0, 75.0, 100.0)
    assert Scale([5.0]).at(5.0) == 0.0
