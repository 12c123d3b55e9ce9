# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""``over_http`` and ``on_disk`` look in each of the two ways in turn; scripted servers, which are gone when their test is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from modules.bad_input.looking import Outcome, doctor, module
from modules.client.fixtures import no_proxies, serve

__all__ = ["no_proxies", "serve"]  # pytest finds fixtures in the names of a conftest

Look = Callable[..., Outcome]


@pytest.fixture(params=["doctor", "module"])
def over_http(request: pytest.FixtureRequest, capfd: pytest.CaptureFixture[str], tmp_path: Any) -> Look:
    """``over_http(address, **connection)``: walk a whole registry; ``scheme`` is http unless given."""

    def by_doctor(address: str, password: str = "", **connection: Any) -> Outcome:
        if password:
            (tmp_path / "password").write_text(password)
            connection["password_file"] = tmp_path / "password"
        return doctor("walk", **{"registry": address, "scheme": "http", **connection})

    def by_module(address: str, **connection: Any) -> Outcome:
        return module("registry_integrity_info", capfd, **{"registry": address, "scheme": "http", **connection})

    return {"doctor": by_doctor, "module": by_module}[request.param]


@pytest.fixture(params=["doctor", "module"])
def on_disk(request: pytest.FixtureRequest, capfd: pytest.CaptureFixture[str]) -> Look:
    """``on_disk(path, **options)``: scan a store."""
    if request.param == "doctor":
        return lambda path, **options: doctor("scan", str(path), **options)
    return lambda path, **options: module("registry_store_info", capfd, path=str(path), **options)
