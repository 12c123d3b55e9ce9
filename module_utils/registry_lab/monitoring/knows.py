# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What Prometheus knows: the value of an expression now, and which alerts were pending or fired in the last seconds."""

from __future__ import annotations

import contextlib
import http.client
import json
import time
from typing import Any, Dict, List
from urllib.parse import urlencode

from ..errors import LabError

_SECONDS = 10.0


def ask(address: str, expression: str) -> List[Dict[str, Any]]:
    """The series of an instant query: ``metric`` and ``value`` of each. LabError where Prometheus does not answer it."""
    with contextlib.closing(http.client.HTTPConnection(address, timeout=_SECONDS)) as connection:
        try:
            connection.request("GET", "/api/v1/query?" + urlencode({"query": expression}))
            document = json.loads(connection.getresponse().read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise LabError(f"Prometheus does not answer ({error})", where=address) from None
    if document["status"] != "success":
        raise LabError(f"Prometheus refuses {expression}: {document['error']}", where=address)
    series: List[Dict[str, Any]] = document["data"]["result"]
    return series


def states_since(address: str, moment: float) -> Dict[str, List[str]]:
    """Names of the alerts that were pending or firing at any evaluation after ``moment``, with those states."""
    seconds = int(time.time() - moment)
    if seconds < 1:
        return {}
    found: Dict[str, List[str]] = {}
    for series in ask(address, f"max_over_time(ALERTS[{seconds}s])"):
        states = found.setdefault(series["metric"]["alertname"], [])
        states.append(series["metric"]["alertstate"])
    return {name: sorted(set(states)) for name, states in sorted(found.items())}
