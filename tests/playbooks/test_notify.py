# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A chat is told at the end of a run; what becomes of that changes nothing, and the webhook's address is nowhere to be seen."""

from __future__ import annotations

import contextlib
import json
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.registry_lab.access import self_signed

from contract.project import ROOT, ansible_environment
from modules.client.scripted import ScriptedServer, answer, serving

TOKEN = "a-token-to-look-for"
PATH = f"/services/T0000/{TOKEN}"
WARNING = "Warning: the notification was not sent"


class Chat:
    """A webhook over TLS. ``argv`` is what ran on this machine each time that a message came."""

    def __init__(self, folder: Path) -> None:
        certificate, key = self_signed(str(folder), "127.0.0.1")
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.ca_path = certificate
        self.argv: list[str] = []
        self.answer: Any = answer(200, b"ok")
        self.server: ScriptedServer

    def __call__(self, _seen: object) -> Any:
        self.argv.append(_command_lines())
        return self.answer(_seen) if callable(self.answer) else self.answer

    def variables(self, **changes: Any) -> dict[str, Any]:
        return {"notify_webhook_url": f"https://{self.server.address}{PATH}", "notify_ca_path": self.ca_path, **changes}

    def messages(self) -> list[str]:
        return [json.loads(seen.body)["text"] for seen in self.server.requests]


def _command_lines() -> str:
    lines = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            lines.append((process / "cmdline").read_text(errors="replace").replace("\0", " "))
    return "\n".join(lines)


@pytest.fixture
def chat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chat]:
    monkeypatch.setenv("no_proxy", "*")
    folder = tmp_path / "chat"
    folder.mkdir()
    made = Chat(folder)
    with serving(made, context=made.context) as made.server:
        yield made


@pytest.mark.parametrize("name", ["verify", "diagnose"])
def test_what_is_broken_is_told_once(lab, play, chat, name):
    broken = lab("unlinked")
    outcome = play(name, broken.variables(**chat.variables()))
    assert (outcome.rc, outcome.findings) == (2, len(broken.truth["expected"]))
    (message,) = chat.messages()
    assert message.startswith(f"*registry-runbooks {name}*: something is broken, or differs\n")
    assert "child-missing" in message and "team/app:" in message
    assert "/report\n" in message, "where to read on"
    assert WARNING not in outcome.stdout


def test_a_repair_says_what_was_done_and_check_mode_what_would_be_said(lab, play, chat):
    broken = lab("unlinked")
    planned = play("recover", broken.variables(**chat.variables()), check=True)
    assert (planned.rc, chat.messages()) == (0, [])
    assert "Would be sent as a notification, without --check" in planned.stdout
    done = play("recover", broken.variables(**chat.variables()))
    assert (done.rc, len(chat.messages())) == (0, 1)
    assert "*registry-runbooks recover*: something was changed; healthy" in chat.messages()[0]
    assert "repaired: " in chat.messages()[0]
    again = play("recover", broken.variables(**chat.variables()))
    assert (again.rc, again.changed, len(chat.messages())) == (0, 0, 1), "what is sound and unchanged is no news"


def _never_answers(_seen: object) -> Iterator[bytes]:
    threading.Event().wait(5)
    yield b""


BAD: dict[str, Callable[[Chat], dict[str, Any]]] = {
    "500": lambda chat: _answering(chat, answer(500)),
    "a web page": lambda chat: _answering(chat, answer(200, b"<html>Log in</html>", Content_Type="text/html")),
    "hangs": lambda chat: _answering(chat, _never_answers) | {"notify_timeout": 1},
    "refused": lambda chat: {"notify_webhook_url": f"https://127.0.0.1:1{PATH}"},
    "wrong certificate": lambda chat: chat.variables(notify_ca_path=""),
    "no address": lambda chat: {"notify_webhook_url": TOKEN},
    "a certificate file that is none": lambda chat: chat.variables(notify_ca_path="/dev/null"),
    "options that make no sense": lambda chat: chat.variables(notify_on=["everything"]),
    "a variable that cannot be read": lambda chat: chat.variables(notify_webhook_url="{{ 'x' | from_json }}"),
}


def _answering(chat: Chat, reply: Any) -> dict[str, Any]:
    chat.answer = reply
    return chat.variables()


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_what_cannot_be_sent_changes_nothing_of_how_a_run_ends(lab, play, chat, bad):
    broken = lab("unlinked")
    given = bad(chat)
    outcome = play("verify", broken.variables(**given))
    assert (outcome.rc, outcome.findings) == (2, len(broken.truth["expected"]))
    assert outcome.failures[-1].startswith("Not healthy: ")
    assert outcome.stdout.count(WARNING) == 1
    assert TOKEN not in outcome.stdout
    healthy = play("verify", broken.variables(**{"verify_images": ["tools/cli:1"], "notify_on": ["healthy"], **given}))
    assert (healthy.rc, healthy.findings) == (0, None)
    assert healthy.stdout.count(WARNING) == 1


