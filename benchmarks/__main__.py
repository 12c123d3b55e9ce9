# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""``./runbook benchmark [walk|tls|auth|probe|large|linear|scan|content|snapshot|gate|compose|retention ...]``: prints Markdown tables.

All parts take about half an hour.
"""

from __future__ import annotations

import argparse
import platform
import shutil
import sys
import tempfile
from pathlib import Path

import ansible.module_utils

ROOT = Path(__file__).resolve().parent.parent
ansible.module_utils.__path__.append(str(ROOT / "module_utils"))
sys.path.insert(0, str(ROOT / "src"))

from ansible.module_utils.registry_lab.place import make_store  # noqa: E402
from ansible.module_utils.registry_lab.process import RegistryProcess  # noqa: E402

from runbook.build import write  # noqa: E402

from . import collection, compose_image, http_peers, probe, retention, scan, walk  # noqa: E402

PARTS = ("walk", "tls", "auth", "probe", "linear", "content", "scan", "large", "snapshot", "gate", "compose", "retention")

#: parts that need nothing but the doctor, a folder and a number of rounds
_PLAIN = {
    "content": scan.content,
    "probe": probe.against_walk,
    "retention": retention.against_scan,
    "snapshot": lambda _doctor, *rest: collection.snapshot(*rest),
    "gate": lambda _doctor, *rest: collection.gate(*rest),
    "compose": lambda _doctor, *rest: compose_image.against_load_and_dump(*rest),
}


def main() -> None:
    """Run the parts that were asked for, in their order."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="default: all")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--crane", help="path of a crane that is not on PATH")
    parser.add_argument("--folder", type=Path, help="where the stores are made (default: a temporary folder)")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="benchmark-", dir=arguments.folder))
    doctor = folder / "registry-doctor.pyz"
    write(doctor)
    try:
        for part in arguments.parts or PARTS:
            print(f"\n## {part} (Python {platform.python_version()})\n", flush=True)
            print(_run(part, str(doctor), folder / part, arguments), flush=True)
    finally:
        shutil.rmtree(folder)


def _run(part: str, doctor: str, folder: Path, arguments: argparse.Namespace) -> str:
    folder.mkdir()
    crane = http_peers.find("crane", arguments.crane)
    if part in ("walk", "tls"):
        return walk.small(doctor, folder, arguments.rounds, crane, tls=part == "tls")
    if part == "auth":
        return walk.behind_htpasswd(doctor, folder)
    if part == "linear":
        parts = {"walk": walk.linear, "scan": scan.linear, "retention": retention.linear}
        return "\n".join(linear(doctor, folder / name) for name, linear in parts.items())
    if part in _PLAIN:
        return _PLAIN[part](doctor, folder, arguments.rounds)
    root = folder if part == "scan" else folder / "data"
    print("making the large store (some minutes)", flush=True)
    make_store(str(root), 200, 50)
    if part == "scan":
        return scan.against_find(doctor, folder, arguments.rounds)
    registry = RegistryProcess(str(folder))
    registry.start()
    try:
        return "\n".join(part(doctor, registry) for part in (walk.large, probe.slot))
    finally:
        registry.stop()


if __name__ == "__main__":
    main()
