# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Collections of real registries, run as processes; the commands are what an operator would give."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from ansible.module_utils.oci_registry.client import Client, Settings
from ansible.module_utils.oci_registry.walk import Options, walk
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.binaries import version_of
from ansible.module_utils.registry_lab.process import RegistryProcess
from ansible.module_utils.registry_lab.push import push
from ansible.module_utils.testing import patch_module_args
from ansible.modules import registry_collection

Result = dict[str, Any]
OWN = ".registry-runbooks"
ROOT = Path(__file__).resolve().parents[3]

#: does one thing to the registry of a lab folder
_CONTROL = """
import sys
sys.path.insert(0, {root!r})
from module_utils.registry_lab.process import RegistryProcess
getattr(RegistryProcess.attach({folder!r}), sys.argv[1])()
"""


class Place(NamedTuple):
    """A running registry, and the options with which its garbage is collected."""

    registry: RegistryProcess
    options: dict[str, Any]

    @property
    def root(self) -> str:
        return self.registry.root

    @property
    def dialect(self) -> str:
        return self.options["dialect"]

    def with_untagged(self) -> dict[str, Any]:
        """The same with ``-m`` forced into both commands."""
        commands = dict(self.options["commands"])
        for name in ("dry_run", "collect"):
            commands[name] = [*commands[name][:2], "-m", *commands[name][2:]]
        return {**self.options, "commands": commands}

    def with_command(self, name: str, argv: list[Any]) -> dict[str, Any]:
        return {**self.options, "commands": {**self.options["commands"], name: argv}}


def place_of(registry: RegistryProcess) -> Place:
    binary, config = registry.settings.binary, registry.config_path
    script = Path(registry.folder, "control.py")
    script.write_text(_CONTROL.format(root=str(ROOT), folder=registry.folder))
    commands = {
        "quiesce": [[sys.executable, str(script), "stop"]],
        "resume": [[sys.executable, str(script), "restart"]],
        "dry_run": [binary, "garbage-collect", "--dry-run", config],
        "collect": [binary, "garbage-collect", config],
    }
    address = {"registry": registry.address, "scheme": "http", "concurrency": 2}
    dialect = "3" if version_of(binary)[0] >= 3 else "2"
    own = {"path": registry.root, "dialect": dialect, "commands": commands, "push_grace": 0.0, "upload_timeout": 0.0}
    return Place(registry, {**address, **own})


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """3.x looks for a collector of traces otherwise; REGISTRY_* would override configurations."""
    for name in [name for name in os.environ if name.startswith("REGISTRY_") and name != "REGISTRY_BINARIES"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "none")


@pytest.fixture
def place(registry: Callable[..., RegistryProcess]) -> Callable[..., Place]:
    """``place(**options)``: one more registry of the version under test."""
    return lambda **options: place_of(registry(**options))


@pytest.fixture
def collect(capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """``collect(options, check=False, **more)``: the module's result as JSON, ``failed`` included."""

    def run(options: dict[str, Any], check: bool = False, **more: Any) -> Result:
        capsys.readouterr()
        arguments = {**options, **more, "_ansible_check_mode": check, "_ansible_diff": True}
        with patch_module_args(arguments), pytest.raises(SystemExit):
            registry_collection.main()
        return json.loads(capsys.readouterr().out)

    return run


def with_garbage(place: Place, seed: str = "old") -> images.Image:
    """Push two images, and delete one of them through the API; returns the deleted one."""
    kept, deleted = images.build("kept"), images.image(seed, layers=[images.layer(seed, size=40_000)])
    push(place.registry, "team/app", "v1", kept)
    push(place.registry, "team/app", seed, deleted)
    delete(place.registry, "team/app", deleted.digest)
    return deleted


def delete(registry: RegistryProcess, repository: str, digest: str) -> None:
    with contextlib.closing(registry.connect()) as connection:
        connection.request("DELETE", f"/v2/{repository}/manifests/{digest}")
        assert connection.getresponse().status == 202


def files(root: str) -> dict[str, bytes]:
    """Path below the rootdirectory: content, of every blob and link of the store itself."""
    found = (path for path in Path(root, "docker").rglob("*") if path.is_file() and "_uploads" not in path.parts)
    return {str(path.relative_to(root)): path.read_bytes() for path in found}


def broken(registry: RegistryProcess) -> list[dict[str, Any]]:
    """What cannot be pulled, every byte looked at."""
    report = walk(Client(Settings(registry.address, scheme="http")), concurrency=2, options=Options(proof="content"))
    assert report.complete, report.problems
    return report.as_dict()["findings"]


def phases(result: Result, state: str = "done") -> list[str]:
    return [step["phase"] for step in result["plan"] if step["state"] == state]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)
