# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""One login over SSH, tried with paramiko and told in words; where OpenSSH is configured for more than that, with ``ssh`` itself.

Where ``ssh`` would go and as whom, it says itself: ``ssh -G``, with the arguments that Ansible would give it. Nothing is written:
no host key is added, no connection is kept.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from . import machine, words
from .known import KnownHosts

_SECONDS = 6.0
#: what paramiko does not do as ssh would; each with the values that ask for nothing
_BEYOND = {
    "proxyjump": ("none",),
    "proxycommand": ("none",),
    "hostkeyalias": ("none",),
    "knownhostscommand": ("none",),
    "verifyhostkeydns": ("false", "no"),
    "gssapiauthentication": ("no",),
    "certificatefile": ("none",),
    "pkcs11provider": ("none",),
}


class Login(NamedTuple):
    """How one host is logged in to. ``command`` is ssh with its arguments, the host not among them; ``folders``: what is to have space."""

    name: str
    command: tuple[str, ...]
    password: str
    checks_host_keys: bool
    interpreter: str
    folders: tuple[str, ...]


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
        if settings.is_plain and not (known := KnownHosts.of(settings)).has_authorities:
            return _with_paramiko(login, settings, known)
        return _with_ssh(login, settings)
    except words.Problem as problem:
        return Answer([str(problem)], [])


def resolve(login: Login) -> Settings:
    """Where ssh would go and as whom."""
    outcome = subprocess.run([*login.command, "-G", login.name], capture_output=True, text=True, check=False, timeout=_SECONDS)
    if outcome.returncode:
        raise words.Problem(f"{login.name}: ssh does not take its arguments: {words.last_line(outcome.stderr)}")
    settings = Settings()
    for line in outcome.stdout.splitlines():
        name, _blank, value = line.partition(" ")
        settings.setdefault(name.lower(), []).append(value)
    return settings


def _with_paramiko(login: Login, settings: Settings, known: KnownHosts) -> Answer:
    import logging

    import paramiko

    logging.getLogger("paramiko").setLevel(logging.CRITICAL + 1)  # its errors are told here
    client = paramiko.SSHClient()
    where = words.Where(login.name, settings.one("hostname", login.name), int(settings.one("port", "22")), settings.one("user"))
    policy = "accept" if not login.checks_host_keys else settings.one("stricthostkeychecking", "ask")
    client.set_missing_host_key_policy(known.policy(where, policy))
    for path in known.files:
        if path.is_file():
            client.load_host_keys(str(path))
    client._host_keys_filename = None  # nothing is ever written to it
    keys = [str(path) for path in _keys(settings)]
    try:
        with words.told(where, keys, known):
            _connect(client, where, settings, keys, login.password)
        return machine.look(login, lambda script: _answer(client, script), where)
    finally:
        client.close()


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
    _stdin, stdout, _stderr = client.exec_command(f"/bin/sh -c {machine.quoted(script)}", timeout=_SECONDS)
    return str(stdout.read(100_000).decode(errors="replace"))


def _keys(settings: Settings) -> Iterator[Path]:
    for name in settings.get("identityfile", []):
        path = Path(name).expanduser()
        if path.is_file():
            yield path


def _with_ssh(login: Login, settings: Settings) -> Answer:
    """The same with OpenSSH's own client: a jump host, a certificate, an authority of host keys."""
    where = words.Where(login.name, settings.one("hostname", login.name), int(settings.one("port", "22")), settings.one("user"))
    plain = ("BatchMode=yes", "UpdateHostKeys=no", "ControlMaster=no", f"ConnectTimeout={_SECONDS:.0f}")
    options = [part for option in plain for part in ("-o", option)]
    if not login.checks_host_keys:
        options += ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]
    elif settings.one("stricthostkeychecking") == "accept-new":
        options += ["-o", "StrictHostKeyChecking=yes"]  # so that nothing is written
    if login.password:
        return Answer([], [f"{login.name}: a password over a configuration that only ssh itself knows is not tried beforehand"])
    command = [
        login.command[0],
        *options,
        *login.command[1:],
        login.name,
        f"/bin/sh -c {machine.quoted('echo here; ' + machine.script(login))}",
    ]
    outcome = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=_SECONDS * 5, stdin=subprocess.DEVNULL, errors="replace"
    )
    if "here" not in outcome.stdout.splitlines():
        raise words.Problem(f"{where}: ssh says: {words.last_line(outcome.stderr)}")
    return machine.look(login, lambda _script: outcome.stdout, where)
