# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A real Pushgateway, and the probe as a scheduler runs it."""

from __future__ import annotations

import contextlib
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ansible.module_utils.oci_registry.doctor import main
from ansible.module_utils.oci_registry.probe.metrics import PREFIX
from ansible.module_utils.registry_lab.daemon import Daemon
from ansible.module_utils.registry_lab.monitoring.programs import find_program, plain_environment, pushgateway_command
from ansible.module_utils.registry_lab.process import free_port

PROGRAM = find_program("pushgateway")
_START_SECONDS = 20


class Pushgateway:
    """One on loopback; ``stop`` and ``start`` keep its port, and nothing else."""

    def __init__(self, folder: Path) -> None:
        self._port = free_port("127.0.0.1")
        self._log = folder / "pushgateway.log"
        self._daemon = Daemon(str(folder / "pushgateway.pid"))
        self.url = f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        assert PROGRAM is not None
        command = pushgateway_command(PROGRAM, f"127.0.0.1:{self._port}")
        self._daemon.start(command, str(self._log), plain_environment())
        deadline = time.monotonic() + _START_SECONDS
        while True:
            with contextlib.suppress(OSError):
                self.text("/-/ready")
                return
            assert time.monotonic() < deadline, self._log.read_text(encoding="utf-8")
            time.sleep(0.02)

    def stop(self) -> None:
        self._daemon.stop()

    def text(self, path: str = "/metrics") -> str:
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            text: str = answer.read().decode()
            return text

    def push(self, group: str, text: str) -> None:
        request = urllib.request.Request(f"{self.url}/metrics/job/{group}", text.encode(), method="PUT")
        urllib.request.urlopen(request, timeout=10).close()

    def values(self) -> dict[str, float]:
        """What it holds of ours: ``name{repository, code}`` without the prefix, of whichever registry."""
        return values_of(self.text())


def values_of(text: str) -> dict[str, float]:
    """Metrics of one registry by name; those of repositories and findings with the labels that tell them apart."""
    found = {}
    for line in text.splitlines():
        if line.startswith(PREFIX):
            series, _blank, value = line.rpartition(" ")
            name, _brace, labels = series.removeprefix(f"{PREFIX}_").partition("{")
            parts = dict(pair.split("=") for pair in labels.rstrip("}").replace('"', "").split(","))
            own = [parts[label] for label in ("repository", "code", "severity") if label in parts]
            found[" ".join([name, *own])] = float(value)
    return found


@pytest.fixture
def pushgateway(tmp_path: Path) -> Iterator[Pushgateway]:
    """A Pushgateway that runs."""
    if PROGRAM is None:
        (pytest.fail if "CI" in os.environ else pytest.skip)("there is no Pushgateway: apt-get install prometheus-pushgateway")
    made = Pushgateway(tmp_path)
    made.start()
    yield made
    made.stop()


Probe = Callable[..., "tuple[int, str, str]"]


@pytest.fixture
def probe(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Probe:
    """``probe(*options)`` -> (exit code, standard output, standard error)."""
    for name in ("REGISTRY_USERNAME", "REGISTRY_PASSWORD", "PUSHGATEWAY_USERNAME", "PUSHGATEWAY_PASSWORD"):
        monkeypatch.delenv(name, raising=False)

    def run(*options: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(["probe", *map(str, options)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run
