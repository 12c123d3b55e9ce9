# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What goes wrong with a login, in words that say what to do."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from .known import KnownHosts


class Problem(Exception):
    """Why a host cannot be worked on."""


class Denied(Problem):
    """The same, where it is for want of the right key or password."""


class Unreachable(Problem):
    """The same, where nothing answers, whoever asks."""


class Where(NamedTuple):
    """A host by its name, and where that is."""

    name: str
    address: str
    port: int
    user: str

    def __str__(self) -> str:
        return f"{self.name} ({self.user}@{self.address}:{self.port})" if self.name != self.address else self.place

    @property
    def place(self) -> str:
        return f"{self.address}:{self.port}"

    @property
    def entry(self) -> str:
        """Its name in a file of known hosts."""
        return self.address if self.port == 22 else f"[{self.address}]:{self.port}"


@contextmanager
def told(client: Any, where: Where, keys: list[str], known: KnownHosts) -> Iterator[None]:
    """Turn what a client of paramiko raises into a :class:`Problem`."""
    import paramiko

    try:
        yield
    except paramiko.BadHostKeyException as error:
        raise Problem(changed_key(where, error.key.fingerprint, error.expected_key.fingerprint, known.first)) from None
    except paramiko.PasswordRequiredException:
        raise Denied(f"{where}: the key {', '.join(keys)} has a passphrase: ssh-add it, so that an agent has it") from None
    except paramiko.SSHException as error:
        # a key of a kind that paramiko cannot read hides why the others were refused
        if isinstance(error, paramiko.AuthenticationException) or _shook_hands(client):
            raise Denied(denied(where, keys)) from None
        raise Problem(f"{where} answers, but SSH does not come about: {error}") from None
    except paramiko.ssh_exception.NoValidConnectionsError as error:
        raise Unreachable(unreachable(where, next(iter(error.errors.values())))) from None
    except (socket.gaierror, TimeoutError) as error:
        raise Unreachable(unreachable(where, error)) from None
    except (OSError, EOFError, ValueError) as error:  # the connection, or a file of keys
        raise Problem(unreachable(where, error)) from None


def _shook_hands(client: Any) -> bool:
    """Whether a server proved who it is, so that only the login itself can have failed."""
    transport = client.get_transport()
    return transport is not None and bool(transport.initial_kex_done)


def unknown_key(where: Where, kind: str, fingerprint: str, file: str) -> str:
    """A host key that nobody has looked at yet."""
    port = "" if where.port == 22 else f"-p {where.port} "
    return (
        f"the host key of {where} is not known: it shows {kind} {fingerprint}. Compare that with what the machine itself says "
        f"(ssh-keygen -lf /etc/ssh/ssh_host_{kind.removeprefix('ssh-').partition('-')[0]}_key.pub), then: "
        f"ssh-keyscan {port}{where.address} >> {file}"
    )


def changed_key(where: Where, fingerprint: str, before: str, file: str) -> str:
    """A host key that is another than before."""
    return (
        f"the host key of {where} CHANGED: it shows {fingerprint}, and {before} is known. Either the machine was made anew, or another one "
        f"answers in its place. Find out which on another way; if it was made anew: ssh-keygen -R '{where.entry}' -f {file}"
    )


def denied(where: Where, keys: list[str]) -> str:
    """A login that was refused."""
    agent = "an agent" if os.environ.get("SSH_AUTH_SOCK") else ""
    offered = ", ".join(filter(None, [*keys, agent])) or "none: name one with ansible_ssh_private_key_file"
    return f"{where}: permission denied for the user {where.user} with these keys: {offered}"


def unreachable(where: Where, error: BaseException) -> str:
    """Why there was no connection."""
    if isinstance(error, socket.gaierror):
        return f"{where.name}: the name {where.address} cannot be resolved. Set ansible_host, or look at DNS"
    if isinstance(error, TimeoutError):
        return f"{where}: nothing answers in time: the machine is down, or a firewall drops what is sent to port {where.port}"
    number = getattr(error, "errno", None)
    if number == errno.ECONNREFUSED:
        return f"{where}: connection refused: the machine is there, and nothing listens on port {where.port}"
    if number in (errno.EHOSTUNREACH, errno.ENETUNREACH):
        return f"{where}: no route to it: the machine is down, or this one is not in its network"
    return f"{where}: the connection broke off: {error or type(error).__name__}"


def last_line(text: str) -> str:
    """The last line that says something."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "nothing"
