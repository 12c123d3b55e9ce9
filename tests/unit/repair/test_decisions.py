# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The choice among candidates, the order of steps, the graph, and what is in use: from made-up evidence."""

from __future__ import annotations

import pytest
from ansible.module_utils.oci_registry.plans import steps
from ansible.module_utils.oci_registry.plans.choices import Choices, choices_from
from ansible.module_utils.oci_registry.plans.decide import conclude, decide
from ansible.module_utils.oci_registry.plans.facts import GONE, WRONG
from ansible.module_utils.oci_registry.plans.graph import graph_of
from ansible.module_utils.oci_registry.plans.ladder import Candidate, Image, Known, broken_images, choose, put_in_use_first
from ansible.module_utils.oci_registry.plans.outlook import before_and_after
from ansible.module_utils.oci_registry.plans.repair import plan_repair
from ansible.module_utils.oci_registry.plans.rungs import climb

from unit.repair.test_plan import CHILD, INDEX, LAYER, OTHER, R, add, evidence

NONE_GIVEN = dict.fromkeys(("in_use", "approved_plan", "registry"))
NONE_GIVEN.update(
    approve=[], rebuilds=[], repoint={}, delete=[], allow_lost_platforms=False, approved_digests=[], in_use_complete=True
)

RESTORE = Candidate("restore", "copy", possible=False)
REPOINT = Candidate("repoint", "free", approval="repoint", possible=True)
REBUILD = Candidate("rebuild", "rebuild", approval="rebuild", possible=True)
DELETE = Candidate("delete", "free", approval="delete", possible=True)


@pytest.mark.parametrize(
    ("candidates", "choices", "expected"),
    [
        ([RESTORE, REPOINT, REBUILD], Choices(), "repoint"),
        ([RESTORE, REPOINT, REBUILD], Choices(approve=frozenset(["rebuild"])), "rebuild"),
        ([RESTORE, REPOINT, REBUILD], Choices(approve=frozenset(["rebuild", "repoint"])), "repoint"),
        ([RESTORE, REBUILD, DELETE], Choices(approve=frozenset(["delete"])), "rebuild"),
        ([RESTORE, DELETE], Choices(), "delete"),
        ([RESTORE, REPOINT, DELETE], Choices(delete=frozenset([(R, "v1")])), "delete"),
        ([RESTORE], Choices(), None),
    ],
)
def test_which_is_chosen(candidates, choices, expected):
    chosen = choose(Image(R, "v1", "", candidates=candidates), choices, mended=False)
    assert (chosen.action if chosen else None) == expected


def drawn(facts, choices):
    plan = plan_repair(facts, choices.approve)
    before, after = before_and_after(facts, plan)
    images = broken_images(facts, before, choices)
    climb(images, Known(facts, plan, choices, before, after, {}, {}))
    decide(plan, images, facts, choices)
    conclude(images, check_mode=True)
    return plan, images


def test_in_use_first_restarts_around():
    facts = evidence(child={"link": GONE}, layer={"disk": WRONG})
    add(facts, OTHER, True, {"child": {"link": GONE}, "layer": {"disk": WRONG}})
    rebuilds = choices_from(
        {**NONE_GIVEN, "rebuilds": [{"image": R, "way": "ci", "possible": True, "needs": "", "why": ""}]}
    ).rebuilds
    choices = Choices(approve=frozenset(["rebuild"]), knows_use=True, in_use=frozenset([(OTHER, "v1")]), rebuilds=rebuilds)
    plan, images = drawn(facts, choices)
    assert [(image.repository, image.in_use, image.choice and image.choice.action) for image in images] == [
        (OTHER, True, None),
        (R, False, "rebuild"),
    ]
    places = [step.repository for step in plan.steps if step.repository]
    assert places == sorted(places, key=lambda repository: repository != OTHER)
    assert plan.steps[-1].action == steps.RESTART
    assert [(step.action, step.digest) for step in plan.changes if step.action == steps.QUARANTINE] == [(steps.QUARANTINE, LAYER)]


