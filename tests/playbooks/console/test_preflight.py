# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The look ahead against a real SSH server: what would fail is said beforehand, in words, and what works is not hindered."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from playbooks.console.server import PROGRAM, USER, Server, free_port, make_key
from playbooks.console.test_play import is_running, journal_of, until

pytestmark = pytest.mark.skipif(not PROGRAM or not shutil.which("ssh"), reason="needs openssh-server and openssh-client")


def test_what_works_is_not_hindered(ask: Any, server: Server) -> None:
    before = (server.folder / "known_hosts").read_bytes()
    code, shown, errors = ask(server.inventory())
    assert (code, errors) == (0, "")
    assert "ok          Ask  [vm]" in shown
    assert (server.folder / "known_hosts").read_bytes() == before


def test_a_host_key_that_is_not_known(ask: Any, server: Server) -> None:
    (server.folder / "known_hosts").write_text("", encoding="ascii")
    code, shown, errors = ask(server.inventory())
    fingerprint = subprocess.run(
        ["ssh-keygen", "-lf", str(server.folder / "host_key.pub")], capture_output=True, text=True
    ).stdout.split()[1]
    assert code == 2
    assert f"the host key of vm ({USER}@127.0.0.1:{server.port}) is not known" in errors
    assert fingerprint in errors
    assert f"ssh-keyscan -p {server.port} 127.0.0.1 >> {server.folder}/known_hosts" in errors
    assert "Ask" not in shown  # ansible-playbook was not started
    assert (server.folder / "known_hosts").read_bytes() == b""


def test_a_host_key_that_changed(ask: Any, server: Server) -> None:
    make_key(server.folder / "other")
    server.know(server.folder / "other.pub")
    code, _shown, errors = ask(server.inventory())
    assert code == 2
    assert "CHANGED" in errors
    assert f"ssh-keygen -R '[127.0.0.1]:{server.port}' -f {server.folder}/known_hosts" in errors


def test_host_keys_that_are_not_to_be_checked(ask: Any, server: Server) -> None:
    (server.folder / "known_hosts").write_text("", encoding="ascii")
    code, _shown, errors = ask(server.inventory("ansible_host_key_checking: false"))
    assert (code, [line for line in errors.splitlines() if line.startswith("runbook")]) == (0, [])


def test_a_key_that_is_refused(ask: Any, server: Server) -> None:
    make_key(server.folder / "stranger")
    code, _shown, errors = ask(server.inventory(key="stranger"))
    assert code == 2
    assert f"permission denied for the user {USER} with these keys: {server.folder}/stranger" in errors


def test_a_key_with_a_passphrase(ask: Any, server: Server) -> None:
    make_key(server.folder / "locked", "a passphrase")
    code, _shown, errors = ask(server.inventory(key="locked"))
    assert code == 2
    assert "has a passphrase: ssh-add it" in errors


def test_a_port_where_nothing_listens(ask: Any, server: Server) -> None:
    code, _shown, errors = ask(server.inventory(port=free_port()))
    assert code == 2
    assert "connection refused: the machine is there, and nothing listens" in errors


def test_a_name_that_is_not_known(ask: Any, server: Server) -> None:
    code, _shown, errors = ask(server.inventory(address="no-such-host.invalid"))
    assert code == 2
    assert "the name no-such-host.invalid cannot be resolved" in errors


def test_a_port_where_something_else_listens(ask: Any, server: Server) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as other:

        def answer() -> None:
            connection, _address = other.accept()
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            connection.close()

        threading.Thread(target=answer, daemon=True).start()
        code, _shown, errors = ask(server.inventory(port=other.getsockname()[1]))
    assert code == 2
    assert "answers, but SSH does not come about" in errors


def test_one_host_of_two_is_a_warning_and_the_other_is_worked_on(ask: Any, server: Server) -> None:
    inventory = server.inventory()
    with inventory.open("a", encoding="utf-8") as file:
        file.write(f"    here:\n      ansible_connection: local\n      ansible_python_interpreter: '{sys.executable}'\n")
    make_key(server.folder / "user_key")  # the server takes it; the host key is what fails
    make_key(server.folder / "other")
    server.know(server.folder / "other.pub")
    code, shown, errors = ask(inventory)
    assert code == 2
    assert "warning: the host key of vm" in errors
    assert "the other hosts are worked on" in errors
    assert "ok          Ask  [here]" in shown


def test_a_jump_host_is_left_to_ssh_itself(ask: Any, server: Server) -> None:
    options = f"-F /dev/null -o UserKnownHostsFile={server.folder}/known_hosts -o IdentitiesOnly=yes -i {server.folder}/user_key"
    proxy = f"ssh {options} -p {server.port} -W %h:%p {USER}@127.0.0.1"
    working = server.inventory(f"ansible_ssh_extra_args: -o ProxyCommand='{proxy}'")
    assert ask(working)[0::2] == (0, "")
    make_key(server.folder / "stranger")
    code, _shown, errors = ask(server.inventory(f"ansible_ssh_extra_args: -o ProxyCommand='{proxy}'", key="stranger"))
    assert code == 2
    assert "ssh says: " in errors and "Permission denied" in errors


