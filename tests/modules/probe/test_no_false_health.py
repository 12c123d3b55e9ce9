# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What looks like health and is none, and what looks like an outage and is none."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

import pytest
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.damage import damage
from ansible.module_utils.registry_lab.place import place_on_disk

from modules.client.scripted import answer, serving
from modules.probe.conftest import values_of
from modules.walk.front import before


@pytest.fixture
def stocked(any_registry):
    made = any_registry()
    for repository in ("app", "lib", "web"):
        place_on_disk(made.root, repository, "v1", images.build(repository))
    return made


def of(address: str) -> list[str]:
    return ["--registry", address, "--scheme=http"]


# -- no health


def test_the_content_of_another_registry(stocked, probe, tmp_path):
    """A port that leads elsewhere: what was broken is not repaired."""
    options = [*of(stocked.address), "--state", tmp_path / "state"]
    damage("child-link-gone", stocked.root, "app", "v1")
    assert values_of(probe(*options)[1])["failures"] == 1
    shutil.rmtree(Path(stocked.root, "docker"))
    for repository in ("other", "another"):
        place_on_disk(stocked.root, repository, "v1", images.build(repository))
    code, out, err = probe(*options)
    shown = values_of(out)
    assert (code, shown["catalog_accessible"], shown["failures"]) == (2, 0, 1)
    assert "lists 2 repositories, none of which it had, and had 3 before. Is this the right registry" in err
    code, out, _err = probe(*options, "--allow-empty")
    assert (code, values_of(out)["failures"]) == (0, 0)
    assert probe(*options)[0] == 0


def test_one_repository_of_the_old_ones_is_enough(stocked, probe, tmp_path):
    options = [*of(stocked.address), "--state", tmp_path / "state"]
    assert probe(*options)[0] == 0
    names = Path(stocked.root, "docker/registry/v2/repositories")
    for repository in ("app", "lib"):
        (names / repository).rename(names / f"new-{repository}")
    assert probe(*options)[0] == 0


@pytest.mark.parametrize("status", [400, 500])
def test_a_proxy_that_answers_for_manifests_with_a_page(status, stocked, probe):
    page = answer(status, b"<html><title>nginx</title></html>", Content_Type="text/html")
    with serving(before(stocked, lambda seen: page if "/manifests/" in seen.target else None)) as front:
        code, out, err = probe(*of(front.address))
    shown = values_of(out)
    assert (code, shown["catalog_accessible"]) == (2, 0)
    assert "failures" not in shown
    assert "but not as a registry does" in err


def test_a_memory_with_numbers_that_are_none(stocked, probe, tmp_path):
    state = tmp_path / "state"
    labels = f'instance="{stocked.address}",repository="app"'
    state.write_text(f"registry_manifest_integrity_repository_tags{{{labels}}} +Inf\n", encoding="utf-8")
    code, _out, err = probe(*of(stocked.address), "--state", state)
    assert (code, "Traceback" in err, "Inf" in state.read_text(encoding="utf-8")) == (0, False, False)


def test_a_memory_that_cannot_be_read_is_said(stocked, probe, tmp_path):
    (tmp_path / "state").write_bytes(b"\xff\xfe")
    code, _out, err = probe(*of(stocked.address), "--state", tmp_path / "state")
    assert code == 0
    assert f"note: what was known of {stocked.address} cannot be had: {tmp_path}/state: the metrics cannot be read" in err


def test_the_date_of_a_certificate_that_is_no_more(stocked, probe, tmp_path):
    state = tmp_path / "state"
    name = "registry_manifest_integrity_certificate_not_after_timestamp"
    state.write_text(f'{name}{{instance="{stocked.address}"}} 1700000000\n', encoding="utf-8")
    assert "certificate_not_after_timestamp" not in values_of(probe(*of(stocked.address), "--state", state)[1])


# -- no outage


def test_a_registry_that_was_just_restarted(stocked, probe):
    """It does not answer yet when the probe asks first."""
    down = [answer(503, b"")] * 6
    with serving(before(stocked, lambda seen: down.pop() if down else None)) as front:
        code, out, _err = probe(*of(front.address), "--budget", 60)
    assert down == []
    assert (code, values_of(out)["repos_checked"]) == (0, 3)


def test_a_name_server_that_does_not_answer(stocked, probe, monkeypatch):
    real, failed = socket.create_connection, []

    def resolve(*given, **options):
        if len(failed) < 2:
            failed.append(given)
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return real(*given, **options)

    monkeypatch.setattr(socket, "create_connection", resolve)
    code, out, _err = probe(*of(stocked.address))
    assert (len(failed), code, values_of(out)["repos_checked"]) == (2, 0, 3)


# -- what is said


def test_quiet_is_about_what_went_well(stocked, probe, tmp_path):
    options = [*of(stocked.address), "--textfile", tmp_path / "x.prom", "--quiet"]
    assert probe(*options) == (0, "", "")
    damage("child-link-gone", stocked.root, "app", "v1")
    code, _out, err = probe(*options)
    assert code == 1
    assert "app:v1" in err
    stocked.stop()
    code, _out, err = probe(*options, "--budget", 1)
    assert code == 2
    assert "COULD NOT LOOK; 1 failures were known before" in err


def test_one_repository_that_cannot_be_read_needs_no_second_run(stocked, probe):
    page = answer(403, b'{"errors":[{"code":"DENIED"}]}')
    with serving(before(stocked, lambda seen: page if "/v2/web/" in seen.target else None)) as front:
        assert probe(*of(front.address))[0] == 2
        assert probe(*of(front.address), "--exit-zero")[0] == 0


@pytest.mark.parametrize(
    "option",
    ["--repository=app", "--scheme=http", "--username=u", "--password-file=/x", "--ca-path=/x", "--insecure-skip-tls-verify"],
)
def test_an_option_that_would_do_nothing(option, probe):
    code, _out, err = probe("--config=/x.json", option)
    assert code == 2
    assert f"{option.partition('=')[0]} does nothing with --config. Write it into the configuration" in err
    assert err.count("\n") == 1