def test_what_is_in_use_by_digest_comes_first_too():
    facts = evidence(layer={"disk": GONE, "sources": ("snapshot /s",)})
    add(facts, OTHER, True, {"layer": {"disk": GONE, "link": GONE, "sources": ("snapshot /s",)}})
    choices = Choices(knows_use=True, in_use=frozenset([(OTHER, CHILD)]))
    put_in_use_first(facts, choices)
    plan, images = drawn(facts, choices)
    assert [(image.repository, image.in_use) for image in images] == [(OTHER, True), (R, False)]
    assert [(step.action, step.repository) for step in plan.changes] == [("restore", OTHER), ("relink", OTHER)]


def test_what_no_tag_names_is_mended_first_where_it_is_in_use():
    facts = evidence(child={"link": GONE})
    add(facts, OTHER, True, {"child": {"link": GONE}})
    facts.roots[OTHER, INDEX] = set()
    del facts.tags[OTHER, "v1"]
    for node in facts.nodes.values():
        node.tags = set() if node.repository == OTHER else node.tags
    plan, _images = drawn(facts, Choices(knows_use=True, in_use=frozenset([(OTHER, INDEX)])))
    assert [step.repository for step in plan.changes] == [OTHER, R]


def test_outcomes_follow_the_steps():
    facts = evidence(child={"link": GONE})
    plan, (image,) = drawn(facts, Choices())
    assert (image.outcome, image.why) == ("planned", "")
    for state, expected in (("done", "done"), ("failed", "failed"), ("planned", "remaining")):
        for step in plan.changes or image.steps:
            step.state = state
        conclude([image], check_mode=False)
        assert image.outcome == expected


def test_a_large_graph_keeps_what_is_wrong():
    facts = evidence(layer={"disk": GONE})
    graph = graph_of(facts, plan_repair(facts), limit=2)
    assert graph["nodes"][0]["digest"] == LAYER
    assert graph["nodes"][0]["state"] == "gone"
    assert (len(graph["nodes"]), graph["note"]) == (2, "2 of 4 nodes were left out, those that are right first")
    assert graph_of(facts, plan_repair(facts))["note"] == ""


def test_the_graph_tells_hollow_from_unlinked():
    for layer, state in (({}, "unlinked"), ({"disk": GONE}, "hollow")):
        facts = evidence(child={"link": GONE}, layer=layer)
        nodes = {node["digest"]: node for node in graph_of(facts, plan_repair(facts))["nodes"]}
        assert nodes[CHILD]["state"] == state


def test_what_is_in_use_elsewhere_says_nothing():
    given = {**NONE_GIVEN, "registry": "here:5000", "in_use": ["here:5000/team/app:v1", "there:5000/team/app:v2", "team/app:v3"]}
    choices = choices_from(given)
    assert choices.in_use == {(R, "v1"), (R, "v3")}
    assert choices.knows_use
    assert not choices_from({**given, "in_use_complete": False}).knows_use, "what was not asked may use it"
    assert not choices_from({**NONE_GIVEN}).knows_use


def test_without_a_registry_every_host_is_meant():
    images = ["here:5000/team/app:v1", "quay.io/team/app:v2", "team/app:v3"]
    assert choices_from({**NONE_GIVEN, "in_use": images}).in_use == {(R, "v1"), (R, "v2"), (f"quay.io/{R}", "v2"), (R, "v3")}
    ways = [{"image": image, "way": "ci", "possible": True, "needs": "", "why": ""} for image in images[:2]]
    named = choices_from({**NONE_GIVEN, "rebuilds": ways, "delete": images[:2], "repoint": {images[2]: "v1"}})
    assert [(way.repository, way.tag) for way in named.rebuilds] == [(R, "v1"), (R, "v2"), (f"quay.io/{R}", "v2")]
    assert named.settled(lambda key: key != (R, "v2")).delete == {(R, "v1"), (f"quay.io/{R}", "v2")}
