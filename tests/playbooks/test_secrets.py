# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Over TLS and with a password everything works the same, and the password is nowhere to be seen afterwards."""

from __future__ import annotations

import pytest
from ansible.module_utils.registry_lab.damage import damage
from ansible.module_utils.registry_lab.images import build
from ansible.module_utils.registry_lab.push import push

USER, PASSWORD = "runbooks", "a-password-to-look-for"


@pytest.fixture
def guarded(any_registry):
    """The variables of a registry with TLS and htpasswd that lost two links."""
    registry = any_registry(tls=True, htpasswd=(USER, PASSWORD, 4))
    push(registry, "team/app", "1.0", build("guarded"), (USER, PASSWORD))
    for which in (0, 1):
        damage("child-link-gone", registry.root, "team/app", "1.0", which)
    return {
        "target": "localhost",
        "registry_address": registry.address,
        "registry_ca_path": registry.ca_path,
        "registry_username": USER,
        "registry_store_path": registry.root,
        "registry_sources": [_as_source(registry)],
    }


def _as_source(registry):
    """A source that wants a password, too: for once, the broken registry itself."""
    access = {"ca_path": registry.ca_path, "username": USER, "password": PASSWORD}
    return {"type": "registry", "registry": registry.address, **access}


def files_with_the_password(folder):
    """What a run left behind, but for the file that ansible-runner hands its input over in."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "extravars"]
    return [path for path in files if PASSWORD.encode() in path.read_bytes()]


@pytest.mark.parametrize("playbook", ["verify", "diagnose", "recover"])
def test_no_password_in_what_is_printed_and_kept(guarded, play, playbook, tmp_path):
    outcome = play(playbook, {**guarded, "registry_password": PASSWORD})
    assert outcome.report["results"][0]["name"] == guarded["registry_address"]
    assert outcome.rc == (0 if playbook == "recover" else 2)
    assert PASSWORD not in outcome.stdout
    assert files_with_the_password(tmp_path / "runs") == []


def test_no_token_of_what_builds_is_printed_and_kept(guarded, play, tmp_path):
    """Neither Woodpecker's nor the one in the address of a Git repository; both places are closed, so nothing is built."""
    damage("child-blob-gone", guarded["registry_store_path"], "team/app", "1.0")
    pipeline = {"server": "http://127.0.0.1:1", "token": PASSWORD, "repository": "team/app"}
    context = {"git": f"https://runbooks:{PASSWORD}@127.0.0.1:1/app.git", "ref": "main", "allow_lost_platforms": True}
    builds = [{"image": "team/app", "tags": ["1.0"], "ci": pipeline, "vm": context}]
    unhelped = {**guarded, "registry_sources": [], "registry_password": PASSWORD, "approve": ["rebuild"], "image_builds": builds}
    outcome = play("recover", unhelped)
    problems = [made["problem"] for made in outcome.report["results"][0]["rebuilds"]]
    assert len(problems) == 1, outcome.stdout
    assert "not rebuilt, Woodpecker: http://127.0.0.1:1: gives no answer" in problems[0]
    assert PASSWORD not in outcome.stdout
    assert files_with_the_password(tmp_path / "runs") == []


def test_a_wrong_password_is_told_apart_from_a_broken_registry(guarded, play, tmp_path):
    outcome = play("verify", {**guarded, "registry_password": f"{PASSWORD}-but-wrong"})
    assert outcome.rc == 2
    assert outcome.findings is None
    assert len(outcome.failures) == 1
    assert "401" in outcome.failures[0] or "credentials" in outcome.failures[0]
    assert files_with_the_password(tmp_path / "runs") == []


def test_an_unknown_certificate_is_refused(guarded, play):
    del guarded["registry_ca_path"]
    outcome = play("verify", {**guarded, "registry_password": PASSWORD})
    assert outcome.rc == 2
    assert len(outcome.failures) == 1
    assert "certificate" in outcome.failures[0]
