# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Clients and scripted servers that are gone when their test is."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.oci_registry.client import Client, Settings
from ansible.module_utils.registry_lab.access import self_signed

from modules.client.scripted import ScriptedServer, serving


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment's proxies are no part of a test that does not name them."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def serve() -> Iterator[Callable[..., ScriptedServer]]:
    """``serve(script, **options)`` starts a scripted server; options as those of ``serving``."""
    with contextlib.ExitStack() as stack:
        yield lambda script, **options: stack.enter_context(serving(script, **options))


@pytest.fixture
def client_of() -> Iterator[Callable[..., Client]]:
    """``client_of(server_or_registry, **settings)``: a client with short waits. ``cancel`` goes to the client itself."""
    with contextlib.ExitStack() as stack:

        def make(server: Any, cancel: Any = None, **settings: Any) -> Client:
            scheme = getattr(server, "scheme", "https" if getattr(server, "context", None) else "http")
            ca_path = getattr(server, "ca_path", None)
            wanted = {"scheme": scheme, "ca_path": ca_path, "timeout": 10.0, "retry_wait_cap": 0.01, **settings}
            return stack.enter_context(Client(Settings(server.address, **wanted), cancel))

        yield make


@pytest.fixture
def server_context(tmp_path: Path) -> tuple[ssl.SSLContext, str]:
    """TLS for a scripted server on 127.0.0.1, and the path of the certificate to trust."""
    certificate, key = self_signed(str(tmp_path), "127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context, certificate
