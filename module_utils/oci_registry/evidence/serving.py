# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a registry says over HTTP around a collection: that it takes no writes, and afterwards that it serves everything."""

from __future__ import annotations

import time
from typing import Any, Callable, Dict, Mapping, NamedTuple, Sequence, Tuple

from ..client import Client, Pusher, Settings
from ..errors import AuthenticationFailed, CommandFailed, ProofFailed, RegistryUnavailable, TLSFailure, Unreachable
from ..plans.sweep import new_findings
from ..report import Report
from ..walk import Options, walk

#: a registry or its proxy that is still starting; a published port closes connections until something listens behind it
_NOT_YET = (Unreachable, RegistryUnavailable, TLSFailure)
_POLL_SECONDS = 0.2
_MAX_SHOWN = 5
#: an upload is begun here and cancelled again; without a finished one there is no repository
_PROBED = "registry-runbooks/probe"
_NO_WRITES = "commands.quiesce must stop the registry or make it read-only"


class Serving(NamedTuple):
    """A registry, and how to prove that it serves. ``health_timeout``: seconds that it may take to answer again."""

    settings: Settings
    concurrency: int
    health_timeout: float
    tags_per_repository: int = 0

    def check(self) -> None:
        """Raise a :class:`RegistryError` where the registry does not answer, or not to these credentials: better now than after."""
        with Client(self.settings) as client:
            client.head_manifest(_PROBED, "health")

    def demand_quiet(self) -> None:
        """Raise :class:`CommandFailed` where the registry still takes writes, or where that cannot be told."""
        try:
            with Client(self.settings._replace(retries=0)) as client:
                answer = Pusher(client).probe(_PROBED)
        except (Unreachable, RegistryUnavailable):
            return
        except AuthenticationFailed as error:
            raise CommandFailed(f"it cannot be told whether it takes writes: {error}", where=self.settings.registry) from None
        if answer.status == 202:
            raise CommandFailed("still takes writes after commands.quiesce", where=self.settings.registry, advice=_NO_WRITES)
        if answer.status not in (404, 405):
            what = f"answers {answer.status} to an upload after commands.quiesce"
            raise CommandFailed(what, where=self.settings.registry, advice=_NO_WRITES)

    def prove(
        self, plan: Mapping[str, Any], gone: Sequence[Tuple[str, str]], tags: int, recount: Callable[[int], int]
    ) -> Dict[str, Any]:
        """Walk everything, and make sure that the registry remembers nothing of what is ``gone`` from disk (repository, digest).

        ``plan`` (:func:`plans.sweep.as_plan`) says what was broken before, ``tags`` how many there were on disk.
        ``recount(tags)`` tells how many of them are left, since owners may delete some meanwhile.

        Raises :class:`ProofFailed`, or another :class:`RegistryError` where the registry cannot be asked.
        """
        report = self._walk()
        found = new_findings(report.findings, plan)
        if found:
            first = found[0]
            raise ProofFailed(
                f"{len(found)} things cannot be pulled any more, first {first.code} {first.digest}",
                where=f"{self.settings.registry}/{first.repository}:{','.join(first.tags)}",
            )
        if not report.complete:
            raise RegistryUnavailable("; ".join(report.problems[:_MAX_SHOWN]), where=self.settings.registry)
        served = report.summary["tags"]
        if served < tags and not self.tags_per_repository and served < recount(tags):
            what = f"serves {served} tags, where the store has {tags}"
            raise RegistryUnavailable(
                what, where=self.settings.registry, advice="Does a proxy lead to another registry? Restart it"
            )
        self._demand_cold(gone)
        return {"tags": served, "requests": report.summary["requests"]}

    def _walk(self) -> Report:
        deadline = time.monotonic() + self.health_timeout
        while True:
            try:
                with Client(self.settings._replace(retries=0)) as client:
                    client.head_manifest(_PROBED, "health")
                break
            except _NOT_YET:
                if time.monotonic() > deadline:
                    raise
                time.sleep(_POLL_SECONDS)
        options = Options(tags_per_repository=self.tags_per_repository)
        return walk(Client(self.settings), concurrency=self.concurrency, options=options)

    def _demand_cold(self, gone: Sequence[Tuple[str, str]]) -> None:
        """A cache that outlived the collection would make pushes skip what is gone, and store hollow images."""
        with Client(self.settings) as client:
            for repository, digest in gone:
                if client.head_blob(repository, digest).status == 200:
                    what = "the registry still says that it has what was swept: its cache outlived the collection"
                    advice = "commands.resume must restart the registry"
                    raise ProofFailed(what, where=f"{self.settings.registry}/{repository}@{digest}", advice=advice)
