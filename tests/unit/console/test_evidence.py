# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What of a result goes into the journal: short, whole in its counts, and without secrets."""

from __future__ import annotations

import json

from runbook import evidence
from runbook.redaction import MASK

DIGEST = "sha256:" + "a" * 64


def test_a_plan_of_thousands_of_steps_is_cut_and_counted() -> None:
    plan = [{"action": "relink", "digest": f"sha256:{number:064x}", "reason": "r" * 5000} for number in range(3000)]
    found = evidence.of({"plan": plan, "changed": True})
    assert found["plan"]["count"] == found["digests"]["count"] == 3000
    assert len(found["plan"]["first"]) == evidence.ITEMS
    assert len(json.dumps(found)) < 60_000


def test_evidence_and_digests() -> None:
    found = evidence.of({"findings": [{"code": "blob-missing", "digest": DIGEST}], "proven": [], "stdout": DIGEST})
    assert found["evidence"] == {"findings": {"count": 1, "first": [{"code": "blob-missing", "digest": DIGEST}]}}
    assert found["digests"] == {"count": 1, "first": [DIGEST]}


def test_a_loop_is_taken_together() -> None:
    found = evidence.of({"results": [{"plan": [{"action": "a"}]}, {"plan": [{"action": "b"}]}, "text"]})
    assert [step["action"] for step in found["plan"]["first"]] == ["a", "b"]


def test_what_is_a_secret_by_name_is_masked() -> None:
    found = evidence.of(
        {"pipeline": {"status": "success", "token": "hunter2", "deep": [{"password": "hunter3", "passed": True}]}}
    )
    assert found["evidence"]["pipeline"] == {"status": "success", "token": MASK, "deep": [{"password": MASK, "passed": True}]}


def test_nothing_for_a_result_without_any_of_it() -> None:
    assert evidence.of({"changed": True, "stdout": "text", "plan": []}) == {}
