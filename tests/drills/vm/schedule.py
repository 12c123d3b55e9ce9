# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What the machine's clock would run: the schedule that maintenance installed, read from the machine and run line by line."""

from __future__ import annotations

from typing import NamedTuple

from plugins.vm import RunningVm

CRON_FILE = "/etc/cron.d/registry-maintenance"
_FIELDS = 6  # minute, hour, day, month, weekday, user


class Line(NamedTuple):
    """A line of the crontab, in the order in which a Sunday runs them."""

    hour: int
    minute: int
    command: str


def lines(vm: RunningVm) -> list[Line]:
    """All jobs of a Sunday."""
    text = vm.ssh(["cat", CRON_FILE]).stdout
    jobs = [line.split(maxsplit=_FIELDS) for line in text.splitlines() if line[:1].isdigit()]
    assert all(fields[4] in ("*", "0") for fields in jobs), text
    return sorted(Line(int(hour), int(minute), rest[-1].replace(r"\%", "%")) for minute, hour, *rest in jobs)


def run_sunday(vm: RunningVm) -> None:
    """Run every job of a Sunday, in its order, as cron does; each of them must end well."""
    for line in lines(vm):
        vm.ssh(["/bin/sh", "-c", line.command])


def metrics(vm: RunningVm) -> dict[tuple[str, str], dict[str, float]]:
    """(registry, job): each metric of the last run, by its name without labels."""
    folder = vm.compose_path.parent / "maintenance" / "metrics"
    return {tuple(path.stem.rsplit("-", 1)): _values(path.read_text(encoding="utf-8")) for path in folder.glob("*.prom")}  # type: ignore[misc]


def _values(text: str) -> dict[str, float]:
    told = [line.rpartition(" ") for line in text.splitlines() if line.startswith("registry_maintenance_")]
    return {name.partition("{")[0]: float(value) for name, _space, value in told}