def test_a_python_that_is_not_there(ask: Any, server: Server) -> None:
    code, _shown, errors = ask(server.inventory(python="/no/such/python"))
    assert code == 2
    assert "has no /no/such/python: install Python 3.9 or later" in errors


def test_a_python_that_does_not_run(ask: Any, server: Server) -> None:
    broken = server.folder / "python3.13"
    broken.write_text("#!/bin/sh\nexit 127\n", encoding="utf-8")
    broken.chmod(0o755)
    code, _shown, errors = ask(server.inventory(python=str(broken)))
    assert code == 2
    assert f"{broken} is there and does not run: set ansible_python_interpreter" in errors


def test_who_is_logged_in_to_instead(ask: Any, server: Server) -> None:
    inventory = server.inventory("from_host: localhost", port=free_port())
    assert ask(inventory)[0] == 0


def test_without_it_ansible_says_so_itself(ask: Any, server: Server) -> None:
    (server.folder / "known_hosts").write_text("", encoding="ascii")
    code, shown, errors = ask(server.inventory(), "--no-preflight")
    assert code == 2
    assert "unreachable" in shown
    assert "is not known: it shows" not in errors


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-i", "/no/such/inventory"], "there is no inventory /no/such/inventory"),
        (["-e", "target=nobody"], "no host matches target=nobody"),
        (["--limit", "nobody"], "--limit nobody leaves no host"),
        (["-e", "@/no/such/file.yml"], "/no/such/file.yml"),
    ],
)
def test_an_inventory_that_leads_nowhere(ask: Any, server: Server, arguments: list[str], said: str) -> None:
    code, _shown, errors = ask(server.inventory(), *arguments)
    assert code == 2
    assert said in errors


def test_an_inventory_that_is_no_yaml(ask: Any, server: Server) -> None:
    inventory = server.inventory()
    inventory.write_text("all: [unclosed", encoding="utf-8")
    code, _shown, errors = ask(inventory)
    assert code == 2
    assert "the inventory cannot be read" in errors


def test_an_empty_password_where_one_is_due(ask: Any, server: Server) -> None:
    code, _shown, errors = ask(server.inventory("registry_username: puller", 'registry_password: ""'))
    assert code == 2
    assert "registry_password of vm is empty" in errors


def vault(folder: Path) -> str:
    """A vaulted value as a line of an inventory's variables."""
    (folder / "right").write_text("the vault's password\n", encoding="utf-8")
    command = ["ansible-vault", "encrypt_string", "--vault-password-file", str(folder / "right"), "hunter2"]
    outcome = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "ANSIBLE_HOME": str(folder / "ansible")}
    )
    first, *rest = outcome.stdout.strip().splitlines()
    return "\n".join([f"registry_password: {first}", *(f"          {line.strip()}" for line in rest)])


def test_a_vault_without_its_password(ask: Any, server: Server) -> None:
    inventory = server.inventory("registry_username: puller", vault(server.folder))
    (server.folder / "wrong").write_text("wrong\n", encoding="utf-8")
    for arguments in ([], ["--vault-password-file", str(server.folder / "wrong")]):
        code, _shown, errors = ask(inventory, *arguments)
        assert code == 2
        assert "registry_password of vm: it is encrypted, and cannot be decrypted: give the right --vault-password-file" in errors
    code, shown, errors = ask(inventory, "--vault-password-file", str(server.folder / "right"))
    assert (code, errors) == (0, "")
    assert "hunter2" not in shown


def test_a_password_that_can_be_read_only_once(ask: Any, server: Server) -> None:
    inventory = server.inventory("registry_username: puller", vault(server.folder))
    pipe = server.folder / "pipe"
    os.mkfifo(pipe)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    writer = threading.Thread(target=lambda: pipe.write_text("the vault's password\n", encoding="utf-8"), daemon=True)
    writer.start()
    code, _shown, errors = ask(inventory, "--vault-password-file", str(pipe))
    assert code == 0
    assert "no preflight" in errors


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_all_that_it_started(runbook: Any, checkout: Path, tmp_path: Path, number: signal.Signals) -> None:
    pid_file, inventory = tmp_path / "pid", tmp_path / "inventory.sh"
    inventory.write_text(f"#!/bin/sh\necho $$ > {pid_file}\nexec sleep 60\n", encoding="utf-8")
    inventory.chmod(0o755)
    process = runbook("demo", "-i", str(inventory))
    until(lambda: pid_file.exists() and pid_file.read_text(encoding="utf-8").endswith("\n"))
    process.send_signal(number)
    _shown, errors = process.communicate(timeout=60)
    assert (process.returncode, errors.strip()) == (130, "runbook: interrupted")
    until(lambda: not is_running(int(pid_file.read_text(encoding="utf-8"))))
    assert journal_of(checkout)[-1]["exit_code"] == 130
    assert not list(tmp_path.glob("runbook-*"))
