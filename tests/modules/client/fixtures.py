# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Fixtures for conftest files whose tests talk to scripted servers. Not for all of ``modules``: the client's proxy tests need proxies."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest

from modules.client.scripted import ScriptedServer, serving


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loopback is reached directly, whatever the environment says."""
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def serve() -> Iterator[Callable[..., ScriptedServer]]:
    """``serve(script, **options)`` starts a scripted server; options as those of ``serving``."""
    with contextlib.ExitStack() as stack:
        yield lambda script, **options: stack.enter_context(serving(script, **options))
