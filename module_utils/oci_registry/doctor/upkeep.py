# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""``retain`` and ``collect``: what a schedule calls. Options come from a configuration file, since they may hold a password."""

from __future__ import annotations

import argparse
import json
import time
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Union

from ..apply.mark import is_interrupted
from ..collection import COLLECTION_OPTIONS, Collection
from ..collection_options import RECOVERED
from ..errors import GateRefused, NeedsApproval, ProofFailed, RegistryError
from ..render import printable
from ..report import EXIT_FINDINGS, EXIT_HEALTHY, EXIT_NOT_LOOKED
from ..retention import RETENTION_OPTIONS, Retention
from . import config, metrics
from .command import Command, add_textfile
from .said import put_out

_EPILOG = """\
configuration:
  JSON: {"name": "registry-private", "retain": {...}, "collect": {...}, "scan": {...}}, with the options of the Ansible
  modules registry_retention, registry_collection and registry_store_info. Mode 0600 if it holds a password, which may
  also come from REGISTRY_PASSWORD. docs/runbooks/maintenance.md tells more.

exit codes:
  0 done, or nothing to do    1 refused, or not proven    2 could not (bad options included)
"""
#: errors that say something of the registry; any other says that nothing could be done
REFUSALS = (GateRefused, NeedsApproval, ProofFailed)
Work = Union[Retention, Collection]


class Job(NamedTuple):
    """A subcommand: the argument spec of its options, what does it, and what of its result counts as deleted."""

    spec: config.Spec
    work: Callable[[Mapping[str, Any]], Work]
    deleted: Callable[[Mapping[str, Any]], int]


JOBS: Dict[str, Job] = {
    "retain": Job(
        RETENTION_OPTIONS,
        Retention,
        lambda result: int(result["summary"]["tags_deleted"]) + int(result["summary"]["manifests_deleted"]),
    ),
    "collect": Job(COLLECTION_OPTIONS, Collection, lambda result: int(result["swept"].get("blobs", 0))),
}


class Outcome(NamedTuple):
    """How a run ended. ``result`` is what the module of the same work returns; ``error`` and ``code`` are empty where it went well."""

    exit_code: int
    message: str
    result: Dict[str, Any]
    code: str = ""


def run(arguments: argparse.Namespace) -> Outcome:
    """Do it, and write the metrics where that is asked for. Raises a :class:`RegistryError` only where not even that can be done."""
    job, began = JOBS[arguments.command], time.monotonic()
    whole = config.read(arguments.config)
    options = dict(config.part(whole, arguments.command, job.spec, arguments.config), **_override(arguments))
    outcome = _finish_interrupted(whole, arguments) or _outcome(job, options, arguments.check)
    if arguments.textfile and not arguments.check:
        deleted, freed = (job.deleted(outcome.result), outcome.result.get("freed_bytes", 0)) if outcome.result else (0, 0)
        seconds = time.monotonic() - began
        name = str(whole["name"])
        success = outcome.exit_code == EXIT_HEALTHY
        metrics.write(arguments.textfile, metrics.Run(arguments.command, name, success, time.time(), seconds, deleted, freed))
    words = {EXIT_HEALTHY: "", EXIT_FINDINGS: "REFUSED ", EXIT_NOT_LOOKED: "FAILED "}
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return outcome._replace(message=f"{when} {whole['name']} {arguments.command}: {words[outcome.exit_code]}{outcome.message}")


def _finish_interrupted(whole: Mapping[str, Any], arguments: argparse.Namespace) -> Optional[Outcome]:
    """Before retention: finish a collection that was killed, since the registry may be down until then. An outcome only where that fails."""
    if arguments.command != "retain" or arguments.check or "collect" not in whole:
        return None
    job = JOBS["collect"]
    options = dict(config.part(whole, "collect", job.spec, arguments.config), state=RECOVERED)
    if not is_interrupted(options["path"]):
        return None
    finished = _outcome(job, options, False)
    return finished._replace(result={}) if finished.code else None


