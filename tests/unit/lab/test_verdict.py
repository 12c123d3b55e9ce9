# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The judge of a drill: it misses nothing that is missed, and lets no accusation of healthy images pass."""

from __future__ import annotations

from ansible.module_utils.registry_lab.verdict import misjudged

LOST = {
    "code": "layer-missing",
    "repository": "team/app",
    "digest": "sha256:aa",
    "tags": ["1.0"],
    "state": "gone",
    "proofs": ["bytes"],
}
DANGLING = {**LOST, "code": "tag-dangling", "state": "unlinked"}


def scanned(*findings):
    return {"observer": "disk", "proof": "content", "findings": [{"severity": "critical", **one} for one in findings]}


def walked(*findings, proof="bytes"):
    return {**scanned(*findings), "observer": "http", "proof": proof}


def test_exactly_what_was_broken_is_right():
    assert misjudged([LOST], scanned(LOST)) == []
    assert misjudged([LOST], walked({**LOST, "state": "unknown"})) == []


def test_what_is_missed_is_named():
    assert misjudged([LOST], scanned()) == ["the scan missed layer-missing team/app@sha256:aa (1.0) gone"]


def test_what_is_wrongly_accused_is_named():
    accused = misjudged([], walked(LOST))
    assert accused == ["the walk with proof bytes reported what was not broken: layer-missing team/app@sha256:aa (1.0)"]


def test_a_wrong_state_is_wrong_on_disk():
    assert len(misjudged([LOST], scanned({**LOST, "state": "unlinked"}))) == 2


def test_a_tag_that_is_forgotten_is_wrong():
    assert len(misjudged([{**LOST, "tags": ["1.0", "latest"]}], scanned(LOST))) == 2


def test_a_proof_is_not_blamed_for_what_it_cannot_see():
    assert misjudged([LOST], walked(proof="head")) == []
    assert len(misjudged([LOST], walked(LOST, proof="head"))) == 1


def test_wasted_space_is_no_accusation():
    assert misjudged([], {**scanned(), "findings": [{**LOST, "severity": "info"}]}) == []


def test_over_http_a_dangling_tag_has_no_digest():
    assert misjudged([{**DANGLING, "proofs": ["bytes"]}], walked({**DANGLING, "digest": ""})) == []
    assert len(misjudged([DANGLING], scanned({**DANGLING, "digest": ""}))) == 2
