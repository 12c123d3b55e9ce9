# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""docs/runbooks/alerts.md: each alert has the section that its URL names, and what it says of the monitoring works there."""

from __future__ import annotations

import re
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from alerts.conftest import need
from contract.project import ROOT
from contract.test_links import HEADING, anchor
from drills.vm.documents import blocks

PAGE = ROOT / "docs" / "runbooks" / "alerts.md"
TEXT = PAGE.read_text(encoding="utf-8")
_SECONDS = 30.0


def sections() -> dict[str, str]:
    """The text below each heading of the second level."""
    parts = re.split(r"^## +(.+)\n", TEXT, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_every_alert_has_its_section_and_no_other_has_one(alerts: dict[str, dict]) -> None:
    found = sections()
    assert [name for name in found if name != "Wiring"] == list(alerts), "in the order of the rules"
    for name in alerts:
        text = found[name]
        assert re.search(r"\*\*It means\*\*.*\*\*Look at\*\*.*\*\*Run\*\*.*```sh\n", text, re.DOTALL), name


def test_every_url_leads_to_its_section(alerts: dict[str, dict]) -> None:
    anchors = [anchor(heading) for heading in HEADING.findall(TEXT)]
    for name, rule in alerts.items():
        page, _hash, fragment = rule["annotations"]["runbook_url"].partition("#")
        assert ROOT / page == PAGE
        assert fragment == name.lower()
        assert fragment in anchors


def test_the_configurations_are_accepted(tmp_path: Path, promtool: str) -> None:
    amtool = need("amtool", "prometheus-alertmanager")
    prometheus, inhibition = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    (tmp_path / "prometheus.yml").write_text(prometheus, encoding="utf-8")
    route = {"route": {"receiver": "nobody"}, "receivers": [{"name": "nobody"}], **yaml.safe_load(inhibition)}
    (tmp_path / "alertmanager.yml").write_text(yaml.safe_dump(route), encoding="utf-8")
    for command in (
        [promtool, "check", "config", str(tmp_path / "prometheus.yml")],
        [amtool, "check-config", str(tmp_path / "alertmanager.yml")],
    ):
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.fixture
def pushgateway(tmp_path: Path) -> Iterator[str]:
    """The address of a real one."""
    program = need("prometheus-pushgateway", "prometheus-pushgateway")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen([program, f"--web.listen-address={address}", "--persistence.file="], stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + _SECONDS
        while not answers(address):
            assert process.poll() is None, (tmp_path / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield address
    finally:
        process.kill()
        process.wait()


def answers(address: str) -> bool:
    host, _colon, port = address.partition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def push(address: str, instance: str) -> None:
    url = f"http://{address}/metrics/job/registry_manifest_integrity/instance/{instance}"
    body = b"registry_manifest_integrity_failures 1\n"
    urllib.request.urlopen(urllib.request.Request(url, body, method="PUT"), timeout=_SECONDS).close()


def test_a_registry_is_removed_from_the_pushgateway_and_no_other_is(pushgateway: str) -> None:
    for instance in ("registry.example.com:5050", "registry.example.com:5051"):
        push(pushgateway, instance)
    (block,) = [block for block in blocks(PAGE) if block.on_monitoring]
    command = block.text.replace("pushgateway:9091", pushgateway)
    ran = subprocess.run(["sh", "-eu", "-c", command], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    with urllib.request.urlopen(f"http://{pushgateway}/metrics", timeout=_SECONDS) as answer:
        left = re.findall(r'^registry_manifest_integrity_failures\{instance="(.*?)"', answer.read().decode(), re.MULTILINE)
    assert left == ["registry.example.com:5051"]
