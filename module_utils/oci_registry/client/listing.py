# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Lists that come in pages (``_catalog``, ``tags/list``, ``referrers``): JSON objects, each with a Link to the next."""

from __future__ import annotations

import re
from typing import Any, Callable, Dict, Iterator, List, Optional, Set

from ..errors import NotARegistry, ProtocolError, RegistryUnavailable
from .answer import Answer, described, json_of, speaks_distribution
from .origin import Origin, resolve
from .redact import where
from .redirect import STATUSES, next_place

MAX_PAGE_BYTES = 64 * 1024 * 1024
MAX_PAGES = 100_000
CHECK_ADDRESS = "Check host, port and scheme: this does not look like a registry"

_LINK = re.compile(r"<([^<>]*)>([^<]*)")
_NEXT = re.compile(r";[ \t]*rel[ \t]*=[ \t]*(?:\"([^\"]*)\"|([^\s;,\"]+))", re.IGNORECASE)


def next_link(header: str) -> Optional[str]:
    """The address of a Link header's ``rel="next"``, or None."""
    for match in _LINK.finditer(header[:16384]):
        for relation in _NEXT.finditer(match.group(2)):
            if "next" in (relation.group(1) or relation.group(2)).lower().split():
                return match.group(1)
    return None


def pages(origin: Origin, target: str, ask: Callable[[str], Answer]) -> Iterator[Dict[str, Any]]:
    """The pages of a list, as JSON objects; nothing where the registry answers 404.

    ``ask`` gets a path with query. Raises :class:`NotARegistry`, :class:`ProtocolError` or :class:`RegistryUnavailable`.
    """
    seen: Set[str] = set()
    following: Optional[str] = target
    while following is not None:
        if following in seen or len(seen) > MAX_PAGES:
            raise ProtocolError("pages without end: a Link leads back", where=where(origin, target))
        seen.add(following)
        answer = ask(following)
        if answer.status == 404:
            return
        yield _page(answer, origin, following)
        following = _following(answer, origin, following)


def _page(answer: Answer, origin: Origin, target: str) -> Dict[str, Any]:
    place = where(origin, target)
    _check_status(answer, origin, target)
    if not answer.complete:
        what = "is larger than any list can be" if answer.received > MAX_PAGE_BYTES else "ended before its declared length"
        raise ProtocolError(f"a list that {what}", where=place)
    document = json_of(answer)
    if document is None:
        raise NotARegistry("answers 200, and no JSON", where=place, advice=CHECK_ADDRESS)
    if not isinstance(document, dict):
        raise NotARegistry("answers JSON that is no object", where=place, advice=CHECK_ADDRESS)
    return document


def _check_status(answer: Answer, origin: Origin, target: str) -> None:
    if answer.status == 200:
        return
    place = where(origin, target)
    if answer.status in STATUSES:
        next_place(origin, target, answer.headers.get("location", ""))
        raise NotARegistry(f"answers {answer.status} to a list", where=place, advice=CHECK_ADDRESS)
    if answer.status >= 500:
        raise RegistryUnavailable(described(answer), where=place, advice="The registry's own log says more")
    if speaks_distribution(answer):
        raise ProtocolError(described(answer), where=place)
    raise NotARegistry(described(answer), where=place, advice=CHECK_ADDRESS)


def _following(answer: Answer, origin: Origin, target: str) -> Optional[str]:
    link = next_link(answer.headers.get("link", ""))
    if link is None:
        return None
    try:
        following, address = resolve(origin, target, link)
    except ProtocolError as error:
        raise ProtocolError(f"a Link to {error.what}", where=where(origin, target)) from None
    if following != origin or address.partition("?")[0] != target.partition("?")[0]:
        raise ProtocolError("a Link that leads elsewhere", where=where(origin, target))
    return address


def items(page: Dict[str, Any], key: str, place: str) -> List[Any]:
    """The list that a page holds under ``key``; null stands for an empty one."""
    found = page.get(key)
    if found is None:
        if key not in page:
            raise NotARegistry(f"answers JSON without {key!r}", where=place, advice=CHECK_ADDRESS)
        return []
    if not isinstance(found, list):
        raise ProtocolError(f"{key!r} is no list", where=place)
    return found
