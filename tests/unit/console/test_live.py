# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The line of what is under way: only on a terminal, only for what takes long, and never in the way of what is printed."""

from __future__ import annotations

import sys
import threading

import pytest

from runbook import live


class Shown(threading.Event):
    """Set as soon as a text with all of ``wanted`` was written."""

    def __init__(self, *wanted: str) -> None:
        super().__init__()
        self._wanted = wanted

    def watch(self, text: str) -> int:
        if all(part in text for part in self._wanted):
            self.set()
        return len(text)


def test_a_long_phase_is_told_with_its_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = Shown("... Repair: Copy blobs", " s")
    monkeypatch.setattr(live, "_PATIENCE", 0.0)
    monkeypatch.setattr(sys.stdout, "write", shown.watch)
    with live.Live(True) as line:
        line.tell("Repair", "Copy blobs")
        assert shown.wait(30)


def test_nothing_of_it_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with live.Live(False) as line:
        line.tell("Repair", "Copy")
        line.print("a line")
    assert capsys.readouterr().out == "a line\n"


def test_what_is_printed_takes_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    live.Live(True).print("a line")
    assert capsys.readouterr().out == "\r\033[Ka line\n"
