# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Another repository of the registry under repair."""

from __future__ import annotations

from typing import Optional

from ..client import Client
from .registry import RegistrySource


class RepositorySource(RegistrySource):
    """One repository, whatever the name of the broken one; its blobs can be mounted instead of uploaded."""

    def __init__(self, client: Client, repository: str) -> None:
        super().__init__(client, repository)
        self._mountable = repository
        self.label = f"repository {repository}"

    def mount_from(self) -> Optional[str]:
        """See :class:`Source`."""
        return self._mountable
