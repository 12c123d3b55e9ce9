# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The subcommands, and which exit code a person gets: see ``verdict.py``."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from typing import NamedTuple

from . import build, catalogue, checks, drill, history, lab, places, play, records, resume
from .output import complain, say, silence, take_everything
from .verdict import COULD_NOT_LOOK, HEALTHY, INTERRUPTED, WORDS


class Command(NamedTuple):
    """``run`` takes the remaining arguments and returns the exit code."""

    run: Callable[[list[str]], int]
    usage: str
    about: str


def doctor(arguments: list[str]) -> int:
    """The core's own command line, exactly as ``registry-doctor.pyz`` offers it."""
    places.use_checkout()
    from module_utils.oci_registry.doctor import main as doctor_main

    return doctor_main(arguments)


def show_help(_arguments: list[str]) -> int:
    """Print what there is to run: every playbook with its own first comment line, then the other commands."""
    print("Usage: ./runbook COMMAND [arguments]\n")
    print("Playbooks (arguments go to ansible-playbook: -i, -e, --check, --diff, -v ...):")
    for name in places.playbooks():
        print(f"  {name:<24} {places.about_playbook(name)}")
    print("\nOther commands:")
    for command in COMMANDS.values():
        print(f"  {command.usage:<24} {command.about}")
    print("\nExit codes: " + "; ".join(f"{code} {words}" for code, words in WORDS.items()) + ".")
    return 0


COMMANDS = {
    "list": Command(catalogue.run, "list", "the playbooks: what they do, what they change, their variables"),
    "run": Command(play.run, "run NAME [arguments]", "the same as NAME; --no-preflight: without looking ahead"),
    "drill": Command(drill.run, "drill [--all]", "the playbook, with times compared; --all: every scenario"),
    "lab": Command(lab.run, "lab up|status|down", "a machine with six registries to play with"),
    "history": Command(
        history.run, "history [-n N]", "what ran, and how it ended; --prune DAYS removes older ones, but no written post-mortem"
    ),
    "show": Command(history.show, "show RUN", "phases, changes, failures of one run (or: last)"),
    "report": Command(records.run, "report RUN [--open]", "the record of a run as a page, and the draft of a post-mortem"),
    "resume": Command(resume.run, "resume RUN [arguments]", "run again as that run was, and say what was not done again"),
    "doctor": Command(doctor, "doctor [arguments]", "verify, walk, scan, retain or collect without Ansible (doctor --help)"),
    "test": Command(checks.test, "test [arguments]", "the tests (arguments go to pytest)"),
    "lint": Command(checks.lint, "lint", "every static check"),
    "check": Command(checks.check, "check", "lint, then test"),
    "benchmark": Command(checks.benchmark, "benchmark [parts]", "measure, side by side with what one would use instead"),
    "build": Command(build.run, "build", "make dist/registry-doctor.pyz"),
    "help": Command(show_help, "help", "this text"),
}
ALIASES = {"-h": "help", "--help": "help", "play": "run"}


#: what only reads: whoever reads its output may stop when they have seen enough
_READS = ("list", "history", "show", "help")


def main(arguments: list[str]) -> int:
    """Run one command; an unknown name that a playbook has means that playbook."""
    take_everything()
    name, rest = (arguments[0], arguments[1:]) if arguments else ("help", [])
    name = ALIASES.get(name, name)
    try:
        exit_code = COMMANDS[name].run(rest) if name in COMMANDS else play.run([name, *rest])
        sys.stdout.flush()
        return exit_code
    except places.Refused as refusal:
        complain(str(refusal))
    except BrokenPipeError:
        silence(sys.stdout)
        return HEALTHY if name in _READS else COULD_NOT_LOOK
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        complain(f"cannot go on: {error.strerror or error}{where}. Look at the permissions and at the space that is left there")
    except KeyboardInterrupt:
        say("", sys.stderr)
        complain("interrupted")
        return INTERRUPTED
    except Exception:  # a fault of ours is no finding: Python would end with 1
        say(traceback.format_exc(), sys.stderr)
        complain("this is a fault of the console itself. What it was doing did not come to its end")
    return COULD_NOT_LOOK
