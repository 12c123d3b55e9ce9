# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""``scan``: stores that the command line names, or the one of a configuration, as a schedule does."""

from __future__ import annotations

import argparse
import time
from functools import partial
from typing import Any, Dict, List, Tuple

from ..errors import BadInput
from ..render.prometheus import prometheus
from ..report import Report
from ..scan import DIALECTS, PROOFS, scan
from ..store import AUTO, MODES, find_stores
from . import config, metrics
from .command import EXIT_CODES, Command, add_textfile
from .looking import add_output, report
from .progress import ScanProgress

SCAN_OPTIONS: Dict[str, Dict[str, Any]] = {
    "path": {"type": "path", "required": True},
    "mode": {"type": "str", "choices": list(MODES), "default": AUTO},
    "proof": {"type": "str", "choices": list(PROOFS), "default": "sizes"},
    "dialect": {"type": "str", "choices": list(DIALECTS), "default": DIALECTS[0]},
}


def scan_stores(arguments: argparse.Namespace) -> List[Report]:
    """One report for each store; with ``--textfile`` written as metrics, too. Raises a :class:`RegistryError` where it could not look."""
    began = time.monotonic()
    name, paths, options = _wanted(arguments)
    progress = None if arguments.quiet else ScanProgress()
    try:
        stores = [store for path in paths for store in find_stores(path)]
        reports = [scan(store.root, name=name or store.name, progress=progress, **options) for store in stores]
    except Exception:
        _write(arguments, name, [], began)
        raise
    _write(arguments, name, reports, began)
    return reports


def _wanted(arguments: argparse.Namespace) -> Tuple[str, List[str], Dict[str, Any]]:
    """The name of the registry (empty without a configuration), the paths, and the options of the scan."""
    if bool(arguments.config) == bool(arguments.paths):
        raise BadInput("give the paths of stores, or --config FILE", where="scan")
    if not arguments.config:
        return "", arguments.paths, {"mode": arguments.mode, "proof": arguments.proof, "dialect": arguments.dialect}
    whole = config.read(arguments.config)
    options = config.part(whole, "scan", SCAN_OPTIONS, arguments.config)
    return str(whole["name"]), [options.pop("path")], options


def _write(arguments: argparse.Namespace, name: str, reports: List[Report], began: float) -> None:
    if arguments.textfile:
        success = bool(reports) and all(report.complete for report in reports)
        run = metrics.Run("scan", name or ", ".join(arguments.paths), success, time.time(), time.monotonic() - began)
        metrics.write(arguments.textfile, run, prometheus(reports, dated=False) if reports else "")


def _add(command: argparse.ArgumentParser) -> None:
    command.add_argument("paths", nargs="*", metavar="PATH", help="a registry's rootdirectory, or a folder of several")
    kinds = "what kind of store it is: one that is pushed to, or a pull-through cache (default: find out)"
    command.add_argument("--mode", choices=tuple(MODES), default=AUTO, help=kinds)
    proofs = "sizes hashes every manifest and compares the size of every blob; content also hashes every blob (default: sizes)"
    command.add_argument("--proof", choices=PROOFS, default="sizes", help=proofs)
    dialects = "major version of the Distribution that serves the store (default: 2)"
    command.add_argument("--dialect", choices=DIALECTS, default=DIALECTS[0], help=dialects)
    command.add_argument("--config", metavar="FILE", help="take path, mode, proof and dialect from there, as a schedule does")
    add_textfile(command)
    add_output(command)


def _target(arguments: argparse.Namespace) -> str:
    return arguments.config or ", ".join(arguments.paths)


COMMANDS = {
    "scan": Command(
        "prove stores on disk, without a registry",
        EXIT_CODES,
        _add,
        partial(report, look=scan_stores, target=_target, observer="disk"),
    )
}
