# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What retention takes from an empty start to its plan, against the scan of the same store: both whole processes."""

from __future__ import annotations

import json
from pathlib import Path

from ansible.module_utils.registry_lab.place import make_store

from .measure import Run, in_turn, median, peak, run, table
from .scan import scan

#: nobody is there: a plan from the disk asks nobody
_REGISTRY = {"registry": "127.0.0.1:1", "scheme": "http", "mode": "hosted"}


def against_scan(doctor: str, folder: Path, rounds: int) -> str:
    """10,000 tags of two platforms and two attestations: all stay, a fifth goes, four fifths go."""
    root = folder / "store"
    make_store(str(root), 200, 50)
    rows = []
    for keep, title in ((50, "all tags stay"), (40, "2,000 tags go"), (10, "8,000 tags go")):
        rows.append(_row(doctor, root, folder / f"keep-{keep}.json", rounds, keep, title))
    return table(["10,000 tags", "registry-doctor scan", "retain --check", "ratio", "peak memory"], rows)


def linear(doctor: str, folder: Path) -> str:
    """1x, 4x and 16x of a repository of 100 tags, as more repositories and as more tags in one."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for repositories, tags in ((1, 100), (4, 100), (16, 100), (1, 400), (1, 1600)):
        root, config = folder / f"{repositories}x{tags}", folder / f"{repositories}x{tags}.json"
        make_store(str(root), repositories, tags)
        _plan(doctor, root, config, tags // 2)
        result = _plan(doctor, root, config, tags // 2)
        each = 1000 * result.seconds / repositories / tags
        rows.append([f"{repositories} x {tags}", f"{result.seconds:.2f} s", f"{each:.2f} ms"])
    return table(["repositories x tags, half of them go", "time", "a tag"], rows)


def _row(doctor: str, root: Path, config: Path, rounds: int, keep: int, title: str) -> list[str]:
    jobs = {"scan": lambda: scan(doctor, root), "retain": lambda: _plan(doctor, root, config, keep)}
    for job in jobs.values():
        job()
    results = in_turn(rounds, jobs)
    theirs, ours = median(results["scan"]), median(results["retain"])
    return [title, f"{theirs:.2f} s", f"{ours:.2f} s", f"{ours / theirs:.2f}", f"{peak(results['retain']):.0f} MiB"]


def _plan(doctor: str, root: Path, config: Path, keep: int) -> Run:
    """One plan as a process of its own; fails where there is none."""
    options = {**_REGISTRY, "path": str(root), "keep_newest": keep}
    config.write_text(json.dumps({"name": "benchmark", "retain": options}))
    result = run([doctor, "retain", "--config", str(config), "--check"])
    if result.code != 0:
        raise SystemExit(f"retention ended with {result.code}: {result.output[:500]}")
    return result
