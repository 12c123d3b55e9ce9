# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A real Prometheus on loopback, and a page of metrics for it to scrape."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.registry_lab.daemon import Daemon
from ansible.module_utils.registry_lab.process import free_port

PROGRAM = shutil.which("prometheus")
_SECONDS = 30


class Prometheus:
    """One that runs. ``targets`` are scraped every second, with honor_labels."""

    def __init__(self, folder: Path, targets: list[str]) -> None:
        assert PROGRAM is not None
        self._url = f"http://127.0.0.1:{free_port('127.0.0.1')}"
        self._log = folder / "prometheus.log"
        self._daemon = Daemon(str(folder / "prometheus.pid"))
        config = folder / "prometheus.yml"
        job = {"job_name": "test", "honor_labels": True, "scrape_interval": "1s", "static_configs": [{"targets": targets}]}
        config.write_text(json.dumps({"scrape_configs": [job] if targets else []}), encoding="utf-8")
        address = self._url.removeprefix("http://")
        command = [PROGRAM, f"--config.file={config}", f"--storage.tsdb.path={folder}/data", f"--web.listen-address={address}"]
        self._daemon.start(command, str(self._log), dict(os.environ))
        self._until(self._ready)

    def stop(self) -> None:
        self._daemon.stop()

    def ask(self, expression: str, *, instant: bool = True) -> list[dict[str, Any]]:
        """Its answer; an expression that it refuses fails the test with its words."""
        now = time.time()
        when = {"time": now} if instant else {"start": now - 3600, "end": now, "step": 60}
        query = urllib.parse.urlencode({"query": expression, **when})
        try:
            with urllib.request.urlopen(f"{self._url}/api/v1/query{'' if instant else '_range'}?{query}", timeout=20) as answer:
                said = json.load(answer)
        except urllib.error.HTTPError as error:
            pytest.fail(f"{expression}: {error.read().decode()}")
        assert said["status"] == "success"
        assert not said.get("warnings")
        result: list[dict[str, Any]] = said["data"]["result"]
        return result

    def wait_for(self, expression: str) -> None:
        """Until it has an answer."""
        self._until(lambda: bool(self.ask(expression)))

    def _ready(self) -> bool:
        try:
            urllib.request.urlopen(f"{self._url}/-/ready", timeout=5).close()
        except OSError:
            return False
        return True

    def _until(self, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _SECONDS
        while not done():
            assert time.monotonic() < deadline, self._log.read_text(encoding="utf-8")
            time.sleep(0.05)


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Prometheus]]:
    """``prometheus(*targets)`` starts one; all of them are stopped at the end."""
    if PROGRAM is None:
        (pytest.fail if "CI" in os.environ else pytest.skip)("there is no Prometheus: apt-get install prometheus")
    made: list[Prometheus] = []

    def start(*targets: str) -> Prometheus:
        made.append(Prometheus(tmp_path_factory.mktemp("prometheus"), list(targets)))
        return made[-1]

    yield start
    for each in made:
        each.stop()


@pytest.fixture
def served() -> Iterator[Callable[[str], str]]:
    """``served(text)`` -> host:port, which answers ``/metrics`` with the text."""
    servers: list[ThreadingHTTPServer] = []

    def serve(text: str) -> str:
        class Page(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_args: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"127.0.0.1:{server.server_port}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()
