# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Walks of real registries and of scripted servers, which are gone when their test is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.module_utils.oci_registry.client import Client, Settings
from ansible.module_utils.oci_registry.report import Report
from ansible.module_utils.oci_registry.walk import Options, walk

from modules.client.fixtures import no_proxies, serve

__all__ = ["no_proxies", "serve"]  # pytest finds fixtures in the names of a conftest


@pytest.fixture
def walked() -> Callable[..., Report]:
    """``walked(registry_or_server, **options)``: the report of one walk; options of Settings, of Options and of walk()."""

    def look(
        server: Any, *, images: Any = (), repositories: Any = (), concurrency: int = 4, progress: Any = None, **given: Any
    ) -> Report:
        options = Options(**{name: given.pop(name) for name in Options._fields if name in given})
        reach = {"scheme": getattr(server, "scheme", "http"), "ca_path": getattr(server, "ca_path", None)}
        settings = Settings(server.address, **{**reach, "timeout": 10.0, "retry_wait_cap": 0.05, **given})
        return walk(
            Client(settings),
            images=images,
            repositories=repositories,
            concurrency=concurrency,
            options=options,
            progress=progress,
        )

    return look
