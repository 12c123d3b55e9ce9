# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a subcommand is, and the texts that several of them end their help with."""

from __future__ import annotations

import argparse
from typing import Callable, NamedTuple

EXIT_CODES = """\
exit codes:
  0 healthy    1 findings    2 could not look (bad options included)
"""


class Command(NamedTuple):
    """A subcommand. ``run`` returns the exit code; a :class:`RegistryError` that it raises is said in one line, and exits 2."""

    help: str
    epilog: str
    add: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


def add_textfile(command: argparse.ArgumentParser) -> None:
    """``--textfile``."""
    command.add_argument("--textfile", metavar="FILE", help="write the outcome there as Prometheus metrics")