def test_a_repair_is_done_although_nobody_can_be_told(lab, play, chat):
    broken = lab("unlinked")
    chat.answer = answer(500)
    outcome = play("recover", broken.variables(**chat.variables()))
    assert (outcome.rc, outcome.failures, outcome.stdout.count(WARNING)) == (0, [], 1)
    assert play("verify", broken.variables()).rc == 0


@pytest.mark.parametrize("name", ["verify", "diagnose", "recover", "maintain"])
def test_a_run_that_ends_without_a_report_is_told_too(play, chat, name):
    outcome = play(
        name, {"target": "localhost", "registry_store_path": "/no/such/store", **chat.variables(registry_address="127.0.0.1:1")}
    )
    assert (outcome.rc, len(outcome.failures), outcome.report) == (2, 1, {}), outcome.stdout
    (message,) = chat.messages()
    assert message.startswith(f"*registry-runbooks {name}*: ended with a problem\n")
    assert "localhost: no result" in message


def test_a_part_of_detect_that_fails_everywhere_is_told(play, chat, tmp_path):
    """Nothing says where the metrics of the probe are to go."""
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    registry = {"registry_address": "registry.example.com", "registry_vm": "vm"}
    inventory = {"registries": {"hosts": {"one": registry}}, "registry_vms": {"hosts": {"vm": local}}}
    (tmp_path / "hosts.json").write_text(json.dumps(inventory), encoding="utf-8")
    outcome = play("detect", chat.variables(), inventory=tmp_path / "hosts.json")
    assert (outcome.rc, outcome.report) == (2, {}), outcome.stdout
    (message,) = chat.messages()
    assert message.startswith("*registry-runbooks detect*: ended with a problem\n")
    assert "vm: no result" in message


def test_the_address_is_nowhere_to_be_seen(lab, chat, tmp_path):
    """Not with -vvv, not in what runs, not in the report and the journal; that of a webhook that refuses neither."""
    broken = lab("unlinked")
    given = tmp_path / "given.json"
    given.write_text(json.dumps(broken.variables(**chat.variables())), encoding="utf-8")
    state = tmp_path / "state"
    environment = {
        **ansible_environment(),
        "RUNBOOK_STATE": str(state),
        "RUNBOOK_VENV": str(ROOT / ".venv"),
        "HOME": str(tmp_path),
    }
    for reply, flag in ((answer(200, b"ok"), "-vvv"), (answer(404), "-vvv"), (answer(500), "--diff")):
        chat.answer = reply
        for command in (["ansible-playbook", str(ROOT / "playbooks" / "verify.yml")], [str(ROOT / "runbook"), "verify"]):
            ran = subprocess.run(
                [*command, flag, "-e", f"@{given}"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
            )
            assert ran.returncode == (2 if "ansible" in command[0] else 1), ran.stdout + ran.stderr
            assert TOKEN not in ran.stdout + ran.stderr
    assert len(chat.messages()) == 2 + 2 + 6
    assert not any(TOKEN in lines for lines in chat.argv)
    assert any("AnsiballZ_registry_notification" in lines or "python" in lines for lines in chat.argv)
    kept = [path for path in state.rglob("*") if path.is_file()]
    assert kept and not [path for path in kept if TOKEN.encode() in path.read_bytes()]


@pytest.mark.parametrize("name", ["<!channel>", "@everyone", "`x`"])
def test_names_that_mean_something_to_a_chat_are_told_as_text(lab, play, chat, name):
    """As far as Ansible is concerned: tests/unit/notices tries more of them."""
    broken = lab("unlinked")
    os.rename(broken.root / "docker/registry/v2/repositories/team", broken.root / f"docker/registry/v2/repositories/{name}")
    outcome = play("diagnose", broken.variables(**chat.variables(), registry_address=""))
    assert outcome.rc == 2
    (message,) = chat.messages()
    assert name not in message
    assert message.count("```") == 2


def test_an_inventory_says_it_for_localhost_too(tmp_path):
    """maintain sends from localhost, which is in no group but all."""
    group = tmp_path / "group_vars" / "all"
    group.mkdir(parents=True)
    (group / "main.yml").write_text("notify_webhook_url: set\n", encoding="utf-8")
    (tmp_path / "hosts.yml").write_text("registries: {hosts: {one: }}\n", encoding="utf-8")
    command = ["ansible", "-i", str(tmp_path / "hosts.yml"), "localhost", "-m", "debug", "-a", "var=notify_webhook_url"]
    ran = subprocess.run(command, cwd=ROOT, env=ansible_environment(), capture_output=True, text=True, check=False)
    assert "notify_webhook_url: set" in ran.stdout, ran.stdout + ran.stderr
