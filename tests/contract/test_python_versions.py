# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The core runs on every Python from 3.9 on with nothing installed, as a package and as the zipapp."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from ansible.module_utils.registry_lab.place import make_store

from contract.interpreters import find_python
from contract.project import ROOT
from runbook import build

VERSIONS = ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14")

#: Compiles all that runs on hosts and imports every module of the core; a warning is an error.
SMOKE = """
import importlib, pathlib, pkgutil, sys
root = pathlib.Path(sys.argv[1])
for path in [*root.joinpath("module_utils").rglob("*.py"), *root.joinpath("library").glob("*.py")]:
    compile(path.read_bytes(), str(path), "exec")
sys.dont_write_bytecode = True
sys.path.insert(0, str(root))
core = importlib.import_module("module_utils.oci_registry")
for module in pkgutil.walk_packages(core.__path__, core.__name__ + "."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
        print(module.name)
"""


@pytest.fixture(params=VERSIONS)
def python(request: pytest.FixtureRequest) -> str:
    """Each Python in turn; skipped where this machine has none of that version."""
    found = find_python(request.param)
    if found is None:
        pytest.skip(f"this machine has no Python {request.param}")
    return found


def run(python: str, *arguments: str) -> str:
    """What an isolated interpreter prints; it must not fail and not warn."""
    outcome = subprocess.run([python, "-I", "-W", "error", *arguments], capture_output=True, text=True, check=False)
    assert (outcome.returncode, outcome.stderr) == (0, "")
    return outcome.stdout


def test_core_imports(python: str) -> None:
    assert "module_utils.oci_registry.model" in run(python, "-c", SMOKE, str(ROOT)).splitlines()


def test_zipapp_runs(python: str, tmp_path: Path) -> None:
    zipapp = tmp_path / "registry-doctor.pyz"
    build.write(zipapp)
    assert "registry-doctor" in run(python, str(zipapp), "--help")


def test_zipapp_sees_the_same_everywhere(python: str, tmp_path: Path) -> None:
    zipapp, store = tmp_path / "registry-doctor.pyz", tmp_path / "store"
    build.write(zipapp)
    make_store(str(store), repositories=1, tags=2)
    assert "HEALTHY" in run(python, str(zipapp), "scan", str(store))
    next(store.rglob("_manifests/revisions/sha256/*/link")).unlink()
    outcome = subprocess.run([python, "-I", str(zipapp), "scan", str(store)], capture_output=True, text=True, check=False)
    assert (outcome.returncode, "unlinked" in outcome.stdout) == (1, True)


def test_zipapp_is_reproducible(tmp_path: Path) -> None:
    first, second = tmp_path / "one" / "a.pyz", tmp_path / "two" / "b.pyz"
    build.write(first)
    build.write(second)
    assert first.read_bytes() == second.read_bytes()
