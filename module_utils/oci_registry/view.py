# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What an observer learned of one repository: facts without judgement.

The walk fills a view from HTTP answers, the scan from the disk. ``judge.py`` turns either into findings, so both observers
say the same word for the same damage.
"""

from __future__ import annotations

from typing import Dict, List, NamedTuple, Optional, Set, Tuple

from .findings import Finding
from .model import Descriptor, Manifest

MISSING, CORRUPT, INVALID = "missing", "corrupt", "invalid"


class Fault(NamedTuple):
    """Why something is not to be had, or wrong.

    ``symptom``: ``missing`` (cannot be fetched), ``corrupt`` (fetched, but the bytes do not hash to the digest) or ``invalid``
    (fetched, right bytes, but no manifest of a known kind). ``state`` is one of ``findings.STATES``; ``size`` is the number of bytes
    that are stored or served, where that is known.
    """

    symptom: str
    state: str
    detail: str = ""
    size: Optional[int] = None


class RepositoryView:
    """The facts of one repository. A digest that is in neither ``*_faults`` nor ``sizes`` was not looked at."""

    __slots__ = (
        "blob_faults",
        "disk_findings",
        "elsewhere",
        "legacy",
        "lie_state",
        "manifest_faults",
        "manifests",
        "name",
        "referrers",
        "sizes",
        "tag_faults",
        "tags",
        "untagged",
    )

    def __init__(self, name: str, *, lie_state: str = "unknown") -> None:
        self.name = name
        #: the state of a blob whose bytes are right although a descriptor gives another size: the descriptor lies
        self.lie_state = lie_state
        self.tags: Dict[str, str] = {}  #: tag: the digest that it points at
        self.tag_faults: Dict[str, Fault] = {}  #: tags that point at nothing; the digest is in ``tags`` if it is known
        self.manifests: Dict[str, Manifest] = {}  #: served, right bytes, understood
        self.manifest_faults: Dict[str, Fault] = {}
        self.blob_faults: Dict[str, Fault] = {}
        self.sizes: Dict[str, int] = {}  #: bytes of each manifest and blob that was found in order
        self.untagged: Set[str] = set()  #: manifests that the repository serves though no tag reaches them (disk only)
        self.referrers: Dict[str, Tuple[Descriptor, ...]] = {}  #: subject: what the referrers API lists for it (http only)
        self.elsewhere: Set[str] = (
            set()
        )  #: what it does not serve and another repository does, or may: referrers of it do not dangle
        self.legacy: List[str] = []  #: tags that point at schema 1 manifests: old, not broken
        self.disk_findings: List[Finding] = []  #: what only the disk shows, already judged by the scan


def fault_free(view: RepositoryView) -> bool:
    """Whether nothing at all is wrong, descriptor sizes included: the quick way out for healthy repositories."""
    if view.tag_faults or view.manifest_faults or view.blob_faults:
        return False
    sizes = view.sizes
    for manifest in view.manifests.values():
        if manifest.subject is not None:
            return False
        for descriptor in manifest.children:
            if sizes.get(descriptor.digest, descriptor.size) != descriptor.size:
                return False
        for descriptor in manifest.layers:
            if sizes.get(descriptor.digest, descriptor.size) != descriptor.size:
                return False
        config = manifest.config
        if config is not None and sizes.get(config.digest, config.size) != config.size:
            return False
    return True
