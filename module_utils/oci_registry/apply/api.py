# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Writes to a registry over its API: every upload unconditional, since what a cache says of what is there proves nothing."""

from __future__ import annotations

from typing import Optional

from ..client import Answer, Client, Pusher
from ..errors import ApplyFailed
from ..model import Manifest
from ..walk.facts import describe
from .spool import Spool


class Refused(ApplyFailed):
    """The registry answered, and did not take it."""


class DeleteDisabled(Refused):
    """The registry answers 405 to DELETE."""


_ENABLE = (
    "Set storage.delete.enabled to true in its configuration and restart it; check that it is not read-only; "
    "a pull-through cache is changed on disk (give path)"
)


class ApiWriter:
    """Changes one registry. Raises :class:`Refused` for an answer that is no success, other RegistryErrors where there is none."""

    def __init__(self, client: Client) -> None:
        self._pusher = Pusher(client)
        self._address = client.address

    def put_manifest(self, repository: str, reference: str, content: bytes, manifest: Manifest) -> None:
        """PUT the exact bytes under a tag or digest, as what they say they are (an index without ``mediaType`` as an OCI index)."""
        answer = self._pusher.put_manifest(repository, reference, content, manifest.media_type)
        self._expect_created(answer, repository, reference)

    def put_blob(self, repository: str, spool: Spool, mount_from: Optional[str] = None) -> None:
        """Mount a blob from another repository if the registry does that, else upload the verified bytes of ``spool``."""
        if mount_from and self._pusher.mount_blob(repository, spool.digest, mount_from).status == 201:
            return
        with open(spool.path, "rb") as file:
            answer = self._pusher.upload_blob(repository, spool.digest, file, spool.size)
        self._expect_created(answer, repository, spool.digest)

    def delete_manifest(self, repository: str, reference: str) -> bool:
        """DELETE by digest, or a tag alone where the registry does that; False where there was no such thing any more.

        Raises :class:`DeleteDisabled` where the registry deletes nothing.
        """
        answer = self._pusher.delete_manifest(repository, reference)
        if answer.status == 404:
            return False
        where = f"{self._address}/{repository}@{reference}"
        if answer.status == 405:
            raise DeleteDisabled(f"the registry deletes nothing: it {describe(answer)}", where=where, advice=_ENABLE)
        if answer.status != 202:
            raise Refused(f"the registry did not delete it: it {describe(answer)}", where=where)
        return True

    def _expect_created(self, answer: Answer, repository: str, reference: str) -> None:
        if answer.status != 201:
            advice = "Check that it is no pull-through cache and not read-only, and that the user may push there"
            raise Refused(
                f"the registry did not take it: it {describe(answer)}",
                where=f"{self._address}/{repository}@{reference}",
                advice=advice,
            )
