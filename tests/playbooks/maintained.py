# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A vm lab with the old jobs of the incident, for the tests of maintain.yml."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import Any

from plugins.vm import RunningVm

CLEANUP = """#!/usr/bin/env python3
import pathlib, shutil
for tags in pathlib.Path("/opt/registry/data").glob("**/_manifests/tags"):
    for tag in sorted(tags.iterdir(), key=lambda tag: tag.stat().st_mtime)[:-10]:
        shutil.rmtree(tag)
"""
OLD = "/etc/cron.d/registry"
NEW = "/etc/cron.d/registry-maintenance"


class Maintained:
    """The lab, and ``maintain.yml`` run on it."""

    def __init__(self, vm: RunningVm, play: Callable[..., Any]) -> None:
        self.vm = vm
        self._play = play
        self.home = vm.compose_path.parent / "maintenance"

    def play(self, *, check: bool = False, playbook: str = "maintain", **variables: Any) -> Any:
        return self._play(playbook, variables, check=check, inventory=self.vm.inventory)

    def shell(self, text: str, *, check: bool = True, **options: Any) -> Any:
        """Run shell text on the machine."""
        return self.vm.ssh(["sh", "-c", text], check=check, **options)

    def read(self, path: str) -> str:
        """A file of the machine; empty where there is none."""
        return str(self.shell(f"cat {shlex.quote(path)} 2> /dev/null || true").stdout)

    def install_old_jobs(self) -> str:
        """The daily cleanup, and a collection of every registry on Sundays; what the crontab holds."""
        script = self.vm.compose_path.parent / "scripts" / "cleanup-tags.py"
        script.parent.mkdir(exist_ok=True)
        script.write_text(CLEANUP, encoding="utf-8")
        script.chmod(0o755)
        lines = ["# registry", f"0 2 * * * root {script} >> /var/log/cleanup.log 2>&1"]
        for place, service in enumerate(self.vm.stores):
            collect = f"docker exec {self.vm.container(service)} registry garbage-collect -m /etc/docker/registry/config.yml"
            lines.append(f"{5 * place} 3 * * 0 root {collect}")
        text = "\n".join(lines) + "\n"
        self.shell(f"cat > {OLD}", input=text)
        return text

    def commands(self, job: str) -> list[str]:
        """The scheduled commands of a job, as cron runs them."""
        lines = [line for line in self.read(NEW).splitlines() if f".pyz {job} " in line]
        return [line.split(None, 6)[6] for line in lines]
