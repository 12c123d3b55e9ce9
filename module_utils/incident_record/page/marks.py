# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Signs drawn as lines, so that no font need have them, and the key that explains them. Pure."""

from __future__ import annotations

from .markup import Markup, tag

#: kind: the path of its sign in a square of 12
_PATHS = {
    "good": "M2 6.5 L5 9.5 L10.5 3",
    "bad": "M2.5 2.5 L9.5 9.5 M9.5 2.5 L2.5 9.5",
    "info": "M9.8 6 A4 4 0 1 1 7.6 2.4 M7.4 0.6 L8 2.6 L6 3.4",
    "warn": "M6 3.2 V6 H8.4 M6 1.4 A4.6 4.6 0 1 1 5.9 1.4",
    "plain": "M2 6 H2.1 M6 6 H6.1 M10 6 H10.1",
}
KEY = {"bad": "broken", "info": "was broken, is repaired", "warn": "broken, a repair is planned", "good": "right all along"}


def mark(kind: str, x: float, y: float) -> Markup:
    """The sign of a kind with its upper left corner there."""
    return tag("path", class_=f"mark {kind}", d=_PATHS[kind], transform=f"translate({x:g} {y:g})")


def key() -> Markup:
    """What each sign means."""
    signs = (tag("svg", mark(kind, 0, 0), width="12", height="12", aria_hidden="true", class_="inline") for kind in KEY)
    entries = [tag("li", sign, f" {words}") for sign, words in zip(signs, KEY.values())]
    return tag("ul", *entries, tag("li", tag("b", "┊"), " needs what several share"), class_="key", aria_label="Signs")
