# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Both observers held against each other: one list of findings, and where disk and registry disagree, what that means. Pure."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence

from .findings import DISK_ONLY, INFO

Record = Dict[str, Any]

STALE_CACHE, OTHER_STORE = "stale-cache", "other-store"

#: meaning of a difference: what it says to a person, and what to do
MEANINGS: Dict[str, str] = {
    STALE_CACHE: "the running registry answers from a cache what its disk no longer holds; restart it, then repair",
    OTHER_STORE: "the registry that answers does not serve this store, or may not read it; look at its address, proxy and configuration",
}

_HEALTHY = "healthy"


class Comparison(NamedTuple):
    """What two observations say together.

    ``findings``: records of both observers, each thing once; the disk's where both saw it, for only the disk knows the cause. Each
    has two more keys: ``observers`` (``disk``, ``http``) and ``masked`` (the disk lacks it, yet the registry still claims to have it).
    ``differences``: records with ``repository, tags, digest, disk, http, meaning``; the two in the middle are what each one says.
    """

    findings: List[Record]
    differences: List[Record]


def compare(disk: Optional[Mapping[str, Any]], http: Optional[Mapping[str, Any]]) -> Comparison:
    """Hold a scan's report against that of a walk over the whole catalog of the same registry; None where one was not made."""
    if disk is None or http is None:
        alone, name = (disk, "disk") if http is None else (http, "http")
        return Comparison([_seen(record, [name]) for record in (alone or {}).get("findings", [])], [])
    findings: List[Record] = []
    differences = _differing_catalogs(disk, http)
    held, served = _by_repository(disk), _by_repository(http)
    for record in disk["findings"]:
        beside = served.get(record["repository"], [])
        same = [other for other in beside if _same_thing(record, other)]
        masked = not same and _should_show(record, beside, http["proof"])
        findings.append(_seen(record, ["disk", "http"] if same else ["disk"], masked))
        if masked or any(other["state"] == STALE_CACHE for other in same):
            differences.append(_difference(record, record, same[0] if same else None, STALE_CACHE))
    for other in http["findings"]:
        if not any(_same_thing(record, other) for record in held.get(other["repository"], [])):
            findings.append(_seen(other, ["http"]))
            if _scan_reaches(other, disk["proof"]):
                differences.append(_difference(other, None, other, OTHER_STORE))
    return Comparison(findings, differences)


def _by_repository(report: Mapping[str, Any]) -> Dict[str, List[Record]]:
    grouped: Dict[str, List[Record]] = {}
    for record in report["findings"]:
        grouped.setdefault(record["repository"], []).append(record)
    return grouped


def _same_thing(disk: Mapping[str, Any], http: Mapping[str, Any]) -> bool:
    """Whether both records tell of one thing. Where a link is unreadable the registry knows no digest: then the tags must do."""
    if disk["repository"] != http["repository"]:
        return False
    if disk["digest"] and http["digest"]:
        return bool(disk["digest"] == http["digest"])
    return bool(set(disk["tags"]) & set(http["tags"]))


def _should_show(record: Mapping[str, Any], beside: Sequence[Mapping[str, Any]], proof: str) -> bool:
    """Whether this damage on disk should have shown in a walk with that proof, which found ``beside`` in the same repository."""
    if record["severity"] == INFO or record["code"] in DISK_ONLY or not record["tags"]:
        return False
    if record["code"] == "referrer-dangling":
        return False  # where there is much to ask, a walk leaves open whether another repository has the subject
    if record["parent"] and record["parent"] in {other["digest"] for other in beside}:
        return False  # the walk never came to it: it could not even fetch what names it
    return _walk_reaches(record, proof)


def _walk_reaches(record: Mapping[str, Any], proof: str) -> bool:
    """Whether a walk with that proof can see such damage at all."""
    if record["role"] not in ("config", "layer"):
        return True
    return proof == "content" if record["code"] == "blob-corrupt" else proof != "manifests"


def _scan_reaches(record: Mapping[str, Any], proof: str) -> bool:
    """Whether a scan with that proof can see such damage at all."""
    if record["role"] not in ("config", "layer"):
        return True
    least = {"blob-corrupt": ("content",), "blob-truncated": ("sizes", "content")}
    return proof in least.get(record["code"], (proof,))


def _differing_catalogs(disk: Mapping[str, Any], http: Mapping[str, Any]) -> List[Record]:
    """One side empty and the other not: behind this address is another registry (a proxy that kept an old address does that)."""
    held, listed = disk["summary"].get("repositories", 0), http["summary"].get("repositories", 0)
    if bool(held) == bool(listed):
        return []
    says = {"disk": f"{held} repositories", "http": f"{listed} repositories"}
    return [{"repository": "", "tags": [], "digest": "", **says, "meaning": OTHER_STORE}]


def _seen(record: Mapping[str, Any], observers: Sequence[str], masked: bool = False) -> Record:
    return {**record, "observers": list(observers), "masked": masked}


def _difference(
    thing: Mapping[str, Any], disk: Optional[Mapping[str, Any]], http: Optional[Mapping[str, Any]], meaning: str
) -> Record:
    says = {"disk": _says(disk), "http": _says(http)}
    return {"repository": thing["repository"], "tags": list(thing["tags"]), "digest": thing["digest"], **says, "meaning": meaning}


def _says(record: Optional[Mapping[str, Any]]) -> str:
    return _HEALTHY if record is None else f"{record['code']} ({record['state']})"
