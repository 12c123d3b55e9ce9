# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Whatever is wrong with what a playbook is given, there is one clear message, a failure, and no report that says healthy."""

from __future__ import annotations

import pytest
from ansible.module_utils.registry_lab.place import make_store

LOCAL = {"target": "localhost"}
CASES = {
    "no inventory of registries": ("verify", {}, "No host matches 'registries'"),
    "no such host": ("diagnose", {"target": "nosuch"}, "No host matches 'nosuch'"),
    "nothing known of the registry": ("verify", LOCAL, "Nothing says where the registry of localhost is"),
    "nothing known of registry and store": ("diagnose", LOCAL, "Nothing says where the registry of localhost is"),
    "wrong port": ("verify", {**LOCAL, "registry_address": "127.0.0.1:1", "registry_scheme": "http"}, "connection refused"),
    "unknown host": ("verify", {**LOCAL, "registry_address": "registry.invalid"}, "registry.invalid"),
    "a URL": ("verify", {**LOCAL, "registry_address": "http://127.0.0.1:1/"}, "Expected host[:port]"),
    "no store": ("diagnose", {**LOCAL, "registry_store_path": "/etc"}, "holds no registry store"),
    "no folder": ("recover", {**LOCAL, "registry_store_path": "/no/such/folder"}, "/no/such/folder"),
    "unknown proof": ("verify", {**LOCAL, "registry_address": "127.0.0.1:1", "verify_proof": "faith"}, "faith"),
}


@pytest.mark.parametrize(("playbook", "variables", "message"), CASES.values(), ids=CASES)
def test_one_clear_message(play, playbook, variables, message):
    outcome = play(playbook, variables)
    assert outcome.rc != 0
    assert len(outcome.failures) == 1, outcome.failures
    assert message in outcome.failures[0]
    assert "Traceback" not in outcome.stdout
    assert outcome.findings is None
    assert outcome.text == ""


def test_tls_where_plain_http_is_spoken(play, any_registry):
    outcome = play("verify", {**LOCAL, "registry_address": any_registry().address})
    assert outcome.rc != 0
    assert len(outcome.failures) == 1


def test_several_stores_for_one_registry(play, tmp_path):
    for name in ("dockerhub", "private"):
        make_store(str(tmp_path / "data" / name), repositories=1, tags=1)
    outcome = play("diagnose", {**LOCAL, "registry_store_path": str(tmp_path / "data")})
    assert outcome.rc != 0
    assert "Give each registry a host of its own" in outcome.failures[0]
