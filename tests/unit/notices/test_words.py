# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a chat is told: enough to act on, never long, and nothing that a chat would take for more than text."""

from __future__ import annotations

import html
from typing import Any

import pytest
from ansible.module_utils.notices.words import CHANGE, FAILURE, FINDINGS, HEALTHY, MAX_TEXT, Notice, occasions, text
from hypothesis import given, settings
from hypothesis import strategies as some


def finding(**changes: Any) -> dict[str, Any]:
    return {
        "code": "child-missing",
        "severity": "critical",
        "repository": "team/app",
        "tags": ["1.0"],
        "digest": "sha256:ab",
        **changes,
    }


def notice(*results: dict[str, Any], **changes: Any) -> Notice:
    return Notice(**{"run": "verify", "results": list(results), "unseen": [], "problem": "", "report": "", **changes})


OCCASIONS = {
    "healthy": (notice({"name": "a", "findings": []}), [HEALTHY]),
    "wasted space": (notice({"name": "a", "findings": [finding(severity="info")]}), [HEALTHY]),
    "broken": (notice({"name": "a", "findings": [finding()], "problem": "broken"}), [FINDINGS, FAILURE]),
    "differs": (notice({"name": "a", "findings": [], "differences": [{"meaning": "stale-cache"}]}), [FINDINGS]),
    "changed": (notice({"name": "a", "findings": [], "changed": True}), [CHANGE, HEALTHY]),
    "repaired in part": (notice({"name": "a", "findings": [finding()], "changed": True}), [FINDINGS, CHANGE]),
    "broken, and another not seen": (
        notice({"name": "a", "findings": [finding()]}, unseen=["b: no result"]),
        [FINDINGS, FAILURE],
    ),
    "not seen": (notice({"name": "a", "findings": []}, unseen=["b: no result"]), [FAILURE]),
    "seen in part": (notice({"name": "a", "findings": [], "problems": ["no answer"]}), [FAILURE]),
    "taken back": (notice({"name": "a", "findings": [], "problem": "not pinned"}), [FAILURE]),
}


@pytest.mark.parametrize(("told", "expected"), OCCASIONS.values(), ids=OCCASIONS)
def test_what_it_is_an_occasion_for(told, expected):
    assert occasions(told) == expected


def test_a_walk_names_what_is_broken_and_where_to_read_on():
    broken = [finding(), finding(code="tag-dangling"), finding(repository="tools/cli", tags=[], digest=f"sha256:{'cd' * 32}")]
    told = text(notice({"name": "private", "findings": broken}, {"name": "other", "findings": []}, report="host:/reports/1"))
    assert told.splitlines() == [
        "*registry-runbooks verify*: something is broken, or differs",
        "```",
        "private: 3 found (child-missing 2, tag-dangling 1): team/app:1.0, tools/cli@sha256:cdcdcdcdcdcd",
        "nothing to report of 1 more",
        "Report: host:/reports/1",
        "```",
    ]


CHANGES = {
    "repair": (
        {
            "steps": [
                {"action": "relink", "state": "done"},
                {"action": "relink", "state": "done"},
                {"action": "restore", "state": "failed"},
            ]
        },
        "a: repaired: relink 2",
    ),
    "pin": (
        {"image": "registry:2.8.3", "plan": [{"service": "one", "action": "recreate"}, {"service": "two", "action": "keep"}]},
        "a: brought to registry:2.8.3: one",
    ),
    "maintenance": (
        {"retention": {"msg": "3 tags deleted."}, "collection": {"msg": "1 MiB freed."}},
        "a: 3 tags deleted. 1 MiB freed.",
    ),
    "something else": ({}, "a: something was changed"),
}


@pytest.mark.parametrize(("result", "line"), CHANGES.values(), ids=CHANGES)
def test_what_was_done(result, line):
    assert line in text(notice({"name": "a", "findings": [], "changed": True, **result})).splitlines()


def test_a_name_that_a_problem_begins_with_is_not_said_twice():
    told = text(notice({"name": "a", "findings": [], "problem": "a: the proof failed"}))
    assert "a: the proof failed" in told and "a: a:" not in told


HOSTILE = [
    "<!channel>",
    "<http://evil|click>",
    "@channel",
    "a`b```c",
    "x\n*bold*",
    "\x1b[2Jhidden",
    "\u202egnp",
    "&amp;",
    "@@here",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_a_name(name):
    told = text(notice({"name": name, "findings": [finding(repository=name)]}, problem=name, unseen=[name], report=name))
    first, fence, *inside, last = told.splitlines()
    assert (fence, last, told.count("```")) == ("```", "```", 2), "nothing ends the block but its end"
    assert first == "*registry-runbooks verify*: something is broken, or differs; ended with a problem"
    assert len(inside) == 4
    assert "<" not in told and ">" not in told
    assert not any(mention in told for mention in ("@channel", "@here", "@everyone", "\x1b", "\u202e"))
    assert "sha256:" not in name


def test_digests_can_still_be_copied():
    assert f"app@sha256:{'ab' * 32}" in text(notice(problem=f"app@sha256:{'ab' * 32}"))


@settings(max_examples=40, deadline=None)
@given(some.lists(some.text(max_size=400), max_size=20), some.text(max_size=2500))
def test_never_longer_than_a_chat_takes(names, problem):
    told = text(
        notice(*({"name": name, "findings": [finding()]} for name in names), problem=problem, unseen=names, report=problem)
    )
    assert len(told) <= MAX_TEXT
    assert html.escape(html.unescape(told), quote=False) == told, "nothing that was escaped is cut in two"


def test_a_long_sentence_is_cut_and_not_dropped():
    (line,) = [line for line in text(notice(problem="why " * 1000, report="host:/r")).splitlines() if line.startswith("why why")]
    assert line.endswith("...") and len(line) == 300


def test_what_is_left_out_is_counted():
    told = text(notice(*({"name": f"registry-{number}", "findings": [finding()]} for number in range(100)), report="host:/r"))
    assert "more lines: see the report" in told
    assert "Report: host:/r" in told
