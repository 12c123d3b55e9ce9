# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The scan against ``find`` over the same tree, warm and cold, and against two cores of ``hashlib.file_digest``."""

from __future__ import annotations

import hashlib
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.place import make_store, place_on_disk

from .measure import Run, in_turn, median, peak, run, table


def scan(doctor: str, root: Path, *more: str) -> Run:
    """One scan as a process of its own; fails where the store is not healthy."""
    result = run([doctor, "scan", str(root), "--output", "json", "--quiet", *more])
    if result.code != 0:
        raise SystemExit(f"the scan ended with {result.code}: {result.output[:500]}")
    return result


def against_find(doctor: str, root: Path, rounds: int) -> str:
    """Warm (everything in the page cache) and cold (caches dropped before each run; root only)."""
    jobs = {"find": lambda: run(["find", str(root)], keep_output=False), "scan": lambda: scan(doctor, root)}
    print("warm", flush=True)
    for job in jobs.values():
        job()
    rows = [_row("warm", in_turn(rounds, jobs))]
    if os.geteuid() == 0:
        print("cold", flush=True)
        rows.append(_row("cold", in_turn(rounds, {name: _cold(job) for name, job in jobs.items()})))
    return table(["page cache", "find, names only", "registry-doctor scan", "ratio", "peak memory"], rows)


def _cold(job):
    def after_dropping() -> Run:
        os.sync()
        Path("/proc/sys/vm/drop_caches").write_text("3")
        return job()

    return after_dropping


def _row(name: str, results: dict[str, list[Run]]) -> list[str]:
    theirs, ours = median(results["find"]), median(results["scan"])
    return [name, f"{theirs:.2f} s", f"{ours:.2f} s", f"{ours / theirs:.2f}", f"{peak(results['scan']):.0f} MiB"]


def content(doctor: str, folder: Path, rounds: int, gibibytes: float = 6.0) -> str:
    """Every byte hashed: layers of 32 MiB, against two threads of ``hashlib.file_digest`` over the same files."""
    count = int(gibibytes * 32)
    for number in range(count):
        big = images.blob(os.urandom(32 * 1024 * 1024), images.OCI_LAYER)
        place_on_disk(str(folder), f"big-{number % 4}", f"v{number}", images.image(f"big-{number}", layers=[big]))
    files = [path for path in folder.rglob("data") if path.is_file()]
    total = sum(path.stat().st_size for path in files)
    jobs = {"hashlib": lambda: _hash_all(files), "scan": lambda: scan(doctor, folder, "--proof", "content")}
    _hash_all(files)
    results = in_turn(rounds, jobs)
    theirs, ours = total / median(results["hashlib"]) / 2**20, total / median(results["scan"]) / 2**20
    row = [f"{total / 2**30:.1f} GiB", f"{theirs:.0f} MiB/s", f"{ours:.0f} MiB/s", f"{100 * ours / theirs:.0f} %"]
    return table(["store", "hashlib.file_digest, two threads", "registry-doctor scan --proof content", "share"], [row])


def _hash_all(files: list[Path]) -> Run:
    def hash_one(path: Path) -> None:
        with path.open("rb") as file:
            hashlib.file_digest(file, "sha256")

    began = time.monotonic()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(hash_one, files))
    return Run(time.monotonic() - began, 0.0, 0, "")


def linear(doctor: str, folder: Path) -> str:
    """1x, 4x and 16x of a store of 10 repositories x 10 tags, warm."""
    rows = []
    for factor in (1, 4, 16):
        root = folder / str(factor)
        make_store(str(root), 10 * factor, 10)
        scan(doctor, root)
        result = scan(doctor, root)
        rows.append(
            [f"{factor}x ({100 * factor} tags)", f"{result.seconds:.2f} s", f"{1000 * result.seconds / 100 / factor:.2f} ms"]
        )
    return table(["store", "time", "a tag"], rows)
