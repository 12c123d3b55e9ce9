# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""How to reach a registry, from the command line: its options, and the client that they make."""

from __future__ import annotations

import argparse
import os
from typing import Any, Optional

from ..client import Client, Settings
from ..errors import BadInput
from ..options import MAX_CONCURRENCY
from ..secret_file import first_line
from ..walk import PROOFS

CREDENTIALS = """\
credentials:
  REGISTRY_USERNAME and REGISTRY_PASSWORD in the environment, or --username with --password-file.
  HTTPS_PROXY, HTTP_PROXY and NO_PROXY are honoured.

"""


def add_access(command: argparse.ArgumentParser, *, concurrency: int = 8) -> None:
    """The options that say how a registry is reached and how hard it is looked at, ``--registry`` itself apart."""
    add: Any = command.add_argument
    add("--scheme", choices=("https", "http"), default="https", help="default: https")
    add("--username", default=os.environ.get("REGISTRY_USERNAME"), help="default: $REGISTRY_USERNAME")
    add("--password-file", metavar="FILE", help="its first line; - reads standard input (default: $REGISTRY_PASSWORD)")
    add("--ca-path", metavar="PEM", help="trust these certificates besides the system's")
    add("--insecure-skip-tls-verify", action="store_true", help="accept any certificate: whoever answers may lie")
    add("--timeout", type=float, default=30.0, metavar="SECONDS", help="for each connect and read (default: 30)")
    at_once = f"requests at once, 1 to {MAX_CONCURRENCY} (default: {concurrency})"
    add("--concurrency", type=int, default=concurrency, metavar="N", help=at_once)
    proofs = "bytes fetches the last byte of each blob, content all of them; manifests and head prove less (default: bytes)"
    add("--proof", choices=PROOFS, default="bytes", help=proofs)


def client_of(arguments: argparse.Namespace, registry: str) -> Client:
    """A client for the registry."""
    return Client(
        Settings(
            registry=registry,
            scheme=arguments.scheme,
            username=arguments.username,
            password=password_of(arguments.password_file),
            ca_path=arguments.ca_path,
            validate_certs=not arguments.insecure_skip_tls_verify,
            timeout=arguments.timeout,
        )
    )


def password_of(path: Optional[str]) -> Optional[str]:
    """The password in a file, in standard input (``-``) or, without a path, in the environment. Raises :class:`BadInput`."""
    if path is None:
        return os.environ.get("REGISTRY_PASSWORD")
    return first_line(path, "the password file", standard_input=True)


def concurrency_of(value: int) -> int:
    """How many requests at once. Raises :class:`BadInput` for a number out of range."""
    if not 1 <= value <= MAX_CONCURRENCY:
        raise BadInput(f"--concurrency {value} is not from 1 to {MAX_CONCURRENCY}")
    return int(value)
