# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Whatever cannot be done is one clear error, and the folder is as it was. What a plan refuses is in ``tests/unit/compose_file/cases``."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from ansible.module_utils.compose_file import pinning
from ansible.module_utils.oci_registry.errors import ApplyFailed
from ansible.module_utils.yaml_file import document, replacing

from contract.project import ROOT
from modules.compose_image.conftest import SIX

OVERRIDE = "services:\n  registry-private:\n    {key}: {value}\n"


def refused(compose, pin, *said, code="bad-input", **options):
    before = {path.name: path.read_bytes() for path in compose.parent.iterdir() if path.is_file()}
    result = pin(**options)
    assert result["failed"] and result["code"] == code
    for words in said:
        assert words in result["msg"]
    assert {path.name: path.read_bytes() for path in compose.parent.iterdir() if path.is_file()} == before
    return result["msg"]


def test_no_file(compose, pin):
    compose.unlink()
    refused(compose, pin, "docker-compose.yml: cannot be read (No such file or directory)")


def test_a_folder(compose, pin):
    refused(compose, pin, "cannot be read (Is a directory)", path=str(compose.parent))


def test_neither_services_nor_match(compose, pin):
    refused(compose, pin, "neither services nor match is given", match=None)


def test_a_symbolic_link(compose, pin):
    link = compose.parent / "compose.yml"
    link.symlink_to(compose.name)
    refused(compose, pin, f"is a symbolic link to {compose}. Give path: {compose}", path=str(link))


@pytest.mark.parametrize("check", [True, False])
def test_a_read_only_file(compose, pin, check):
    compose.chmod(0o444)
    refused(compose, pin, f"{compose}: is read-only. Make it writable first", check=check)


def test_a_read_only_file_that_is_right_already(compose, pin):
    pin()
    compose.chmod(0o444)
    assert pin()["changed"] is False


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files immutable")
def test_an_immutable_file(compose, pin):
    if subprocess.run(["chattr", "+i", compose], capture_output=True, check=False).returncode != 0:
        pytest.skip("this file system has no immutable files")
    try:
        refused(compose, pin, "is read-only")
    finally:
        subprocess.run(["chattr", "-i", compose], check=True)


@pytest.mark.parametrize("change", ["bytes", "other file", "link", "gone"])
def test_a_file_that_changes_meanwhile(compose, pin, monkeypatch, change):
    def disturb(*_arguments):
        if change == "bytes":
            compose.write_text(SIX + "# edited\n")
        elif change == "gone":
            compose.unlink()
        else:
            compose.rename(compose.with_name("aside.yml"))
            compose.symlink_to("aside.yml") if change == "link" else compose.write_text(SIX)

    monkeypatch.setattr(pinning, "refuse_read_only", disturb)
    result = pin(validate=False)
    assert result["failed"] and result["code"] == "apply-failed"
    assert "in the meantime" in result["msg"] or change == "gone"
    assert not list(compose.parent.glob(".*")) and "2.8.3" not in "".join(p.read_text() for p in compose.parent.glob("*.yml"))


def test_no_room(compose, pin, monkeypatch):
    def full(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(replacing, "_dress", full)
    refused(compose, pin, "cannot be replaced (No space left on device). The file is as it was", code="apply-failed")
    assert [path.name for path in compose.parent.iterdir()] == [compose.name]


@pytest.mark.parametrize("name", ["compose.override.yml", "docker-compose.override.yaml"])
@pytest.mark.parametrize(("key", "value"), [("image", "registry:2"), ("extends", "other")])
def test_another_file_decides(compose, pin, name, key, value):
    other = compose.parent / name
    other.write_text(OVERRIDE.format(key=key, value=value))
    refused(compose, pin, f"{other}: line 3: this file decides the image of service registry-private")


def test_an_override_that_says_nothing_of_the_image(compose, pin):
    (compose.parent / "compose.override.yml").write_text(OVERRIDE.format(key="restart", value="always"))
    assert pin()["changed"]


def test_a_file_of_another_name_has_no_override(compose, pin):
    (compose.parent / "compose.override.yml").write_text(OVERRIDE.format(key="image", value="registry:2"))
    other = compose.rename(compose.with_name("registries.yml"))
    assert pin(path=str(other))["changed"]


def test_compose_file_names_the_files(compose, pin):
    (compose.parent / "more.yml").write_text(OVERRIDE.format(key="image", value="registry:2"))
    (compose.parent / ".env").write_text("COMPOSE_FILE=docker-compose.yml:more.yml\n")
    refused(compose, pin, "more.yml: line 3: this file decides")
    (compose.parent / ".env").write_text("COMPOSE_FILE=more.yml:docker-compose.yml\n")
    assert pin()["changed"]


def test_an_override_that_is_not_valid(compose, pin):
    (compose.parent / "compose.override.yml").write_text("services: [\n")
    refused(compose, pin, "compose.override.yml: line 2, column 1: this is not valid YAML")


def test_errors_show_nothing_of_the_file(compose, pin):
    compose.write_text('services:\n  a:\n    environment:\n      KEY: "hunter2" hunter2\n')
    assert "hunter2" not in refused(compose, pin, "line 4, column 22")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe", "is not UTF-8 (byte 0)"),
        (b"a: \x00", "this is not valid YAML"),
        (b"a: " + b"[" * 200_000, "line 1: nested deeper than 100 levels"),
        (b"#" * (17 << 20), "is larger than 16 MiB"),
        (b"", "is no compose file"),
    ],
    ids=["UTF-16", "NUL", "deep", "large", "empty"],
)
def test_what_is_no_compose_file(compose, pin, content, said):
    compose.write_bytes(content)
    refused(compose, pin, said)


def test_without_the_library(compose, pin, monkeypatch):
    monkeypatch.setattr(document, "HAS_YAML", False)
    refused(compose, pin, "PyYAML is not there for this Python", "python3-yaml", code="missing-library")


def test_it_is_there_without_the_library():
    program = "import sys; sys.modules['yaml'] = None; import module_utils.compose_file.pinning"
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


def test_a_change_that_would_say_something_else_is_not_written(compose, pin, monkeypatch):
    from ansible.module_utils.compose_file import plan, scalars

    def clumsy(node, place, change):
        one = scalars.splice(node, place, change)
        return one._replace(new=one.new + "\n  privileged: true")

    monkeypatch.setattr(plan, "splice", clumsy)
    refused(compose, pin, "it would not say what it should after the change", code=ApplyFailed.code)
