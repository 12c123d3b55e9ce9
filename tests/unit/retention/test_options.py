# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Rules, references and configs that a person or a stranger wrote: each wrong one is one clear error."""

from __future__ import annotations

import pytest
from ansible.module_utils.oci_registry.errors import BadInput
from ansible.module_utils.oci_registry.evidence.retention.http import time_of
from ansible.module_utils.oci_registry.evidence.retention.in_use import in_use
from ansible.module_utils.oci_registry.plans.retention.rules import rules_from

DIGEST = "sha256:" + "0" * 64
NONE = {"keep_newest": None, "keep_tags": None, "keep_younger_than": None, "repositories": []}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"keep_newest": -1}, "keep_newest -1"),
        ({"keep_younger_than": float("nan")}, "keep_younger_than nan"),
        ({"keep_younger_than": float("inf")}, "keep_younger_than inf"),
        ({"keep_tags": ["~("]}, "no regular expression"),
        ({"keep_tags": [""]}, "empty pattern"),
        ({"keep_tags": ["~"]}, "empty pattern"),
        ({"repositories": [{"name": "a"}, {"name": "b", "keep_newest": -2}]}, "repositories[1]"),
        ({"repositories": [{"name": ""}]}, "repositories[0]"),
    ],
)
def test_rules_that_cannot_be_used(options, said):
    with pytest.raises(BadInput) as caught:
        rules_from({**NONE, **options})
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "digests", "images"),
    [
        (DIGEST, {DIGEST}, set()),
        (f"host:5000/team/app@{DIGEST}", {DIGEST}, set()),
        (f"team/app:v1@{DIGEST}", {DIGEST}, {("team/app", "v1")}),
        ("registry.example.com:5050/team/app:v1", set(), {("team/app", "v1")}),
        ("localhost/app", set(), {("app", "latest"), ("library/app", "latest")}),
        ("docker.io/library/nginx:1", set(), {("library/nginx", "1")}),
        ("nginx:1", set(), {("nginx", "1"), ("library/nginx", "1")}),
    ],
)
def test_what_is_in_use(text, digests, images):
    assert in_use([text]) == (digests, images)


@pytest.mark.parametrize("text", ["", "sha256:12", "team/App:v1", "team/app:", "team/app@sha256:12", "a b", f"@{DIGEST}"])
def test_what_is_no_reference(text):
    with pytest.raises(BadInput):
        in_use([text])


@pytest.mark.parametrize(
    ("created", "seconds"),
    [
        ('"1970-01-01T00:00:10Z"', 10.0),
        ('"1970-01-01T00:00:10.123456789Z"', 10.0),
        ('"1970-01-01T02:00:10+02:00"', 10.0),
        ('"yesterday"', None),
        ("12", None),
        ("null", None),
        ('"0000-00-00T00:00:00Z"', None),
    ],
)
def test_when_an_image_was_created(created, seconds):
    assert time_of(f'{{"created": {created}}}'.encode()) == seconds


@pytest.mark.parametrize("config", [b"", b"[]", b"{}", b"\xff", b'{"created"'])
def test_configs_that_tell_no_time(config):
    assert time_of(config) is None
