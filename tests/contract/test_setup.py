# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""``./runbook`` makes its virtual environment when it must, again when it broke, and never otherwise.

The requirements of these checkouts are empty, so that nothing is fetched; what is under test is the script.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from contract.project import ROOT

MAKING = "making"
#: What the script itself runs; the machine of these tests has nothing else on PATH.
PROGRAMS = [
    *("cat", "cksum", "date", "dirname", "env", "flock", "grep", "id", "mkdir", "mktemp", "readlink"),
    *("rm", "rmdir", "sh", "tail"),
]
Runbook = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with a blank in its path and empty requirements."""
    copy = tmp_path / "a checkout"
    shutil.copytree(ROOT / "src", copy / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(ROOT / "runbook", copy)
    (copy / "requirements").mkdir()
    for name in ("run", "test", "lint"):
        (copy / "requirements" / f"{name}.txt").write_text("# none\n", encoding="utf-8")
    return copy


def environment(tmp_path: Path, **extra: str) -> dict[str, str]:
    """A bare machine: an unwritable HOME, and nothing on PATH but what every Debian has."""
    programs = tmp_path / "programs"
    if not programs.exists():
        programs.mkdir()
        for name in PROGRAMS:
            (programs / name).symlink_to(shutil.which(name) or f"/usr/bin/{name}")
    return {
        "PATH": str(programs),
        "HOME": "/proc/1/nowhere",
        "RUNBOOK_PYTHON": sys.executable,
        "RUNBOOK_NO_INSTALL": "1",
        **extra,
    }


@pytest.fixture
def runbook(checkout: Path, tmp_path: Path) -> Runbook:
    """``runbook(*arguments)`` runs the script from another ``folder``, to its end."""

    def run(*arguments: str, folder: str | Path = "/", **extra: str) -> subprocess.CompletedProcess[str]:
        command = [str(checkout / "runbook"), *arguments]
        given = environment(tmp_path, **extra)
        return subprocess.run(command, cwd=folder, env=given, capture_output=True, text=True, check=False)

    return run


def make_and_check(runbook: Runbook) -> str:
    """Run a command that needs the environment and stops right after; what was said about making it."""
    outcome = runbook("play")
    assert outcome.returncode == 2
    assert "name a playbook" in outcome.stderr
    return outcome.stderr


def test_help_needs_no_environment(runbook: Runbook, checkout: Path) -> None:
    outcome = runbook()
    assert outcome.returncode == 0
    assert outcome.stdout.startswith("Usage: ./runbook COMMAND")
    assert not (checkout / ".venv").exists()


def test_made_once_and_again_when_broken_or_outdated(runbook: Runbook, checkout: Path) -> None:
    venv = checkout / ".venv"
    assert MAKING in make_and_check(runbook)
    began = time.monotonic()
    assert MAKING not in make_and_check(runbook)
    assert time.monotonic() - began < 1.0  # later runs cost nothing: 0.1 s on an idle machine
    (venv / ".ready-run").unlink()  # as after a kill in the middle
    assert MAKING in make_and_check(runbook)
    (venv / "bin" / "python").unlink()
    assert MAKING in make_and_check(runbook)
    (checkout / "requirements" / "run.txt").write_text("# other pins\n", encoding="utf-8")
    assert MAKING in make_and_check(runbook)
    moved = venv.rename(checkout / "moved")
    assert MAKING in make_and_check(lambda *arguments: runbook(*arguments, RUNBOOK_VENV=str(moved)))


def test_nothing_is_imported_from_the_folder_of_the_caller(runbook: Runbook, tmp_path: Path) -> None:
    folder = tmp_path / "of the caller"
    folder.mkdir()
    for name in ("venv", "ensurepip", "pip", "runbook", "json", "subprocess"):
        (folder / f"{name}.py").write_text("raise SystemExit('imported from the caller')\n", encoding="utf-8")
    assert MAKING in make_and_check(lambda *arguments: runbook(*arguments, folder=folder))


def test_two_at_once_make_one(checkout: Path, tmp_path: Path) -> None:
    command = [str(checkout / "runbook"), "play"]
    given = environment(tmp_path)
    both = [subprocess.Popen(command, env=given, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate()[1] for process in both]
    assert sum(MAKING + " " + str(checkout) in text and "waiting" not in text for text in said) == 1
    assert all("name a playbook" in text for text in said)


def test_missing_programs_are_one_clear_message(runbook: Runbook) -> None:
    for command in ("drill", "test"):
        outcome = runbook(command)
        assert outcome.returncode == 2
        assert len(outcome.stderr.splitlines()) == 1
        assert "apt-get install docker-registry skopeo" in outcome.stderr


def test_no_python_is_one_clear_message(runbook: Runbook) -> None:
    outcome = runbook("help", RUNBOOK_PYTHON="/no/such/python")
    assert (outcome.returncode, len(outcome.stderr.splitlines())) == (2, 1)
    assert "Python 3.11 or later" in outcome.stderr


@pytest.mark.skipif(not os.path.exists("/proc/1"), reason="needs a folder that nobody can write to")
def test_unwritable_place_is_one_clear_message(runbook: Runbook) -> None:
    outcome = runbook("play", RUNBOOK_VENV="/proc/1/venv")
    assert (outcome.returncode, len(outcome.stderr.splitlines())) == (2, 1)
    assert "RUNBOOK_VENV" in outcome.stderr


def test_a_folder_that_is_no_environment_is_left_alone(runbook: Runbook, tmp_path: Path) -> None:
    kept = tmp_path / "home" / "thesis.txt"
    kept.parent.mkdir()
    kept.write_text("years of work", encoding="utf-8")
    outcome = runbook("play", RUNBOOK_VENV=str(kept.parent))
    assert (outcome.returncode, len(outcome.stderr.splitlines())) == (2, 1)
    assert f"{kept.parent} is there and is no virtual environment" in outcome.stderr
    assert kept.read_text(encoding="utf-8") == "years of work"
    empty = tmp_path / "empty"
    empty.mkdir()
    assert MAKING in make_and_check(lambda *arguments: runbook(*arguments, RUNBOOK_VENV=str(empty)))


@pytest.mark.parametrize(
    ("arguments", "groups"),
    [
        ([], set()),
        (["-e", "target=drill-unlinked"], set()),
        (["-i", "my-machines", "-e", "drill_lab=monitoring"], set()),
        (["-e", "target=monitoring"], {"monitoring"}),
        (["-e", "target=drill-detection"], {"monitoring"}),
        (["-e", "target=machine"], {"machine"}),
        (["-e", "target=drill:machine"], {"machine"}),
        (["-e", '{"target": "machine"}'], {"machine"}),
        (["-e", "target=drill-wrong-pin"], {"machine"}),
        (["--all"], {"monitoring", "machine"}),
    ],
)
def test_what_a_drill_needs_is_known_by_its_arguments(arguments: list[str], groups: set[str]) -> None:
    """For others neither Prometheus nor Docker and nginx are installed."""
    given = {**os.environ, "root": str(ROOT), "venv": "/nowhere", "python": "python3"}
    for group in ("monitoring", "machine"):
        command = ["sh", "-euc", '. src/setup.sh; in_group "$@"', "sh", group, *arguments]
        ran = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False)
        assert (ran.returncode, ran.stderr) == (0 if group in groups else 1, "")
