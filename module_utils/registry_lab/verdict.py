# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Whether observers reported exactly what a scenario broke: nothing missed, nothing healthy accused. Pure."""

from __future__ import annotations

from typing import Any, Iterable, List, Mapping, Sequence, Set, Tuple

Key = Tuple[str, ...]
Record = Mapping[str, Any]


def misjudged(expected: Sequence[Record], report: Record) -> List[str]:
    """What is wrong with a report: one line for each finding that it lacks and for each that it should not have; empty if right.

    ``report`` is the result of a walk, or of a scan with ``proof: content``. Only the scan must also name the right state.
    Findings of severity ``info`` (wasted space) are no accusation.
    """
    disk = report["observer"] == "disk"
    visible = [one for one in expected if disk or report["proof"] in one["proofs"]]
    wanted = _keys(visible, disk)
    found = _keys((one for one in report["findings"] if one["severity"] != "info"), disk)
    who = "the scan" if disk else f"the walk with proof {report['proof']}"
    missed = [f"{who} missed {' '.join(key)}" for key in sorted(wanted - found)]
    return missed + [f"{who} reported what was not broken: {' '.join(key)}" for key in sorted(found - wanted)]


def _keys(records: Iterable[Record], disk: bool) -> Set[Key]:
    return {_key(record, disk) for record in records}


def _key(record: Record, disk: bool) -> Key:
    """Code, place and state. Over HTTP a tag that answers 404 has no digest, and no state can be told."""
    nameless = not disk and record["code"] == "tag-dangling"
    place = record["repository"] if nameless else f"{record['repository']}@{record['digest']}"
    return (record["code"], place, f"({', '.join(record['tags'])})", *([record["state"]] if disk else []))
