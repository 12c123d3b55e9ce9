# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""registry-doctor as one file: whole, or with chosen subcommands only, which is small and needs nothing that it lacks."""

from __future__ import annotations

import io
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from ansible.module_utils.doctor_archive import archive
from ansible.module_utils.oci_registry.doctor import MODULES
from ansible.module_utils.oci_registry.version import VERSION

from contract.project import ROOT

PACKAGE = str(ROOT / "module_utils" / "oci_registry")
#: bytes; as base64, and with what surrounds it, still below the 262,144 that `kubectl apply` may keep in an annotation
SMALL = 150_000


def test_the_version_is_the_projects() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"] == VERSION


@pytest.mark.parametrize("command", MODULES)
def test_one_subcommand_alone_runs(command: str, tmp_path: Path) -> None:
    made = tmp_path / "registry-doctor.pyz"
    made.write_bytes(archive(PACKAGE, [command]))
    ran = subprocess.run([sys.executable, "-I", str(made), command, "--help"], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith(f"usage: registry-doctor {command}")


def test_what_looks_over_http_is_small() -> None:
    made = archive(PACKAGE, ["verify", "probe"])
    assert len(made) < SMALL
    names = zipfile.ZipFile(io.BytesIO(made)).namelist()
    assert not [name for name in names if "/apply/" in name or "/scan/" in name], "what only the disk needs"


def test_what_is_left_out_is_not_offered(tmp_path: Path) -> None:
    made = tmp_path / "registry-doctor.pyz"
    made.write_bytes(archive(PACKAGE, ["verify"]))
    ran = subprocess.run([sys.executable, "-I", str(made), "collect"], capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "invalid choice: 'collect'" in ran.stderr


def test_a_subcommand_that_there_is_not() -> None:
    with pytest.raises(ValueError, match=r"no subcommand dance; there are verify, walk"):
        archive(PACKAGE, ["dance", "walk"])


def test_the_same_sources_make_the_same_bytes() -> None:
    assert archive(PACKAGE, ["verify"]) == archive(PACKAGE, ["verify"])
