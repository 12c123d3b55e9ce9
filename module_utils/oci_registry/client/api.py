# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The Distribution HTTP API, read side: one method for each kind of request. ``push.py`` is the write side."""

from __future__ import annotations

import json
import threading
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

from ..errors import BadInput, NotARegistry, ProtocolError
from ..model import ACCEPT, MAX_MANIFEST_BYTES, Descriptor, InvalidManifest, parse_manifest
from .answer import Answer, described, speaks_distribution
from .consume import Collect, Sink, Stream, Window
from .head import Headers
from .listing import CHECK_ADDRESS, MAX_PAGE_BYTES, items, pages
from .paths import BASE, CATALOG, CATALOG_SCOPE, blob_path, manifest_path, pull_scope, referrers_path, tags_path
from .redact import where
from .settings import Settings, checked
from .transport import Request, Transport
from .wire import MAX_ERROR_BYTES, Consumer

_ACCEPT: Headers = (("Accept", ", ".join(ACCEPT)),)


class Client:
    """One registry. Thread-safe: any number of threads share one client and its connections.

    What a request returned is an :class:`Answer`, whatever its status; what kept it from being answered is a RegistryError:
    Unreachable, TLSFailure, AuthenticationFailed, NotARegistry, RegistryUnavailable or ProtocolError.
    """

    def __init__(self, settings: Settings, cancel: Optional[threading.Event] = None) -> None:
        """Raises BadInput for settings that cannot be used; connects to nothing. ``cancel`` ends every wait between tries."""
        self.transport = Transport(checked(settings), cancel or threading.Event())

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection; requests that still run end with an error."""
        self.transport.wire.close()

    @property
    def address(self) -> str:
        """``host:port``."""
        return self.transport.origin.address

    @property
    def requests(self) -> int:
        """Requests sent to the registry itself: not those to token services, and to where it redirects."""
        return self.transport.requests

    @property
    def bytes_received(self) -> int:
        """Bytes of body received, from wherever they came."""
        return self.transport.wire.bytes_received

    @property
    def certificate_not_after(self) -> float:
        """When the registry's certificate expires, in seconds since 1970; 0 where none was validated so far."""
        return self.transport.wire.not_after(self.transport.origin)

    # -- who is there

    def greet(self, mark: str = "") -> Answer:
        """GET the base of the API without credentials: 401 is an answer, too. ``mark`` comes as a query, for the registry's log."""
        target = f"{BASE}?{mark}" if mark else BASE
        return self.transport.ask(Request("GET", target, "", anonymous=True), lambda: Collect(MAX_ERROR_BYTES))

    # -- lists

    def repositories(self) -> Iterator[str]:
        """The names of all repositories, page by page.

        Registries list whatever lies in a folder: there may be names that no repository may have (:func:`reference.is_repository`).
        """
        place, offered = where(self.transport.origin, CATALOG), False
        for page in self._pages(CATALOG, CATALOG_SCOPE):
            offered = True
            for name in items(page, "repositories", place):
                if not isinstance(name, str):
                    raise ProtocolError(f"lists {str(name)[:100]!r}, which is no repository name", where=place)
                yield name
        if not offered:
            raise ProtocolError("the registry offers no catalog", where=place, advice="Name the repositories or images instead")

    def tags(self, repository: str) -> Optional[List[str]]:
        """The tags of a repository; None where the registry does not know it.

        Registries list whatever lies in a folder: there may be names that no tag may have (:func:`reference.is_tag`).
        """
        target = tags_path(repository)
        place = where(self.transport.origin, target)
        found: Optional[List[str]] = None
        for page in self._pages(target, pull_scope(repository)):
            found = found or []
            for tag in items(page, "tags", place):
                if not isinstance(tag, str):
                    raise ProtocolError(f"lists {str(tag)[:150]!r}, which is no tag", where=place)
                found.append(tag)
        return found

    def referrers(self, repository: str, digest: str) -> Optional[List[Descriptor]]:
        """What refers to a manifest (OCI 1.1); None where the registry does not offer to tell."""
        target = referrers_path(repository, digest)
        found: Optional[List[Descriptor]] = None
        for page in pages(self.transport.origin, target, lambda address: self._list(address, pull_scope(repository))):
            found = [*(found or []), *_descriptors(page, where(self.transport.origin, target))]
        return found

    def _pages(self, target: str, scope: str) -> Iterator[Dict[str, Any]]:
        return pages(self.transport.origin, target, lambda address: self._plausible(address, self._list(address, scope)))

    def _list(self, target: str, scope: str) -> Answer:
        return self.transport.ask(Request("GET", target, scope), lambda: Collect(MAX_PAGE_BYTES))

    # -- manifests

    def get_manifest(self, repository: str, reference: str) -> Answer:
        """GET by tag or digest. Not more than MAX_MANIFEST_BYTES + 1 bytes are held, and hardly more are read."""
        return self._get(_manifest("GET", repository, reference), lambda: Collect(MAX_MANIFEST_BYTES))

    def head_manifest(self, repository: str, reference: str) -> Answer:
        """HEAD by tag or digest."""
        return self.transport.ask(_manifest("HEAD", repository, reference), lambda: Collect(0))

    # -- blobs

    def head_blob(self, repository: str, digest: str) -> Answer:
        """HEAD: what the registry believes to have."""
        return self.transport.ask(_blob("HEAD", repository, digest), lambda: Collect(0))

    def get_blob_range(self, repository: str, digest: str, first: int, last: int) -> Answer:
        """GET the bytes from ``first`` to ``last``, counted from 0.

        Only the body of a 206 is held. A server that ignores the range answers 200: its bytes are counted in ``received``, and
        no more of them are read than show that there are more than ``last + 1``; ``complete`` is False then.
        """
        if not 0 <= first <= last:
            raise BadInput(f"{first}-{last} is no range of bytes")
        request = _blob("GET", repository, digest, (("Range", f"bytes={first}-{last}"),))
        answer = self._get(request, lambda: Window(last - first + 1, last + 1))
        return answer._replace(body=b"") if answer.status == 200 else answer

    def get_blob(self, repository: str, digest: str, sink: Sink) -> Answer:
        """GET a whole blob, each piece handed to ``sink`` as it comes; an exception of the sink ends the request."""
        stream = Stream(sink)
        return self._get(_blob("GET", repository, digest), lambda: stream)

    def _get(self, request: Request, consumer: Callable[[], Consumer]) -> Answer:
        return self._plausible(request.target, self.transport.ask(request, consumer))

    def _plausible(self, target: str, answer: Answer) -> Answer:
        """``answer``, unless it shows that no registry gave it: then it says nothing of what was asked for."""
        if answer.redirected or not _looks_foreign(answer):
            return answer
        place = where(self.transport.origin, target)
        raise NotARegistry(f"{described(answer)}, but not as a registry does", where=place, advice=CHECK_ADDRESS)


def _looks_foreign(answer: Answer) -> bool:
    """A 404 without any mark of the API, or a page for people: proxies answer errors of their own with those, 500 too."""
    if answer.status == 404:
        return not speaks_distribution(answer)
    is_page = answer.headers.get("content-type", "").lower().startswith("text/html")
    return is_page and (answer.status == 200 or (answer.status >= 400 and not speaks_distribution(answer)))


def _descriptors(page: Dict[str, Any], place: str) -> Tuple[Descriptor, ...]:
    """The descriptors of a page of referrers, which is an image index."""
    try:
        return parse_manifest(json.dumps(page).encode()).children
    except InvalidManifest as error:
        raise ProtocolError(f"lists referrers in what is no index ({error})", where=place) from None


def _manifest(method: str, repository: str, reference: str) -> Request:
    return Request(method, manifest_path(repository, reference), pull_scope(repository), _ACCEPT, follow=True)


def _blob(method: str, repository: str, digest: str, headers: Headers = ()) -> Request:
    return Request(method, blob_path(repository, digest), pull_scope(repository), headers, follow=True)
