# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The host keys that are known, and what is done about one that is not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .words import Problem, Where, unknown_key


class Unreadable(Exception):
    """A file of known hosts that paramiko cannot read."""


class KnownHosts:
    """The files that ssh would look into; they are only read."""

    def __init__(self, files: list[Path]) -> None:
        self.files = files

    @classmethod
    def of(cls, settings: Mapping[str, list[str]]) -> KnownHosts:
        """From what ``ssh -G`` says."""
        names = [
            name
            for key in ("userknownhostsfile", "globalknownhostsfile")
            for value in settings.get(key, [])
            for name in value.split()
        ]
        return cls([Path(name).expanduser() for name in names if name not in ("none", "/dev/null")])

    @property
    def has_authorities(self) -> bool:
        """Whether a line speaks of authorities or of revoked keys, which paramiko does not read."""
        return any(line.startswith("@") for path in self.files if path.is_file() for line in _lines(path))

    @property
    def first(self) -> str:
        """The file that a person would add a key to."""
        return str(self.files[0]) if self.files else "~/.ssh/known_hosts"

    def give(self, client: Any, where: Where, checking: str) -> None:
        """Let a client of paramiko know these keys, and do with another what ssh's word ``checking`` says. It will write none.

        Raises :class:`Unreadable`.
        """
        import paramiko

        first, taken = self.first, takes_all(checking) or checking == "accept-new"

        class Policy(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]
            def missing_host_key(self, _client: Any, _name: str, key: Any) -> None:
                if not taken:
                    raise Problem(unknown_key(where, key.get_name(), key.fingerprint, first))

        for path in [] if takes_all(checking) else self.files:
            if path.is_file():
                try:
                    client.load_system_host_keys(str(path))  # those are never written
                except Exception as error:  # whatever a line that makes no sense leads to: ssh passes over it
                    raise Unreadable(f"{path}: {error}") from None
        client.set_missing_host_key_policy(Policy())


def takes_all(checking: str) -> bool:
    """Whether ssh takes any key, a changed one too."""
    return checking in ("no", "off", "false")


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
