# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""registry_front_info as Ansible runs it, and real registries to stand behind its ports."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from ansible.module_utils.registry_lab.images import build
from ansible.module_utils.registry_lab.process import RegistryProcess
from ansible.module_utils.registry_lab.push import push
from ansible.module_utils.testing import patch_module_args

USER, PASSWORD = "runbooks", "front-password"
Run = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loopback is reached directly, whatever the environment says."""
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """``run(*registries, **options)``: the result of registry_front_info."""

    def call(*registries: dict[str, Any], **options: Any) -> dict[str, Any]:
        module = importlib.import_module("ansible.modules.registry_front_info")
        capsys.readouterr()
        with patch_module_args({"registries": list(registries), **options}), pytest.raises(SystemExit):
            module.main()
        text = capsys.readouterr().out
        assert PASSWORD not in text
        result: dict[str, Any] = json.loads(text)
        return result

    return call


def described(registry: RegistryProcess, name: str, **changes: Any) -> dict[str, Any]:
    """A registry as an inventory describes it, on its own port."""
    return {"name": name, "address": registry.address, "scheme": registry.scheme, "store_path": registry.root, **changes}


def filled(registry: RegistryProcess, *repositories: str) -> RegistryProcess:
    """The registry, after an image was pushed to each of the repositories."""
    for repository in repositories:
        push(registry, repository, "1.0", build(repository))
    return registry


def codes(result: dict[str, Any]) -> dict[str, list[str]]:
    """{port: codes of what is wrong} of a result that is one."""
    assert "ports" in result, result
    return {port["name"]: port["codes"] for port in result["ports"]}
