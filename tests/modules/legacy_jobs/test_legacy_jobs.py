# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""registry_legacy_jobs: what it finds on a machine, retires, leaves alone, and brings back."""

from __future__ import annotations

import os

import pytest

COLLECT = "docker exec registry-private registry garbage-collect -m /etc/docker/registry/config.yml"


def where(job):
    return job["file"], job["line"], job["kind"], job["severity"], job["retirable"]


def test_the_incident_is_found_shown_retired_and_brought_back(incident, jobs):
    before = incident.state()
    found = jobs()
    assert not found["changed"]
    assert [job["line"] for job in found["jobs"]] == [3, 4, 5, 6, 7, 8, 9]
    cleanup = found["jobs"][0]
    assert (cleanup["schedule"], cleanup["user"], cleanup["severity"]) == ("0 2 * * *", "root", "critical")
    assert [(each["file"], each["line"], each["text"]) for each in cleanup["evidence"]] == [
        ("/opt/registry/scripts/cleanup-tags.py", 6, "shutil.rmtree(tag)")
    ]
    assert "removes tag folders" in cleanup["evidence"][0]["why"]
    assert incident.state() == before

    planned = jobs("retired", check=True)
    assert planned["changed"] and incident.state() == before
    done = jobs("retired")
    assert (done["changed"], done["jobs"], len(done["retired"])) == (True, [], 7)
    text = incident.read("/etc/cron.d/registry")
    assert "\n30 3 * * 0 root /opt/registry/scripts/scan.py\n" in text
    assert text.count("# registry-runbooks retired 20") == 7
    assert COLLECT in text, "the old line stays"
    assert {item["after_header"] for item in planned["diff"]} == {item["after_header"] for item in done["diff"]}

    after = incident.state()
    assert not jobs("retired")["changed"]
    assert incident.state() == after
    assert jobs("restored", check=True)["changed"] and incident.state() == after
    assert jobs("restored")["changed"]
    assert incident.state() == before
    assert not jobs("restored")["changed"]


def test_one_line_comes_back_by_name(incident, jobs):
    jobs("retired")
    restored = jobs("restored", only=["/etc/cron.d/registry:9"])
    assert [job["line"] for job in restored["jobs"]] == [9]
    assert len(restored["retired"]) == 6
    assert not jobs("restored", only=["/etc/cron.d/registry:9"])["changed"]  # it is active already
    failed = jobs("restored", only=["/etc/cron.d/registry:10"])
    assert failed["failed"] and failed["code"] == "bad-input"
    assert "no such job: /etc/cron.d/registry:10. There are: /etc/cron.d/registry:3" in failed["msg"]


def test_a_job_that_somebody_retired_meanwhile_is_no_error(incident, jobs):
    names = [job["name"] for job in jobs()["jobs"] if job["retirable"]]
    assert jobs("retired", only=names[:1])["changed"]
    second = jobs("retired", only=names)
    assert second["changed"] and {job["name"] for job in second["retired"]} == set(names)
    assert not jobs("retired", only=names)["changed"]


def test_every_crontab_is_read(machine, jobs):
    machine.put("/etc/crontab", f"@weekly root {COLLECT}\n")
    machine.put("/etc/anacrontab", f"7 25 gc {COLLECT}\n")
    machine.put("/var/spool/cron/crontabs/root", f"@weekly {COLLECT}\n", 0o600)
    machine.put("/var/spool/cron/operator", f"@weekly {COLLECT}\n", 0o600)
    machine.put("/etc/cron.d/registry.dpkg-old", f"@weekly root {COLLECT}\n")
    found = jobs("retired", check=True)["jobs"]
    assert [(job["file"], job["user"]) for job in found] == [
        ("/etc/crontab", "root"),
        ("/etc/anacrontab", "root"),
        ("/var/spool/cron/crontabs/root", "root"),
        ("/var/spool/cron/operator", "operator"),
    ]
    jobs("retired")
    assert os.stat(machine.root / "var/spool/cron/crontabs/root").st_mode & 0o777 == 0o600
    assert jobs()["jobs"] == []


def test_scripts_of_cron_lose_their_x_bits_and_get_them_back(machine, jobs):
    machine.put("/etc/cron.weekly/registry-gc", f"#!/bin/sh\nset -e\n{COLLECT} > /dev/null\n", 0o750)
    machine.put("/opt/gc.sh", f"#!/bin/sh\n{COLLECT}\n", 0o755)
    machine.put("/etc/cron.daily/calls-it", "#!/bin/sh\nexec /opt/gc.sh\n", 0o755)
    machine.put("/etc/cron.daily/not-run", f"#!/bin/sh\n{COLLECT}\n", 0o644)
    before = machine.state()
    found = jobs()["jobs"]
    assert [(job["file"], job["schedule"]) for job in found] == [
        ("/etc/cron.daily/calls-it", "daily"),
        ("/etc/cron.weekly/registry-gc", "weekly"),
    ]
    retired = jobs("retired")
    assert retired["jobs"] == []
    assert os.stat(machine.root / "etc/cron.weekly/registry-gc").st_mode & 0o777 == 0o640
    assert not jobs("retired")["changed"]
    jobs("restored")
    assert machine.state() == before


