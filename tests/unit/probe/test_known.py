# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What is remembered from run to run, and which repository is next."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.oci_registry.exposition import parse, render
from ansible.module_utils.oci_registry.probe.known import Known, Past, in_order, most, recall
from ansible.module_utils.oci_registry.probe.metrics import ABOUT, PREFIX
from ansible.module_utils.oci_registry.probe.registry import Looked
from ansible.module_utils.oci_registry.probe.samples import samples

BROKEN = {("child-missing", "critical"): 2, ("child-missing", "warning"): 1}


def looked(repositories: dict[str, Past], **changes: Any) -> Looked:
    made = Looked(
        instance="r:5000",
        error="",
        unreadable={},
        unfinished=[],
        listed=len(repositories),
        repositories=repositories,
        before=Known({}),
        findings=[],
        counts={"repositories": 1, "tags": 2, "indexes": 3},
        ended=1000.7,
        seconds=1.25,
        requests=7,
        bytes_received=70,
        certificate_not_after=0.0,
    )
    return made._replace(**changes)


def values(of: Looked, limit: int | None = None) -> dict[str, float]:
    """Metrics without labels of their own, by name."""
    return {sample.name.removeprefix(f"{PREFIX}_"): sample.value for sample in samples(of, limit) if len(sample.labels) == 1}


def repositories_of(of: Looked, name: str, limit: int | None = None) -> list[str]:
    return [sample.labels["repository"] for sample in samples(of, limit) if sample.name == f"{PREFIX}_{name}"]


def test_the_next_run_knows_what_this_one_knew():
    known = {
        "broken": Past(checked=900, tags=4, findings=BROKEN),
        "never": Past(attempted=950),
        "sound": Past(checked=800, attempted=990, tags=1),
    }
    text = render(samples(looked(known, certificate_not_after=2000.0), None), ABOUT)
    again = recall(parse(text, f"{PREFIX}_", {"instance": "r:5000"}), 1001)
    assert again == Known(known, last_success=1000, certificate_not_after=2000)
    assert recall(parse(text, f"{PREFIX}_", {"instance": "other:5000"}), 1001) == Known({})


def test_times_of_a_clock_that_was_wrong_are_never():
    text = render(samples(looked({"ahead": Past(checked=5000, attempted=6000, tags=3)}), None), ABOUT)
    assert recall(parse(text, f"{PREFIX}_", {}), 900) == Known({"ahead": Past(tags=3)})


def test_the_longest_unseen_is_next():
    known = {"a": Past(checked=30), "b": Past(checked=10), "c": Past(checked=5, attempted=40)}
    assert in_order(["a", "b", "c", "new"], known) == ["new", "b", "a", "c"]


def test_the_broken_take_turns_with_the_others():
    known = {name: Past(checked=30, findings=BROKEN) for name in ("x", "y", "z")}
    assert in_order(["a", "b", "x", "y", "z"], known) == ["x", "a", "y", "b", "z"]
    assert in_order(["a", "b", "c", "x"], known) == ["x", "a", "b", "c"]


def test_of_a_part_the_larger_number_counts():
    assert most(BROKEN, {("child-missing", "critical"): 1, ("layer-missing", "critical"): 5}) == {
        ("child-missing", "critical"): 2,
        ("child-missing", "warning"): 1,
        ("layer-missing", "critical"): 5,
    }


def test_a_healthy_run():
    assert values(looked({"a": Past(checked=900, tags=2)})) == {
        "failures": 0,
        "catalog_accessible": 1,
        "repos_checked": 1,
        "tags_checked": 2,
        "indexes_checked": 3,
        "last_run_timestamp": 1000,
        "last_success_timestamp": 1000,
        "repositories": 1,
        "tags": 2,
        "repos_unreadable": 0,
        "repositories_omitted": 0,
        "coverage_oldest_timestamp": 900,
        "run_duration_seconds": 1.25,
        "run_requests": 7,
        "run_bytes": 70,
    }


def test_a_registry_that_could_not_be_looked_at_has_no_zero():
    known = {"a": Past(checked=900, tags=2)}
    shown = values(looked(known, error="gone", listed=None, before=Known(known, last_success=700)))
    assert (shown["catalog_accessible"], shown["last_run_timestamp"], shown["last_success_timestamp"]) == (0, 1000, 700)
    assert not {"failures", "tags", "repositories"} & set(shown)
    assert "findings" not in {sample.name.removeprefix(f"{PREFIX}_") for sample in samples(looked({}, error="gone"), None)}


def test_what_is_known_to_be_broken_stays_broken_meanwhile():
    shown = looked({"a": Past(checked=900, tags=2, findings=BROKEN)}, error="gone", listed=None)
    assert values(shown)["failures"] == 2
    assert repositories_of(shown, "repository_findings") == ["a", "a"]


def test_one_that_was_never_looked_at_shows():
    assert values(looked({"a": Past(checked=900), "b": Past()}))["coverage_oldest_timestamp"] == 0


def test_some_repositories_have_series_of_their_own():
    known = {
        "broken": Past(checked=1, findings=BROKEN),
        "newest": Past(checked=900),
        "older": Past(checked=800),
        "oldest": Past(checked=700),
    }
    shown = looked(known)
    assert repositories_of(shown, "repository_tags", 2) == ["broken", "newest"]
    assert values(shown, 2)["repositories_omitted"] == 2
    assert values(shown, 2)["failures"] == 2
    assert repositories_of(shown, "repository_tags") == sorted(known)


def test_findings_are_bounded_too_the_worst_first():
    kinds = [("layer-missing", "warning"), ("child-missing", "critical"), ("config-missing", "critical")]
    known = {f"r{number}": Past(checked=1, findings=dict.fromkeys(kinds, number + 1)) for number in range(3)}
    series = [sample for sample in samples(looked(known), 3) if sample.name == f"{PREFIX}_repository_findings"]
    assert [(sample.labels["severity"], sample.value) for sample in series] == [("critical", 3), ("critical", 3), ("critical", 2)]
