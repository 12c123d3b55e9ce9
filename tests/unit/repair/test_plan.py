# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The repair plan, from made-up evidence: no disk, no registry."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.oci_registry.model import Descriptor, Manifest
from ansible.module_utils.oci_registry.plans.facts import GONE, RIGHT, UNSEEN, WRONG, Evidence, Node, OrphanLink, TagFact
from ansible.module_utils.oci_registry.plans.outlook import before_and_after
from ansible.module_utils.oci_registry.plans.repair import plan_repair
from ansible.module_utils.oci_registry.plans.steps import Plan

R, OTHER = "team/app", "team/other"


def digest(letter: str) -> str:
    return "sha256:" + letter * 64


INDEX, CHILD, CONFIG, LAYER = (digest(letter) for letter in "1234")
MANIFESTS = {
    INDEX: Manifest("index", "oci-index", children=(Descriptor(CHILD, 10, platform="linux/amd64"),)),
    CHILD: Manifest("image", "oci-manifest", config=Descriptor(CONFIG, 5), layers=(Descriptor(LAYER, 7),)),
}
ROLES = {INDEX: "index", CHILD: "manifest", CONFIG: "config", LAYER: "layer"}
SIZES = {CHILD: 10, CONFIG: 5, LAYER: 7}


def evidence(*, disk: bool = True, api: bool = False, repository: str = R, **changed: dict[str, Any]) -> Evidence:
    """A sound image, with ``changed`` facts by the names of its parts: index, child, config, layer."""
    found = Evidence(has_disk=disk, has_api=api)
    add(found, repository, disk, changed)
    return found


def add(found: Evidence, repository: str, disk: bool, changed: dict[str, dict[str, Any]]) -> None:
    names = {"index": INDEX, "child": CHILD, "config": CONFIG, "layer": LAYER}
    for name, key in names.items():
        node = Node(repository, key, ROLES[key], size=SIZES.get(key), tags={"v1"}, detail="not right")
        if disk:
            node.disk, node.link, node.disk_size = RIGHT, RIGHT, SIZES.get(key, 20)
        else:
            node.served = RIGHT
        if key in MANIFESTS:
            node.content, node.manifest, node.content_from = (
                b" " * SIZES.get(key, 20),
                MANIFESTS[key],
                "disk" if disk else "registry",
            )
        for attribute, value in changed.get(name, {}).items():
            setattr(node, attribute, value)
        found.nodes[repository, key] = node
    found.roots[repository, INDEX] = {"v1"}
    found.tags[repository, "v1"] = TagFact(repository, "v1", INDEX, RIGHT)


LOST = {"content": None, "manifest": None, "content_from": ""}
FROM = {"sources": ("snapshot /s",)}
FROM_SOURCE = {"content_from": "snapshot /s"}

#: name: (evidence, steps that the tool takes, digests that remain)
CASES: dict[str, tuple[Evidence, list[tuple[str, str, str]], list[str]]] = {
    "sound": (evidence(), [], []),
    "sound over http": (evidence(disk=False, api=True), [], []),
    "child unlinked, disk": (evidence(child={"link": GONE}), [("relink", "disk", CHILD)], []),
    "child unlinked, both": (evidence(api=True, child={"link": GONE}), [("relink", "api", CHILD)], []),
    "layer unlinked, both": (evidence(api=True, layer={"link": WRONG}), [("relink", "disk", LAYER)], []),
    "layer gone, disk": (
        evidence(layer={"disk": GONE, "link": GONE, **FROM}),
        [("restore", "disk", LAYER), ("relink", "disk", LAYER)],
        [],
    ),
    "layer gone, both": (evidence(api=True, layer={"disk": GONE, "link": GONE, **FROM}), [("restore", "api", LAYER)], []),
    "layer damaged, both": (evidence(api=True, layer={"disk": WRONG, **FROM}), [("restore", "disk", LAYER)], []),
    "layer damaged and unlinked": (
        evidence(api=True, layer={"disk": WRONG, "link": GONE, **FROM}),
        [("restore", "disk", LAYER), ("relink", "disk", LAYER)],
        [],
    ),
    "layer damaged, no source": (evidence(layer={"disk": WRONG}), [], [LAYER]),
    "layer gone, no source": (evidence(api=True, layer={"disk": GONE}), [], [LAYER]),
    "layer gone, no source, child unlinked": (
        evidence(layer={"disk": GONE}, child={"link": GONE}),
        [],
        [LAYER, CHILD],
    ),
    "hollow, leaves first": (
        evidence(api=True, config={"disk": GONE, **FROM}, child={"link": GONE}, index={"link": GONE}),
        [("restore", "api", CONFIG), ("relink", "api", CHILD), ("relink", "api", INDEX)],
        [],
    ),
    "child damaged, known from a source": (evidence(child={"disk": WRONG, **FROM_SOURCE}), [("restore", "disk", CHILD)], []),
    "child gone, nowhere": (evidence(child={"disk": GONE, **LOST}), [], [CHILD]),
    "api only, not served": (evidence(disk=False, api=True, layer={"served": GONE, **FROM}), [("restore", "api", LAYER)], []),
    "api only, damaged": (evidence(disk=False, api=True, layer={"served": WRONG, **FROM}), [], [LAYER]),
    "api only, no source": (evidence(disk=False, api=True, layer={"served": GONE}), [], [LAYER]),
    "a lying descriptor": (evidence(layer={"disk_size": 8}), [], [LAYER]),
    "no manifest at all": (evidence(child={"manifest": None, "invalid": "no JSON"}), [], [CHILD]),
}