def test_other_work_is_shown_and_left_alone(machine, jobs):
    machine.put("/etc/cron.d/mixed", f"@weekly root {COLLECT} && /opt/backup.sh --all\n")
    machine.put("/opt/weekly.sh", f'#!/bin/sh\nlog() {{ echo "$1"; }}\nlog begin\npg_dump all\n{COLLECT}\n', 0o755)
    machine.put("/etc/cron.d/script", "@weekly root /opt/weekly.sh\n")
    before = machine.state()
    result = jobs("retired")
    assert not result["changed"] and machine.state() == before
    assert [(job["retirable"], job["others"]) for job in result["jobs"]] == [
        (False, ["/opt/backup.sh --all"]),
        (False, ["pg_dump all"]),
    ]
    assert "2 do other work too" in result["msg"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("@weekly root python3 /opt/gc.py", "given to an interpreter"),
        ("@weekly root gc-registry", "on PATH"),
        ("@weekly root cd / && sh -c '/usr/local/bin/gc-registry now'", "within sh -c"),
        ("@weekly root sh%/usr/local/bin/gc-registry", "on standard input"),
    ],
)
def test_called_scripts_are_found(machine, jobs, line, why):
    machine.put("/opt/gc.py", "import os\nos.system('docker exec r registry garbage-collect -m c.yml')\n")
    machine.put("/usr/local/bin/gc-registry", f"#!/bin/sh\n{COLLECT}\n", 0o755)
    machine.put("/etc/cron.d/gc", f"{line}\n")
    assert [job["severity"] for job in jobs()["jobs"]] == ["critical"], why


def test_what_is_only_named_is_not_called(machine, jobs):
    machine.put(
        "/opt/registry/maintenance/registry-private.json", '{"commands": ["registry", "garbage-collect", "-m", "c.yml"]}', 0o600
    )
    machine.put(
        "/etc/cron.d/new",
        "@weekly root /usr/bin/python3 -I /opt/d.pyz collect --config /opt/registry/maintenance/registry-private.json\n",
    )
    machine.put("/opt/d.pyz", "#!/usr/bin/env python3\nPK\0garbage-collect -m", 0o755)
    assert jobs()["jobs"] == []


SERVICE = f"[Service]\nType=oneshot\nExecStart=-/usr/bin/{COLLECT}\n"


def test_timers_of_systemd(machine, jobs):
    machine.put("/etc/systemd/system/registry-gc.service", SERVICE)
    machine.put("/etc/systemd/system/registry-gc.timer", "[Timer]\nOnCalendar=Sun 03:00\n[Install]\nWantedBy=timers.target\n")
    machine.put("/lib/systemd/system/other.service", SERVICE.replace(" -m ", " "))
    machine.put("/lib/systemd/system/by-name.timer", "[Timer]\nOnCalendar=weekly\nUnit=other.service\n")
    machine.put("/lib/systemd/system/by-hand.service", SERVICE)
    before = machine.state()
    found = jobs()["jobs"]
    assert [(job["unit"], job["file"], job["line"], job["severity"]) for job in found] == [
        ("by-name.timer", "/lib/systemd/system/other.service", 3, "warning"),
        ("registry-gc.timer", "/etc/systemd/system/registry-gc.service", 3, "critical"),
    ]
    assert found[1]["schedule"] == "OnCalendar=Sun 03:00"
    assert jobs("retired")["jobs"] == []
    marked = machine.read("/etc/systemd/system/registry-gc.timer.d/registry-runbooks-retired.conf")
    assert "ConditionPathExists=!/etc/systemd/system/registry-gc.timer.d/registry-runbooks-retired.conf" in marked
    assert not jobs("retired")["changed"]
    assert jobs("restored", only=["registry-gc.timer"])["changed"]
    jobs("restored")
    assert machine.state() == before


def test_lines_stay_as_they_are_byte_for_byte(machine, jobs):
    text = f"# caf\udce9\r\n0 3 * * 0  root\t{COLLECT}  \r\n@daily root true"
    file = machine.put("/etc/cron.d/odd", text)
    before = file.read_bytes()
    assert jobs("retired")["changed"]
    assert file.read_bytes().startswith(b"# caf\xe9\r\n# registry-runbooks retired ")
    assert file.read_bytes().endswith(b"  \r\n@daily root true")
    jobs("restored")
    assert file.read_bytes() == before


def test_secrets_are_not_shown(machine, jobs):
    machine.put("/etc/cron.d/gc", f"@weekly root REGISTRY_PASSWORD=hunter2 {COLLECT}\n")
    for state in ("found", "retired", "found", "restored"):
        assert "hunter2" not in str(jobs(state))


def test_links_are_followed_but_not_out_of_the_machine(machine, jobs, tmp_path):
    real = machine.put("/opt/registry/cron", f"@weekly root {COLLECT}\n")
    (machine.root / "etc/cron.d").mkdir(parents=True)
    (machine.root / "etc/cron.d/registry").symlink_to("../../opt/registry/cron")
    jobs("retired")
    assert (machine.root / "etc/cron.d/registry").is_symlink()
    assert real.read_text().startswith("# registry-runbooks retired")
    outside = tmp_path / "outside"
    outside.write_text(f"@weekly root {COLLECT}\n")
    (machine.root / "etc/cron.d/out").symlink_to(outside)
    failed = jobs("retired")
    assert failed["failed"] and "leads out of root" in failed["msg"]


def test_no_such_root(jobs, tmp_path):
    failed = jobs(root=str(tmp_path / "nowhere"))
    assert (failed["failed"], failed["code"]) == (True, "bad-input")
