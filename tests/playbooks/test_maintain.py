# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""maintain.yml on the machine of the incident: old jobs retired, what no rule keeps deleted and collected, a schedule that works."""

from __future__ import annotations

import pytest

from contract.project import ROOT
from playbooks.maintained import NEW, OLD, Maintained

RULES = {"maintain_rules": {"keep_newest": 1, "untagged_grace": 0.0}, "maintain_collection": {"push_grace": 0.0}}
RETIRE = {"approve": ["retire_jobs"]}


@pytest.fixture
def machine(new_vm_lab, play):
    return Maintained(new_vm_lab(), play)


#: a cache's own clock, and what runs write of themselves
OF_NO_MATTER = ("*.log", "lock", "scheduler-state.json", "*.jsonl")


def state(machine):
    """What must stay as it is when nothing is to be changed."""
    images = machine.vm.docker(
        "ps", "--no-trunc", "--filter", f"name={machine.vm.container('registry-')}", "--format", "{{.Names}} {{.ID}}"
    ).stdout
    others = " ".join(f"! -name '{name}'" for name in OF_NO_MATTER)
    files = machine.shell(f"find {machine.vm.compose_path.parent} /etc/cron.d -type f {others} | sort | xargs sha256sum").stdout
    return [*sorted(images.splitlines()), *files.splitlines()]


def result_of(outcome, name):
    return next(result for result in outcome.report["results"] if result["name"] == name)


def test_the_incident_is_retired_and_replaced(machine):
    old = machine.install_old_jobs()
    refused = machine.play()
    assert (refused.rc, refused.findings) == (2, 7), refused.stdout
    assert "7 old jobs are active, so the schedule was not installed" in refused.failures[0]
    assert "cleanup-tags.py:5: shutil.rmtree(tag)" in refused.text
    assert machine.read(NEW) == "" and machine.read(OLD) == old

    before = state(machine)
    planned = machine.play(check=True, **RULES, **RETIRE)
    assert planned.rc == 0, planned.stdout
    assert state(machine) == before
    done = machine.play(**RULES, **RETIRE)
    assert done.rc == 0, done.stdout
    assert machine.read(OLD).count("# registry-runbooks retired 20") == 7
    hosted = result_of(done, "registry-private")
    assert hosted["retention"]["summary"]["tags_deleted"] > 0
    assert hosted["collection"]["swept"]["blobs"] > 0 and hosted["findings"] == []
    plan = result_of(planned, "registry-private")
    assert hosted["retention"]["summary"] == plan["retention"]["summary"]
    assert hosted["collection"]["planned"] == plan["collection"]["planned"]
    assert [step["phase"] for step in hosted["collection"]["plan"]] == [step["phase"] for step in plan["collection"]["plan"]]

    after = state(machine)
    for check in (True, False):
        again = machine.play(check=check, **RULES, **RETIRE)
        assert (again.rc, again.changed) == (0, 0), again.stdout
        assert state(machine) == after


def test_the_schedule_does_the_same_and_says_how_it_went(machine):
    assert machine.play(**RULES).rc == 0
    counts = {job: len(machine.commands(job)) for job in ("retain", "collect", "scan")}
    assert counts == {"retain": 6, "collect": 1, "scan": 6}
    for command in [*machine.commands("retain"), *machine.commands("collect"), *machine.commands("scan")]:
        machine.shell(command)
    log = (machine.home / "logs" / "maintenance.log").read_text(encoding="utf-8")
    assert "registry-private collect: nothing is eligible for deletion" in log
    for name in ("registry-private-retain", "registry-private-collect", "registry-ghcr-scan"):
        text = (machine.home / "metrics" / f"{name}.prom").read_text(encoding="utf-8")
        registry, _dash, job = name.rpartition("-")
        assert f'registry_maintenance_success{{job="{job}",registry="{registry}"}} 1\n' in text
    assert (machine.home / "registry-private.json").stat().st_mode & 0o777 == 0o600
    assert "password" not in machine.read(NEW)


def test_what_was_collected_comes_back(machine):
    done = machine.play(**RULES, target="registry-private")
    snapshot = result_of(done, "registry-private")["collection"]["snapshot"]["id"]
    restored = machine.play(target="registry-private", maintain_restore="latest", **RULES)
    assert restored.rc == 0, restored.stdout
    assert result_of(restored, "registry-private")["collection"]["restored"]["blobs"] > 0
    assert machine.play(target="registry-private", maintain_restore=snapshot, **RULES).changed == 0
    expired = machine.play(target="registry-private", maintain_expire=snapshot)
    assert expired.rc == 0, expired.stdout
    assert result_of(expired, "registry-private")["changed"]
    assert machine.play(playbook="verify").rc == 0


def test_an_old_job_comes_back(machine):
    old = machine.install_old_jobs()
    machine.play(target="registry-vm", **RETIRE)
    assert machine.read(OLD) != old
    back = machine.play(target="registry-vm", maintain_bring_back=[OLD])
    assert back.rc == 0, back.stdout
    assert machine.read(OLD) == old


def test_a_snapshot_needs_its_registry(play):
    outcome = play("maintain", {"maintain_restore": "latest"}, inventory=ROOT / "inventory" / "example")
    assert outcome.rc == 2
    assert outcome.failures == ["Name the registry whose snapshot it is: -e target=registry-private"]
