# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Prometheus text: samples out, and our own samples back in. Pure."""

from __future__ import annotations

import math
import re
from typing import Dict, Iterable, Iterator, List, Mapping, NamedTuple

from .render import printable

_SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\{(.*)\} (\S+)(?: \d+)?\Z")
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(?:,|\Z)')
_ESCAPE = re.compile(r"\\(.)")


class Sample(NamedTuple):
    """One value of one metric."""

    name: str
    labels: Mapping[str, str]
    value: float


def render(samples: Iterable[Sample], about: Mapping[str, str]) -> str:
    """Each metric of ``about`` (name: what it tells) in its order, all gauges, with its samples; none that has no samples."""
    grouped: Dict[str, List[Sample]] = {}
    for sample in samples:
        grouped.setdefault(sample.name, []).append(sample)
    lines: List[str] = []
    for name, words in about.items():
        if name in grouped:
            lines += [f"# HELP {name} {words}", f"# TYPE {name} gauge", *map(_line, grouped[name])]
    return "".join(f"{line}\n" for line in lines)


def parse(text: str, prefix: str, labels: Mapping[str, str]) -> Iterator[Sample]:
    """The samples of metrics whose names start with ``prefix`` and that have these labels. What is not understood is left out."""
    for line in text.splitlines():
        if not line.startswith(prefix):
            continue
        match = _SAMPLE.match(line)
        if match is None:
            continue
        found = {name: _ESCAPE.sub(_unescaped, value) for name, value in _LABEL.findall(match[2])}
        if all(found.get(name) == value for name, value in labels.items()):
            value = _number(match[3])
            if math.isfinite(value):
                yield Sample(match[1], found, value)


def _line(sample: Sample) -> str:
    labels = ",".join(f'{name}="{_escaped(value)}"' for name, value in sample.labels.items())
    value = sample.value
    return f"{sample.name}{{{labels}}} {int(value) if value == int(value) else round(value, 3)}"


def _escaped(value: str) -> str:
    return printable(value).replace("\\", r"\\").replace('"', r"\"")


def _unescaped(match: re.Match[str]) -> str:
    return "\n" if match[1] == "n" else match[1]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
