# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The proof of one blob: the request that the proof demands, and what its answer tells."""

from __future__ import annotations

from ..client import Client
from ..digest import new_hash, split_digest
from ..model import Descriptor
from ..view import CORRUPT, Fault
from .facts import BlobFacts, head_facts, range_facts, whole_facts


def prove_blob(client: Client, repository: str, blob: Descriptor, proof: str) -> BlobFacts:
    """Ask for the blob; ``proof`` is head, bytes or content. Raises RegistryError where there is no answer.

    A body that ends early is asked for once more: a connection that broke shows then, a cache without the bytes says the same again.
    """
    facts = _ask(client, repository, blob, proof)
    if facts.fault is not None and facts.fault.state == "stale-cache":
        return _ask(client, repository, blob, proof)
    return facts


def _ask(client: Client, repository: str, blob: Descriptor, proof: str) -> BlobFacts:
    if proof == "head":
        return head_facts(client.head_blob(repository, blob.digest))
    if proof == "content":
        return _whole(client, repository, blob)
    last = max(blob.size - 1, 0)
    return range_facts(client.get_blob_range(repository, blob.digest, last, last), blob)


def _whole(client: Client, repository: str, blob: Descriptor) -> BlobFacts:
    hasher = new_hash(blob.digest)
    facts = whole_facts(client.get_blob(repository, blob.digest, hasher.update), blob)
    if facts.fault is None and hasher.hexdigest() != split_digest(blob.digest)[1]:
        return BlobFacts(fault=Fault(CORRUPT, "unknown", "the bytes served do not hash to the digest", facts.size))
    return facts
