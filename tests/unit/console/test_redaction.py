# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Secrets among the arguments of a run are found, and kept out of what is recorded."""

from __future__ import annotations

import pytest

from runbook.redaction import MASK, mask, recordable, secrets_in


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["-e", "registry_password=hunter2 tag=v1"], {"hunter2"}),
        (["-eregistry_password=hunter2"], {"hunter2"}),
        (["--extra-vars=token='two words'"], {"two words"}),
        (["--extra-vars", '{"registry": {"password": "p1", "name": "n"}, "tokens": ["t1", "t2"]}'], {"p1", "t1", "t2"}),
        (["-e", "{password: yaml-not-json}"], {"yaml-not-json"}),
        (["-e", "{password: [unclosed"], {"{password: [unclosed"}),
        (["-e", "notify_webhook_url=https://chat.example.com/T0"], {"https://chat.example.com/T0"}),
        (["-e", "@secrets.yml"], set()),
        (["--limit", "password=host"], set()),
        (["-e", "keep_newest=10"], set()),
    ],
)
def test_secrets_are_found(arguments: list[str], expected: set[str]) -> None:
    assert secrets_in(arguments) == expected


def test_only_harmless_arguments_are_recorded() -> None:
    arguments = [
        "--check",
        "-e",
        "password=hunter2",
        "--limit",
        "vm1",
        "--tags=apply",
        "--private-key",
        "id_rsa",
        "-i",
        "inventory/lab",
    ]
    assert recordable(arguments) == ["--check", "--limit", "vm1", "--tags=apply", "-i", "inventory/lab"]


def test_the_longest_secret_is_masked_first() -> None:
    assert mask("abcdef abc", {"abc", "abcdef"}) == f"{MASK} {MASK}"
