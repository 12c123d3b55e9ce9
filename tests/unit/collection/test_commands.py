# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The commands as operators write them."""

from __future__ import annotations

import sys
import time

import pytest
from ansible.module_utils.oci_registry.commands import run_command, start_time
from ansible.module_utils.oci_registry.errors import BadInput, CommandFailed
from ansible.module_utils.oci_registry.plans.commands import commands_from

CONFIG = "/etc/docker/registry/config.yml"
COMPOSE = ["docker", "compose", "run", "--rm", "-T", "registry"]


def given(dry: list[str], real: list[str], prefix: list[str] = COMPOSE):
    return commands_from({"dry_run": [*prefix, "garbage-collect", *dry], "collect": [*prefix, "garbage-collect", *real]}, 60.0)


@pytest.mark.parametrize("dry", [["--dry-run", CONFIG], ["-d", CONFIG], [CONFIG, "--dry-run=true"]])
def test_a_dry_run(dry):
    assert not given(dry, [CONFIG]).delete_untagged


@pytest.mark.parametrize(
    ("dry", "real"),
    [
        (["-dm", CONFIG], ["-m", CONFIG]),
        (["--dry-run", "--delete-untagged", CONFIG], [CONFIG, "--delete-untagged"]),
        (["-d", "--delete-untagged=true", CONFIG], ["--delete-untagged=true", CONFIG]),
    ],
)
def test_untagged_deletion(dry, real):
    assert given(dry, real).delete_untagged


def test_untagged_deletion_told_off():
    assert not given(["-d", "--delete-untagged=false", CONFIG], ["--delete-untagged=false", CONFIG]).delete_untagged


@pytest.mark.parametrize(
    ("dry", "real", "said"),
    [
        ([CONFIG], [CONFIG], "no dry run"),
        (["--dry-run=false", CONFIG], [CONFIG], "no dry run"),
        (["-d", CONFIG], ["-d", CONFIG], "is a dry run"),
        (["-d", CONFIG], ["-m", CONFIG], "differ by more"),
        (["-d", CONFIG], ["/other.yml"], "differ by more"),
    ],
)
def test_what_cannot_be_used(dry, real, said):
    with pytest.raises(BadInput, match=said):
        given(dry, real)


def test_options_of_the_engine_are_not_those_of_the_registry():
    with pytest.raises(BadInput, match="no dry run"):
        given([CONFIG], [CONFIG], ["docker", "run", "-d", "-m", "512m", "registry"])


@pytest.mark.parametrize("argv", ["docker stop registry", [["x"]], [1], [""]])
def test_what_is_no_list_of_words(argv):
    with pytest.raises(BadInput, match=r"commands\.dry_run"):
        commands_from({"dry_run": argv}, 60.0)


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_only_the_end_of_the_output_is_kept_and_every_line_heard():
    lines: list[str] = []
    outcome = run_command(
        python("import sys\nfor n in range(20000): print(n)\nsys.stderr.write('bad')\nsys.exit(3)"), 60, lines.append
    )
    assert outcome.code == 3
    assert lines == [str(number) for number in range(20000)]
    assert len(outcome.tail) <= 5000 and outcome.tail.endswith("19999\nbad")


def test_a_daemon_that_keeps_the_output_open_is_not_waited_for():
    code = "import subprocess\nchild = subprocess.Popen(['sleep', '30'])\nprint(child.pid)"
    lines: list[str] = []
    began = time.monotonic()
    assert run_command(python(code), 20, lines.append).code == 0
    assert time.monotonic() - began < 15
    assert start_time(int(lines[0])), "it was killed"
    run_command(["kill", lines[0]], 5)


def test_what_does_not_end_is_killed():
    with pytest.raises(CommandFailed, match=r"within 0\.5 seconds"):
        run_command(["sleep", "60"], 0.5)


def test_what_does_not_start():
    with pytest.raises(CommandFailed, match="cannot be started"):
        run_command(["/no/such/program"], 5)
