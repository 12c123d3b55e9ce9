# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What the look ahead found stops a run only where no host of a play would be left."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from runbook.preflight import _is_read_once, look
from runbook.preflight.remarks import Found, Remark, merged, weigh


def test_one_host_of_two_does_not_stop_a_run() -> None:
    assert list(weigh([["a", "b"]], {"a": ["down"], "b": []})) == [Remark(False, "down (the other hosts are worked on)")]


def test_all_hosts_of_one_play_do() -> None:
    assert list(weigh([["a", "b"], ["a"]], {"a": ["down"], "b": []})) == [Remark(True, "down")]


def test_hosts_that_different_parts_lost_are_lost_together() -> None:
    problems = dict(merged([Found({"a": ["no secret"], "b": []}, []), Found({"b": ["down"], "a": ["slow"]}, [])]))
    said = ["no secret", "slow", "down"]
    assert list(weigh([["a", "b"]], problems)) == [Remark(True, message) for message in said]


def test_what_several_hosts_share_is_said_once() -> None:
    assert list(weigh([["a", "b"]], {"a": ["down"], "b": ["down"]})) == [Remark(True, "down")]


@pytest.mark.parametrize("argument", ["-", "@-", "/dev/stdin", "-e@/dev/stdin", "--vault-password-file=-"])
def test_standard_input_is_read_only_once(argument: str) -> None:
    assert _is_read_once(argument)


@pytest.mark.parametrize("argument", ["-i", "inventory", "", "-e", "x=1", "\0", "@", "a" * 5000])
def test_other_arguments_are_not(argument: str) -> None:
    assert not _is_read_once(argument)


@pytest.mark.parametrize(("said", "shown"), [("", "nothing"), ("printf 'caf\\351\\n' >&2", "caf\ufffd")])
def test_whatever_it_says_is_told(said: str, shown: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\ncat >/dev/null\n{said}\n", encoding="ascii")
    program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))
    assert look(tmp_path, []) == [{"stops": False, "message": f"the preflight failed, and said: {shown}"}]
