# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The graph of one image as lines of a tree: index, children, their configs and layers, and what several children share, once. Pure.

A node is a mapping as ``registry_repair`` returns it in ``graph``. Where there is none, findings make one of what is broken.
"""

from __future__ import annotations

from itertools import takewhile
from typing import Dict, List, NamedTuple, Optional, Sequence, Set

from ..images import PLANNED, Image
from ..safe import short
from ..values import Record, text, texts

MOST_CHILDREN, MOST_LEAVES, MOST_SHARED = 12, 6, 12
#: a picture of more lines is drawn without what is right below what is right
MOST_LINES = 16
_LEAVES = ("config", "layer", "blob")
_DEEPEST = 4


class Line(NamedTuple):
    """One line of a picture. ``kind``: good, info (repaired), warn (planned), bad, or plain for a count of what is not drawn."""

    depth: int
    label: str
    digest: str
    kind: str
    words: str  # what was wrong, and how it was repaired
    size: str = ""
    full: str = ""  # the whole of it, for a title
    shares: bool = False  # a child that needs something of the shared lines
    shared: bool = False  # one of those
    whole: bool = False  # it stands for all that is below it, too


class Graph:
    """The nodes of one repository, by digest, each once, with all their parents."""

    def __init__(self, nodes: Sequence[Record], repository: str) -> None:
        self.nodes: Dict[str, Record] = {}
        self.parents: Dict[str, List[str]] = {}
        self.children: Dict[str, List[str]] = {}
        for node in nodes:
            digest = text(node.get("digest"))
            if digest and text(node.get("repository")) in (repository, ""):
                self.nodes.setdefault(digest, node)
                for parent in texts(node.get("parent")) + texts(node.get("parents")):
                    self._join(parent, digest)

    def _join(self, parent: str, digest: str) -> None:
        if digest not in self.children.setdefault(parent, []):
            self.children[parent].append(digest)
            self.parents.setdefault(digest, []).append(parent)

    def top(self, image: Image) -> str:
        """The digest that the image's tag names; empty where no node is it."""
        if image.digest in self.nodes:
            return image.digest
        tagged = (digest for digest, node in self.nodes.items() if image.tag and image.tag in texts(node.get("tags")))
        return next((digest for digest in tagged if digest not in self.parents), "")

    def below(self, digest: str) -> List[str]:
        """Its children, those that were broken first, else as they are."""
        return sorted(self.children.get(digest, []), key=lambda each: not self.hurt(each))

    def hurt(self, digest: str) -> bool:
        """Whether it or something below it was broken."""
        seen: Set[str] = set()
        todo = [digest]
        while todo:
            each = todo.pop()
            if each in seen:
                continue
            seen.add(each)
            if not is_right(self.nodes[each]):
                return True
            todo += self.children.get(each, [])
        return False

    def is_leaf(self, digest: str) -> bool:
        """A config or a layer."""
        return self.nodes[digest].get("role") in _LEAVES


def is_right(node: Record) -> bool:
    """Whether nothing was wrong with it."""
    return text(node.get("state")) in ("", "right", "partial")


def graph_of(image: Image, nodes: Sequence[Record], findings: Sequence[Record], steps: Sequence[Record]) -> Graph:
    """From the nodes of a result; where they do not hold this image, from its findings."""
    graph = Graph(nodes, image.repository)
    return graph if graph.top(image) else Graph(_from_findings(image, findings, steps), image.repository)


def _from_findings(image: Image, findings: Sequence[Record], steps: Sequence[Record]) -> List[Record]:
    mine = [each for each in findings if each.get("repository") == image.repository and image.tag in texts(each.get("tags"))]
    ours = [step for step in steps if step.get("repository") == image.repository and step.get("state") in ("done", "planned")]
    done = {text(step.get("digest")): text(step.get("action")) for step in ours}
    made = [{**each, "repaired_by": done.get(text(each.get("digest")), "")} for each in mine if each.get("digest")]
    known = {text(each["digest"]) for each in made}
    above = [text(each.get("parent")) for each in mine if each.get("parent")]
    parents = [
        {"digest": each, "role": "index", "state": "right", "tags": []} for each in dict.fromkeys(above) if each not in known
    ]
    top = image.digest if image.digest in known or image.digest in above else next(iter(above), "")
    for node in parents:
        node["tags" if node["digest"] == top else "parent"] = [image.tag] if node["digest"] == top else top
    return [*parents, *made]


