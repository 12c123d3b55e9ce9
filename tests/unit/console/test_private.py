# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What killed runs left in the folder for temporary files goes; what somebody else put there hinders nobody."""

from __future__ import annotations

import os
import tempfile
import threading
from pathlib import Path

import pytest

from runbook import private


def look_once() -> None:
    with private.folder():
        pass


def test_a_pipe_in_place_of_a_lock_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ours, theirs = tmp_path / "runbook-ours", tmp_path / "runbook-theirs"
    for folder in (ours, theirs):
        folder.mkdir()
        os.mkfifo(folder / "run.lock")
    is_root = os.geteuid() == 0
    if is_root:
        os.chown(theirs, 65534, 65534)
    run = threading.Thread(target=look_once, daemon=True)
    run.start()
    run.join(20)
    assert not run.is_alive()
    assert list(tmp_path.iterdir()) == [theirs] * is_root
