# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A snapshot against ``cp -al`` of the same blobs, and the gate against the scan of the same store."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import time
from pathlib import Path

from ansible.module_utils.oci_registry.apply.snapshot import remove_snapshot, take_snapshot
from ansible.module_utils.oci_registry.apply.workplace import Workplace
from ansible.module_utils.oci_registry.evidence.gate import Gate
from ansible.module_utils.oci_registry.plans.commands import Commands
from ansible.module_utils.oci_registry.scan import scan
from ansible.module_utils.registry_lab.place import make_store

from .measure import Run, in_turn, median, run, table

_BASE = "docker/registry/v2"
#: the dry run of a registry, as fast as one can be: what is measured is the gate
_DRY_RUN = "import sys; sys.stdout.write(open(sys.argv[1]).read())"


def snapshot(folder: Path, rounds: int, blobs: int = 100_000) -> str:
    """``blobs`` blobs without any link, so that both do the same."""
    root = folder / "store"
    for number in range(blobs):
        encoded = hashlib.sha256(str(number).encode()).hexdigest()
        path = root / _BASE / "blobs" / "sha256" / encoded[:2] / encoded
        path.mkdir(parents=True)
        (path / "data").write_bytes(encoded.encode())
    copy = folder / "copy"
    jobs = {"cp": lambda: _copied(root, copy), "snapshot": lambda: _snapshot(root)}
    for job in jobs.values():
        job()
    results = in_turn(rounds, jobs)
    theirs, ours = median(results["cp"]), median(results["snapshot"])
    row = [f"{blobs} blobs", f"{theirs:.2f} s", f"{ours:.2f} s", f"{ours / theirs:.2f}"]
    return table(["store", "cp -al", "snapshot", "ratio"], [row])


def gate(folder: Path, rounds: int, repositories: int = 200, tags: int = 50) -> str:
    """10,000 tags of two platforms, with a hundredth of all blobs eligible for deletion, and without any."""
    root, answer = folder / "store", folder / "dry-run.txt"
    names = make_store(str(root), repositories, tags)
    garbage = [hashlib.sha256(f"garbage {number}".encode()).hexdigest() for number in range(repositories * tags // 10)]
    for encoded in garbage:
        path = root / _BASE / "blobs" / "sha256" / encoded[:2] / encoded
        path.mkdir(parents=True)
        (path / "data").write_bytes(encoded.encode())
    rows = []
    for title, eligible in (("nothing eligible", []), (f"{len(garbage)} blobs eligible", garbage)):
        answer.write_text(
            "\n".join([*names, _summary(eligible), *(f"blob eligible for deletion: sha256:{each}" for each in eligible)])
        )
        jobs = {"scan": lambda: _timed(lambda: scan(str(root), mode="hosted")), "gate": lambda: _gate(root, answer)}
        for job in jobs.values():
            job()
        results = in_turn(rounds, jobs)
        theirs, ours = median(results["scan"]), median(results["gate"])
        rows.append([title, f"{theirs:.2f} s", f"{ours:.2f} s", f"{ours / theirs:.2f}"])
    return table([f"{repositories * tags} tags", "scan", "gate", "ratio"], rows)


def _summary(eligible: list[str]) -> str:
    return f"1 blobs marked, {len(eligible)} blobs and 0 manifests eligible for deletion"


def _copied(root: Path, copy: Path) -> Run:
    result = run(["cp", "-al", str(root / _BASE), str(copy)])
    shutil.rmtree(copy)
    return result


def _snapshot(root: Path) -> Run:
    workplace = Workplace.of_store(str(root))
    began = time.monotonic()
    made = take_snapshot(str(root), workplace, "benchmark", {})
    seconds = time.monotonic() - began
    remove_snapshot(made)
    return Run(seconds, 0.0, 0, "")


def _gate(root: Path, answer: Path) -> Run:
    argv = (sys.executable, "-S", "-c", _DRY_RUN, str(answer), "garbage-collect", "--dry-run")
    commands = Commands(dry_run=argv, collect=argv[:-1])
    return _timed(lambda: Gate(str(root), "2", commands, 900.0).look())


def _timed(work) -> Run:
    began = time.monotonic()
    result = work()
    return Run(time.monotonic() - began, 0.0, 0, json.dumps(str(type(result))))
