# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""One login over SSH, tried with paramiko and told in words. ``ssh`` itself, which Ansible will use, has the last word.

Where ``ssh`` would go and as whom, it says itself: ``ssh -G``, with the arguments that Ansible would give it. It is tried where OpenSSH is
configured for more than paramiko does, and before a run is stopped: agents, tickets, keys in hardware and patterns of host keys
are beyond paramiko. Nothing is written: no host key is added, no connection is kept.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from . import machine, words
from .known import KnownHosts, Unreadable, takes_all

_SECONDS = 6.0
#: what paramiko does not do as ssh would; each with the values that ask for nothing
_BEYOND = {
    "proxyjump": ("none",),
    "proxycommand": ("none",),
    "hostkeyalias": ("none",),
    "knownhostscommand": ("none",),
    "verifyhostkeydns": ("false", "no"),
    "certificatefile": ("none",),
    "pkcs11provider": ("none",),
    "bindaddress": ("none",),
    "bindinterface": ("none",),
}


class Login(NamedTuple):
    """How ``name`` of the inventory is logged in to, at ``host``. ``command`` is ssh with its arguments, the host not among them."""

    name: str
    host: str
    command: tuple[str, ...]
    password: str
    interpreter: str
    folders: tuple[str, ...]  # what is to have space

    @property
    def way(self) -> Login:
        """The same for all hosts of the inventory that are one machine to log in to."""
        return self._replace(name="", folders=())


class Answer(NamedTuple):
    """``problems``: why it cannot be logged in to, or worked on. ``warnings``: what may hinder."""

    problems: list[str]
    warnings: list[str]


class Settings(dict[str, list[str]]):
    """What ``ssh -G`` says: every word in small letters, with its values in order."""

    def one(self, name: str, default: str = "") -> str:
        return self[name][0] if self.get(name) else default

    @property
    def is_plain(self) -> bool:
        """Whether paramiko can do what ssh would."""
        files = " ".join([*self.get("userknownhostsfile", []), *self.get("globalknownhostsfile", [])])
        return "%" not in files and all(self.one(name, allowed[0]) in allowed for name, allowed in _BEYOND.items())


def try_login(login: Login) -> Answer:
    """Log in, look at Python and disks, log out."""
    try:
        settings = resolve(login)
        known = KnownHosts.of(settings)
        if not settings.is_plain or known.has_authorities:
            return _last_word(login, settings, known)
        return _with_paramiko(login, settings, known)
    except words.Problem as problem:
        return Answer([str(problem)], [])
    except Exception as error:  # that one host cannot be tried takes nothing along that was found of the others
        return Answer([], [f"{login.name}: it could not be tried whether it can be logged in to: {error}"])


def resolve(login: Login) -> Settings:
    """Where ssh would go and as whom."""
    outcome = subprocess.run(
        [*login.command, "-G", login.host], capture_output=True, text=True, errors="replace", check=False, timeout=_SECONDS
    )
    if outcome.returncode:
        raise words.Problem(f"{login.name}: ssh does not take its arguments: {words.last_line(outcome.stderr)}")
    settings = Settings()
    for line in outcome.stdout.splitlines():
        name, _blank, value = line.partition(" ")
        settings.setdefault(name.lower(), []).append(value)
    return settings


def _where(login: Login, settings: Settings) -> words.Where:
    return words.Where(login.name, settings.one("hostname", login.host), int(settings.one("port", "22")), settings.one("user"))


def _with_paramiko(login: Login, settings: Settings, known: KnownHosts) -> Answer:
    import paramiko

    where, keys = _where(login, settings), [str(path) for path in _keys(settings)]
    with paramiko.SSHClient() as client:
        try:
            known.give(client, where, settings.one("stricthostkeychecking", "ask"))
        except Unreadable:
            return _last_word(login, settings, known)
        try:
            with words.told(client, where, keys, known):
                _connect(client, where, settings, keys, login.password)
        except words.Unreachable:
            raise
        except words.Problem as problem:
            return _last_word(login, settings, known, problem)
        try:
            text = _answer(client, machine.script(login))
        except (paramiko.SSHException, EOFError) as error:
            raise OSError(f"the connection broke off: {error}") from None
    return machine.look(text, login, where)


def _last_word(login: Login, settings: Settings, known: KnownHosts, problem: words.Problem | None = None) -> Answer:
    """What ssh itself comes to; where it is refused, too, ``problem`` says why in better words.

    It is given no password. So one that paramiko did not try stays untried: that ssh is denied tells nothing of it.
    """
    try:
        return _with_ssh(login, settings, known)
    except words.Problem as refusal:
        if login.password and isinstance(refusal, words.Denied) and not isinstance(problem, words.Denied):
            return Answer([], [f"{_where(login, settings)}: only ssh itself gets so far, and a password is not tried beforehand"])
        raise (problem or refusal) from None


def _connect(client: Any, where: words.Where, settings: Settings, keys: list[str], password: str) -> None:
    client.connect(
        where.address,
        where.port,
        where.user,
        password or None,
        key_filename=keys or None,
        allow_agent=settings.one("identityagent") != "none" and settings.one("identitiesonly") != "yes",
        look_for_keys=False,
        timeout=_SECONDS,
        banner_timeout=_SECONDS,
        auth_timeout=_SECONDS,
    )


def _answer(client: Any, script: str) -> str:
    _stdin, stdout, _stderr = client.exec_command(_shell(script), timeout=_SECONDS)
    return str(stdout.read(100_000).decode(errors="replace"))


def _keys(settings: Settings) -> Iterator[Path]:
    """The files of keys that can be read; ssh passes over the others, too."""
    for name in settings.get("identityfile", []):
        path = Path(name).expanduser()
        if path.is_file() and os.access(path, os.R_OK):
            yield path


def _with_ssh(login: Login, settings: Settings, known: KnownHosts) -> Answer:
    """The same with OpenSSH's own client, which asks for nothing."""
    where, checking = _where(login, settings), settings.one("stricthostkeychecking")
    options = ["BatchMode=yes", "UpdateHostKeys=no", "ControlMaster=no", "ControlPath=none", f"ConnectTimeout={_SECONDS:.0f}"]
    if takes_all(checking) or checking == "accept-new":  # so that nothing is written: only the file of the user ever is
        options += ["UserKnownHostsFile=/dev/null"]
        if checking == "accept-new":
            options += ["GlobalKnownHostsFile=" + (" ".join(f'"{path}"' for path in known.files) or "/dev/null")]
    given = [part for option in options for part in ("-o", option)]
    command = [login.command[0], *given, *login.command[1:], login.host, f"echo here; {_shell(machine.script(login))}"]
    outcome = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=_SECONDS * 5, stdin=subprocess.DEVNULL, errors="replace"
    )
    if "here" not in outcome.stdout.splitlines():
        kind = words.Denied if "Permission denied" in outcome.stderr else words.Problem  # of a jump host, it is not the last line
        raise kind(f"{where}: ssh says: {words.last_line(outcome.stderr)}")
    return machine.look(outcome.stdout, login, where)


def _shell(script: str) -> str:
    return f"/bin/sh -c {shlex.quote(script)}"
