# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The files of a machine below a temporary folder, and the module run on them as Ansible runs it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible.modules import registry_legacy_jobs

CLEANUP = '''#!/usr/bin/env python3
"""Keeps the newest ten tags of every repository."""
import pathlib, shutil
for tags in pathlib.Path("/opt/registry/data").glob("**/_manifests/tags"):
    for tag in sorted(tags.iterdir(), key=lambda tag: tag.stat().st_mtime)[:-10]:
        shutil.rmtree(tag)
'''
SERVICES = ("dockerhub", "ghcr", "quay", "k8s", "kyverno", "private")
COLLECTIONS = [
    f"{5 * place:02} 3 * * 0 root docker exec registry-{name} registry garbage-collect -m /etc/docker/registry/config.yml"
    for place, name in enumerate(SERVICES)
]
CRON = f"""\
# registry
PATH=/usr/sbin:/usr/bin
0 2 * * * root /opt/registry/scripts/cleanup-tags.py >> /var/log/tags.log 2>&1
{chr(10).join(COLLECTIONS)}
30 3 * * 0 root /opt/registry/scripts/scan.py
"""


class Machine:
    """A folder with ``/etc`` and the like."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, path: str, content: str, mode: int = 0o644) -> Path:
        """Write a file, with its folders."""
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode("utf-8", "surrogateescape"))
        file.chmod(mode)
        return file

    def read(self, path: str) -> str:
        return (self.root / path.lstrip("/")).read_text(encoding="utf-8")

    def state(self) -> dict[str, tuple[int, str]]:
        """Mode and hash of every file."""
        files = [path for path in sorted(self.root.rglob("*")) if path.is_file() and not path.is_symlink()]
        return {str(path): (os.stat(path).st_mode, hashlib.sha256(path.read_bytes()).hexdigest()) for path in files}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """An empty machine."""
    made = Machine(tmp_path / "machine")
    made.root.mkdir()
    return made


@pytest.fixture
def incident(machine: Machine) -> Machine:
    """The machine of the incident: a daily cleanup of tags, six collections on Sundays, and a scan that harms nothing."""
    machine.put("/opt/registry/scripts/cleanup-tags.py", CLEANUP, 0o755)
    machine.put("/opt/registry/scripts/scan.py", "#!/usr/bin/env python3\nprint('garbage')\n", 0o755)
    machine.put("/etc/cron.d/registry", CRON)
    return machine


@pytest.fixture
def jobs(machine: Machine, capfd: pytest.CaptureFixture[str]) -> Callable[..., dict[str, Any]]:
    """``jobs(state, **options)``: what the module returns."""

    def run(state: str = "found", *, check: bool = False, **options: Any) -> dict[str, Any]:
        capfd.readouterr()
        parameters = {"state": state, "root": str(machine.root), "_ansible_check_mode": check, "_ansible_diff": True, **options}
        with patch_module_args(parameters), pytest.raises(SystemExit):
            registry_legacy_jobs.main()
        out, errors = capfd.readouterr()
        assert not errors
        result: dict[str, Any] = json.loads(out)
        return result

    return run
