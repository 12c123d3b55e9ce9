# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The metrics of the probe. ``docs/metrics.md`` explains them; the first six have the names that the incident's alerts know."""

from __future__ import annotations

from typing import Dict

from ..render.prometheus import HELP, PREFIX

__all__ = ["ABOUT", "PREFIX"]

_MORE: Dict[str, str] = {
    "catalog_accessible": "Whether the registry could be looked at; single repositories that could not are counted by repos_unreadable.",
    "last_success_timestamp": "When the last run ended that could look at all that it set out to, in seconds since 1970; 0 for never.",
    "repositories": "Repositories that the registry lists.",
    "tags": "Tags that are known, over all repositories.",
    "repos_unreadable": "Repositories that could not be looked at in the last run.",
    "repositories_omitted": "Repositories that have no series of their own, since there are too many.",
    "coverage_oldest_timestamp": (
        "When the repository was looked at that has waited longest since, in seconds since 1970; 0 where one never was, as far as is known."
    ),
    "repository_last_checked_timestamp": "When the repository was last looked at as a whole, in seconds since 1970.",
    "repository_last_attempt_timestamp": "When a look at the repository was last begun and not finished, in seconds since 1970.",
    "repository_tags": "Tags of the repository when it was last looked at.",
    "repository_findings": "Findings in the repository when it was last looked at, by code and severity.",
    "run_duration_seconds": "How long the last run took for this registry.",
    "run_requests": "Requests that the last run sent to the registry.",
    "run_bytes": "Bytes of body that the last run received.",
    "certificate_not_after_timestamp": "When the certificate of the registry expires, in seconds since 1970.",
    "build_info": "The version of the probe.",
}
#: metric with its prefix: what it tells, in the order of the output
ABOUT: Dict[str, str] = {f"{PREFIX}_{name}": words for name, words in {**HELP, **_MORE}.items()}
