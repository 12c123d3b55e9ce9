# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a person sees while a playbook runs: a line for each play and for each result that says something.

Conventions for playbooks: what ``ansible.builtin.debug`` says (``msg``, a string or a list of strings) is printed as it
is, so a table stays a table. Warnings and differences are printed as Ansible words them.
"""

from __future__ import annotations

import sys
from typing import Any

from .events import Result, message_of

SHOWN_AS_IS = frozenset(("runner_on_file_diff", "warning", "deprecated", "system_warning", "error"))
_COLOURS = {"changed": "33", "failed": "31", "unreachable": "31", "ok": "32"}


class Progress:
    """Prints events as they come; ``verbose`` hands through Ansible's own output instead."""

    def __init__(self, verbose: bool) -> None:
        self.verbose = verbose
        self._colour = sys.stdout.isatty()

    def show(self, event: dict[str, Any], result: Result | None) -> None:
        """Print one event of ansible-runner; ``result`` is set where a task ended on a host."""
        kind, text = event.get("event", ""), event.get("stdout", "")
        if self.verbose or kind in SHOWN_AS_IS:
            self._print(text)
        elif kind == "playbook_on_play_start":
            self._print(f"\n{event['event_data'].get('name', '')}")
        elif result is not None:
            self._result(result)
        elif kind == "verbose" and text.startswith(("[WARNING]", "[DEPRECATION", "[ERROR]", "ERROR!", "Error")):
            self._print(text)

    def _result(self, result: Result) -> None:
        if result.kind == "skipped":
            return
        if result.is_debug and result.kind == "ok":
            self._print(message_of(result.data))
            return
        where = "" if result.host in ("localhost", "127.0.0.1") else f"  [{result.host}]"
        line = f"  {self._paint(result.kind)} {result.task}{where}  {result.seconds:.1f} s"
        self._print(line)
        if result.kind in ("failed", "unreachable"):
            self._print("".join(f"      {part}\n" for part in message_of(result.data).splitlines()).rstrip("\n"))

    def _paint(self, kind: str) -> str:
        word = f"{kind:<11}"
        return f"\033[{_COLOURS[kind]}m{word}\033[0m" if self._colour else word

    @staticmethod
    def _print(text: str) -> None:
        if text:
            print(text, flush=True)
