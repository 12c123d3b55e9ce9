# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What became of an image or a step, as a badge: a word, a sign and a colour. Pure."""

from __future__ import annotations

from typing import Dict, Tuple

from ..images import Image
from ..values import text
from .markup import Markup, badge

#: outcome or state: word, kind, sign
_SHOWN: Dict[str, Tuple[str, str, str]] = {
    "done": ("repaired", "good", "✓"),
    "planned": ("planned", "info", "…"),
    "failed": ("failed", "bad", "✗"),
    "remaining": ("remains", "warn", "!"),
    "skipped": ("skipped", "plain", "–"),  # noqa: RUF001 (a dash as a sign)
    "": ("broken", "bad", "✗"),
}


def badge_of(image: Image) -> Markup:
    """The badge of an image."""
    return _badge(image.outcome)


def badge_of_step(state: object) -> Markup:
    """The badge of a step; one that was done need not have repaired anything."""
    word, kind, sign = _SHOWN.get(text(state), (text(state), "plain", ""))
    return badge("done" if word == "repaired" else word, kind, sign)


def _badge(outcome: str) -> Markup:
    return badge(*_SHOWN.get(outcome, (outcome, "plain", "")))
