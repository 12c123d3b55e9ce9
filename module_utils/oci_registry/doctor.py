# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""``registry-doctor``: verify images, walk a catalog, scan a disk. The command line of the core, shipped as one zipapp.

Exit codes: 0 healthy, 1 findings, 2 could not look (bad input included). Reports go to standard output, progress to standard error.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from typing import Dict, List, Optional, Sequence

from . import render
from .client import Client, Settings
from .errors import BadInput, RegistryError
from .reference import Reference, parse_reference, parse_repository
from .report import EXIT_NOT_LOOKED, Report, combine
from .scan import DIALECTS, scan
from .scan import PROOFS as SCAN_PROOFS
from .store import find_stores
from .walk import PROOFS, Options, walk

_EPILOG = """credentials: REGISTRY_USERNAME and REGISTRY_PASSWORD in the environment, or --username with --password-file (- is standard input).
exit codes: 0 healthy, 1 findings, 2 could not look."""


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run one subcommand and return the exit code."""
    arguments = _parser().parse_args(argv)
    try:
        reports = arguments.run(arguments)
        _print(reports, arguments.output)
    except RegistryError as error:
        print(f"registry-doctor: {error}", file=sys.stderr)
        return EXIT_NOT_LOOKED
    except KeyboardInterrupt:
        print("registry-doctor: interrupted", file=sys.stderr)
        return EXIT_NOT_LOOKED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_NOT_LOOKED
    return max(report.exit_code for report in reports)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="registry-doctor", description="Prove that images in an OCI registry can be pulled.", epilog=_EPILOG)
    commands = parser.add_subparsers(dest="command", required=True, metavar="verify | walk | scan")
    verify = commands.add_parser("verify", help="prove named images over HTTP", epilog=_EPILOG)
    verify.add_argument("images", nargs="+", metavar="IMAGE", help="[host[:port]/]repository[:tag][@digest]")
    verify.set_defaults(run=_verify)
    catalog = commands.add_parser("walk", help="prove every tag of a registry over HTTP", epilog=_EPILOG)
    catalog.add_argument("repositories", nargs="*", metavar="REPOSITORY", help="only these (default: the whole catalog)")
    catalog.add_argument("--tags-per-repository", type=int, default=0, metavar="N", help="only the last N tags by name (default 0: all)")
    catalog.set_defaults(run=_walk)
    for command in (verify, catalog):
        _add_connection(command)
    disk = commands.add_parser("scan", help="prove stores on disk, without a registry")
    disk.add_argument("paths", nargs="+", metavar="PATH", help="a rootdirectory, or a folder of several")
    disk.add_argument("--mode", choices=("auto", "hosted", "cache"), default="auto", help="what kind of store it is (default: find out)")
    disk.add_argument("--proof", choices=SCAN_PROOFS, default="sizes", help="content also hashes every blob (default: sizes)")
    disk.add_argument("--dialect", choices=DIALECTS, default=DIALECTS[0], help="the Distribution major version that serves the store (default: 2)")
    disk.set_defaults(run=_scan)
    for command in (verify, catalog, disk):
        command.add_argument("--output", choices=tuple(render.FORMATS), default="text", help="default: text")
        command.add_argument("--quiet", action="store_true", help="no progress on standard error")
    return parser


def _add_connection(command: argparse.ArgumentParser) -> None:
    command.add_argument("--registry", default="", metavar="HOST[:PORT]", help="default for verify: the host that the images name")
    command.add_argument("--scheme", choices=("https", "http"), default="https")
    command.add_argument("--username", default=os.environ.get("REGISTRY_USERNAME"))
    command.add_argument("--password-file", metavar="FILE", help="- reads standard input (default: $REGISTRY_PASSWORD)")
    command.add_argument("--ca-path", metavar="PEM", help="trust these certificates instead of the system's")
    command.add_argument("--insecure-skip-tls-verify", action="store_true", help="accept any certificate: whoever answers may lie")
    command.add_argument("--timeout", type=float, default=30.0, metavar="SECONDS", help="for each connect and read (default 30)")
    command.add_argument("--concurrency", type=int, default=8, metavar="N", help="requests at once (default 8)")
    command.add_argument("--proof", choices=PROOFS, default="bytes", help="manifests and head prove less, for comparison (default: bytes)")
    command.add_argument("--referrers", action="store_true", help="ask the referrers API of each tag too")


def _verify(arguments: argparse.Namespace) -> List[Report]:
    references = [parse_reference(image, arguments.registry) for image in arguments.images]
    registry = _one_registry(references, arguments.registry)
    client = _client(arguments, registry)
    return [walk(client, images=references, concurrency=_concurrency(arguments), options=_options(arguments))]


def _one_registry(references: Sequence[Reference], given: str) -> str:
    hosts = {reference.registry for reference in references if reference.registry} | ({given} if given else set())
    if len(hosts) != 1:
        named = ", ".join(sorted(hosts)) or "none"
        raise BadInput(f"the images must be of one registry, not of {named}", advice="Name it once with --registry, and call once for each registry")
    return hosts.pop()


def _walk(arguments: argparse.Namespace) -> List[Report]:
    if not arguments.registry:
        raise BadInput("no registry given", advice="Name it with --registry HOST[:PORT]")
    repositories = [parse_repository(name) for name in arguments.repositories]
    progress = None if arguments.quiet else _WalkProgress()
    client = _client(arguments, arguments.registry)
    return [walk(client, repositories=repositories, concurrency=_concurrency(arguments), options=_options(arguments), progress=progress)]


def _scan(arguments: argparse.Namespace) -> List[Report]:
    stores = [store for path in arguments.paths for store in find_stores(path)]
    progress = None if arguments.quiet else _ScanProgress()
    options = {"mode": arguments.mode, "proof": arguments.proof, "dialect": arguments.dialect, "progress": progress}
    return [scan(store.root, name=store.name, **options) for store in stores]


def _client(arguments: argparse.Namespace, registry: str) -> Client:
    return Client(
        Settings(
            registry=registry,
            scheme=arguments.scheme,
            username=arguments.username,
            password=_password(arguments.password_file),
            ca_path=arguments.ca_path,
            validate_certs=not arguments.insecure_skip_tls_verify,
            timeout=arguments.timeout,
        )
    )


def _password(path: Optional[str]) -> Optional[str]:
    if path is None:
        return os.environ.get("REGISTRY_PASSWORD")
    try:
        if path == "-":
            return sys.stdin.readline().rstrip("\n")
        with open(path, encoding="utf-8") as file:
            return file.readline().rstrip("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput("the password file cannot be read", where=path, advice=str(error)) from None


def _concurrency(arguments: argparse.Namespace) -> int:
    if not 1 <= arguments.concurrency <= 64:
        raise BadInput(f"--concurrency {arguments.concurrency} is not from 1 to 64")
    return int(arguments.concurrency)


def _options(arguments: argparse.Namespace) -> Options:
    limit = getattr(arguments, "tags_per_repository", 0)
    if limit < 0:
        raise BadInput(f"--tags-per-repository {limit} is negative", advice="0 stands for all")
    return Options(arguments.proof, limit, arguments.referrers)


def _print(reports: List[Report], output: str) -> None:
    if output == "json" and reports[0].observer == "disk":
        sys.stdout.write(json.dumps(combine(reports), indent=2) + "\n")
    else:
        for report in reports:
            sys.stdout.write(render.FORMATS[output](report))
    sys.stdout.flush()


class _Ticker:
    """At most one line a second on standard error."""

    def __init__(self) -> None:
        self._next = time.monotonic() + 1.0

    def due(self) -> bool:
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + 1.0
        return True


class _WalkProgress(_Ticker):
    def __call__(self, counts: Dict[str, int]) -> None:
        if self.due():
            shown = ", ".join(f"{counts[name]} {name}" for name in ("repositories", "tags", "requests", "findings"))
            print(f"walking: {shown}", file=sys.stderr, flush=True)


class _ScanProgress(_Ticker):
    def __call__(self, phase: str, done: int, total: int) -> None:
        if self.due():
            print(f"scanning: {phase} {done} of {total}" if total else f"scanning: {phase} {done}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