def _override(arguments: argparse.Namespace) -> Dict[str, Any]:
    """What the command line asks for instead of what the configuration says."""
    if getattr(arguments, "restore", None) is not None:
        return {"state": "restored", "snapshot": arguments.restore or None}
    if getattr(arguments, "expire", None) is not None:
        return {"state": "expired", "snapshot": arguments.expire or None}
    return {}


def _outcome(job: Job, options: Mapping[str, Any], check_mode: bool) -> Outcome:
    result: Dict[str, Any] = {}
    try:
        work = job.work(options)
        try:
            work.run(check_mode=check_mode)
        finally:
            result = work.result()
    except RegistryError as error:
        return Outcome(EXIT_FINDINGS if isinstance(error, REFUSALS) else EXIT_NOT_LOOKED, str(error), result, error.code)
    return Outcome(EXIT_HEALTHY, work.message(), result)


def as_json(outcome: Outcome) -> str:
    """The result of the module, with ``msg`` and ``code``."""
    return json.dumps({**outcome.result, "msg": outcome.message, "code": outcome.code}, indent=2) + "\n"


def as_text(outcome: Outcome) -> str:
    """The message, what goes or went, what was refused and why, and what else is to be known."""
    lines = [outcome.message, *(f"  {line}" for line in details(outcome.result))]
    return "".join(f"{printable(line)}\n" for line in lines)


def details(result: Mapping[str, Any]) -> List[str]:
    """A line for each step that is more than keeping, each refusal, and each note."""
    lines = [_step(step) for step in result.get("plan", []) if step.get("action") != "keep"]
    lines += [f"refused: {_refusal(each)}" for each in result.get("refusals", [])]
    return lines + [f"note: {each}" for each in [*result.get("notes", []), *result.get("caveats", [])]]


def _step(step: Mapping[str, Any]) -> str:
    if "phase" in step:
        return f"{step['state']:<8} {step['phase']}" + (f": {step['detail']}" if step["detail"] else "")
    image = f"{step['repository']}:{','.join(step['tags'])}" if step["tags"] else step["repository"]
    return f"{step['state']:<8} {step['action']} {image} {step['digest']}: {step['detail'] or step['reason']}"


def _refusal(refusal: Mapping[str, Any]) -> str:
    if "what" in refusal:
        return str(refusal["what"])
    image = f"{refusal['repository']}:{','.join(refusal['tags'])}" if refusal["tags"] else refusal["repository"]
    return " ".join(filter(None, (refusal["code"], image, refusal["digest"]))) + f": {refusal['detail']}"


def _run(arguments: argparse.Namespace) -> int:
    outcome = run(arguments)
    text = as_json(outcome) if arguments.output == "json" else as_text(outcome)
    return outcome.exit_code if put_out(text) else EXIT_NOT_LOOKED


def _add(command: argparse.ArgumentParser) -> None:
    command.add_argument("--config", metavar="FILE", required=True, help="the options; see below")
    command.add_argument("--check", action="store_true", help="only say what would be done")
    add_textfile(command)
    command.add_argument("--output", choices=("text", "json"), default="text", help="default: text")


def _add_collect(command: argparse.ArgumentParser) -> None:
    _add(command)
    instead = command.add_mutually_exclusive_group()
    restore = "put back what was lost since a snapshot (default: the newest), instead of collecting"
    instead.add_argument("--restore", nargs="?", const="", metavar="SNAPSHOT", help=restore)
    expire = "remove a snapshot (default: all that are old enough), instead of collecting"
    instead.add_argument("--expire", nargs="?", const="", metavar="SNAPSHOT", help=expire)


COMMANDS = {
    "retain": Command("delete what no rule keeps and nothing needs", _EPILOG, _add, _run),
    "collect": Command("collect garbage without losing an image", _EPILOG, _add_collect, _run),
}
