# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What cannot be used: one clear error each, and nothing changed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.place import place_on_disk, revision_path
from ansible.module_utils.registry_lab.push import push

from .conftest import OWN, ROOT, files, phases, place_of, with_garbage


@pytest.fixture
def made(any_registry):
    place = place_of(any_registry())
    with_garbage(place)
    return place


def failed(result, code):
    assert (result.get("failed"), result.get("code")) == (True, code), result
    return result["msg"]


def test_no_store(collect, made, tmp_path):
    assert "holds no registry store" in failed(collect(made.options, path=str(tmp_path)), "not-a-store")


def test_the_store_of_a_cache(collect, made):
    Path(made.root, "scheduler-state.json").write_text("{}")
    assert "pull-through cache" in failed(collect(made.options), "bad-input")


@pytest.mark.parametrize("name", ["quiesce", "dry_run", "collect", "resume"])
def test_a_command_that_is_missing(name, collect, made):
    assert f"commands.{name}" in failed(collect(made.with_command(name, None)), "bad-input")


@pytest.mark.parametrize("name", ["keep_snapshots", "upload_timeout", "lock_timeout", "push_grace", "command_timeout"])
def test_numbers_below_zero(name, collect, made):
    assert name in failed(collect(made.options, **{name: -1}), "bad-input")


@pytest.mark.parametrize("state", ["restored", "expired", "proven"])
def test_a_snapshot_that_does_not_exist(state, collect, made):
    before = files(made.root)
    assert "nobody-made-it" in failed(collect(made.options, state=state, snapshot="nobody-made-it"), "bad-input")
    assert files(made.root) == before


def test_a_dry_run_that_is_none_never_runs(collect, made, tmp_path):
    trace = tmp_path / "trace"
    options = made.with_command("dry_run", ["touch", str(trace), "garbage-collect", "config.yml"])
    assert "no dry run" in failed(collect(options), "bad-input")
    assert not trace.exists()


def test_a_lock_that_is_held(collect, made):
    with held(made.root) as holder:
        message = failed(collect(made.options, lock_timeout=0.1), "locked")
        assert str(holder.pid) in message
        assert not collect(made.options, check=True).get("failed"), "a plan needs no lock"


def test_a_lock_of_a_dead_process(collect, made):
    with held(made.root) as holder:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        assert Path(made.root, OWN, "lock").read_text().split()[0] == str(holder.pid)
        assert not collect(made.options, lock_timeout=0.1).get("failed")


def held(root: str) -> subprocess.Popen[str]:
    code = (
        f"import sys, time\nsys.path.insert(0, {str(ROOT)!r})\n"
        "from module_utils.oci_registry.apply.lock import RunLock\nfrom module_utils.oci_registry.apply.workplace import Workplace\n"
        f"with RunLock(Workplace.of_store({root!r}), 1.0):\n    print('held', flush=True)\n    sys.stdin.read()"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    return process


def test_credentials_that_are_not_accepted(collect, any_registry):
    """Found out before the registry is stopped."""
    made = place_of(any_registry(htpasswd=("ci", "secret", 4)))
    tag_on_disk(made)
    pid = made.registry.pid
    for options in (made.options, {**made.options, "username": "ci", "password": "wrong"}):
        for check in (True, False):
            assert phases(collect(options, check=check)) == []
            failed(collect(options, check=check), "authentication")
    assert made.registry.pid == pid
    done = collect({**made.options, "username": "ci", "password": "secret"})
    assert not done.get("failed"), done
    assert done["swept"]["blobs"] == len(images.image("gone").contents())
    assert "secret" not in str(done)


def test_a_registry_that_does_not_answer(collect, made):
    made.registry.stop()
    failed(collect(made.options, timeout=1.0), "unreachable")
    assert not made.registry.running


def tag_on_disk(made):
    """Garbage, without asking the registry."""
    image = images.image("gone")
    place_on_disk(made.root, "team/app", "v1", images.image("kept"))
    place_on_disk(made.root, "team/app", "", image)
    shutil.rmtree(Path(revision_path(made.root, "team/app", image.digest)).parent)


def test_an_empty_store(collect, any_registry):
    made = place_of(any_registry())
    image = images.image("only")
    push(made.registry, "team/app", "v1", image)
    result = collect(made.options)
    assert (result["verdict"], result["changed"]) == ("nothing", False)
    assert "quiesce" not in phases(result)


def test_proven_says_what_is_broken(collect, made):
    assert not collect(made.options).get("failed")
    good = collect(made.options, state="proven")
    assert not good.get("failed") and not good["changed"], good
    assert good["proof"]["http"]["tags"] == 1
    victim = next(path for path in Path(made.root, "docker").rglob("revisions/sha256/*/link"))
    os.unlink(victim)
    failed(collect(made.options, state="proven"), "proof-failed")
