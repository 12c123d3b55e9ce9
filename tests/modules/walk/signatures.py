# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Signatures in a repository of their own, and what a report says of them."""

from __future__ import annotations

from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.place import place_on_disk

APP = images.build("app")


def sign(root, subject, repository="signatures", *, by_tag=True):
    """A signature of cosign's kind, known by its tag, or one of OCI's, known by its subject."""
    made = images.artifact(f"signature of {subject.digest}", subject=None if by_tag else subject)
    tag = images.fallback_tag(subject) + ".sig" if by_tag else subject.digest[7:20]
    place_on_disk(root, repository, tag, made)
    return made


def codes(report):
    return [(finding.code, finding.repository) for finding in report.findings]


def caveat(report):
    """What is said of subjects that nobody saw; empty if nothing is."""
    return next((each for each in report.caveats if "referrers are about" in each), "")