def lines_of(image: Image, graph: Graph) -> List[Line]:
    """The picture from top to bottom; empty where nothing is known of the image's nodes."""
    top = graph.top(image)
    if not top:
        return []
    shared = _shared(graph, top)
    planned = image.outcome == PLANNED
    lines = [_line(graph, top, 0, shared, planned), *_children(graph, top, 1, shared, planned, {top})]
    if shared:
        lines += _shared_lines(graph, shared, planned)
    return lines if len(lines) <= MOST_LINES else _without_the_right(lines)


def _without_the_right(lines: Sequence[Line]) -> List[Line]:
    """The same, without what is right below a child of which all is right: the child counts it."""
    found: List[Line] = []
    for number, line in enumerate(lines):
        below = (
            list(takewhile(lambda other: other.depth > 1 and not other.shared, lines[number + 1 :])) if line.depth == 1 else []
        )
        if below and all(each.kind == "good" for each in (line, *below)):
            found.append(line._replace(words=f"right, +{len(below)} parts", whole=True))
        elif not (line.depth > 1 and not line.shared and found[-1].whole):
            found.append(line)
    return found


def _children(graph: Graph, parent: str, depth: int, shared: Sequence[str], planned: bool, above: Set[str]) -> List[Line]:
    below = [each for each in graph.below(parent) if each not in above and each not in shared]
    most = MOST_LEAVES if below and all(map(graph.is_leaf, below)) else MOST_CHILDREN
    lines: List[Line] = []
    for each in below[:most]:
        lines.append(_line(graph, each, depth, shared, planned))
        if depth < _DEEPEST:
            lines += _children(graph, each, depth + 1, shared, planned, {*above, each})
    return lines + _rest(graph, below[most:], depth)


def _rest(graph: Graph, left: Sequence[str], depth: int) -> List[Line]:
    if not left:
        return []
    hurt = sum(map(graph.hurt, left))
    words = f"{hurt} of them broken" if hurt else "all right"
    return [Line(depth, f"and {len(left)} more", "", "plain", words)]


def _shared(graph: Graph, top: str) -> List[str]:
    """Configs and layers that more than one manifest of this image names."""
    below, todo = {top}, [top]
    while todo:
        for each in graph.children.get(todo.pop(), []):
            if each not in below:
                below.add(each)
                todo.append(each)
    return [each for each in graph.nodes if each in below and graph.is_leaf(each) and len(set(graph.parents[each]) & below) > 1]


def _shared_lines(graph: Graph, shared: Sequence[str], planned: bool) -> List[Line]:
    ordered = sorted(shared, key=lambda each: not graph.hurt(each))
    head = Line(1, "shared by several", "", "plain", "", shared=True)
    lines = [_line(graph, each, 2, (), planned)._replace(shared=True) for each in ordered[:MOST_SHARED]]
    return [head, *lines, *(line._replace(shared=True) for line in _rest(graph, ordered[MOST_SHARED:], 2))]


def _line(graph: Graph, digest: str, depth: int, shared: Sequence[str], planned: bool) -> Line:
    node = graph.nodes[digest]
    kind, words = _state(node, planned)
    platform, role = text(node.get("platform")), text(node.get("role")) or "manifest"
    label = role if role in (*_LEAVES, "index") else platform or role
    label = "attestation" if label == "unknown/unknown" else label
    full = f"{role} {digest}" + (f", {platform}" if platform else "") + f": {words}"
    shares = any(each in shared for each in graph.children.get(digest, []))
    return Line(depth, label, digest, kind, words, _size(node.get("size")), short(full, 400), shares)


def _state(node: Record, planned: bool) -> tuple[str, str]:
    """The kind of a line, and its words."""
    if is_right(node):
        return "good", "right"
    state, repair = text(node.get("state")), text(node.get("repaired_by"))
    if repair and not planned:
        return "info", f"{state}, {_PAST.get(repair, repair)}"
    return ("warn", f"{state}, plan: {repair}") if repair else ("bad", state)


_PAST = {
    "relink": "relinked",
    "restore": "restored",
    "repoint": "repointed",
    "rebuild": "rebuilt",
    "reload": "reloaded",
    "delete": "deleted",
    "fetch": "fetched",
    "link-tag": "linked",
    "quarantine": "moved aside",
}


def _size(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return ""
    try:
        size: Optional[float] = float(value)
    except ValueError:
        size = None
    if size is None or not 0 <= size < 1e18:
        return ""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 100 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
