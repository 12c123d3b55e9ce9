# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Every kind of damage that the lab knows is repaired from a snapshot; what no digest can help is named instead."""

from __future__ import annotations

import pytest
from ansible.module_utils.registry_lab.damage import KINDS

from .conftest import contents, scanned, walked

#: kinds that a repair by digest cannot help, and what it says is next
BEYOND = {"tag-misdirected": ["repoint", "rebuild"], "layer-link-orphan": ["remove-link"]}
REPAIRABLE = sorted(set(KINDS) - set(BEYOND))


@pytest.mark.parametrize("kind", REPAIRABLE)
def test_on_disk_from_a_snapshot(kind, broken, repair):
    case = broken(kind)
    assert case.findings
    first = repair(**case.on_disk, **case.from_snapshot)
    assert first["changed"]
    assert first["remaining"] == []
    assert {proof["by"][0] for proof in first["proven"]} == {"disk"}
    assert scanned(case.root) == []
    assert contents(case.root) == contents(case.snapshot)
    second = repair(**case.on_disk, **case.from_snapshot)
    assert not second["changed"]
    assert {step["state"] for step in second["plan"]} <= {"skipped"}
    assert all(step["reason"] for step in second["plan"])


@pytest.mark.parametrize("kind", sorted(BEYOND))
def test_what_no_digest_can_help_is_named(kind, broken, repair):
    case = broken(kind)
    result = repair(**case.on_disk, **case.from_snapshot)
    assert not result["changed"]
    assert [left["next"] for left in result["remaining"]] == [BEYOND[kind]]
    assert all(left["why"] for left in result["remaining"])


@pytest.mark.parametrize(
    "kinds",
    [
        ("child-link-gone", "attestation-link-gone", "layer-gone", "config-emptied"),
        ("child-halved", "tag-revision-gone"),
        ("layer-corrupt", "layer-link-garbage", "tag-link-empty"),
    ],
    ids=" ".join,
)
def test_several_at_once_on_a_running_registry(kinds, broken_registry, repair):
    case = broken_registry(*kinds)
    result = repair(**case.over_api, path=case.root, **case.from_snapshot)
    assert result["changed"], result
    assert result["remaining"] == []
    assert scanned(case.root) == []
    assert walked(case.registry) == []
    assert not repair(**case.over_api, path=case.root, **case.from_snapshot)["changed"]
