# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""``verify`` and ``walk``: look at images or at a whole registry over HTTP, and report."""

from __future__ import annotations

import argparse
from functools import partial
from typing import Callable, Sequence

from ..errors import BadInput, RegistryError
from ..reference import Reference, parse_reference, parse_repository
from ..render import FORMATS
from ..report import EXIT_NOT_LOOKED, Report
from ..walk import Options, walk
from .command import EXIT_CODES, Command
from .connection import CREDENTIALS, add_access, client_of, concurrency_of
from .progress import WalkProgress
from .said import put_out, say

_NAME_IT = "Name it with --registry HOST[:PORT]"
Look = Callable[[argparse.Namespace], Sequence[Report]]


def report(arguments: argparse.Namespace, look: Look, target: Callable[[argparse.Namespace], str], observer: str = "http") -> int:
    """Print what ``look`` sees; where it could not look at all, that is said on standard error, and is all that a report can say."""
    try:
        reports = look(arguments)
    except RegistryError as error:
        say(str(error))
        reports = [Report(observer, target(arguments), arguments.proof, [], {}, [str(error)], [], [])]
    said = arguments.output == "text" and not any(each.summary for each in reports)  # why nothing could be looked at
    written = said or put_out(FORMATS[arguments.output](reports))
    return max(each.exit_code for each in reports) if written else EXIT_NOT_LOOKED


def add_output(command: argparse.ArgumentParser) -> None:
    """The options that say how it is reported."""
    command.add_argument("--output", choices=tuple(FORMATS), default="text", help="default: text")
    command.add_argument("--quiet", action="store_true", help="no progress on standard error")


def _add_verify(command: argparse.ArgumentParser) -> None:
    command.add_argument("images", nargs="+", metavar="IMAGE", help="[host[:port]/]repository[:tag][@digest]")
    named = "the registry (default: the host that the images name)"
    command.add_argument("--registry", default="", metavar="HOST[:PORT]", help=named)
    _add_common(command)


def _add_walk(command: argparse.ArgumentParser) -> None:
    command.add_argument("repositories", nargs="*", metavar="REPOSITORY", help="only these (default: the whole catalog)")
    limit = "only the last N tags of each, by name (default 0: all)"
    command.add_argument("--tags-per-repository", type=int, default=0, metavar="N", help=limit)
    command.add_argument("--registry", default="", metavar="HOST[:PORT]", help="the registry")
    _add_common(command)


def _add_common(command: argparse.ArgumentParser) -> None:
    add_access(command)
    command.add_argument("--referrers", action="store_true", help="also ask the referrers API about each tag")
    add_output(command)


def _verify(arguments: argparse.Namespace) -> Sequence[Report]:
    references = [parse_reference(image, arguments.registry) for image in arguments.images]
    client = client_of(arguments, _one_registry(references, arguments.registry))
    return [walk(client, images=references, concurrency=concurrency_of(arguments.concurrency), options=_options(arguments))]


def _one_registry(references: Sequence[Reference], given: str) -> str:
    hosts = {reference.registry for reference in references if reference.registry} | ({given} if given else set())
    if not hosts:
        raise BadInput("no registry given", advice=_NAME_IT)
    if len(hosts) > 1:
        raise BadInput(f"the images are of several registries: {', '.join(sorted(hosts))}", advice="Call once for each")
    return hosts.pop()


def _walk(arguments: argparse.Namespace) -> Sequence[Report]:
    if not arguments.registry:
        raise BadInput("no registry given", advice=_NAME_IT)
    repositories = [parse_repository(name) for name in arguments.repositories]
    client, concurrency = client_of(arguments, arguments.registry), concurrency_of(arguments.concurrency)
    progress = None if arguments.quiet else WalkProgress()
    return [walk(client, repositories=repositories, concurrency=concurrency, options=_options(arguments), progress=progress)]


def _options(arguments: argparse.Namespace) -> Options:
    limit = getattr(arguments, "tags_per_repository", 0)
    if limit < 0:
        raise BadInput(f"--tags-per-repository {limit} is negative", advice="0 stands for all")
    return Options(arguments.proof, limit, arguments.referrers)


def _registry(arguments: argparse.Namespace) -> str:
    return str(arguments.registry)


COMMANDS = {
    "verify": Command(
        "prove named images over HTTP",
        CREDENTIALS + EXIT_CODES,
        _add_verify,
        partial(report, look=_verify, target=_registry),
    ),
    "walk": Command(
        "prove every tag of a registry over HTTP",
        CREDENTIALS + EXIT_CODES,
        _add_walk,
        partial(report, look=_walk, target=_registry),
    ),
}
