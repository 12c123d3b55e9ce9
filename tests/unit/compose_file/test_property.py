# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""For any compose file that can be put together from these pieces: only values of images change, and the result says what it should."""

from __future__ import annotations

import contextlib
import copy
from typing import NamedTuple

import yaml
from ansible.module_utils.oci_registry.errors import RegistryError
from hypothesis import given, settings
from hypothesis import strategies as st

from unit.compose_file.planning import IMAGE, planned

NAMES = ["a", "b", "registry-x", "ünïcode", "e"]
IMAGES = ["registry", "registry:2", "docker.io/library/registry:2.7", IMAGE, "nginx:1", "registry.example.com:5050/registry:2"]
#: how an image can be written: what stands before the value, and after it, at the indentation of a service's keys
STYLES = [
    ("image: ", ""),
    ("image:   '", "'"),
    ('"image": "', '"  # registry:2'),
    ("image: >-\n      ", ""),
    ("image: |\n\n        ", "\n"),
    ("image: !!str &ANCHOR ", ""),
    ("image:\n      # registry:2\n      ", ""),
]
EXTRAS = [
    "# image: registry:2",
    "",
    "   ",
    "environment: {IMAGE: registry:2, 'x': \"é😀\"}",
    "command: >\n      image: registry:2\n      run  # not a comment",
    "labels: ['image: registry:2', \"registry:2\"]",
    "<<: *template",
]


class Piece(NamedTuple):
    """One service as text; ``start`` and ``end`` are the place of its image in ``text``."""

    name: str
    image: str
    before: str
    after: str


@st.composite
def pieces(draw: st.DrawFn) -> list[Piece]:
    found = []
    for name in draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True)):
        extras = draw(st.lists(st.sampled_from(EXTRAS), unique=True))
        before = "".join(f"    {extra}\n" for extra in extras if not extra.startswith("labels"))
        after = "".join(f"    {extra}\n" for extra in extras if extra.startswith("labels"))
        opening, closing = draw(st.sampled_from(STYLES))
        head = f"  {name}:\n{before}    {opening.replace('ANCHOR', 'n' + str(len(found)))}"
        found.append(Piece(name, draw(st.sampled_from(IMAGES)), head, f"{closing}\n{after}"))
    return found


def written(services: list[Piece], changed: set[str]) -> str:
    """The file; services of ``changed`` with the wanted image."""
    body = "".join(piece.before + (IMAGE if piece.name in changed else piece.image) + piece.after for piece in services)
    return f"# {IMAGE}\nx-t: &template\n  image: registry:2\n  restart: always\n\nservices:\n{body}\nvolumes: {{}}"


@settings(max_examples=300, deadline=None)
@given(services=pieces(), data=st.data(), line_end=st.sampled_from(["\n", "\r\n"]), mark=st.booleans())
def test_nothing_but_the_images(services: list[Piece], data: st.DataObject, line_end: str, mark: bool) -> None:
    chosen = set(data.draw(st.lists(st.sampled_from([piece.name for piece in services]), min_size=1)))
    before, expected = (
        (("\ufeff" if mark else "") + written(services, names).replace("\n", line_end)).encode() for names in (set(), chosen)
    )
    plan = planned(before, {"services": sorted(chosen)})
    assert plan.content == expected
    says = copy.deepcopy(yaml.safe_load(before.decode("utf-8-sig")))
    for name in chosen:
        says["services"][name]["image"] = says["services"][name]["image"].replace(
            next(piece.image for piece in services if piece.name == name), IMAGE
        )
    assert yaml.safe_load(plan.content.decode("utf-8-sig")) == says
    assert {pinned.service: pinned.before for pinned in plan.pinned} == {
        piece.name: piece.image for piece in services if piece.name in chosen
    }


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="services:\n image-registry&*<{}[],'\"|>#!%@`\t\r\ufeff\u2028$é", max_size=120))
def test_anything_at_all_is_planned_or_refused(text: str) -> None:
    for content in (text, f"services:\n  a: {{image: registry:2}}\n{text}", f"services:\n  a:\n    image: {text}"):
        with contextlib.suppress(RegistryError):
            plan = planned(content.encode(), {"services": ["*"]})
            assert all(pinned.after == IMAGE for pinned in plan.pinned)