def taken(plan: Plan) -> list[tuple[str, str, str]]:
    return [(step.action, step.way, step.digest) for step in plan.changes]


@pytest.mark.parametrize("name", CASES)
def test_plan(name):
    facts, expected, remaining = CASES[name]
    plan = plan_repair(facts)
    assert taken(plan) == expected
    assert [left["digest"] for left in plan.remaining] == remaining
    assert all(step.reason for step in plan.steps)


@pytest.mark.parametrize("name", CASES)
def test_what_a_plan_leaves_is_what_it_says_remains(name):
    facts, expected, remaining = CASES[name]
    before, after = before_and_after(facts, plan_repair(facts))
    assert bool(before) == bool(expected or remaining)
    assert {finding["digest"] for finding in after} <= set(remaining)
    assert bool(after) == bool(remaining)


def test_a_damaged_file_is_announced_to_need_a_restart_afterwards():
    plan = plan_repair(evidence(layer={"disk": WRONG, **FROM}))
    assert plan.restart_required
    assert plan.steps[-1].action == "restart"


def test_a_stale_cache_asks_for_a_restart_first():
    plan = plan_repair(evidence(api=True, layer={"disk": GONE, "stale": True, **FROM}))
    assert plan.restart_required
    assert plan.steps[0].action == "restart"


def test_lost_bytes_come_once_for_all_repositories():
    facts = evidence(layer={"disk": GONE, **FROM})
    add(facts, OTHER, True, {"layer": {"disk": GONE, "link": GONE, **FROM}})
    assert taken(plan_repair(facts)) == [("restore", "disk", LAYER), ("relink", "disk", LAYER)]


@pytest.mark.parametrize(
    ("history", "expected"),
    [((INDEX,), [("link-tag", "api", INDEX)]), ((INDEX, CHILD), []), ((), [])],
    ids=["one", "two", "none"],
)
def test_a_dead_tag(history, expected):
    facts = evidence(api=True)
    facts.tags[R, "v1"] = TagFact(R, "v1", "", WRONG, history, "its link is empty")
    if not history:
        facts.roots.clear()
    plan = plan_repair(facts)
    assert taken(plan) == expected
    assert [left["role"] for left in plan.remaining] == ([] if expected else ["tag"])


@pytest.mark.parametrize(
    ("orphan", "approve", "state"),
    [
        (OrphanLink(R, LAYER, RIGHT, GONE), (), "remaining"),
        (OrphanLink(R, LAYER, RIGHT, GONE), ("remove-link",), "planned"),
        (OrphanLink(R, LAYER, GONE, GONE), ("remove-link",), "skipped"),
        (OrphanLink(R, LAYER, RIGHT, RIGHT), ("remove-link",), "skipped"),
        (OrphanLink(R, LAYER), ("remove-link",), "remaining"),
    ],
    ids=["not approved", "approved", "no such link", "no orphan", "no disk"],
)
def test_an_orphaned_link(orphan, approve, state):
    facts = Evidence(has_disk=orphan.disk != UNSEEN, has_api=True, orphans=[orphan])
    (step,) = plan_repair(facts, approve).steps
    assert (step.action, step.state) == ("remove-link", state)


def test_a_cache_is_only_repaired_where_something_is_wrong():
    facts = evidence(layer={"disk": GONE, **FROM}, child={"link": GONE}, config={"disk": WRONG, **FROM})
    facts.is_cache = True
    plan = plan_repair(facts)
    assert taken(plan) == []
    facts.nodes[R, CHILD].link = RIGHT
    assert taken(plan_repair(facts)) == [("restore", "disk", CONFIG)]


def test_an_index_that_stays_incomplete_is_linked_on_disk_or_not_at_all():
    second = digest("5")
    facts = evidence(api=True, index={"link": GONE}, child={"disk": GONE, **LOST})
    facts.nodes[R, INDEX].manifest = MANIFESTS[INDEX]._replace(children=(Descriptor(CHILD, 10), Descriptor(second, 10)))
    facts.nodes[R, second] = Node(R, second, "manifest", disk=RIGHT, link=RIGHT, manifest=Manifest("image", "x"), content=b"{}")
    assert taken(plan_repair(facts)) == [("relink", "disk", INDEX)]
    facts.nodes[R, second].disk, facts.nodes[R, second].content, facts.nodes[R, second].manifest = GONE, None, None
    plan = plan_repair(facts)
    assert taken(plan) == []
    assert INDEX in {left["digest"] for left in plan.remaining}
