# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A registry with a password, a source, and the module."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.registry_lab.process import RegistryProcess

from plugins.builders import PASSWORD, USER, make_source


class Site:
    """A registry on loopback, and a Git repository to build from."""

    def __init__(self, registry: RegistryProcess, source: Path) -> None:
        self.registry = registry
        self.source = source
        self.commit = make_source(source)

    def options(self, **changes: Any) -> dict[str, Any]:
        """Options of the module."""
        described = {
            "image": f"{self.registry.address}/app",
            "git": f"file://{self.source}",
            "ref": "main",
            "scheme": self.registry.scheme,
            "username": USER,
            "password": PASSWORD,
            "ca_path": self.registry.ca_path,
        }
        return {name: value for name, value in {**described, **changes}.items() if value is not None}


@pytest.fixture
def site(any_registry: Any, tmp_path: Path) -> Site:
    """One that wants a password and speaks http."""
    return Site(any_registry(htpasswd=(USER, PASSWORD, 4)), tmp_path / "source")


@pytest.fixture
def image_build(run_module: Any, own_place: Path) -> Callable[..., dict[str, Any]]:
    """``image_build(check=False, **options)``: the result."""

    def call(check: bool = False, **options: Any) -> dict[str, Any]:
        result: dict[str, Any] = run_module("image_build", check=check, **options)
        assert PASSWORD not in str(result)
        return result

    return call
