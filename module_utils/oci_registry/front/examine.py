# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""All ports of one machine, asked and judged together."""

from __future__ import annotations

import secrets
import time
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Sequence

from ..errors import BadInput
from .ask import ask
from .disk import Names, between, names_of
from .facts import Disk, Finding, Heard, Port
from .judge import Knowledge, alike, judge, proof_of

#: from {name of a port: mark of the request sent to it} to {name of a port: name of the registry that logged the request}
Trace = Callable[[Mapping[str, str]], Mapping[str, str]]
_POLL_SECONDS = 0.5


class Examination(NamedTuple):
    """What came of asking every port once."""

    ports: Sequence[Port]
    known: Knowledge
    findings: Sequence[Finding]

    def as_dict(self) -> Dict[str, Any]:
        """``healthy``, ``findings``, ``ports`` and ``caveats``, as the module returns them."""
        asked = [port for port in self.ports if port.settings is not None]
        return {
            "healthy": not self.findings,
            "findings": [finding.as_dict() for finding in self.findings],
            "ports": [self._row(port) for port in asked],
            "caveats": [caveat for port in asked for caveat in self._caveats(port)],
        }

    def _row(self, port: Port) -> Dict[str, Any]:
        heard = self.known.heard[port.name]
        wrong = [finding.code for finding in self.findings if finding.registry == port.name]
        return {
            "name": port.name,
            "address": port.settings.registry if port.settings else "",
            "status": heard.status,
            "catalog": sorted(heard.catalog) if heard.catalog is not None else None,
            "codes": wrong,
            "proof": "" if wrong else proof_of(port, self.known),
        }

    def _caveats(self, port: Port) -> List[str]:
        if any(finding.registry == port.name for finding in self.findings) or proof_of(port, self.known):
            return []
        if port.name not in self.known.disks or self.known.heard[port.name].catalog is None:
            return [f"{port.name}: its store and its catalog could not both be seen"]
        return [f"{port.name}: nothing tells it from {', '.join(alike(port, self.known))}"]


def examine(ports: Sequence[Port], trace: Trace, before: Mapping[str, int], wait: float = 0.0) -> Examination:
    """Ask every port, again for up to ``wait`` seconds while something is wrong; ``before``: see :class:`Knowledge`.

    Raises BadInput where two ports bear the same name, NotAStore or StoreUnreadable where a store cannot be read.
    """
    names = [port.name for port in ports]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadInput(f"{twice[0]} is named twice", where="registries", advice="Name each registry once")
    deadline = time.monotonic() + wait
    while True:
        found = _examine_once(ports, trace, before)
        if not found.findings or time.monotonic() >= deadline:
            return found
        time.sleep(_POLL_SECONDS)


def _examine_once(ports: Sequence[Port], trace: Trace, before: Mapping[str, int]) -> Examination:
    asked = [port for port in ports if port.settings is not None]
    earlier = _names(ports)
    marks = {port.name: f"registry-front={secrets.token_hex(8)}" for port in asked}
    heard = {port.name: ask(port.settings, marks[port.name]) if port.settings else Heard() for port in ports}
    later = _names(ports)
    disks: Dict[str, Disk] = {name: between(names, later[name]) for name, names in earlier.items()}
    answered = {name: mark for name, mark in marks.items() if heard[name].status}
    known = Knowledge(heard, disks, trace(answered), before)
    return Examination(ports, known, [finding for port in asked for finding in judge(port, known)])


def _names(ports: Sequence[Port]) -> Dict[str, Names]:
    return {port.name: names_of(port.store_path) for port in ports if port.store_path}
