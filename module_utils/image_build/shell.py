# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Runs the programs that fetch and build: no terminal, no shell, a time limit, all they say kept in a file and shown masked."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from typing import IO, Callable, Dict, List, NamedTuple, Optional, Sequence, Union

from ..oci_registry.commands import Child, end_group, start_time
from ..oci_registry.errors import CommandFailed
from .masking import Mask

_READ = 1 << 18  # bytes of the end of an output that are read; where errors are apart, all of it is
_LONGEST = 500  # characters of a line
_SEARCHED = ":/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"


class Done(NamedTuple):
    """How a program ended: its exit code, and what it wrote, errors too unless asked for apart. ``lines`` are to be shown, the others to be read."""

    code: int
    text: str
    errors: str
    mask: Mask

    @property
    def said(self) -> str:
        """All that it wrote, as it is."""
        return f"{self.text}\n{self.errors}"

    @property
    def lines(self) -> List[str]:
        """What it wrote, masked, without empty lines."""
        return [line.rstrip()[:_LONGEST] for line in self.mask(self.said).splitlines() if line.strip()]


class Shell:
    """``folder``: private, for what programs write. ``on_start`` hears of each program, so that the next run can end it."""

    def __init__(self, folder: str, mask: Mask, deadline: float, on_start: Callable[[Child], None]) -> None:
        self.mask = mask
        self.log: List[str] = []  # of the last program that tells something, masked
        self._folder = folder
        self._deadline = deadline  # of time.monotonic()
        self._on_start = on_start

    def run(
        self,
        argv: Sequence[str],
        *,
        env: Optional[Dict[str, str]] = None,
        cwd: Optional[str] = None,
        feed: str = "",
        apart: bool = False,
    ) -> Done:
        """Run to the end. ``env`` comes on top of the environment. Raises :class:`CommandFailed` where it does not start or end."""
        output, errors = (os.path.join(self._folder, name) for name in ("output", "errors"))
        with open(output, "wb") as out, open(errors, "wb") as err:
            process = self._start(argv, {**neutral(), **(env or {})}, cwd, out, err if apart else subprocess.STDOUT)
            try:
                self._on_start(Child(process.pid, start_time(process.pid)))
                self._feed(process, feed)
                code = process.wait(max(0.1, self._deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                end_group(process.pid, lambda: process.poll() is not None)
                self.log = Done(0, _end_of(output), "", self.mask).lines
                raise CommandFailed("did not end in time: killed", where=self._named(argv), advice="Raise timeout") from None
            except BaseException:
                end_group(process.pid, lambda: process.poll() is not None)
                raise
        return Done(code, _end_of(output, None if apart else _READ), _end_of(errors), self.mask)

    def grace(self, seconds: float) -> None:
        """Time for cleaning up, however little is left."""
        self._deadline = max(self._deadline, time.monotonic() + seconds)

    def _start(
        self, argv: Sequence[str], env: Dict[str, str], cwd: Optional[str], out: IO[bytes], err: Union[int, IO[bytes]]
    ) -> subprocess.Popen[bytes]:
        program = find_program(argv[0])
        if not program:
            raise CommandFailed("is not installed", where=argv[0])
        try:
            return subprocess.Popen(
                [program, *argv[1:]], env=env, cwd=cwd, stdin=subprocess.PIPE, stdout=out, stderr=err, start_new_session=True
            )
        except OSError as error:
            raise CommandFailed(f"cannot be started ({error.strerror or error})", where=argv[0]) from None

    def _feed(self, process: subprocess.Popen[bytes], feed: str) -> None:
        if process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(feed.encode())
                process.stdin.close()

    def _named(self, argv: Sequence[str]) -> str:
        return self.mask(" ".join(argv[:2]))


def _end_of(path: str, most: Optional[int] = _READ) -> str:
    with open(path, "rb") as file:
        file.seek(max(0, os.path.getsize(path) - most) if most is not None else 0)
        return file.read().decode("utf-8", "replace")


def find_program(name: str) -> str:
    """Path of a program, also where a search path is short; empty where there is none."""
    return shutil.which(name, path=os.environ.get("PATH", os.defpath) + _SEARCHED) or ""


def neutral() -> Dict[str, str]:
    """The environment, with messages in English, since they are read, and nothing that asks a person."""
    kept = {name: value for name, value in os.environ.items() if name not in ("LANGUAGE", "SSH_ASKPASS", "GIT_ASKPASS")}
    kept["PATH"] = kept.get("PATH", os.defpath) + _SEARCHED
    return {**kept, "LC_ALL": "C", "NO_COLOR": "1", "TERM": "dumb"}
