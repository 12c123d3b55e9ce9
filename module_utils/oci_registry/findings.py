# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The one record for what is wrong, shared by every observer, report and metric. ``docs/findings.md`` explains each code."""

from __future__ import annotations

from typing import Any, Dict, Iterable, List, NamedTuple, Tuple

CRITICAL, WARNING, INFO = "critical", "warning", "info"
SEVERITIES = (CRITICAL, WARNING, INFO)

#: code: the symptom, in the words of docs/findings.md
CODES: Dict[str, str] = {
    "tag-dangling": "a tag whose manifest cannot be fetched",
    "child-missing": "an index names a child manifest that cannot be fetched",
    "config-missing": "a manifest names a config that cannot be fetched",
    "layer-missing": "a manifest names a layer that cannot be fetched",
    "blob-truncated": "stored or served with another size than its descriptor says",
    "blob-corrupt": "the bytes do not hash to the digest",
    "manifest-invalid": "fetched, but no manifest of a known kind",
    "link-invalid": "a link file that holds no digest",
    "layer-link-orphan": "a layer link without a blob that no manifest needs",
    "referrer-dangling": "a referrer whose subject is gone",
}

#: codes that only the disk can show
DISK_ONLY = frozenset(("link-invalid", "layer-link-orphan"))

#: state: the cause. Only the disk knows it for sure; over HTTP it is ``unknown``, or ``stale-cache`` where the answer itself shows it.
STATES: Dict[str, str] = {
    "unlinked": "its bytes are on disk, and so is all that it names; the link that serves it is gone",
    "hollow": "its own bytes are on disk, but something that it names is gone",
    "gone": "its bytes are not on disk",
    "truncated": "the file on disk has another size than it should",
    "corrupt": "the file on disk has the right size and wrong bytes",
    "invalid": "the file on disk holds something else than its kind allows",
    "stale-cache": "the running registry answers from a cache that the disk contradicts",
    "unknown": "not to be told from here",
    "partial": "not there, as is normal in a pull-through cache; never a fault",
}

ROLES = ("index", "manifest", "config", "layer", "tag", "link")

#: repair: its cost class, cheapest first (docs/findings.md)
REPAIRS = ("restart", "relink", "remove-link", "restore", "repoint", "rebuild")


class Finding(NamedTuple):
    """One thing that is wrong in one repository, with every tag that it makes unpullable."""

    code: str
    severity: str
    repository: str
    tags: Tuple[str, ...]
    digest: str  # of the thing that is wrong; empty where even that is not known
    parent: str  # digest of a manifest that names it; empty for what a tag names
    platform: str
    role: str
    state: str
    detail: str
    repairs: Tuple[str, ...]

    def as_dict(self) -> Dict[str, Any]:
        """The record as documented: plain JSON types, keys always all present."""
        record: Dict[str, Any] = dict(self._asdict())
        record["tags"] = list(self.tags)
        record["repairs"] = list(self.repairs)
        return record

    @classmethod
    def from_dict(cls, record: Dict[str, Any]) -> Finding:
        """The reverse of :meth:`as_dict`; raises KeyError for a missing field and ignores unknown ones."""
        values = {name: record[name] for name in cls._fields}
        values["tags"], values["repairs"] = tuple(values["tags"]), tuple(values["repairs"])
        return cls(**values)


def sort_key(finding: Finding) -> Tuple[Any, ...]:
    """Worst first, then by repository and what it hits: the order of every report."""
    severity = SEVERITIES.index(finding.severity)
    return (severity, finding.repository, finding.tags, finding.parent, finding.code, finding.digest, finding.detail)


def is_healthy(findings: Iterable[Finding]) -> bool:
    """Healthy means: no pull fails and nothing that belongs to an image is lost. Wasted space (``info``) is no fault."""
    return all(finding.severity == INFO for finding in findings)


def count_by_code(findings: Iterable[Finding]) -> Dict[str, int]:
    """How many findings there are of each code, every code named, so that metrics have a zero to show."""
    counts = dict.fromkeys(CODES, 0)
    for finding in findings:
        counts[finding.code] += 1
    return counts


def as_dicts(findings: Iterable[Finding]) -> List[Dict[str, Any]]:
    """Findings in report order as plain data."""
    return [finding.as_dict() for finding in sorted(findings, key=sort_key)]
