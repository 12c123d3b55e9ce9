# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The one record of a use: an image that something runs, or will run."""

from __future__ import annotations

from typing import Any, Dict, Iterable, Mapping

from ..compose_file.images import normalised
from ..oci_registry.digest import is_digest
from ..oci_registry.errors import BadInput

COMPOSE, CONTAINER, KUBERNETES, WOODPECKER = KINDS = ("compose", "container", "kubernetes", "woodpecker")
Use = Dict[str, Any]
_MOST = 300  # characters of a text that is no image


def use(kind: str, host: str, name: str, image: str, *, digests: Iterable[str] = (), pattern: str = "", detail: str = "") -> Use:
    """``image`` as it is written somewhere. One that is no image leaves ``reference`` empty, and ``detail`` says so: what it is cannot be told.

    ``pattern``: what is known of an image that cannot be told, a star for each unknown part.
    """
    text = image.strip()
    reference, why = (text, "") if is_image(text) else ("", f"{text[:_MOST]!r} is no image" if text else "")
    return {
        "reference": reference,
        "digests": sorted({digest for digest in digests if is_digest(digest)}),
        "kind": kind,
        "host": host,
        "name": name,
        "pattern": pattern,
        "detail": "; ".join(filter(None, (why, detail))),
    }


def untold(kind: str, host: str, name: str, detail: str, pattern: str = "") -> Use:
    """A use whose image cannot be told; ``detail`` says why."""
    return use(kind, host, name, "", pattern=pattern, detail=detail)


def is_image(text: str) -> bool:
    """Whether a text is an image as engines take it."""
    try:
        normalised(text)
    except BadInput:
        return False
    return True


def is_told(one: Mapping[str, Any]) -> bool:
    """Whether it is known at all which image is used."""
    return bool(one["reference"] or one["digests"])


def checked(one: Mapping[str, Any]) -> Use:
    """A use as somebody handed it over, every key there. Raises BadInput for what is none."""
    made = {key: str(one.get(key) or "") for key in ("kind", "host", "name", "detail", "pattern")}
    digests = one.get("digests") or []
    if made["kind"] not in KINDS or not isinstance(digests, list):
        advice = f"A use has reference, digests, name, host and a kind of {', '.join(KINDS)}"
        raise BadInput(f"{str(one)[:_MOST]} is no use", advice=advice)
    return use(**made, image=str(one.get("reference") or ""), digests=map(str, digests))
