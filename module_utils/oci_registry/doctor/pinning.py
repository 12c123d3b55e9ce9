# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""``pin``: whether the registries of a machine are what they are pinned to, for a person and as metrics. Reads only, and no network."""

from __future__ import annotations

import argparse
import json
import time
from typing import Dict, List, Sequence, Tuple

from .. import textfile
from ..errors import BadInput, RegistryError
from ..exposition import Sample, parse, render
from ..render import printable
from ..report import EXIT_FINDINGS, EXIT_HEALTHY, EXIT_NOT_LOOKED
from ..services.drift import Pinned, look
from ..services.engine import Engine
from ..services.project import Project
from . import config
from .command import Command, add_textfile
from .said import put_out

PIN_OPTIONS: config.Spec = {
    "compose_path": {"type": "path", "required": True},
    "services": {"type": "list", "elements": "str", "required": True},
    "image": {"type": "str", "required": True},
}
_EPILOG = """\
configuration:
  JSON: {"name": "registry-vm", "pin": {"compose_path": "/opt/registry/docker-compose.yml",
  "services": ["registry-private"], "image": "registry:2.8.3"}}

It is drift where the compose file gives another image, where the container was made from another one, is missing or does
not run, and where the pinned name stands for other bytes now than those that run. Needs docker with its compose plugin.

exit codes:
  0 no drift    1 drift    2 could not look (bad options included)
"""
_DRIFT = "registry_pin_drift"
_ABOUT = {
    _DRIFT: "Whether a service is something else than it is pinned to.",
    "registry_pin_last_run_timestamp": "When the last run ended, in seconds since 1970.",
    "registry_pin_success": "Whether the last run could look.",
}
_DOCKER_SECONDS = 60.0


def _run(arguments: argparse.Namespace) -> int:
    try:
        name, found = _looked(arguments.config)
    except RegistryError:
        if arguments.textfile:
            _write(arguments.textfile, _known(arguments.textfile), success=False)
        raise
    if arguments.textfile:
        _write(arguments.textfile, [_sample(each) for each in found], success=True)
    said = put_out(_as_json(name, found) if arguments.output == "json" else _as_text(name, found))
    verdict = EXIT_FINDINGS if any(each.drifts for each in found) else EXIT_HEALTHY
    return verdict if said else EXIT_NOT_LOOKED


def _looked(path: str) -> Tuple[str, List[Pinned]]:
    """The name in the configuration, and each service beside its pin."""
    whole = config.read(path)
    options = config.part(whole, "pin", PIN_OPTIONS, path)
    if not options["services"]:
        raise BadInput("names no service", where=f"{path}: pin.services", advice="Name the services that run registries")
    project = Project(Engine(options["compose_path"], _DOCKER_SECONDS))
    return str(whole["name"]), look(project, options["services"], options["image"])


def _sample(each: Pinned) -> Sample:
    labels = {"service": each.service, "image": each.image, "running": each.running, "pinned": each.pinned}
    return Sample(_DRIFT, labels, int(each.drifts))


def _known(path: str) -> List[Sample]:
    """The drift that the file knows of: it is not over because nobody can look. That there was none says nothing of now."""
    return [sample for sample in parse(textfile.read(path), _DRIFT, {}) if sample.value > 0]


def _write(path: str, drift: Sequence[Sample], success: bool) -> None:
    ended, looked = (Sample(name, {}, value) for name, value in zip(list(_ABOUT)[1:], (int(time.time()), int(success))))
    textfile.write(path, render([*drift, ended, looked], _ABOUT))


def _as_text(name: str, found: Sequence[Pinned]) -> str:
    drifting = [each for each in found if each.drifts]
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    verdict = f"DRIFT {len(drifting)} of {len(found)} services are not what they are pinned to" if drifting else "no drift"
    lines = [f"{when} {name} pin: {verdict}"]
    lines += [f"  {each.service}: pinned to {each.pinned}, and {'; '.join(each.reasons)}" for each in drifting]
    return "".join(f"{printable(line)}\n" for line in lines)


def _as_json(name: str, found: Sequence[Pinned]) -> str:
    whole: Dict[str, object] = {"name": name, "drift": any(each.drifts for each in found)}
    return json.dumps({**whole, "services": [each.as_dict() for each in found]}, indent=2) + "\n"


def _add(command: argparse.ArgumentParser) -> None:
    command.add_argument("--config", metavar="FILE", required=True, help="what is pinned to what; see below")
    add_textfile(command)
    command.add_argument("--output", choices=("text", "json"), default="text", help="default: text")


COMMANDS = {"pin": Command("tell whether registries are what they are pinned to", _EPILOG, _add, _run)}
