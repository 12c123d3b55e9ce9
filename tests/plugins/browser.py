# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A real browser without a window, spoken to in its own protocol over two pipes: pages opened, measured, printed, and all that they ask for."""

from __future__ import annotations

import base64
import contextlib
import functools
import itertools
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

_LIMIT = 60.0  # seconds for one answer
_READ = 1 << 20
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: nothing is asked of anybody but the page that is opened, and no host is found but this machine itself
_FLAGS = (
    "--headless",
    "--no-sandbox",  # the tests run as root in containers
    "--disable-gpu",
    "--hide-scrollbars",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--remote-debugging-pipe",
)

#: the protocol is spoken on descriptors 3 and 4, which may be in use for something else until now
_LAUNCH = """import fcntl, os, sys
ends = [fcntl.fcntl(int(each), fcntl.F_DUPFD, 10) for each in sys.argv[1:3]]
for end, number in zip(ends, (3, 4)):
    os.dup2(end, number)
    os.close(end)
os.execv(sys.argv[3], sys.argv[3:])
"""


@functools.cache
def program() -> str:
    """The browser of this machine; empty where there is none that starts."""
    found = next(filter(None, map(shutil.which, _PROGRAMS)), "")
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        if found and subprocess.run([found, "--version"], capture_output=True, timeout=30).returncode == 0:
            return found
    return ""


class Browser:
    """One process with one page. ``requests`` are the addresses that the page asked for, ``said`` what its console and its log hold."""

    def __init__(self, profile: Path) -> None:
        self.requests: list[str] = []
        self.said: list[str] = []
        self._events: list[dict[str, Any]] = []
        self._numbers = itertools.count(1)
        self._rest = b""
        to_browser, self._in = os.pipe()
        self._out, from_browser = os.pipe()
        command = [sys.executable, "-c", _LAUNCH, str(to_browser), str(from_browser), program(), *_FLAGS]
        command += [f"--user-data-dir={profile}", "about:blank"]
        passed = (to_browser, from_browser)
        self._log = (profile.parent / f"{profile.name}.log").open("wb")
        self._process = subprocess.Popen(command, pass_fds=passed, stdout=self._log, stderr=self._log, start_new_session=True)
        for descriptor in passed:
            os.close(descriptor)
        self._session = ""

    def __enter__(self) -> Browser:
        try:
            target = self.call("Target.createTarget", url="about:blank")["targetId"]
            self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            for domain in ("Page", "Network", "Runtime", "Log"):
                self.call(f"{domain}.enable")
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the process, and wait for it."""
        self._session = ""
        with contextlib.suppress(OSError, AssertionError):
            self.call("Browser.close")
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for descriptor in (self._in, self._out):
            os.close(descriptor)
        self._log.close()

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command and its result; what happens meanwhile is kept."""
        number = next(self._numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._in, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == number:
                assert "error" not in answer, (method, answer["error"])
                result: dict[str, Any] = answer["result"]
                return result

    def open(self, path: Path, width: int = 1200, height: int = 900, dark: bool = False) -> None:
        """Show a file on a screen of that size, and wait until it is there."""
        self.requests.clear()
        self.said.clear()
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 700)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media="", features=[scheme])
        self._events.clear()
        self.call("Page.navigate", url=path.as_uri())
        self._until("Page.loadEventFired")

    def print_media(self) -> None:
        """Show the page as it is on paper."""
        self.call("Emulation.setEmulatedMedia", media="print")

    def value(self, expression: str) -> Any:
        """What an expression of the page's language comes to."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def picture(self, path: Path) -> None:
        """The whole page as PNG."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 16000), "scale": 1}
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)["data"]))

    def pdf(self) -> bytes:
        """The page on paper, with its headings as an outline."""
        wanted = {"preferCSSPageSize": True, "printBackground": False, "generateTaggedPDF": True, "generateDocumentOutline": True}
        return base64.b64decode(self.call("Page.printToPDF", **wanted)["data"])

    def _until(self, method: str) -> None:
        while not any(event["method"] == method for event in self._events):
            self._receive()

    def _receive(self) -> dict[str, Any]:
        deadline = time.monotonic() + _LIMIT
        while b"\0" not in self._rest:
            ready = select.select([self._out], [], [], max(0.0, deadline - time.monotonic()))[0]
            chunk = os.read(self._out, _READ) if ready else b""
            assert chunk, f"the browser {'has ended' if ready else 'does not answer'}, see {self._log.name}"
            self._rest += chunk
        line, _null, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        if "method" in message:
            self._note(message)
        return message

    def _note(self, event: dict[str, Any]) -> None:
        self._events.append(event)
        given = event.get("params", {})
        if event["method"] == "Network.requestWillBeSent":
            self.requests.append(given["request"]["url"])
        elif event["method"] in (
            "Runtime.consoleAPICalled",
            "Runtime.exceptionThrown",
            "Log.entryAdded",
            "Page.javascriptDialogOpening",
        ):
            self.said.append(json.dumps(given))


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser for all tests of a file."""
    if not program():
        pytest.skip("there is no chromium on this machine, and it could not be installed")
    with Browser(tmp_path_factory.mktemp("browser") / "profile") as started:
        yield started
