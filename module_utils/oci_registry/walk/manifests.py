# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""One manifest: the request for it, and what its answer tells."""

from __future__ import annotations

from ..client import Client
from ..model import MAX_MANIFEST_BYTES
from .facts import ManifestFacts, manifest_facts


def ask_manifest(client: Client, repository: str, reference: str) -> ManifestFacts:
    """Ask for the manifest of a tag or a digest. Raises RegistryError where there is no answer.

    A body that ends early is asked for once more: the connection may have broken.
    """
    answer = client.get_manifest(repository, reference)
    if not answer.complete and len(answer.body) <= MAX_MANIFEST_BYTES:
        answer = client.get_manifest(repository, reference)
    return manifest_facts(answer, reference)
