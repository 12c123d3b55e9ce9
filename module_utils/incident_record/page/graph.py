# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The images as pictures: a tree of each, by repository, those in use first; how many there are is told where not all are drawn. Pure."""

from __future__ import annotations

from typing import Dict, List, Sequence, Tuple

from ..images import Image
from ..run import Registry
from ..safe import fitting, short_digest, visible, width
from ..values import counted
from .marks import key, mark
from .markup import Markup, digest, folded, join, name, tag
from .outcome import badge_of
from .tree import Line, graph_of, lines_of

#: pictures of one repository, and of one registry
MOST_OF_ONE, MOST = 8, 60
_FEW = 6  # images of which all are unfolded; of more, only those of the first repository are
_ROW, _INDENT, _TOP = 24, 15, 4
_COLUMNS = 39  # of text that fit beside each other on the narrowest screen
_BUS = 7  # from the right edge


def graphs(registry: Registry) -> Markup:
    """Every picture of a registry."""
    if registry.images and not registry.nodes and not registry.before:
        return tag("p", "This run kept no graph of its images.", class_="soft")
    grouped: Dict[str, List[Image]] = {}
    for image in registry.images:
        grouped.setdefault(image.repository, []).append(image)
    room, parts = MOST, []
    for number, (repository, images) in enumerate(grouped.items()):
        pictures = _pictures(images)
        drawn = pictures[: min(MOST_OF_ONE, max(room, 0))]
        room -= len(drawn)
        parts.append(_repository(repository, images, drawn, registry, not number or len(registry.images) <= _FEW))
    return (
        join([key(), tag("div", *parts, class_="groups")])
        if parts
        else tag("p", "No image is known to be broken.", class_="soft")
    )


def _pictures(images: Sequence[Image]) -> List[List[Image]]:
    """Tags that name the same digest and came to the same end share a picture."""
    same: Dict[Tuple[str, str], List[Image]] = {}
    for image in images:
        same.setdefault((image.digest or image.tag, image.outcome), []).append(image)
    return list(same.values())


def _repository(
    repository: str, images: Sequence[Image], drawn: Sequence[Sequence[Image]], registry: Registry, open_: bool
) -> Markup:
    used = sum(image.in_use for image in images)
    counts = f"{counted(len(images), 'broken tag')}{f', {used} in use' if used else ''}"
    left = len(images) - sum(map(len, drawn))
    more = tag("p", f"{counted(left, 'more tag')} of this repository: see plan.json.", class_="note") if left else None
    pictures = tag("div", *(_figure(each, registry) for each in drawn), class_="pictures")
    head = join([name(repository), " ", tag("span", counts, class_="soft")])
    inner = folded(head, pictures, more, open_=open_ and bool(drawn))
    return tag("div", inner, class_="lone" if len(drawn) == 1 else "group")


def _figure(images: Sequence[Image], registry: Registry) -> Markup:
    image = images[0]
    lines = lines_of(image, graph_of(image, registry.nodes, registry.before, registry.steps))
    tags = join([part for each in images[:4] for part in (name(each.tag or "no tag", 60), " ")])
    more = tag("span", f"and {len(images) - 4} more tags", class_="soft") if len(images) > 4 else None
    head = tag("h4", tag("span", tags, more), " ", badge_of(image))
    if not lines:
        return tag(
            "figure", head, tag("p", "Its manifest is unknown: ", digest(image.digest) if image.digest else None, class_="soft")
        )
    return tag("figure", head, _svg(image, lines))


def _svg(image: Image, lines: Sequence[Line]) -> Markup:
    height = _TOP * 2 + _ROW * len(lines)
    told = sum(line.kind in ("bad", "warn") for line in lines)
    repaired = sum(line.kind == "info" for line in lines)
    description = f"{counted(len(lines), 'line')} of a tree: {told} broken, {repaired} repaired. " + "; ".join(
        f"{line.label} {short_digest(line.digest)} {line.words}".strip() for line in lines if line.kind != "good"
    )
    return tag(
        "svg",
        tag("title", f"What {visible(image.name)[:200]} is made of, and what was broken"),
        tag("desc", description[:2000]),
        *_edges(lines),
        *_bus(lines),
        *(_row(number, line) for number, line in enumerate(lines)),
        height=height,
        role="img",
        class_="tree",
    )


def _middle(number: int) -> float:
    return _TOP + _ROW * number + _ROW / 2


def _left(line: Line) -> float:
    return 4 + line.depth * _INDENT


def _edges(lines: Sequence[Line]) -> List[Markup]:
    """An elbow from each line to the one above it that holds it, and a line at the right from who shares to what is shared."""
    found: List[Markup] = []
    for number, line in enumerate(lines):
        above = next((at for at in range(number - 1, -1, -1) if lines[at].depth < line.depth), None)
        if above is not None and not (line.shared and line.depth == 1):
            x = _left(lines[above]) + 6
            path = f"M{x:g} {_middle(above) + 9:g} V{_middle(number):g} H{_left(line) - 1:g}"
            found.append(tag("path", class_="edge", d=path))
    return found


def _row(number: int, line: Line) -> Markup:
    y, x = _middle(number), _left(line)
    words_room = _COLUMNS - 2 * line.depth - 1
    words = fitting(line.words, 24)
    label = fitting(line.label, max(8, min(20, words_room - width(words) - 7)))
    detail = _digest(line, words_room - width(words) - width(label) - 1)
    strong = " strong" if line.kind in ("bad", "info", "warn") else ""
    return tag(
        "g",
        tag("title", line.full) if line.full else None,
        mark(line.kind, x, y - 6),
        tag(
            "text",
            tag("tspan", label, class_="name"),
            tag("tspan", detail, class_="id", dx=6) if detail else None,
            tag("tspan", line.size, class_="id size", dx=6) if line.size else None,
            x=x + 17,
            y=y + 4,
            class_="soft" if line.kind == "plain" else None,
        ),
        tag("text", words, x="100%", dx=-_BUS - 7, y=y + 4, text_anchor="end", class_=f"{line.kind}{strong}"),
    )


def _digest(line: Line, room: int) -> str:
    """The digest as far as it fits."""
    return short_digest(line.digest)[:room] if line.digest and room >= 6 else ""


def _bus(lines: Sequence[Line]) -> List[Markup]:
    """A line at the right from those who share to what they share."""
    ends = [number for number, line in enumerate(lines) if line.shares or (line.shared and line.depth == 1)]
    if len(ends) < 2:
        return []
    at = {"x1": "100%", "x2": "100%", "transform": f"translate(-{_BUS} 0)"}
    stem = tag("line", class_="bus", y1=_middle(ends[0]), y2=_middle(ends[-1]), **at)
    dots = (tag("circle", class_="dot", cx="100%", cy=_middle(number), r=3, transform=f"translate(-{_BUS} 0)") for number in ends)
    return [stem, *dots]
