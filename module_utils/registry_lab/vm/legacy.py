# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The jobs by the clock of the incident, put onto the machine of a lab: they are what maintenance retires."""

from __future__ import annotations

import shlex
from typing import Any, Callable, Dict

from .spec import SERVICES, Vm, write_new

CRON_FILE = "/etc/cron.d/registry"
_CLEANUP = '''#!/usr/bin/env python3
"""Keeps the newest ten tags of every repository."""
import pathlib
import shutil

for tags in pathlib.Path("{data}").glob("**/_manifests/tags"):
    for tag in sorted(tags.iterdir(), key=lambda tag: tag.stat().st_mtime)[:-10]:
        shutil.rmtree(tag)
'''
_COLLECT = "docker exec {container} registry garbage-collect -m /etc/docker/registry/config.yml"


def collections(vm: Vm) -> Dict[str, str]:
    """service: the command of its collection on Sundays."""
    return {service.name: _COLLECT.format(container=vm.container(service.name)) for service in SERVICES}


def put_legacy_jobs(vm: Vm, on_machine: Callable[..., Any]) -> None:
    """A daily cleanup of tags and a collection of each registry on Sundays, all of them active.

    ``on_machine(*argv, content=bytes)`` runs a command on the machine.
    """
    cleanup = vm.project("scripts", "cleanup-tags.py")
    write_new(cleanup, _CLEANUP.format(data=vm.project("data")), 0o755)
    weekly = [f"{5 * place:02} 3 * * 0 root {command}" for place, command in enumerate(collections(vm).values())]
    lines = ["PATH=/usr/local/bin:/usr/bin:/bin", f"0 2 * * * root {cleanup}", *weekly]
    text = "".join(f"{line}\n" for line in lines)
    on_machine("sh", "-c", f"cat >{shlex.quote(CRON_FILE)}", content=text.encode())
