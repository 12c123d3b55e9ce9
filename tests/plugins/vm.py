# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The vm lab for tests: ``vm_lab`` is shared by all that leave it as they found it, ``new_vm_lab`` is for those that do not.

Tests that use one of them run on one worker, one after the other. Where no lab can be made they are skipped,
saying why; with ``CI`` in the environment they fail instead.
"""

from __future__ import annotations

import functools
import os
import re
import shlex
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.registry_lab.errors import LabError
from ansible.module_utils.registry_lab.vm.client import neutral_environment
from ansible.module_utils.registry_lab.vm.lab import VmLab

_LAB = re.compile(r"""\b(?:vm_lab|new_vm_lab|labs_made|VmLab)\b|xdist_group\("vm"\)""")
_GROUP = re.compile(r"""^pytestmark = \[?pytest\.mark\.xdist_group\("(\w+)"\)""", re.MULTILINE)


class RunningVm:
    """A vm lab that runs. ``facts`` is what ``registry_vm_lab`` returns; services are known by the names in the compose file."""

    def __init__(self, folder: str, engine: str = "auto") -> None:
        self.lab = VmLab(folder, engine)
        self.lab.up()
        self.parts = self.lab.parts()
        self.facts: dict[str, Any] = self.lab.describe()
        self.folder = Path(folder)
        self.name: str = self.facts["name"]
        self.inventory = Path(self.facts["inventory"])
        self.compose_path = Path(self.facts["compose_path"])
        self.ca_path = Path(self.facts["ca_path"])
        self.credentials = (self.facts["username"], self.parts.vm.password)
        self.images: dict[str, str] = self.facts["images"]
        self.addresses = {service["name"]: service["address"] for service in self.facts["services"]}
        self.stores = {service["name"]: Path(service["store"]) for service in self.facts["services"]}

    def container(self, service: str) -> str:
        """Name of a service's container, nginx's too."""
        return self.parts.vm.container(service)

    def ssh(self, argv: list[str], *, check: bool = True, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a command on the machine as Ansible would; ``options`` are those of :func:`subprocess.run`."""
        given = options if "input" in options else {"stdin": subprocess.DEVNULL, **options}
        return _run(self.parts.ssh.command(shlex.join(argv)), check, **given)

    def docker(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run ``docker ARGUMENTS`` against the lab's engine."""
        return _run(["docker", *arguments], check, env={**neutral_environment(), **self.parts.docker.environment()})

    def compose(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run ``docker compose ARGUMENTS`` for the lab's project."""
        return self.docker(*self.facts["compose_command"][1:], *arguments, check=check)


def _run(command: list[str], check: bool, **options: Any) -> subprocess.CompletedProcess[str]:
    outcome = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert not check or outcome.returncode == 0, f"{shlex.join(command[-3:])}: {outcome.stdout}{outcome.stderr}"
    return outcome


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep all test files that name a vm lab on one worker, those of one group too; spread all other tests one by one."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            path = config.rootpath / nodeid.partition("::")[0]
            return "vm" if _names_a_lab(path) else _group_of(path) or nodeid

    return Scheduling(config, log)


@functools.cache
def _names_a_lab(path: Path) -> bool:
    return path.is_file() and _LAB.search(path.read_text(encoding="utf-8")) is not None


@functools.cache
def _group_of(path: Path) -> str | None:
    """The group that a whole file is in."""
    named = _GROUP.search(path.read_text(encoding="utf-8")) if path.is_file() else None
    return named.group(1) if named else None


@contextmanager
def labs_made() -> Iterator[Callable[..., RunningVm]]:
    """What ``new_vm_lab`` gives, for fixtures of another scope; the labs are removed at the end."""
    with ExitStack() as at_the_end:

        def make(engine: str = "auto") -> RunningVm:
            folder = tempfile.mkdtemp(prefix="vm-")  # a short path: there are sockets in it
            at_the_end.callback(os.rmdir, folder)
            at_the_end.callback(VmLab(f"{folder}/lab").down)
            fit_or_skip(f"{folder}/lab", engine)
            return RunningVm(f"{folder}/lab", engine)

        yield make


@pytest.fixture
def new_vm_lab() -> Iterator[Callable[..., RunningVm]]:
    """``new_vm_lab(engine="auto")`` makes one more lab, in a few seconds; all of them are removed at the end of the test."""
    with labs_made() as make:
        yield make


@pytest.fixture(scope="session")
def vm_lab() -> Iterator[RunningVm]:
    """The lab that tests share: leave it as you found it."""
    with labs_made() as make:
        yield make()


def fit_or_skip(folder: str, engine: str = "auto") -> None:
    """Skip the test where no lab can be made; fail it in CI, where one must be."""
    try:
        VmLab(folder, engine).missing()
    except LabError as unfit:
        (pytest.fail if "CI" in os.environ else pytest.skip)(f"no vm lab can be made here: {unfit}")
