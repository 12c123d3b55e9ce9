# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What the look ahead has to say, and when that stops a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple


class Remark(NamedTuple):
    """``stops``: the run is certain to fail. ``message``: one line or a few, for people."""

    stops: bool
    message: str


class Found(NamedTuple):
    """What a part of the look ahead found: ``problems`` by host, to be weighed with those of the others; ``remarks`` that need no weighing."""

    problems: dict[str, list[str]]
    remarks: list[Remark]


def merged(found: Iterable[Found]) -> Iterator[tuple[str, list[str]]]:
    """The problems of each host, whoever found them."""
    parts = list(found)
    for host in dict.fromkeys(host for part in parts for host in part.problems):
        yield host, [problem for part in parts for problem in part.problems.get(host, [])]


def weigh(hosts_of_plays: Sequence[Sequence[str]], problems: Mapping[str, Sequence[str]]) -> Iterator[Remark]:
    """``problems`` by host. They stop the run where no host of some play would be left; else the others can still be worked on."""
    lost = {host for hosts in hosts_of_plays if hosts and all(problems.get(host) for host in hosts) for host in hosts}
    stops: dict[str, bool] = {}
    for host, messages in problems.items():
        for message in messages:
            stops[message] = stops.get(message, False) or host in lost
    for message, it_stops in stops.items():
        yield Remark(it_stops, message if it_stops else f"{message} (the other hosts are worked on)")
