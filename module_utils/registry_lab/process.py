# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A real registry as a process on loopback, with everything it reads and writes under one folder."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import secrets
import socket
import ssl
import subprocess
import time
from typing import Any, Dict, Optional, Tuple

from .access import self_signed, write_htpasswd
from .binaries import find_binary
from .config import Settings, configuration
from .daemon import Daemon
from .errors import LabError

_START_SECONDS = 20.0
_POLL_SECONDS = 0.02
_LOG_LINES = 12
_PORTS = range(20000, 32000)  # below net.ipv4.ip_local_port_range
_PORT_ATTEMPTS = 100


class RegistryProcess:
    """One registry: ``data/`` (its store), ``config.yml``, ``registry.log``, ``registry.pid`` and ``lab.json`` in one folder.

    It outlives the process that started it; :meth:`attach` finds it again. ``htpasswd`` is (user, password, bcrypt cost).
    ``port`` 0 picks a free one and keeps it over restarts. ``extra`` is merged into the configuration.
    """

    def __init__(
        self,
        folder: str,
        binary: Optional[str] = None,
        *,
        cache: bool = False,
        delete: bool = True,
        htpasswd: Optional[Tuple[str, str, int]] = None,
        tls: bool = False,
        host: str = "127.0.0.1",
        port: int = 0,
        proxy_remote: Optional[str] = None,
        extra: Optional[Dict[str, Any]] = None,
    ) -> None:
        folder = os.path.abspath(folder)
        os.makedirs(os.path.join(folder, "data"), exist_ok=True)
        found = find_binary(binary)
        self._set(
            folder, Settings(found, host, port or free_port(host), cache, delete, tls, htpasswd is not None, proxy_remote, extra)
        )
        if htpasswd is not None:
            write_htpasswd(os.path.join(folder, "htpasswd"), *htpasswd)
        if tls:
            self_signed(folder, host)
        self.configure()

    @classmethod
    def attach(cls, folder: str) -> RegistryProcess:
        """The registry of a folder made earlier, by this process or another one; LabError where there is none."""
        path = os.path.join(os.path.abspath(folder), "lab.json")
        try:
            with open(path, encoding="utf-8") as file:
                settings = Settings(**json.load(file))
        except (OSError, ValueError, TypeError) as error:
            raise LabError(f"no lab registry ({error})", where=path) from None
        registry = cls.__new__(cls)
        registry._set(os.path.abspath(folder), settings)
        return registry

    def _set(self, folder: str, settings: Settings) -> None:
        self.folder = folder
        self.settings = settings
        self.root = os.path.join(folder, "data")
        self.config_path = os.path.join(folder, "config.yml")
        self.log_path = os.path.join(folder, "registry.log")
        self.address = f"{settings.host}:{settings.port}"
        self.scheme = "https" if settings.tls else "http"
        self.ca_path = os.path.join(folder, "cert.pem") if settings.tls else None
        self._daemon = Daemon(os.path.join(folder, "registry.pid"))

    def configure(self, **changes: Any) -> None:
        """Write the configuration, with some of the :class:`Settings` changed; holds from the next start."""
        self._set(self.folder, self.settings._replace(**changes))
        _write_json(self.config_path, configuration(self.folder, self.settings))
        _write_json(os.path.join(self.folder, "lab.json"), self.settings._asdict())

    @property
    def pid(self) -> Optional[int]:
        """PID of the running registry, or None."""
        return self._daemon.pid

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self.pid is not None

    def start(self) -> None:
        """Start, and return once it answers; nothing where it runs already. LabError with the end of its log where it fails."""
        if self.running:
            return
        offset = os.path.getsize(self.log_path) if os.path.exists(self.log_path) else 0
        self._daemon.start([self.settings.binary, "serve", self.config_path], self.log_path, _environment())
        deadline = time.monotonic() + _START_SECONDS
        while not (self._listens(offset) and self._answers()):
            self._give_up_after(deadline)
            time.sleep(_POLL_SECONDS)

    def _give_up_after(self, deadline: float) -> None:
        if self.running and time.monotonic() < deadline:
            return
        self.stop()
        raise LabError("the registry does not start", where=self.address, advice="Its log ends:\n" + self.log_tail())

    def stop(self) -> None:
        """Stop it; nothing where it does not run."""
        self._daemon.stop()

    def restart(self) -> None:
        """Stop and start: drops every cache, keeps the port."""
        self.stop()
        self.start()

    def __enter__(self) -> RegistryProcess:
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    def collect(self, delete_untagged: bool = False, dry_run: bool = False, check: bool = True) -> str:
        """Run the binary's own garbage collection; return its output. LabError where it fails and ``check`` holds."""
        options = ["-m"] * delete_untagged + ["-d"] * dry_run
        command = [self.settings.binary, "garbage-collect", *options, self.config_path]
        answer = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=_environment(), check=False)
        text = answer.stdout.decode("utf-8", "replace")
        if check and answer.returncode:
            raise LabError(f"garbage-collect ended with {answer.returncode}", where=self.root, advice=f"It said:\n{text[-2000:]}")
        return text

    def log_tail(self, lines: int = _LOG_LINES) -> str:
        """The last lines of the registry's log."""
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return "".join(file.readlines()[-lines:])

    def _listens(self, offset: int) -> bool:
        """Whether this very process holds the port: another one may answer there."""
        with open(self.log_path, "rb") as file:
            file.seek(offset)
            return b"listening on" in file.read()

    def _answers(self) -> bool:
        with contextlib.closing(self.connect()) as connection:
            try:
                connection.request("GET", "/v2/")
                return connection.getresponse().status in (200, 401)
            except (OSError, http.client.HTTPException):
                return False

    def connect(self, timeout: float = 30.0) -> http.client.HTTPConnection:
        """A new connection, its certificate verified; ``timeout`` in seconds."""
        if self.ca_path is None:
            return http.client.HTTPConnection(self.address, timeout=timeout)
        context = ssl.create_default_context(cafile=self.ca_path)
        return http.client.HTTPSConnection(self.address, timeout=timeout, context=context)


def _environment() -> Dict[str, str]:
    """Without REGISTRY_* (which would override the configuration); 3.x must not look for a trace collector."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("REGISTRY_")}
    return {**inherited, "OTEL_TRACES_EXPORTER": "none"}


def free_port(host: str) -> int:
    """A port that nobody holds now, and that no connection or port 0 is given by the kernel while the registry restarts."""
    for _attempt in range(_PORT_ATTEMPTS):
        port = secrets.choice(_PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((host, port))
            return port
    raise LabError(f"no free port from {_PORTS[0]} to {_PORTS[-1]}", where=host, advice="Give one explicitly")


def _write_json(path: str, document: Dict[str, Any]) -> None:
    with open(path, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=2)
        file.write("\n")
