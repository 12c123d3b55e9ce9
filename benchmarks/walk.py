# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The walk against the bash/curl loop, ``crane validate --fast`` and wrk, from the same registry in the same run."""

from __future__ import annotations

import json
import statistics
from pathlib import Path

from ansible.module_utils.oci_registry.model import ACCEPT, parse_manifest
from ansible.module_utils.registry_lab.place import blob_path, make_store
from ansible.module_utils.registry_lab.process import RegistryProcess

from . import http_peers
from .measure import Run, in_turn, median, peak, run, table

SAMPLE = 20  # tags that the slow peers are timed on; their figures are scaled up


def walk(doctor: str, registry: RegistryProcess, *more: str, env: dict[str, str] | None = None) -> Run:
    """One walk of the whole catalog as a process of its own."""
    tls = ["--ca-path", registry.ca_path] if registry.ca_path else []
    return run(
        [doctor, "walk", "--registry", registry.address, "--scheme", registry.scheme, "--output", "json", "--quiet", *tls, *more],
        env=env,
    )


def requests_of(result: Run) -> int:
    """How many requests a walk made; fails where it did not end healthy."""
    if result.code != 0:
        raise SystemExit(f"the walk ended with {result.code}: {result.output[:500]}")
    return int(json.loads(result.output)["summary"]["requests"])


def mix_of(root: str, names: list[str]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """(path, range) of every request that the walk has to make, and all (repository, tag)."""
    mix: dict[tuple[str, str], None] = {}
    tags = []
    for name in names:
        folder = Path(root, "docker/registry/v2/repositories", name, "_manifests/tags")
        for tag in sorted(path.name for path in folder.iterdir()):
            tags.append((name, tag))
            mix[f"/v2/{name}/manifests/{tag}", "-"] = None
            _add_below(mix, root, name, (folder / tag / "current/link").read_text(), top=True)
    return list(mix), tags


def _add_below(mix: dict[tuple[str, str], None], root: str, name: str, digest: str, *, top: bool = False) -> None:
    if not top:
        mix[f"/v2/{name}/manifests/{digest}", "-"] = None
    manifest = parse_manifest(Path(blob_path(root, digest)).read_bytes())
    for child in manifest.children:
        _add_below(mix, root, name, child.digest)
    for blob in manifest.blobs():
        mix[f"/v2/{name}/blobs/{blob.digest}", f"bytes={blob.size - 1}-{blob.size - 1}"] = None


def small(doctor: str, folder: Path, rounds: int, crane: str | None, *, tls: bool = False) -> str:
    """Every peer on the small store: 20 repositories x 10 tags."""
    registry = RegistryProcess(str(folder), tls=tls)
    names = make_store(registry.root)
    registry.start()
    try:
        return _compare(doctor, registry, names, folder, rounds, crane)
    finally:
        registry.stop()


def _compare(doctor: str, registry: RegistryProcess, names: list[str], folder: Path, rounds: int, crane: str | None) -> str:
    mix, tags = mix_of(registry.root, names)
    base = f"{registry.scheme}://{registry.address}"
    opts = f"--cacert {registry.ca_path}" if registry.ca_path else ""
    jobs = {
        "walk": lambda: walk(doctor, registry),
        "wrk": http_peers.wrk(base, mix, folder, 5, ", ".join(ACCEPT)),
        "curl": http_peers.curl_loop(base, tags[:SAMPLE], opts, folder),
    }
    if crane and not registry.ca_path:
        jobs["crane"] = http_peers.crane_loop(registry.address, tags, folder, crane)
    results = in_turn(rounds, jobs)
    return _rows(results, len(mix), len(tags))


def _rows(results: dict[str, list[Run]], distinct: int, tags: int) -> str:
    ours = median(results["walk"])
    requests = requests_of(results["walk"][0])
    limit = statistics.median(map(http_peers.rate_of, results["wrk"]))
    curl = median(results["curl"]) * tags / SAMPLE
    share = 100 * requests / ours / limit
    rows = [
        [
            "registry-doctor walk, proof by bytes",
            f"{ours:.2f} s",
            str(requests),
            f"{requests / ours:.0f}/s, {share:.0f} % of wrk",
            _peak(results),
        ],
        [
            "wrk, the same requests, 8 connections",
            f"{distinct / limit:.2f} s",
            str(distinct),
            f"{limit:.0f}/s",
            "the limit; proves nothing",
        ],
        ["bash + curl, HEAD for blobs", f"{curl:.0f} s", "", _times(curl / ours), f"timed on {SAMPLE} of {tags} tags, scaled"],
    ]
    if "crane" in results:
        crane = median(results["crane"])
        rows.append(
            [
                "crane validate --fast, a process a tag",
                f"{crane:.1f} s",
                "",
                _times(crane / ours),
                "proves no bytes",
            ]
        )
    return table(["what", "time", "requests", "rate", "note"], rows)


def _peak(results: dict[str, list[Run]]) -> str:
    return f"peak {peak(results['walk']):.0f} MiB"


def _times(ratio: float) -> str:
    return f"walk is {ratio:.1f} times faster"


def behind_htpasswd(doctor: str, folder: Path, repositories: int = 2, tags: int = 5) -> str:
    """Behind htpasswd with bcrypt cost 10 only the number of requests counts."""
    registry = RegistryProcess(str(folder), htpasswd=("ci", "benchmark", 10))
    names = make_store(registry.root, repositories, tags)
    mix, every = mix_of(registry.root, names)
    registry.start()
    try:
        result = walk(doctor, registry, "--username", "ci", env={"REGISTRY_PASSWORD": "benchmark"})
    finally:
        registry.stop()
    asked = requests_of(result)
    row = [
        f"{len(every)} tags, bcrypt cost 10",
        f"{result.seconds:.1f} s",
        str(asked),
        f"{len(mix)} + {asked - len(mix)} for listing and the challenge",
    ]
    return table(["what", "time", "requests", "of which"], [row])


def large(doctor: str, registry: RegistryProcess) -> str:
    """The large store, once: 200 repositories x 50 tags."""
    result = walk(doctor, registry)
    asked = requests_of(result)
    row = ["10,000 tags", f"{result.seconds:.0f} s", str(asked), f"{asked / result.seconds:.0f}/s", f"{result.mebibytes:.0f} MiB"]
    return table(["what", "time", "requests", "rate", "peak memory"], [row])


def linear(doctor: str, folder: Path) -> str:
    """1x, 4x and 16x of a store of 5 repositories x 10 tags."""
    rows = []
    for factor in (1, 4, 16):
        registry = RegistryProcess(str(folder / str(factor)))
        make_store(registry.root, 5 * factor, 10)
        registry.start()
        try:
            result = walk(doctor, registry)
        finally:
            registry.stop()
        asked = requests_of(result)
        rows.append(
            [f"{factor}x ({50 * factor} tags)", f"{result.seconds:.2f} s", str(asked), f"{1000 * result.seconds / asked:.2f} ms"]
        )
    return table(["store", "time", "requests", "a request"], rows)
