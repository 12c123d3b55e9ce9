# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""registry-doctor as a schedule calls it: retain, collect and scan from a configuration, with metrics and exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.oci_registry.doctor import main
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.damage import damage
from ansible.module_utils.registry_lab.place import place_on_disk

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def config(any_registry, tmp_path) -> Callable[..., Path]:
    """``config(part={...})``: the file for a registry with two tags of one repository; ``config.registry`` is what runs."""
    made = any_registry(delete=True)
    for tag in ("v1", "v2"):
        place_on_disk(made.root, "app", tag, images.build(tag))

    def write(mode: int = 0o600, **parts: Any) -> Path:
        shared = {"path": made.root, "registry": made.address, "scheme": "http"}
        defaults: dict[str, dict[str, Any]] = {
            "retain": shared,
            "scan": {"path": made.root},
            "collect": {**shared, "commands": {}},
        }
        whole = {"name": "app-registry", **{name: {**given, **parts.get(name, {})} for name, given in defaults.items()}}
        path = tmp_path / "registry.json"
        path.write_text(json.dumps(whole), encoding="utf-8")
        path.chmod(mode)
        return path

    write.registry = made  # type: ignore[attr-defined]
    return write


def metrics_of(path: Path) -> dict[str, float]:
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    pairs = [line.rpartition(" ") for line in lines]
    return {name.partition("{")[0]: float(value) for name, _blank, value in pairs}


def test_retain_plans_deletes_and_counts(config, tmp_path, capsys):
    file, textfile = config(retain={"keep_newest": 1, "untagged_grace": 0}), tmp_path / "retain.prom"
    arguments = ["retain", "--config", str(file), "--textfile", str(textfile)]
    assert main([*arguments, "--check"]) == 0
    assert "app-registry retain: would delete 1 tags" in capsys.readouterr().out
    assert not textfile.exists(), "a plan is no run"
    assert main(arguments) == 0
    said = capsys.readouterr().out
    assert "app-registry retain: deleted 1 tags" in said and "delete-manifest app:v" in said
    values = metrics_of(textfile)
    assert values["registry_maintenance_success"] == 1 and values["registry_maintenance_deleted"] >= 1
    assert main([*arguments, "--output=json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert (again["changed"], again["code"]) == (False, "")


def test_a_refusal_is_1_and_keeps_the_last_success(config, tmp_path, capsys):
    textfile = tmp_path / "retain.prom"
    assert main(["retain", "--config", str(config()), "--textfile", str(textfile)]) == 0
    success = metrics_of(textfile)["registry_maintenance_last_success_timestamp_seconds"]
    damage("child-link-gone", config.registry.root, "app", "v1")
    assert main(["retain", "--config", str(config()), "--textfile", str(textfile)]) == 1
    assert "REFUSED" in capsys.readouterr().out
    values = metrics_of(textfile)
    assert (values["registry_maintenance_success"], values["registry_maintenance_last_success_timestamp_seconds"]) == (0, success)


def test_collect_frees_puts_back_and_expires(config, tmp_path, capsys):
    commands = commands_of(config.registry)
    file = config(retain={"keep_newest": 1, "untagged_grace": 0}, collect={"commands": commands, "push_grace": 0})
    textfile = tmp_path / "collect.prom"
    arguments = ["collect", "--config", str(file), "--textfile", str(textfile)]
    assert main(["retain", "--config", str(file)]) == 0
    assert main([*arguments, "--check"]) == 0
    assert "would collect" in capsys.readouterr().out
    assert main(arguments) == 0
    assert metrics_of(textfile)["registry_maintenance_deleted"] > 0
    assert "done     prove-disk" in capsys.readouterr().out
    assert main([*arguments, "--restore"]) == 0
    assert "put back" in capsys.readouterr().out
    assert main([*arguments, "--restore", "never-taken"]) == 2
    assert "FAILED" in capsys.readouterr().out

    forced = {**commands, "dry_run": [*commands["dry_run"], "-m"], "collect": [*commands["collect"], "-m"]}
    assert main(["collect", "--config", str(config(collect={"commands": forced, "push_grace": 0}))]) == 1
    assert "REFUSED" in capsys.readouterr().out
    assert main(["collect", "--config", str(file), "--expire"]) == 0


def test_retain_first_starts_the_registry_that_a_killed_collection_stopped(config, tmp_path, capsys):
    made = config.registry
    file = config(retain={"keep_newest": 1, "untagged_grace": 0}, collect={"commands": commands_of(made), "push_grace": 0})
    place_on_disk(made.root, "app", "gone", images.build("gone"))
    assert main(["retain", "--config", str(file)]) == 0
    script = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); from module_utils.oci_registry.doctor import main; main(sys.argv[1:])"
    )
    deadly = [sys.executable, "-c", "import os; os.kill(os.getppid(), 9)", "garbage-collect", made.config_path]
    killed = config(collect={"commands": {**commands_of(made), "collect": deadly}, "push_grace": 0})
    assert subprocess.run([sys.executable, "-c", script, "collect", "--config", str(killed)], check=False).returncode == -9
    assert not made.running
    assert main(["retain", "--config", str(killed), "--check"]) == 0
    assert not made.running, "a plan is no run"
    capsys.readouterr()
    assert main(["retain", "--config", str(killed)]) == 0
    assert "app-registry retain: nothing" in capsys.readouterr().out
    assert made.running


