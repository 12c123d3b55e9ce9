# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The probe against the walk that it makes, and how much of its slot it takes on the large store."""

from __future__ import annotations

from pathlib import Path

from ansible.module_utils.registry_lab.place import make_store
from ansible.module_utils.registry_lab.process import RegistryProcess

from .measure import Run, in_turn, median, peak, run, table
from .walk import walk

SLOT = 15 * 60  # seconds from one run to the next
_UNHURRIED = ("--rate", "0", "--concurrency", "8")


def probe(doctor: str, registry: RegistryProcess, textfile: Path, *more: str) -> Run:
    """One run of the probe over the whole catalog, as a process of its own."""
    options = ["--registry", registry.address, "--scheme", registry.scheme, "--textfile", str(textfile), "--quiet"]
    result = run([doctor, "probe", *options, *more])
    if result.code != 0:
        raise SystemExit(f"the probe ended with {result.code}")
    return result


def against_walk(doctor: str, folder: Path, rounds: int) -> str:
    """The small store, as fast as the registry answers; the second and later runs of the probe remember the one before."""
    registry = RegistryProcess(str(folder))
    make_store(registry.root)
    registry.start()
    textfile = folder / "probe.prom"
    try:
        jobs = {
            "walk": lambda: walk(doctor, registry),
            "probe": lambda: probe(doctor, registry, textfile, *_UNHURRIED),
        }
        results = in_turn(rounds, jobs)
    finally:
        registry.stop()
    seconds = {name: median(runs) for name, runs in results.items()}
    rows = [
        ["registry-doctor walk", f"{seconds['walk']:.2f} s", f"{peak(results['walk']):.0f} MiB", ""],
        [
            "registry-doctor probe, rate 0, concurrency 8",
            f"{seconds['probe']:.2f} s",
            f"{peak(results['probe']):.0f} MiB",
            f"{seconds['probe'] / seconds['walk']:.2f} times the walk",
        ],
    ]
    return table(["what", "time", "peak memory", "note"], rows)


def slot(doctor: str, registry: RegistryProcess) -> str:
    """The large store with the defaults of the probe, once."""
    textfile = Path(registry.folder, "probe.prom")
    result = probe(doctor, registry, textfile)
    values = dict(line.rsplit(" ", 1) for line in textfile.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    instance = f'{{instance="{registry.address}"}}'
    checked, asked = (int(values[f"registry_manifest_integrity_{name}{instance}"]) for name in ("tags_checked", "run_requests"))
    share = 100 * result.seconds / SLOT
    row = [
        f"{checked} tags",
        f"{result.seconds:.0f} s",
        str(asked),
        f"{share:.0f} % of 15 minutes",
        f"{result.mebibytes:.0f} MiB",
    ]
    return table(["the probe, defaults", "time", "requests", "of its slot", "peak memory"], [row])
