# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Whatever would ask a person is refused before a run begins, however it is written."""

from __future__ import annotations

import re

import pytest

from runbook import prompts
from runbook.places import Refused


@pytest.mark.parametrize(
    "arguments",
    [
        ["-k"],
        ["-kK"],
        ["-bK"],
        ["-vvJ"],
        ["--ask-become"],
        ["--ask-vault-password"],
        ["--ask-p"],
        ["--step"],
        ["--vault-id", "dev@prompt"],
        ["--vault-id=prompt"],
        ["--vault-i", "@prompt_ask_vault_pass"],
    ],
)
def test_arguments_that_ask(arguments: list[str]) -> None:
    with pytest.raises(Refused, match="asks for something, and there are no prompts here"):
        prompts.refuse(arguments)


@pytest.mark.parametrize(
    ("name", "value"),
    [("ANSIBLE_BECOME_ASK_PASS", "1"), ("ANSIBLE_ASK_PASS", "True"), ("ANSIBLE_VAULT_IDENTITY_LIST", "a@file, dev@prompt")],
)
def test_an_environment_that_asks(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(Refused, match=name):
        prompts.refuse([])


@pytest.mark.parametrize(
    "arguments",
    [
        ["-i", "Kiel"],
        ["-lK8s", "-tJ"],
        ["-ekey=K"],
        ["-bikeller"],
        ["--limit", "prompt"],
        ["--vault-id", "prompt@file"],
        ["--start-at-task", "x"],
        ["--ssh-common-args", "-C -K"],
    ],
)
def test_arguments_that_only_look_like_it(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSIBLE_BECOME_ASK_PASS", "no")
    prompts.refuse(arguments)


@pytest.mark.parametrize(
    ("shown", "answer"),
    [
        ("TASK [x]\r\nBECOME password: ", ""),
        ("Vault password (dev): ", ""),
        ("root@192.0.2.1's password: ", ""),
        ("Enter passphrase for key '/root/.ssh/id': ", ""),
        ("Are you sure you want to continue connecting (yes/no/[fingerprint])? ", "no"),
        ("the password: changed\r\n", None),
        ("ok: [vm] => password: \r\n", None),
    ],
)
def test_what_is_answered(shown: str, answer: str | None) -> None:
    answers = [given for pattern, given in prompts.ANSWERS.items() if re.compile(pattern, re.MULTILINE).search(shown)]
    assert answers == ([] if answer is None else [answer])
