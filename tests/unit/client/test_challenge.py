# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Challenges as registries in the field send them."""

from __future__ import annotations

import pytest
from ansible.module_utils.oci_registry.client.auth.challenge import parse_challenges


@pytest.mark.parametrize(
    ("header", "challenges"),
    [
        ('Basic realm="registry"', [("basic", {"realm": "registry"})]),
        ("Basic", [("basic", {})]),
        (
            'Bearer realm="https://auth.example.com/token",service="registry",scope="repository:a/b:pull,push"',
            [("bearer", {"realm": "https://auth.example.com/token", "service": "registry", "scope": "repository:a/b:pull,push"})],
        ),
        ('BEARER Realm = "x" , Error=invalid_token', [("bearer", {"realm": "x", "error": "invalid_token"})]),
        ('Bearer realm="x", Basic realm="y"', [("bearer", {"realm": "x"}), ("basic", {"realm": "y"})]),
        ('Negotiate, Basic realm="y"', [("negotiate", {}), ("basic", {"realm": "y"})]),
        ('Negotiate YWJj==, Basic realm="y"', [("negotiate", {}), ("basic", {"realm": "y"})]),
        (r'Basic realm="a \"quoted\" comma, here"', [("basic", {"realm": 'a "quoted" comma, here'})]),
        (', , Basic realm="y",', [("basic", {"realm": "y"})]),
        ("", []),
        ('="', []),
    ],
)
def test_challenges(header, challenges):
    assert parse_challenges(header) == challenges


def test_an_unclosed_quote_ends_the_list_and_takes_no_time():
    assert parse_challenges('Basic realm="' + "\\a" * 100_000)[0].scheme == "basic"
