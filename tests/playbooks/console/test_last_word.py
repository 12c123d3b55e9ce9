# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The look ahead stops no run that ssh would carry out: it has the last word on whatever paramiko cannot do, and writes nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from playbooks.console.server import PROGRAM, USER, Server, make_key
from runbook.preflight.ssh import Settings, _keys

pytestmark = pytest.mark.skipif(not PROGRAM or not shutil.which("ssh-agent"), reason="needs openssh-server and openssh-client")


@pytest.fixture
def agent(server: Server) -> Iterator[Path]:
    """The socket of an agent that holds the user's key, which is on no disk any more."""
    socket = server.folder / "agent"
    with subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()  # it listens
        given = {**os.environ, "SSH_AUTH_SOCK": str(socket)}
        subprocess.run(["ssh-add", "-q", str(server.folder / "user_key")], env=given, check=True, stdin=subprocess.DEVNULL)
        (server.folder / "user_key").unlink()
        yield socket
        process.terminate()


def test_an_agent_of_its_own_and_a_public_key(ask: Any, server: Server, agent: Path) -> None:
    inventory = server.inventory(f"ansible_ssh_extra_args: -o IdentityAgent={agent}", key="user_key.pub")
    assert ask(inventory)[0::2] == (0, "")


@pytest.mark.parametrize("given", ["a pattern", "two keys of one kind"])
def test_known_hosts_that_only_ssh_understands(ask: Any, server: Server, given: str) -> None:
    if given == "a pattern":
        server.know(server.folder / "host_key.pub", name="127.0.0.*")
    else:
        make_key(server.folder / "retired")
        server.know(server.folder / "retired.pub", server.folder / "host_key.pub")
    assert ask(server.inventory())[0::2] == (0, "")


@pytest.mark.parametrize("kind", ["rsa", "ecdsa"])
def test_a_key_of_another_kind_that_is_refused(ask: Any, server: Server, kind: str) -> None:
    make_key(server.folder / "stranger", kind=kind)
    code, _shown, errors = ask(server.inventory(key="stranger"))
    assert code == 2
    assert f"permission denied for the user {USER} with these keys: {server.folder}/stranger" in errors


def test_no_key_at_all(ask: Any, server: Server) -> None:
    code, _shown, errors = ask(server.inventory(key="absent"))
    assert code == 2
    assert f"permission denied for the user {USER} with these keys: none: name one with" in errors


def test_a_refused_login_leaves_no_host_key(ask: Any, server: Server) -> None:
    (server.folder / "known_hosts").write_text("", encoding="ascii")
    make_key(server.folder / "stranger")
    code, _shown, errors = ask(server.inventory("ansible_ssh_extra_args: -o StrictHostKeyChecking=accept-new", key="stranger"))
    assert code == 2
    assert "permission denied" in errors
    assert (server.folder / "known_hosts").read_bytes() == b""


def test_a_key_that_cannot_be_read_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("readable", "locked"):
        (tmp_path / name).touch()
    monkeypatch.setattr(os, "access", lambda path, _mode: Path(path).name == "readable")  # root may read everything
    settings = Settings(identityfile=[str(tmp_path / name) for name in ("locked", "readable", "absent")])
    assert list(_keys(settings)) == [tmp_path / "readable"]
