# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""From what answered and what lies on disk to findings, and to what proves that a port is in order. Pure."""

from __future__ import annotations

from typing import FrozenSet, List, Mapping, NamedTuple, Optional, Tuple

from .facts import Disk, Finding, Heard, Port

_SHOWN = 3


class Knowledge(NamedTuple):
    """All that was seen, by the names of the registries."""

    heard: Mapping[str, Heard]
    disks: Mapping[str, Disk]
    arrivals: Mapping[str, str]  # the registry whose own log shows the request that was sent to the port
    before: Mapping[str, int]  # how many repositories a port without a store listed earlier


def judge(port: Port, known: Knowledge) -> List[Finding]:
    """What is wrong at one port; nothing where it answers as its own registry."""
    heard = known.heard[port.name]
    address = port.settings.registry if port.settings else ""
    verdicts = _silence(heard) or [*_access(port, heard), *_identity(port, heard, known)]
    return [Finding(code, port.name, address, detail, other) for code, detail, other in verdicts]


def proof_of(port: Port, known: Knowledge) -> str:
    """What proves a port without findings: ``log``, ``catalog``, or an empty text where it is only not known to be wrong."""
    if known.arrivals.get(port.name) == port.name:
        return "log"
    unseen = port.name not in known.disks or known.heard[port.name].catalog is None
    return "" if unseen or alike(port, known) else "catalog"


def alike(port: Port, known: Knowledge) -> List[str]:
    """The registries that could have given the port's catalog, too."""
    catalog = known.heard[port.name].catalog or frozenset()
    return [name for name in known.heard if name != port.name and _could_give(catalog, known.disks.get(name))]


_Verdict = Tuple[str, str, str]  # code, detail, other


def _silence(heard: Heard) -> List[_Verdict]:
    """What is wrong with a port that no registry answers at all."""
    if heard.status == 0:
        code = "front-not-a-registry" if heard.code == "not-a-registry" else "front-unreachable"
        return [(code, heard.problem, "")]
    if heard.status not in (200, 401):
        return [("front-not-a-registry", f"answers {heard.status} to GET /v2/", "")]
    if heard.status == 200 and not heard.distribution:
        return [("front-not-a-registry", "answers 200 without the header of the Distribution API", "")]
    return []


def _access(port: Port, heard: Heard) -> List[_Verdict]:
    if heard.status == 200 and port.requires_auth:
        return [("front-open", "answers 200 without credentials, where 401 is due", "")]
    if heard.status == 401 and not port.requires_auth:
        return [("front-closed", "answers 401 without credentials, where none are due", "")]
    return [("front-unreachable", heard.problem, "")] if heard.problem else []


def _identity(port: Port, heard: Heard, known: Knowledge) -> List[_Verdict]:
    arrived = known.arrivals.get(port.name, port.name)
    if arrived != port.name:
        return [("front-other-registry", f"its requests arrive at {arrived}", arrived)]
    if heard.catalog is None:
        return []
    own = known.disks.get(port.name)
    if own is None:
        return _without_disk(heard.catalog, known.before.get(port.name, 0))
    strange, lost = heard.catalog - own.ever, own.always - heard.catalog
    if strange:
        return [_strange(port, strange, known)]
    return _lost(port, heard.catalog, lost, known) if lost else []


def _strange(port: Port, names: FrozenSet[str], known: Knowledge) -> _Verdict:
    """Names that the port's own store does not hold: another's, or nobody's."""
    held = {name: names & disk.ever for name, disk in known.disks.items()}
    other = max(held, key=lambda name: len(held[name]))
    if held[other]:
        return "front-other-registry", f"lists {_some(held[other])}, as {other} does", other
    return "front-unknown-content", f"lists {_some(names)}, which no store of this machine holds", ""


def _lost(port: Port, catalog: FrozenSet[str], lost: FrozenSet[str], known: Knowledge) -> List[_Verdict]:
    """Names of the port's own store are not listed."""
    if not catalog:
        return [("front-empty", f"lists nothing, where its store holds {_some(lost)}", "")]
    for other in alike(port, known):
        if other in known.disks:
            return [("front-other-registry", f"lists {_some(catalog)} and nothing else, as {other} does", other)]
    return [("front-incomplete", f"does not list {_some(lost)}, which its store holds", "")]


def _without_disk(catalog: FrozenSet[str], before: int) -> List[_Verdict]:
    return [("front-empty", f"lists nothing, where it listed {before} before", "")] if before and not catalog else []


def _could_give(catalog: FrozenSet[str], disk: Optional[Disk]) -> bool:
    """Whether a registry with this store, as far as it is known, could list just that."""
    return disk is None or disk.always <= catalog <= disk.ever


def _some(names: FrozenSet[str]) -> str:
    shown = ", ".join(sorted(names)[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"
