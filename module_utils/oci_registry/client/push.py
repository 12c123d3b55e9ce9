# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The Distribution HTTP API, write side. Nothing is asked for first: a registry with a stale cache would say that it is there."""

from __future__ import annotations

import io
from typing import BinaryIO, Iterator
from urllib.parse import quote

from ..digest import parse_digest
from ..errors import BadInput, ProtocolError
from .answer import Answer
from .api import Client
from .consume import Collect
from .head import Headers
from .origin import resolve
from .paths import manifest_path, pull_scope, push_scope, uploads_path
from .redact import where
from .transport import Request, Transport
from .wire import MAX_ERROR_BYTES

_PIECE = 256 * 1024
_EMPTY: Headers = (("Content-Length", "0"),)


class Pusher:
    """Writes to the registry of a client. A write is repeated only where the registry surely did nothing of it."""

    def __init__(self, client: Client) -> None:
        self._transport: Transport = client.transport

    def put_manifest(self, repository: str, reference: str, content: bytes, media_type: str) -> Answer:
        """PUT exact bytes under a tag or digest; 201 when done."""
        headers = (("Content-Type", media_type), ("Content-Length", str(len(content))))
        target, scope = manifest_path(repository, reference), push_scope(repository)
        return self._ask(Request("PUT", target, scope, headers, lambda: iter((content,))))

    def delete_manifest(self, repository: str, reference: str) -> Answer:
        """DELETE by digest, which also takes every tag that points at it, or (3.x) a tag alone; 202 when done."""
        scope = f"repository:{repository}:pull,delete"
        return self._ask(Request("DELETE", manifest_path(repository, reference), scope))

    def upload_blob(self, repository: str, digest: str, stream: BinaryIO, size: int) -> Answer:
        """Upload ``size`` bytes of a stream, from where it stands; 201 when done.

        The answer is that to PUT, or to POST where that was not accepted. The bytes are not checked here: the registry answers
        400 DIGEST_INVALID to wrong ones. Raises BadInput for a stream that ends early.
        """
        parse_digest(digest)
        scope = push_scope(repository)
        begun = self._ask(Request("POST", uploads_path(repository), scope, _EMPTY))
        if begun.status != 202:
            return begun
        location = self._location(begun, uploads_path(repository))
        target = f"{location}{'&' if '?' in location else '?'}digest={quote(digest)}"
        headers = (("Content-Type", "application/octet-stream"), ("Content-Length", str(size)))
        body = _StreamBody(stream, size)
        return self._ask(Request("PUT", target, scope, headers, body.pieces, body.repeatable))

    def mount_blob(self, repository: str, digest: str, from_repository: str) -> Answer:
        """Take a blob over from another repository of the registry; 201 when done, 202 when the registry would not."""
        target = f"{uploads_path(repository)}?mount={quote(parse_digest(digest))}&from={quote(from_repository, safe='/')}"
        scope = f"{push_scope(repository)} {pull_scope(from_repository)}"
        answer = self._ask(Request("POST", target, scope, _EMPTY))
        if answer.status == 202:  # an upload was begun instead: leave none behind
            self._ask(Request("DELETE", self._location(answer, target), scope))
        return answer

    def probe(self, repository: str) -> Answer:
        """Begin an upload and cancel it again. The answer to the first: 202 from a registry that takes writes."""
        target, scope = uploads_path(repository), push_scope(repository)
        answer = self._ask(Request("POST", target, scope, _EMPTY))
        if answer.status == 202:
            self._ask(Request("DELETE", self._location(answer, target), scope))
        return answer

    def _ask(self, request: Request) -> Answer:
        return self._transport.ask(request, lambda: Collect(MAX_ERROR_BYTES))

    def _location(self, answer: Answer, target: str) -> str:
        """Where an upload goes on: on this registry, whatever scheme and port a proxy in front of it made it say."""
        origin = self._transport.origin
        place = where(origin, target)
        try:
            following, address = resolve(origin, target, answer.headers.get("location", ""))
        except ProtocolError as error:
            raise ProtocolError(f"sends the upload to {error.what}", where=place) from None
        if following.host != origin.host or not address.startswith("/v2/"):
            advice = "Check http.host in the registry's configuration, and what its proxy does to Location"
            raise ProtocolError(f"sends the upload to another host ({following.address})", where=place, advice=advice)
        return address


class _StreamBody:
    """The next ``size`` bytes of a stream, more than once if it can seek."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream = stream
        self._size = size
        self.repeatable = _can_seek(stream)
        self._start = stream.tell() if self.repeatable else 0

    def pieces(self) -> Iterator[bytes]:
        """The bytes, in pieces."""
        if self.repeatable:
            self._stream.seek(self._start, io.SEEK_SET)
        left = self._size
        while left:
            piece = self._stream.read(min(left, _PIECE))
            if not piece:
                raise BadInput(f"the stream ended {left} bytes short of its {self._size}")
            left -= len(piece)
            yield piece


def _can_seek(stream: BinaryIO) -> bool:
    seekable = getattr(stream, "seekable", None)
    return bool(seekable is not None and seekable())
