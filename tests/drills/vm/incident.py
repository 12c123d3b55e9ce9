# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The jobs by the clock of the incident, put onto the machine of a lab: they are what maintenance retires."""

from __future__ import annotations

import shlex

from ansible.module_utils.registry_lab.vm.spec import SERVICES

from plugins.vm import RunningVm

CRON_FILE = "/etc/cron.d/registry"
_CLEANUP = '''#!/usr/bin/env python3
"""Keeps the newest ten tags of every repository."""
import pathlib
import shutil

for tags in pathlib.Path("{data}").glob("**/_manifests/tags"):
    for tag in sorted(tags.iterdir(), key=lambda tag: tag.stat().st_mtime)[:-10]:
        shutil.rmtree(tag)
'''
_COLLECT = "{minute:02} 3 * * 0 root docker exec {container} registry garbage-collect -m /etc/docker/registry/config.yml"


def put_legacy_jobs(vm: RunningVm) -> None:
    """A daily cleanup of tags and a collection of each registry on Sundays, all of them active."""
    scripts = vm.compose_path.parent / "scripts"
    cleanup = scripts / "cleanup-tags.py"
    scripts.mkdir()
    cleanup.write_text(_CLEANUP.format(data=vm.compose_path.parent / "data"), encoding="utf-8")
    cleanup.chmod(0o755)
    collections = [
        _COLLECT.format(minute=5 * place, container=vm.container(service.name)) for place, service in enumerate(SERVICES)
    ]
    lines = ["PATH=/usr/local/bin:/usr/bin:/bin", f"0 2 * * * root {cleanup}", *collections]
    text = "".join(f"{line}\n" for line in lines)
    vm.ssh(["sh", "-c", f"cat >{shlex.quote(CRON_FILE)}"], input=text)


def active_legacy_lines(vm: RunningVm) -> list[str]:
    """Lines of that crontab that cron would run."""
    lines = vm.ssh(["cat", CRON_FILE]).stdout.splitlines()
    return [line for line in lines if line.strip() and not line.startswith(("#", "PATH="))]
