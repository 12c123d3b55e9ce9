# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Makes ``registry-doctor.pyz``: the core as one file that any Python from 3.9 on runs with nothing installed.

The same sources give the same bytes: fixed order, times and modes, and no compression (whose result differs between zlibs). One with
chosen subcommands only is compressed: it is made to be small, for places such as a ConfigMap.
"""

from __future__ import annotations

import ast
import io
import os
import zipfile
from typing import Dict, Iterator, List, Sequence, Set, Tuple

_SHEBANG = b"#!/usr/bin/env python3\n"
_MAIN = b"import sys\n\nfrom oci_registry.doctor import main\n\nsys.exit(main(sys.argv[1:]))\n"
_UNIX = 3


def archive(package: str, commands: Sequence[str] = ()) -> bytes:
    """The zipapp of the sources in ``package``, the folder ``oci_registry``; ``commands``: only what these subcommands need.

    Raises OSError where the sources cannot be read, and ValueError for a subcommand that they do not have.
    """
    out = io.BytesIO()
    out.write(_SHEBANG)
    sources = _sources(package)
    names = _needed(sources, commands) if commands else list(sources)
    how = zipfile.ZIP_DEFLATED if commands else zipfile.ZIP_STORED
    with zipfile.ZipFile(out, "w", how, compresslevel=9) as made:
        for name, content in [("__main__.py", _MAIN), *((name, sources[name]) for name in names)]:
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system, entry.external_attr, entry.compress_type = _UNIX, 0o644 << 16, how
            made.writestr(entry, content)
    return out.getvalue()


def _sources(package: str) -> Dict[str, bytes]:
    """Every source below the package by its path in the archive, in the order of the archive."""
    above = os.path.dirname(os.path.abspath(package))
    paths = [os.path.join(folder, name) for folder, _folders, names in os.walk(package) for name in names if name.endswith(".py")]
    if not paths:
        raise FileNotFoundError(f"no sources in {package}")
    found = {}
    for path in sorted(os.path.relpath(each, above) for each in paths):
        with open(os.path.join(above, path), "rb") as file:
            found[path] = file.read()
    return found


def _needed(sources: Dict[str, bytes], commands: Sequence[str]) -> List[str]:
    """What the subcommands import, directly or not, and what Python needs for that."""
    modules = _command_modules(sources["oci_registry/doctor/__init__.py"])
    unknown = sorted(set(commands) - set(modules))
    if unknown:
        raise ValueError(f"there is no subcommand {', '.join(unknown)}; there are {', '.join(modules)}")
    waiting = ["oci_registry/doctor/__main__.py", *(f"oci_registry/doctor/{modules[name]}.py" for name in commands)]
    found: Set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in sources and name not in found:
            found.add(name)
            waiting += [*_imported(name, sources[name]), *_packages(name)]
    return sorted(found)


def _command_modules(source: bytes) -> Dict[str, str]:
    """The table ``MODULES`` of the doctor."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "MODULES" and node.value is not None:
            table: Dict[str, str] = ast.literal_eval(node.value)
            return table
    return {}


def _imported(name: str, source: bytes) -> Iterator[str]:
    """Paths of the modules that a source may import from its own package; imports are relative there."""
    folder = name.split("/")[:-1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = folder[: len(folder) - node.level + 1] + (node.module.split(".") if node.module else [])
            yield from _places(base)
            for alias in node.names:
                yield from _places([*base, alias.name])


def _places(parts: List[str]) -> Tuple[str, str]:
    return "/".join(parts) + ".py", "/".join([*parts, "__init__.py"])


def _packages(name: str) -> List[str]:
    folders = name.split("/")[:-1]
    return ["/".join([*folders[: count + 1], "__init__.py"]) for count in range(len(folders))]
