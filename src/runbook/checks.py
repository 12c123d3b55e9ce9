# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""``test``, ``lint``, ``check`` and ``benchmark``: every check and every measurement there is."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from . import places
from .output import say

PROGRAMS = Path(sys.executable).parent
#: name: command, run in the checkout
LINTERS = {
    "ruff check": ["ruff", "check", "--quiet", "."],
    "ruff format": ["ruff", "format", "--check", "."],
    "mypy": ["mypy"],
    "yamllint": ["yamllint", "--strict", "."],
    "ansible-lint": ["ansible-lint", "--offline", "--strict", "--nocolor"],
    "shellcheck": ["shellcheck", "--external-sources", "runbook", "src/setup.sh", ".ci/run"],
}


def test(arguments: list[str]) -> int:
    """Run pytest on two workers; arguments are pytest's own (paths from the checkout, ``-k``, ``-m``, ``-n 0`` ...)."""
    workers = [] if any(argument.startswith(("-n", "--numprocesses", "--pdb")) for argument in arguments) else ["-n", "2"]
    return _exit_code([sys.executable, "-m", "pytest", *workers, *arguments])


def lint(arguments: list[str]) -> int:
    """Run every static check; show the output of those that fail, and a line for each."""
    if arguments:
        raise places.Refused("lint takes no arguments")
    passed = [_passes(name, command) for name, command in LINTERS.items()]
    return 0 if all(passed) else 1


def check(arguments: list[str]) -> int:
    """Lint, then test; both run even if the first fails."""
    return max(lint([]), test(arguments))


def benchmark(arguments: list[str]) -> int:
    """Measure, side by side with the peers (benchmarks/README.md)."""
    return _exit_code([sys.executable, "-m", "benchmarks", *arguments])


def _exit_code(command: list[str]) -> int:
    """Run a command in the checkout; one that a signal ended counts as the shell has it, 137 for a kill, which is no success."""
    code = subprocess.run(command, cwd=places.ROOT, env=_environment(), check=False).returncode
    return 128 - code if code < 0 else code


def _passes(name: str, command: list[str]) -> bool:
    began = time.monotonic()
    outcome = subprocess.run(command, cwd=places.ROOT, env=_environment(), capture_output=True, text=True, check=False)
    word = "ok" if outcome.returncode == 0 else f"failed ({outcome.returncode})"
    say(f"{name:<14} {word:<12} {time.monotonic() - began:.1f} s")
    if outcome.returncode:
        say(outcome.stdout + outcome.stderr)
    return outcome.returncode == 0


def _environment() -> dict[str, str]:
    """The caller's environment, with the programs of this virtual environment first."""
    return {**os.environ, "PATH": f"{PROGRAMS}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
