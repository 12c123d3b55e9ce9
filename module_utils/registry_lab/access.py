# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a lab registry asks of its clients: an htpasswd file with bcrypt, a self-signed certificate for loopback."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import Tuple

from .errors import LabError


def write_htpasswd(path: str, user: str, password: str, cost: int) -> None:
    """Write an htpasswd file (mode 0600) with one user; ``cost`` is the bcrypt cost, 4 to 17.

    The password goes to ``htpasswd`` over its standard input, never in its arguments.
    """
    line = _line_of_htpasswd(user, password, cost) if shutil.which("htpasswd") else _line_of_bcrypt(user, password, cost)
    _write_private(path, line)


def _line_of_htpasswd(user: str, password: str, cost: int) -> bytes:
    command = ["htpasswd", "-niBC", str(cost), user]
    answer = subprocess.run(command, input=password.encode(), capture_output=True, check=False)
    if answer.returncode:
        raise LabError(f"htpasswd failed: {answer.stderr.decode('utf-8', 'replace').strip()[:300]}")
    return answer.stdout.strip() + b"\n"


def _line_of_bcrypt(user: str, password: str, cost: int) -> bytes:
    try:
        import bcrypt
    except ImportError:
        raise LabError(
            "a password needs the program htpasswd or the Python package bcrypt", advice="apt-get install apache2-utils"
        ) from None
    return user.encode() + b":" + bcrypt.hashpw(password.encode(), bcrypt.gensalt(cost)) + b"\n"


def self_signed(folder: str, host: str) -> Tuple[str, str]:
    """Write ``cert.pem`` (valid for ``host``, localhost and 127.0.0.1) and ``key.pem`` to ``folder``; return both paths.

    The certificate is its own authority: clients verify against ``cert.pem``.
    """
    certificate, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
    names = "subjectAltName=" + ",".join(dict.fromkeys((_alternative(host), "IP:127.0.0.1", "DNS:localhost")))
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30"]
    command += ["-subj", "/CN=registry-lab", "-addext", names, "-keyout", key, "-out", certificate]
    try:
        answer = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    except FileNotFoundError:
        raise LabError("a registry with TLS needs the program openssl", advice="apt-get install openssl") from None
    if answer.returncode:
        raise LabError(f"openssl failed: {answer.stdout.decode('utf-8', 'replace').strip()[-300:]}")
    return certificate, key


def _alternative(host: str) -> str:
    return ("IP:" if host.replace(".", "").isdigit() else "DNS:") + host


def _write_private(path: str, content: bytes) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
