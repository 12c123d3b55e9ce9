# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Whatever the graph looks like, nothing that a tag that stays needs ever goes, and nothing is orphaned on the way."""

from __future__ import annotations

from ansible.module_utils.oci_registry.reach import subject_of_tag
from hypothesis import given, settings
from hypothesis import strategies as st

from unit.retention.made import about, digest, going, plan, repository, staying

NAMES = [f"m{number}" for number in range(9)]
TAGS = ["latest", "v1", "v2", "v3", about("m0"), about("m1", ".sig"), about("m2"), about("nowhere")]
names = st.sampled_from(NAMES)


@st.composite
def graphs(draw):
    """Tags, children, subjects (in circles, too) and times, all at random; a child always comes later in NAMES than its index."""
    edges = {
        name: draw(st.lists(st.sampled_from(NAMES[number + 1 :]), max_size=3, unique=True))
        for number, name in enumerate(NAMES[:-1])
    }
    tags = draw(st.dictionaries(st.sampled_from(TAGS), names, min_size=1))
    return repository(
        tags,
        {name: below for name, below in edges.items() if below},
        subjects=draw(st.dictionaries(names, names, max_size=4)),
        untagged=draw(st.lists(names, max_size=4)),
        days={tag: draw(st.floats(-1, 10)) for tag in tags},
        linked={name: draw(st.floats(0, 3)) for name in NAMES},
    )


OPTIONS = st.fixed_dictionaries(
    {
        "keep_newest": st.integers(0, 3),
        "keep_tags": st.sampled_from([[], ["latest"], ["v*"]]),
        "untag_way": st.sampled_from([None, "api", "disk"]),
        "in_use": st.lists(names, max_size=2),
    }
)


def reachable(facts, roots):
    """Everything below, and whatever refers to any of it, with what is below that: found again and again until nothing is new."""
    seen = set(roots)
    while True:
        more = {child for each in seen for child in facts.edges.get(each, ())}
        more |= {each for each, subject in facts.subjects.items() if subject in seen}
        more |= {each for tag, each in facts.tags.items() if subject_of_tag(tag) in seen}
        if more <= seen:
            return seen
        seen |= more


@settings(max_examples=400, deadline=None)
@given(graphs(), OPTIONS)
def test_nothing_that_is_needed_goes(facts, options):
    found = plan(facts, approve=["delete_all"], **options)
    tags, manifests = going(found)
    kept = [facts.tags[tag] for tag in staying(found)]
    used = [digest(name) for name in options["in_use"] if digest(name) in facts.manifests]
    assert reachable(facts, [*kept, *used]).isdisjoint(manifests)
    assert len(manifests) == len(set(manifests))
    assert set(facts.tags) == tags | set(staying(found))
    assert tags.isdisjoint(staying(found))


@settings(max_examples=400, deadline=None)
@given(graphs(), OPTIONS)
def test_cut_short_anywhere_no_manifest_is_without_what_it_names(facts, options):
    _tags, order = going(plan(facts, approve=["delete_all"], **options))
    place = {each: number for number, each in enumerate(order)}
    for number, gone in enumerate(order):
        above = {each for each, below in facts.edges.items() if gone in below}
        assert all(place.get(each, len(order)) < number for each in above), "an index goes after its child"


@settings(max_examples=200, deadline=None)
@given(graphs(), OPTIONS)
def test_a_second_run_finds_nothing_to_do(facts, options):
    found = plan(facts, approve=["delete_all"], **options)
    tags, manifests = going(found)
    left = facts._replace(
        tags={tag: each for tag, each in facts.tags.items() if tag not in tags},
        pushed={tag: time for tag, time in facts.pushed.items() if tag not in tags},
        manifests=facts.manifests - set(manifests),
        edges={each: below for each, below in facts.edges.items() if each not in manifests},
        subjects={each: subject for each, subject in facts.subjects.items() if each not in manifests},
    )
    assert plan(left, approve=["delete_all"], **options).changes == []
