# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Nothing is asked while a run goes on: its terminal is not the person's, so a question would stay unseen and the run wait for ever."""

from __future__ import annotations

import os

from .arguments import pairs
from .places import Refused

_SHORT = ("-k", "-K", "-J")
_STEPS = ("--ste", "--step")
_PROMPTS = ("prompt", "prompt_ask_vault_pass")
_SETTINGS = ("ANSIBLE_ASK_PASS", "ANSIBLE_BECOME_ASK_PASS", "ANSIBLE_ASK_VAULT_PASS")
_TRUE = ("1", "true", "yes", "y", "t", "on")

#: What may still ask (a program that gives a vault's password, ssh for a passphrase), and an answer that lets it fail at once.
ANSWERS = {
    r"^[^\n]{0,40}[Pp]ass(?:word|phrase)\b[^\n]*: ?\Z": "",
    r"^[^\n]*\(yes/no[^\n]*\)\? ?\Z": "no",
}


def refuse(arguments: list[str]) -> None:
    """Raise :class:`Refused` where the arguments or the environment ask for a prompt."""
    asking = next((option for option, value in pairs(arguments) if _asks(option, value)), "")
    asking = asking or next((name for name in _SETTINGS if os.environ.get(name, "").lower() in _TRUE), "")
    if not asking and any(map(_is_prompt, os.environ.get("ANSIBLE_VAULT_IDENTITY_LIST", "").split(","))):
        asking = "ANSIBLE_VAULT_IDENTITY_LIST"
    if asking:
        raise Refused(
            f"{asking} asks for something, and there are no prompts here: use --connection-password-file, --become-password-file "
            "or --vault-password-file"
        )


def _asks(option: str, value: str | None) -> bool:
    if option == "--vault-id":
        return _is_prompt(value or "")
    return option in _SHORT or option in _STEPS or option.startswith("--ask")


def _is_prompt(identity: str) -> bool:
    return identity.strip().rpartition("@")[2] in _PROMPTS
