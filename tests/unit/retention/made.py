# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Made-up facts for the tests of the retention plan: short names instead of digests, days instead of seconds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from ansible.module_utils.oci_registry.plans.retention import Evidence, RepositoryFacts, RetentionPlan, plan_retention, rules_from

DAY = 86400.0
NOW = 1_800_000_000.0


def digest(name: str) -> str:
    """The digest that a short name stands for."""
    return "sha256:" + hashlib.sha256(name.encode()).hexdigest()


def about(name: str, suffix: str = "") -> str:
    """The referrer tag for a manifest."""
    return digest(name).replace(":", "-") + suffix


def repository(
    tags: Mapping[str, str],
    edges: Mapping[str, Sequence[str]] | None = None,
    *,
    name: str = "team/app",
    days: Mapping[str, float] | None = None,
    subjects: Mapping[str, str] | None = None,
    untagged: Sequence[str] = (),
    linked: Mapping[str, float] | None = None,
) -> RepositoryFacts:
    """``tags``: tag to manifest, pushed one day apart, the last one yesterday, unless ``days`` (ago) says otherwise.

    ``linked``: manifest to days ago; 30 days ago where it does not say.
    """
    edges, subjects = edges or {}, subjects or {}
    ages = {tag: float(len(tags) - number) for number, tag in enumerate(tags)} | dict(days or {})
    names = {*tags.values(), *untagged, *edges, *subjects, *(child for below in edges.values() for child in below)}
    links = {each: (linked or {}).get(each, 30.0) for each in names}
    return RepositoryFacts(
        name,
        {tag: digest(each) for tag, each in tags.items()},
        {tag: NOW - age * DAY for tag, age in ages.items()},
        {digest(each): [digest(child) for child in below] for each, below in edges.items()},
        {digest(each): digest(subject) for each, subject in subjects.items()},
        {digest(each) for each in names},
        {digest(each): NOW - age * DAY for each, age in links.items()},
    )


def plan(*repositories: RepositoryFacts, approve: Sequence[str] = (), **options: Any) -> RetentionPlan:
    """The plan by these options of the module; ``in_use``, ``now`` and other names of the evidence are given to that."""
    given = {key: options.pop(key) for key in list(options) if key in set(Evidence._fields) - {"repositories"}}
    given["in_use"] = frozenset(map(digest, given.get("in_use", ())))
    rules = {"keep_newest": None, "keep_tags": None, "keep_younger_than": None, "repositories": [], **options}
    return plan_retention(Evidence(repositories, **{"now": NOW, **given}), rules_from(rules), approve)


def going(found: RetentionPlan) -> tuple[set[str], list[str]]:
    """The tags that go, and the manifests that go, in their order."""
    tags = {tag for item in found.changes for tag in item.tags}
    return tags, [each for item in found.changes if item.action == "delete-manifest" for each in item.digests]


def staying(found: RetentionPlan) -> dict[str, str]:
    """tag: why it stays."""
    return {tag: item.reason for item in found.items if item.action == "keep" for tag in item.tags}
