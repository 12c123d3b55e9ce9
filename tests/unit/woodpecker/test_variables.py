# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Where variables stand in a text, however odd it is; what is escaped once stays as it is."""

from __future__ import annotations

import pytest
from ansible.module_utils.woodpecker.substitution import escaped
from ansible.module_utils.woodpecker.variables import empty_by_hand, is_whole, places
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.mark.parametrize(
    "text",
    [
        "${" * 5000,
        "${" * 5000 + "}" * 5000,
        "${a:-" * 500 + "}" * 500,
        "$${" * 5000,
        "${" + "$${" * 5000 + "}" * 5001,
        "}" * 5000,
    ],
)
def test_no_text_is_too_odd(text):
    found = places(text)
    assert all(0 <= one.start < one.end <= len(text) for one in found)


@settings(max_examples=1500, deadline=None)
@given(st.text(alphabet="${}:-a1 CI_REPO#/", max_size=40))
def test_what_is_escaped_stays_so(text):
    found = [one.start for place in places(text) for one in place.all()]
    assert len(set(found)) == len(found)
    if is_whole(text):
        once = escaped(text, set())
        assert escaped(once, set()) == once


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("app:${CI_COMMIT_TAG}", "CI_COMMIT_TAG"),
        ("app:${CI_COMMIT_TAG##v}", "CI_COMMIT_TAG"),
        ("app:${CI_COMMIT_TAG:-latest}", ""),
        ("app:${CI_COMMIT_TAG=latest}", ""),
        ("app:${CI_COMMIT_TAG:-}", "CI_COMMIT_TAG"),
        ("${CI_PIPELINE_DEPLOY_TARGET}", "CI_PIPELINE_DEPLOY_TARGET"),
        ("pr-${CI_COMMIT_PULL_REQUEST}", "CI_COMMIT_PULL_REQUEST"),
        ("${CI_COMMIT_SHA:0:8}", ""),
    ],
)
def test_what_is_empty_by_hand(text, name):
    assert empty_by_hand(text) == name
