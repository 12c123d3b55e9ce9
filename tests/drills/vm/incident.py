# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The jobs by the clock of the incident, put onto the machine of a lab: they are what maintenance retires."""

from __future__ import annotations

from ansible.module_utils.registry_lab.vm import legacy
from ansible.module_utils.registry_lab.vm.legacy import CRON_FILE

from plugins.vm import RunningVm


def put_legacy_jobs(vm: RunningVm) -> None:
    """A daily cleanup of tags and a collection of each registry on Sundays, all of them active."""

    def on_machine(*argv: str, content: bytes) -> None:
        vm.ssh(list(argv), input=content.decode())

    legacy.put_legacy_jobs(vm.parts.vm, on_machine)


def active_legacy_lines(vm: RunningVm) -> list[str]:
    """Lines of that crontab that cron would run."""
    lines = vm.ssh(["cat", CRON_FILE]).stdout.splitlines()
    return [line for line in lines if line.strip() and not line.startswith(("#", "PATH="))]
