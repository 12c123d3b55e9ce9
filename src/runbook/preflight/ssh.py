# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""One login over SSH, tried with paramiko and told in words; where OpenSSH is configured for more than that, with ``ssh`` itself.

Where ``ssh`` would go and as whom, it says itself: ``ssh -G``, with the arguments that Ansible would give it. Nothing is written:
no host key is added, no connection is kept.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from . import machine, words
from .known import KnownHosts, takes_all

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
            return _with_ssh(login, settings)
        return _with_paramiko(login, settings, known)
    except words.Problem as problem:
        return Answer([str(problem)], [])
    except (OSError, subprocess.TimeoutExpired) as error:
        return Answer([], [f"{login.name}: it could not be tried whether it can be logged in to: {error}"])


def resolve(login: Login) -> Settings:
    """Where ssh would go and as whom."""
    outcome = subprocess.run([*login.command, "-G", login.host], capture_output=True, text=True, check=False, timeout=_SECONDS)
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
        known.give(client, where, settings.one("stricthostkeychecking", "ask"))
        try:
            with words.told(where, keys, known):
                _connect(client, where, settings, keys, login.password)
                text = _answer(client, machine.script(login))
        except words.Denied:
            if login.password or not ("SSH_AUTH_SOCK" in os.environ or settings.one("gssapiauthentication") == "yes"):
                raise
            with suppress(words.Problem):  # ssh knows ways with agents and tickets that paramiko does not
                return _with_ssh(login, settings)
            raise
    return machine.look(text, login, where)


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
    for name in settings.get("identityfile", []):
        path = Path(name).expanduser()
        if path.is_file():
            yield path


def _with_ssh(login: Login, settings: Settings) -> Answer:
    """The same with OpenSSH's own client: a jump host, a certificate, an authority of host keys."""
    where = _where(login, settings)
    if login.password:
        return Answer([], [f"{where}: a password over a configuration that only ssh itself knows is not tried beforehand"])
    options = ["BatchMode=yes", "UpdateHostKeys=no", "ControlMaster=no", "ControlPath=none", f"ConnectTimeout={_SECONDS:.0f}"]
    if takes_all(settings.one("stricthostkeychecking")):  # so that nothing is written
        options += ["UserKnownHostsFile=/dev/null"]
    given = [part for option in options for part in ("-o", option)]
    command = [login.command[0], *given, *login.command[1:], login.host, f"echo here; {_shell(machine.script(login))}"]
    outcome = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=_SECONDS * 5, stdin=subprocess.DEVNULL, errors="replace"
    )
    if "here" not in outcome.stdout.splitlines():
        raise words.Problem(f"{where}: ssh says: {words.last_line(outcome.stderr)}")
    return machine.look(outcome.stdout, login, where)


def _shell(script: str) -> str:
    return f"/bin/sh -c {shlex.quote(script)}"
