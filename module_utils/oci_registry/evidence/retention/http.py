# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The evidence of a registry whose disk is not at hand: a walk, and the time of creation that each image's config names.

That is weaker: a rebuild or a copy keeps an old time of creation, and manifests that no tag needs do not show at all.
"""

from __future__ import annotations

import datetime
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Dict, Iterable, List, Mapping, Optional, Sequence

from ...client import Client
from ...errors import StoreUnreadable
from ...model import MAX_DEPTH, Descriptor, Manifest
from ...plans.retention.facts import RepositoryFacts
from ...view import RepositoryView
from ...walk import Options, walk
from .disk import Gathered, facts_of
from .untagged import add_untagged

MAX_CONFIG_BYTES = 4 * 1024 * 1024
_CAVEAT = (
    "without path, tags are ranked by the time at which their image was created, not by that of their push, "
    "and manifests that no tag needs cannot be seen, unless keep_digests or a referrer names them"
)


def gather(client: Client, configs: Client, concurrency: int, in_use: Iterable[str] = ()) -> Gathered:
    """Walk the whole catalog. ``configs`` is a client of the same registry that is still open after the walk closed ``client``.

    ``in_use`` are digests to ask every repository for, since it may have them without a tag.

    Raises a :class:`RegistryError` where not everything could be asked for.
    """
    views: List[RepositoryView] = []
    report = walk(client, concurrency=concurrency, options=Options("manifests", referrers=True), look=views.append)
    if report.problems:
        raise StoreUnreadable(f"not everything could be asked for: {report.problems[0]}", where=report.target)
    add_untagged(configs, views, in_use, concurrency)
    created = _created(views, configs, concurrency)
    return Gathered([_facts(view, created) for view in views], report.findings, False, [_CAVEAT])


def _facts(view: RepositoryView, created: Mapping[str, float]) -> RepositoryFacts:
    pushed: Dict[str, float] = {}
    for tag, digest in view.tags.items():
        config = _first_config(view, digest)
        if config is not None and config.digest in created:
            pushed[tag] = created[config.digest]
    facts = RepositoryFacts.from_data(facts_of(view, pushed))
    facts.manifests.update([*view.untagged, *(view.tags[tag] for tag in view.legacy)])
    subjects = dict(facts.subjects)
    for subject, referrers in view.referrers.items():
        subjects.update((referrer.digest, subject) for referrer in referrers)
    return facts._replace(subjects=subjects)


def _first_config(view: RepositoryView, digest: str) -> Optional[Descriptor]:
    """The config of the first platform."""
    for _depth in range(MAX_DEPTH):
        manifest: Optional[Manifest] = view.manifests.get(digest)
        if manifest is None or not manifest.children:
            return manifest.config if manifest is not None else None
        platforms = [child for child in manifest.children if not child.attestation] or list(manifest.children)
        digest = platforms[0].digest
    return None


def _created(views: Sequence[RepositoryView], client: Client, concurrency: int) -> Dict[str, float]:
    """Config: when it says that its image was created; those that say nothing are left out."""
    wanted: Dict[str, str] = {}  # config: a repository that has it
    for view in views:
        for digest in view.tags.values():
            config = _first_config(view, digest)
            if config is not None and config.size <= MAX_CONFIG_BYTES:
                wanted.setdefault(config.digest, view.name)
    with ThreadPoolExecutor(concurrency) as pool:
        times = pool.map(lambda item: _ask(client, *item), wanted.items())
        return {digest: time for digest, time in zip(wanted, times) if time is not None}


def _ask(client: Client, digest: str, repository: str) -> Optional[float]:
    body = bytearray()
    answer = client.get_blob(repository, digest, body.extend)
    return time_of(bytes(body)) if answer.status == 200 and answer.complete else None


def time_of(config: bytes) -> Optional[float]:
    """The ``created`` of an image's config, in seconds since the epoch; None where there is none that can be read."""
    try:
        text = str(json.loads(config)["created"])
        whole = datetime.datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")
        offset = text[19:].lstrip(".0123456789")
        zone = datetime.timezone.utc if offset == "Z" else datetime.datetime.strptime(offset, "%z").tzinfo
        return whole.replace(tzinfo=zone).timestamp()
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
        return None
