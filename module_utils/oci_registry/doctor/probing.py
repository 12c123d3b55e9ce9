# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""``probe``: what a schedule calls, to keep an eye on whole registries."""

from __future__ import annotations

import argparse
import os
from typing import Any, Dict, List, Mapping, Sequence

from ..errors import BadInput
from ..probe import PROBE_OPTIONS, Done, Looked, is_well, probe
from ..probe.words import words
from ..render import printable
from ..report import EXIT_HEALTHY, EXIT_NOT_LOOKED
from . import config
from .command import Command
from .connection import add_access, password_of
from .said import put_out, say

_EPILOG = """\
metrics go to a Pushgateway (--pushgateway), to a file for the textfile collector of a node exporter (--textfile), or else to
standard output. What is known of repositories that did not fit into the budget is read back from there, or from --state.

configuration:
  JSON: {"name": "...", "probe": {"registries": [{"registry": "registry.example.com:5050", "username": "probe",
  "password_file": "/path", "ca_path": "/path", "repositories": []}], "pushgateway": {"url": "http://..."}, "textfile": "/path",
  "state": "/path", "budget": 600, "rate": 500, ...}}. Mode 0600 if it holds a password. docs/metrics.md tells more.

credentials:
  REGISTRY_USERNAME and REGISTRY_PASSWORD, PUSHGATEWAY_USERNAME and PUSHGATEWAY_PASSWORD in the environment.
  With --config, only passwords come from there, and only for servers whose user it names.

exit codes:
  0 healthy    1 findings    2 could not look, or could not report (bad options included)
  With --exit-zero, 0 also for findings, and for single repositories that could not be looked at.
"""
#: options that say how a registry is reached, which is in the configuration where there is one
_OF_REGISTRY = ("repository", "scheme", "username", "password_file", "ca_path", "insecure_skip_tls_verify")
_RUN = ("proof", "concurrency", "timeout", "budget", "rate", "max_series", "textfile", "state")


def _add(command: argparse.ArgumentParser) -> None:
    add: Any = command.add_argument
    add("--registry", action="append", default=[], metavar="HOST[:PORT]", help="a registry; may be given several times")
    add("--config", metavar="FILE", help="the registries and everything else; options override it. See below")
    add("--repository", action="append", default=[], metavar="NAME", help="only these; the catalog is not asked")
    add_access(command)
    command.set_defaults(proof=None, concurrency=None, timeout=None, scheme=None, username=None)
    add(
        "--budget",
        type=float,
        metavar="SECONDS",
        help="for the whole run (default: 600); what does not fit comes first next time",
    )
    add("--rate", type=float, metavar="N", help="requests a second at most, 0 for no limit (default: 500)")
    add("--max-series", type=int, metavar="N", help="repositories with series of their own (default: 1000)")
    add("--allow-empty", action="store_true", help="a registry that lists nothing may have been emptied on purpose")
    add("--state", metavar="FILE", help="where to remember what is known of each repository")
    add("--pushgateway", metavar="URL", help="push the metrics there, a group for each registry")
    add("--pushgateway-job", metavar="JOB", help="its job label (default: registry_manifest_integrity)")
    add("--textfile", metavar="FILE", help="write the metrics there")
    add("--exit-zero", action="store_true", help="exit 0 even with findings or unreadable repositories: the metrics tell of them")
    add("--quiet", action="store_true", help="say nothing on standard error of what went well")


def _run(arguments: argparse.Namespace) -> int:
    options = _options(arguments)
    to_file = bool(options["pushgateway"] or options["textfile"])
    done = probe(options, _say_problems if arguments.quiet else _say)
    for note in done.notes:
        say(f"note: {note}")
    for problem in done.problems:
        say(problem)
    if not to_file and not put_out(done.text):
        return EXIT_NOT_LOOKED
    return EXIT_HEALTHY if arguments.exit_zero and _is_told(done) else done.exit_code


def _is_told(done: Done) -> bool:
    """Whether the metrics say it all: another run now would find the same."""
    return not done.problems and not any(each.error for each in done.looked)


def _say_problems(looked: Looked) -> None:
    if not is_well(looked):
        _say(looked)


def _say(looked: Looked) -> None:
    for line in words(looked):
        say(printable(line))


def _options(arguments: argparse.Namespace) -> Dict[str, Any]:
    """The options of the probe: those of the configuration, and over them those of the command line."""
    if bool(arguments.config) == bool(arguments.registry):
        raise BadInput("give --registry, or --config FILE", where="probe")
    if arguments.config:
        _refuse(arguments, (*_OF_REGISTRY, *(() if arguments.pushgateway else ("pushgateway_job",))))
        whole = config.read(arguments.config)
        given: Dict[str, Any] = dict(config.part(whole, "probe", PROBE_OPTIONS, arguments.config))
    else:
        named = {"registries": _registries(arguments)}
        given = config.conform(named, PROBE_OPTIONS, "probe")
    given.update({name: getattr(arguments, name) for name in _RUN if getattr(arguments, name) is not None})
    given["allow_empty"] = given["allow_empty"] or arguments.allow_empty
    if arguments.pushgateway:
        given["pushgateway"] = config.conform(_pushgateway(arguments), PROBE_OPTIONS["pushgateway"]["options"], "--pushgateway")
    return given


def _refuse(arguments: argparse.Namespace, names: Sequence[str]) -> None:
    """Refuse options that would do nothing."""
    for name in names:
        if getattr(arguments, name):
            option = f"--{name.replace('_', '-')}"
            raise BadInput(f"{option} does nothing with --config", where="probe", advice="Write it into the configuration")


def _registries(arguments: argparse.Namespace) -> List[Mapping[str, Any]]:
    username = arguments.username or os.environ.get("REGISTRY_USERNAME")
    password = password_of(arguments.password_file) if username else None
    return [
        {
            "registry": registry,
            "scheme": arguments.scheme,
            "username": username,
            "password": password,
            "ca_path": arguments.ca_path,
            "validate_certs": not arguments.insecure_skip_tls_verify,
            "repositories": arguments.repository,
        }
        for registry in arguments.registry
    ]


def _pushgateway(arguments: argparse.Namespace) -> Dict[str, Any]:
    username = os.environ.get("PUSHGATEWAY_USERNAME")
    return {"url": arguments.pushgateway, "job": arguments.pushgateway_job, "username": username, "ca_path": arguments.ca_path}


COMMANDS = {"probe": Command("look at whole registries by the clock, and report metrics", _EPILOG, _add, _run)}
