# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Makes ``dist/registry-doctor.pyz``: the core as one file that any Python from 3.9 on runs with nothing installed.

The same sources give the same bytes: fixed order, times and modes, and no compression (whose result differs between zlibs).
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

from . import places

TARGET = places.ROOT / "dist" / "registry-doctor.pyz"
PACKAGE = places.MODULE_UTILS / "oci_registry"
SHEBANG = b"#!/usr/bin/env python3\n"
MAIN = b"import sys\n\nfrom oci_registry.doctor import main\n\nsys.exit(main(sys.argv[1:]))\n"


def run(arguments: list[str]) -> int:
    """``build``: write the zipapp and say where."""
    if arguments:
        raise places.Refused("build takes no arguments")
    write(TARGET)
    print(TARGET)
    return 0


def write(target: Path) -> None:
    """Write the zipapp to ``target``, executable, making its folder."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as out:
        out.write(SHEBANG)
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
            for name, content in _members():
                entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
                entry.create_system, entry.external_attr = 3, 0o644 << 16  # 3: Unix
                archive.writestr(entry, content)
    target.chmod(0o755)


def _members() -> Iterator[tuple[str, bytes]]:
    yield "__main__.py", MAIN
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(PACKAGE.parent).as_posix(), path.read_bytes()
