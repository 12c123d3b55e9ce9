# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""``build``: makes ``dist/registry-doctor.pyz``, as the playbooks do that install it."""

from __future__ import annotations

from pathlib import Path

from . import places

TARGET = places.ROOT / "dist" / "registry-doctor.pyz"


def run(arguments: list[str]) -> int:
    """``build``: write the zipapp and say where."""
    if arguments:
        raise places.Refused("build takes no arguments")
    write(TARGET)
    print(TARGET)
    return 0


def write(target: Path) -> None:
    """Write the zipapp to ``target``, executable, making its folder."""
    places.use_checkout()
    from module_utils.doctor_archive import archive

    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(archive(str(places.MODULE_UTILS / "oci_registry")))
    target.chmod(0o755)
