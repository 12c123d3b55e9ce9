# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""``registry-doctor``: verify images, walk a catalog, scan a disk, retain, collect. The command line of the core, shipped as one zipapp.

Exit codes: 0 healthy or done, 1 findings or refused, 2 could not (bad input included). Reports go to standard output, progress to standard error.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import os
import sys
from typing import List, Optional, Sequence

from ..client import Client, Settings
from ..errors import BadInput, RegistryError
from ..reference import Reference, parse_reference, parse_repository
from ..render import FORMATS, printable
from ..report import EXIT_NOT_LOOKED, Report
from ..walk import Options, walk
from . import upkeep
from .arguments import parser
from .progress import WalkProgress
from .scanning import scan_stores

_NAME_IT = "Name it with --registry HOST[:PORT]"


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run one subcommand and return the exit code."""
    arguments = parser().parse_args(argv)
    try:
        return _upkeep(arguments) if arguments.command in upkeep.JOBS else _observe(arguments)
    except KeyboardInterrupt:
        _say("interrupted")
        return EXIT_NOT_LOOKED


def _upkeep(arguments: argparse.Namespace) -> int:
    try:
        outcome = upkeep.run(arguments)
    except RegistryError as error:
        _say(str(error))
        return EXIT_NOT_LOOKED
    text = upkeep.as_json(outcome) if arguments.output == "json" else upkeep.as_text(outcome)
    return outcome.exit_code if _print(text) else EXIT_NOT_LOOKED


def _observe(arguments: argparse.Namespace) -> int:
    reports = _looked(arguments)
    said = arguments.output == "text" and not any(report.summary for report in reports)  # why nothing could be looked at
    written = said or _print(FORMATS[arguments.output](reports))
    return max(report.exit_code for report in reports) if written else EXIT_NOT_LOOKED


def _looked(arguments: argparse.Namespace) -> List[Report]:
    """What the subcommand saw; where it could not look at all, that is said on standard error, and is all that a report can say."""
    try:
        return _RUN[arguments.command](arguments)
    except RegistryError as error:
        _say(str(error))
        observer, target = (
            ("disk", arguments.config or ", ".join(arguments.paths))
            if arguments.command == "scan"
            else ("http", arguments.registry)
        )
        return [Report(observer, target, arguments.proof, [], {}, [str(error)], [], [])]


def _verify(arguments: argparse.Namespace) -> List[Report]:
    references = [parse_reference(image, arguments.registry) for image in arguments.images]
    registry = _one_registry(references, arguments.registry)
    client = _client(arguments, registry)
    return [walk(client, images=references, concurrency=_concurrency(arguments), options=_options(arguments))]


def _one_registry(references: Sequence[Reference], given: str) -> str:
    hosts = {reference.registry for reference in references if reference.registry} | ({given} if given else set())
    if not hosts:
        raise BadInput("no registry given", advice=_NAME_IT)
    if len(hosts) > 1:
        raise BadInput(f"the images are of several registries: {', '.join(sorted(hosts))}", advice="Call once for each")
    return hosts.pop()


def _walk(arguments: argparse.Namespace) -> List[Report]:
    if not arguments.registry:
        raise BadInput("no registry given", advice=_NAME_IT)
    repositories = [parse_repository(name) for name in arguments.repositories]
    client, concurrency, options = _client(arguments, arguments.registry), _concurrency(arguments), _options(arguments)
    progress = None if arguments.quiet else WalkProgress()
    return [walk(client, repositories=repositories, concurrency=concurrency, options=options, progress=progress)]


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
        with open(0 if path == "-" else path, encoding="utf-8", closefd=path != "-") as file:
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


def _print(text: str) -> bool:
    """Write to standard output; False, and why on standard error, where that cannot be done."""
    try:
        _write(text)
    except OSError as error:
        _say(f"the report cannot be written ({error.strerror})")
        _forget_output()
        return False
    return True


def _write(text: str) -> None:
    if sys.stdout is None:  # so Python starts where it was closed
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
    sys.stdout.flush()


def _say(what: str) -> None:
    """One line on standard error, if there is one that still takes it."""
    with contextlib.suppress(OSError):
        print(f"registry-doctor: {printable(what)}", file=sys.stderr, flush=True)


def _forget_output() -> None:
    """What could not be written is not to be tried again as Python ends."""
    if sys.stdout is not None:
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


_RUN = {"verify": _verify, "walk": _walk, "scan": scan_stores}
