# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Makes ``registry-doctor.pyz``: the core as one file that any Python from 3.9 on runs with nothing installed.

The same sources give the same bytes: fixed order, times and modes, and no compression (whose result differs between zlibs).
"""

from __future__ import annotations

import io
import os
import zipfile
from typing import Iterator, Tuple

_SHEBANG = b"#!/usr/bin/env python3\n"
_MAIN = b"import sys\n\nfrom oci_registry.doctor import main\n\nsys.exit(main(sys.argv[1:]))\n"
_UNIX = 3


def archive(package: str) -> bytes:
    """The zipapp of the sources in ``package``, the folder ``oci_registry``. Raises OSError where they cannot be read."""
    out = io.BytesIO()
    out.write(_SHEBANG)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as made:
        for name, content in _members(package):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system, entry.external_attr = _UNIX, 0o644 << 16
            made.writestr(entry, content)
    return out.getvalue()


def _members(package: str) -> Iterator[Tuple[str, bytes]]:
    yield "__main__.py", _MAIN
    above = os.path.dirname(os.path.abspath(package))
    sources = [
        os.path.join(folder, name) for folder, _folders, names in os.walk(package) for name in names if name.endswith(".py")
    ]
    if not sources:
        raise FileNotFoundError(f"no sources in {package}")
    for path in sorted(os.path.relpath(source, above) for source in sources):
        with open(os.path.join(above, path), "rb") as file:
            yield path, file.read()