def test_retain_does_not_go_on_where_a_killed_collection_cannot_be_finished(config, tmp_path, capsys):
    made, textfile = config.registry, tmp_path / "retain.prom"
    file = config(collect={"commands": {**commands_of(made), "quiesce": [["false"]], "resume": [["false"]]}})
    Path(made.root, ".registry-runbooks").mkdir(exist_ok=True)
    Path(made.root, ".registry-runbooks", "collection.json").write_text("{}", encoding="utf-8")
    assert main(["retain", "--config", str(file), "--textfile", str(textfile)]) == 2
    assert "app-registry retain: FAILED" in capsys.readouterr().out
    assert metrics_of(textfile)["registry_maintenance_success"] == 0


def commands_of(made: Any) -> dict[str, Any]:
    """What stops, collects and starts a registry process."""
    control = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from module_utils.registry_lab.process import RegistryProcess as R; R.attach"
    return {
        "quiesce": [[sys.executable, "-c", f"{control}({made.folder!r}).stop()"]],
        "resume": [[sys.executable, "-c", f"{control}({made.folder!r}).restart()"]],
        "dry_run": [made.settings.binary, "garbage-collect", "--dry-run", made.config_path],
        "collect": [made.settings.binary, "garbage-collect", made.config_path],
    }


def test_scan_from_a_configuration(config, tmp_path, capsys):
    textfile = tmp_path / "scan.prom"
    arguments = ["scan", "--config", str(config()), "--textfile", str(textfile), "--quiet"]
    assert main(arguments) == 0
    damage("child-link-gone", config.registry.root, "app", "v1")
    assert main(arguments) == 1
    values = metrics_of(textfile)
    assert values["registry_maintenance_success"] == 1, "it could look, whatever it saw"
    assert values["registry_manifest_integrity_failures"] >= 1
    assert "registry_manifest_integrity_last_run_timestamp" not in values, "a look a day is no probe that is late"
    assert main(["scan", "--quiet"]) == 2 and main([*arguments, config.registry.root]) == 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "it is no JSON"),
        ("[]", "is no configuration"),
        ('{"name": "x"}', "has no part 'retain'"),
        ('{"name": "x", "retain": {"keep_newst": 3}}', "there is no option keep_newst"),
        ('{"name": "x", "retain": {"keep_newest": "3"}}', "retain.keep_newest: is no int"),
        ('{"name": "x", "retain": {"keep_tags": "v*"}}', "retain.keep_tags: is no list"),
        ('{"name": "x", "retain": {"mode": "proxy"}}', "'proxy' is none of"),
        ('{"name": "x", "retain": {"repositories": [{}]}}', "retain.repositories[0].name: is missing"),
        ('{"name": "x", "retain": {}}', "neither registry nor path is given"),
    ],
)
def test_a_configuration_that_cannot_be_meant(content, words, tmp_path, capsys):
    file = tmp_path / "x.json"
    file.write_text(content, encoding="utf-8")
    assert main(["retain", "--config", str(file)]) == 2
    said = capsys.readouterr()
    assert words in said.err + said.out


@pytest.mark.skipif(os.name != "posix", reason="modes")
def test_a_password_that_others_can_read_is_refused(config, capsys):
    assert main(["retain", "--config", str(config(mode=0o644))]) == 0, "there is no password in it"
    file = config(mode=0o640, retain={"username": "x", "password": "hunter2"})
    assert main(["retain", "--config", str(file)]) == 2
    said = capsys.readouterr().err
    assert f"Run: chmod 0600 {file}" in said and "hunter2" not in said


def test_metrics_that_cannot_be_written(config, capsys):
    assert main(["retain", "--config", str(config()), "--textfile", "/nonexistent/x.prom"]) == 2
    assert "the metrics cannot be written" in capsys.readouterr().err
