# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Secrets among the arguments of a run are found, and kept out of what is recorded."""

from __future__ import annotations

import pytest

from runbook.redaction import MASK, mask, recordable, secrets_in


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["-e", "registry_password=hunter2 tag=v1"], {"hunter2"}),
        (["-eregistry_password=hunter2"], {"hunter2"}),
        (["--extra-vars=token='two words'"], {"two words"}),
        (["--ext", "token=hunter2"], {"hunter2"}),
        (["-be", "token=hunter2"], {"hunter2"}),
        (['-e={"token": "hunter2"}'], {"hunter2"}),
        (
            ["--extra-vars", '{"registry": {"password": "p001", "name": "n"}, "tokens": ["t001", "t002"]}'],
            {"p001", "t001", "t002"},
        ),
        (["-e", "registry_requires_auth=1 private=False token=abc"], set()),
        (["-e", '{"auth": true, "token": null, "password": 12345678, "passed": "yes"}'], {"12345678"}),
        (["-e", "{password: yaml-not-json}"], {"yaml-not-json"}),
        (["-e", "{password: [unclosed"], {"{password: [unclosed"}),
        (["-e", "notify_webhook_url=https://chat.example.com/T0"], {"https://chat.example.com/T0"}),
        (["-e", "@secrets.yml"], set()),
        (["--limit", "password=host"], set()),
        (["-e", "keep_newest=10"], set()),
    ],
)
def test_secrets_are_found(arguments: list[str], expected: set[str]) -> None:
    assert secrets_in(arguments) == expected


@pytest.mark.parametrize(
    ("arguments", "kept", "omitted"),
    [
        (["--check", "-l", "vm1", "--tags=apply"], ["--check", "-l", "vm1", "--tags", "apply"], []),
        (["-iinventory/lab", "-vv"], ["-i", "inventory/lab", "-vv"], []),
        (["--private-key", "id_rsa", "--vault-password-file=v"], ["--private-key", "id_rsa", "--vault-password-file", "v"], []),
        (["-e", "@vault.yml"], ["-e", "@vault.yml"], []),
        (["-e", "target=vm1 registry_password=hunter2"], ["-e", '{"target": "vm1"}'], ["-e registry_password"]),
        (["-etarget=vm1"], ["-e", '{"target": "vm1"}'], []),
        (["-e=target=vm1", "-i=mine"], ["-e", '{"target": "vm1"}', "-i", "mine"], []),
        (["-e", '{"recover_approve": ["repoint"], "other": 1}'], ["-e", '{"recover_approve": ["repoint"]}'], ["-e other"]),
        (["-e", "recover_token=hunter2"], [], ["-e recover_token"]),
        (["-e", "recover_token=abc recover_auth=true"], ["-e", '{"recover_auth": "true"}'], ["-e recover_token"]),
        (["-e", "recover_source=https://user:hunter2@mirror"], [], ["-e recover_source"]),
        (["-e", '{"recover_source": {"password": "hunter2"}}'], [], ["-e recover_source"]),
        (["-e", "pw=hunter2"], [], ["-e pw"]),
        (["-e", "{password: [unclosed"], [], ["-e secret"]),
        (["-e", "hunter2"], [], ["-e"]),
        (["--ssh-common-args", "-o hunter2"], [], ["--ssh-common-args"]),
        (["-bDi", "mine", "-vbetarget=vm1"], ["-b", "-D", "-i", "mine", "-v", "-b", "-e", '{"target": "vm1"}'], []),
        (["hunter2"], [], ["an argument"]),
        (["-e"], [], ["-e"]),
    ],
)
def test_only_what_is_harmless_is_recorded(arguments: list[str], kept: list[str], omitted: list[str]) -> None:
    assert recordable(arguments, ["recover"]) == (kept, omitted)


def test_the_longest_secret_is_masked_first() -> None:
    assert mask("abcdef abc", {"abc", "abcdef"}) == f"{MASK} {MASK}"
