# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a person sees while a playbook runs: a line for each play and for each result that says something.

Conventions for playbooks: what ``ansible.builtin.debug`` says (``msg``, a string or a list of strings) is printed as it
is, so a table stays a table. Warnings and differences are printed as Ansible words them.
"""

from __future__ import annotations

import re
import sys
from typing import Any

from .events import Result, failure_of, message_of

#: Events whose text is Ansible's own: differences, warnings, and what it says before a play or outside of one.
SHOWN_AS_IS = frozenset(("runner_on_file_diff", "warning", "deprecated", "system_warning", "error", "verbose"))
#: Actions of bookkeeping, which tell a person nothing unless they fail.
BOOKKEEPING = frozenset(("set_fact", "set_stats", "assert", "validate_argument_spec", "include_role", "include_tasks"))
_COLOUR_CODE = re.compile(r"\x1b\[[0-9;]*m")
_COLOURS = {"changed": "33", "failed": "31", "unreachable": "31", "ok": "32"}


class Progress:
    """Prints events as they come; ``verbose`` hands through Ansible's own output instead."""

    def __init__(self, verbose: bool) -> None:
        self.verbose = verbose
        self._colour = sys.stdout.isatty()

    def show(self, event: dict[str, Any], result: Result | None) -> None:
        """Print one event of ansible-runner; ``result`` is set where a task ended on a host."""
        kind, about = event.get("event", ""), event.get("event_data", {})
        if self.verbose or kind in SHOWN_AS_IS:
            self._print(event.get("stdout", ""))
        elif kind == "playbook_on_play_start":
            self._print(f"\n{about.get('name', '')}")
        elif kind == "runner_item_on_failed":
            self._print(_indented(failure_of(about.get("res") or {})))
        elif result is not None and not _says_nothing(result):
            self._result(result)

    def _result(self, result: Result) -> None:
        if result.is_debug and result.kind == "ok":
            self._print(message_of(result.data))
            return
        where = "" if result.host in ("localhost", "127.0.0.1") else f"  [{result.host}]"
        self._print(f"  {self._paint(result.kind)} {result.task}{where}  {result.seconds:.1f} s")
        if result.is_failure:
            self._print(_indented(failure_of(result.data)))

    def _paint(self, kind: str) -> str:
        word = f"{kind:<11}"
        return f"\033[{_COLOURS[kind]}m{word}\033[0m" if self._colour else word

    def _print(self, text: str) -> None:
        if text:
            print(text if self._colour else _COLOUR_CODE.sub("", text), flush=True)


def _says_nothing(result: Result) -> bool:
    return result.kind == "skipped" or (result.kind == "ok" and result.action in BOOKKEEPING)


def _indented(text: str) -> str:
    return "\n".join(f"      {line}" for line in text.splitlines())
