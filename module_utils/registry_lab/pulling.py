# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Images pulled with a client that people use: ``skopeo copy`` to a folder that is removed at once."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from typing import List, Optional, Tuple

UNAVAILABLE = "skopeo is not installed"


def skopeo() -> Optional[str]:
    """Path of the client; None where it is not installed."""
    return shutil.which("skopeo")


class Puller:
    """Pulls from one registry (``host:port``), TLS verified where ``ca_path`` is given. ``login``: user and password.

    The password goes to the client over its standard input, and is kept in a file of 0600 until :meth:`close`.
    """

    def __init__(self, program: str, registry: str, ca_path: str = "", login: Optional[Tuple[str, str]] = None) -> None:
        self._program = program
        self._registry = registry
        self._folder = tempfile.mkdtemp(prefix="registry-pull-")
        self._access = ["--src-tls-verify=false"]
        if ca_path:
            shutil.copy(ca_path, os.path.join(self._folder, "ca.crt"))
            self._access = [f"--src-cert-dir={self._folder}"]
        self._refused = self._login(*login) if login else ""
        self._access.append(f"--src-authfile={self._folder}/auth.json" if login else "--src-no-creds")

    def _login(self, user: str, password: str) -> str:
        """Why the registry does not let us in, or nothing."""
        command = ["login", f"--authfile={self._folder}/auth.json", f"--cert-dir={self._folder}"]
        return self._run([*command, f"--username={user}", "--password-stdin", self._registry], password)

    def pull(self, image: str, *, every_platform: bool = True) -> str:
        """Pull ``repository:tag``; why that failed, or nothing."""
        if self._refused:
            return f"{image}: {self._refused}"
        target = os.path.join(self._folder, "image")
        every = ["--all"] if every_platform else []
        source = f"docker://{self._registry}/{image}"
        try:
            error = self._run(["--insecure-policy", "copy", "-q", *every, *self._access, source, f"dir:{target}"])
        finally:
            shutil.rmtree(target, ignore_errors=True)
        return f"{self._registry}/{image}: {error}" if error else ""

    def close(self) -> None:
        """Forget everything."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, arguments: List[str], text: str = "") -> str:
        """The client's last words where it fails, or nothing."""
        ran = subprocess.run([self._program, *arguments], input=text.encode(), capture_output=True, check=False)
        return ran.stderr.decode("utf-8", "replace").strip()[-500:] or f"exit {ran.returncode}" if ran.returncode else ""
