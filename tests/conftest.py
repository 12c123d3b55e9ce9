# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What every test shares: our modules importable as Ansible imports them, and real registries on loopback."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ansible.module_utils
import ansible.modules
import pytest
from ansible.module_utils.common import warnings

ROOT = Path(__file__).resolve().parent.parent

ansible.module_utils.__path__.append(str(ROOT / "module_utils"))
ansible.modules.__path__.append(str(ROOT / "library"))

from ansible.module_utils.registry_lab.binaries import binaries, version_of  # noqa: E402
from ansible.module_utils.registry_lab.process import RegistryProcess  # noqa: E402

pytest_plugins = ["plugins.browser", "plugins.disk", "plugins.modules", "plugins.monitoring", "plugins.vm"]

StartRegistry = Callable[..., RegistryProcess]


def _name_of(binary: str | None) -> str:
    return "none" if binary is None else ".".join(map(str, version_of(binary)))


@pytest.fixture(autouse=True)
def no_warnings_of_others() -> Iterator[None]:
    """What a module warned of stays in its process: the next module that a test calls in it would say it again."""
    yield
    warnings._global_warnings.clear()
    warnings._global_deprecations.clear()


@pytest.fixture(params=binaries() or [None], ids=_name_of)
def registry_binary(request: pytest.FixtureRequest) -> Any:
    """Each registry of this machine in turn: the one on PATH and those of REGISTRY_BINARIES; fails later where there is none."""
    return request.param


@pytest.fixture
def registry(registry_binary: str, tmp_path: Path) -> Iterator[StartRegistry]:
    """``registry(**options)`` starts one more registry (options of RegistryProcess); all of them are stopped at the end."""
    yield from _factory(tmp_path, registry_binary)


@pytest.fixture
def any_registry(tmp_path: Path) -> Iterator[StartRegistry]:
    """Like ``registry``, for tests to which the version is all one: only the registry on PATH."""
    yield from _factory(tmp_path, None)


def _factory(tmp_path: Path, default_binary: str | None) -> Iterator[StartRegistry]:
    started: list[RegistryProcess] = []
    numbers = itertools.count()

    def start(binary: str | None = None, **options: Any) -> RegistryProcess:
        made = RegistryProcess(str(tmp_path / f"registry-{next(numbers)}"), binary or default_binary, **options)
        started.append(made)
        made.start()
        return made

    yield start
    for made in started:
        made.stop()
