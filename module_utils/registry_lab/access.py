# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a lab registry asks of its clients: an htpasswd file with bcrypt, a self-signed certificate for loopback."""

from __future__ import annotations

import datetime
import ipaddress
import os
import shutil
import subprocess
from typing import List, Tuple

from .errors import LabError

_VALID = datetime.timedelta(days=30)


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

    The certificate is its own authority, and good for 30 days: clients verify against ``cert.pem``.
    """
    certificate, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
    make = _sign_with_openssl if shutil.which("openssl") else _sign_with_cryptography
    make(certificate, key, list(dict.fromkeys((host, "127.0.0.1", "localhost"))))
    return certificate, key


def _sign_with_openssl(certificate: str, key: str, names: List[str]) -> None:
    alternatives = ",".join(("IP:" if _is_address(name) else "DNS:") + name for name in names)
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30"]
    command += ["-subj", "/CN=registry-lab", "-addext", f"subjectAltName={alternatives}", "-keyout", key, "-out", certificate]
    answer = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if answer.returncode:
        raise LabError(f"openssl failed: {answer.stdout.decode('utf-8', 'replace').strip()[-300:]}")


def _sign_with_cryptography(certificate: str, key: str, names: List[str]) -> None:
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
    except ImportError:
        what = "a registry with TLS needs the program openssl or the Python package cryptography"
        raise LabError(what, advice="apt-get install openssl") from None
    private, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.timezone.utc)
    alternatives = [x509.IPAddress(ipaddress.ip_address(name)) if _is_address(name) else x509.DNSName(name) for name in names]
    owner = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "registry-lab")])
    builder = x509.CertificateBuilder(owner, owner, private.public_key(), x509.random_serial_number(), now, now + _VALID)
    builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    encoding = serialization.Encoding.PEM
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    _write_private(key, private.private_bytes(encoding, *plain))
    _write_private(certificate, builder.sign(private, hashes.SHA256()).public_bytes(encoding))


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _write_private(path: str, content: bytes) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
