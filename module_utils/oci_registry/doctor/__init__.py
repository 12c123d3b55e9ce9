# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""``registry-doctor``: the command line of the core, shipped as one zipapp.

Exit codes: 0 healthy or done, 1 findings or refused, 2 could not (bad input included). Reports go to standard output, progress to standard error.
"""

from __future__ import annotations

import argparse
from importlib import import_module
from importlib.util import find_spec
from typing import Dict, List, Optional, Sequence

from ..errors import RegistryError
from ..report import EXIT_NOT_LOOKED
from .command import EXIT_CODES, Command
from .said import say

#: subcommand: the module of this package that has it in its ``COMMANDS``. An archive may leave modules out (``doctor_archive``).
MODULES: Dict[str, str] = {
    "verify": "looking",
    "walk": "looking",
    "probe": "probing",
    "scan": "scanning",
    "retain": "upkeep",
    "collect": "upkeep",
    "pin": "pinning",
}
_ABOUT = """\
Prove that the images of an OCI registry can be pulled: verify, walk, scan, probe and pin only read.
Keep its store small without losing any: retain and collect are for its host, and change it."""
_EXAMPLES = {
    "verify": "verify registry.example.com:5050/infra-ci:latest    can it be pulled, on every platform?",
    "walk": "walk --registry registry.example.com:5050           every tag of every repository",
    "probe": "probe --registry registry.example.com:5050 --pushgateway http://pushgateway:9091",
    "scan": "scan /opt/registry/data                             on the registry's host: what exactly is wrong",
    "collect": "collect --config registry-private.json --check      on the registry's host: what a collection would do",
    "pin": "pin --config registry-vm.json                       on the registry's host: does it run what it is pinned to?",
}


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run one subcommand and return the exit code."""
    arguments = parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except RegistryError as error:
        say(str(error))
    except KeyboardInterrupt:
        say("interrupted")
    return EXIT_NOT_LOOKED


def parser() -> argparse.ArgumentParser:
    """The whole command line; ``run`` of what it parses is what to call with it."""
    names = offered()
    examples = "".join(f"  registry-doctor {_EXAMPLES[name]}\n" for name in names if name in _EXAMPLES)
    epilog = f"examples:\n{examples}\n{EXIT_CODES}"
    whole = _formatted(argparse.ArgumentParser(prog="registry-doctor", description=_ABOUT), epilog)
    parsers = whole.add_subparsers(dest="command", required=True, metavar=" | ".join(names))
    for name in names:
        command = _command(name)
        made = _formatted(parsers.add_parser(name, help=command.help), command.epilog)
        command.add(made)
        made.set_defaults(run=command.run)
    return whole


def offered() -> List[str]:
    """The subcommands that are here."""
    return [name for name, module in MODULES.items() if find_spec(f"{__package__}.{module}") is not None]


def _command(name: str) -> Command:
    commands: Dict[str, Command] = import_module(f"{__package__}.{MODULES[name]}").COMMANDS
    return commands[name]


def _formatted(command: argparse.ArgumentParser, epilog: str) -> argparse.ArgumentParser:
    command.formatter_class = argparse.RawDescriptionHelpFormatter
    command.epilog = epilog
    return command
