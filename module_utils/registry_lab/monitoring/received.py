# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What the receiver was sent: every alert of every notification, in order of arrival."""

from __future__ import annotations

import datetime
import json
import re
import time
from typing import Any, Callable, Dict, Iterable, Iterator, List, NamedTuple, Optional, TypeVar

from ..errors import LabError

Part = TypeVar("Part")
_POLL_SECONDS = 0.05
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)")


class Alert(NamedTuple):
    """One alert as it was received. Times are in seconds since 1970; ``ends_at`` is 0 while it fires."""

    name: str
    status: str  # firing or resolved
    received_at: float
    starts_at: float
    ends_at: float
    labels: Dict[str, str]
    annotations: Dict[str, str]


def alerts_in(path: str) -> List[Alert]:
    """All that arrived so far. LabError where something else is in the file."""
    return _all(path, "notifications", _alerts)


def runs_in(path: str, since: float) -> List[Dict[str, Any]]:
    """Runs of the probe that ended after ``since``. LabError where something else is in the file."""
    return _all(path, "runs of the probe", lambda run: [run] if run["ended"] >= since else [])


def _all(path: str, what: str, parts_of: Callable[[Dict[str, Any]], Iterable[Part]]) -> List[Part]:
    try:
        return [part for line in lines_of(path) for part in parts_of(line)]
    except (LookupError, TypeError, ValueError) as error:
        raise LabError(f"holds something else than {what} ({error!r})", where=path) from None


def lines_of(path: str) -> List[Dict[str, Any]]:
    """The documents of a file with one a line; none where there is no file yet. A line that is just being written is left out."""
    try:
        with open(path, encoding="utf-8") as file:
            return [json.loads(line) for line in file if line.endswith("\n")]
    except FileNotFoundError:
        return []


def wait_for(path: str, name: str, status: str, since: float, seconds: float) -> Alert:
    """The first alert of this name and status that arrived after ``since``; LabError if none does within ``seconds``."""
    deadline = time.monotonic() + seconds
    while True:
        found = first(alerts_in(path), name, status, since)
        if found is not None:
            return found
        if time.monotonic() > deadline:
            came = sorted({f"{alert.name} {alert.status}" for alert in alerts_in(path) if alert.received_at >= since})
            raise LabError(
                f"{name} {status} was not received in {seconds:g} s; received: {', '.join(came) or 'nothing'}", where=path
            )
        time.sleep(_POLL_SECONDS)


def first(alerts: List[Alert], name: str, status: str, since: float) -> Optional[Alert]:
    """The first of these that is called so. Pure."""
    return next((one for one in alerts if (one.name, one.status) == (name, status) and one.received_at >= since), None)


def _alerts(line: Dict[str, Any]) -> Iterator[Alert]:
    for alert in line["notification"]["alerts"]:
        resolved = alert["status"] == "resolved"
        yield Alert(
            name=alert["labels"]["alertname"],
            status=alert["status"],
            received_at=line["received_at"],
            starts_at=seconds_of(alert["startsAt"]),
            ends_at=seconds_of(alert["endsAt"]) if resolved else 0.0,
            labels=alert["labels"],
            annotations=alert["annotations"],
        )


def seconds_of(text: str) -> float:
    """A time as Prometheus writes it (RFC 3339, up to nine decimals) in seconds since 1970."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise LabError(f"no time: {text!r}")
    whole, fraction, zone = match.groups()
    moment = datetime.datetime.fromisoformat(whole + ("+00:00" if zone == "Z" else zone))
    return moment.timestamp() + float(fraction or 0)
