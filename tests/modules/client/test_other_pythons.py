# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The client speaks HTTP and TLS itself, so it is tried on every Python that hosts have: sockets and TLS differ between them."""

from __future__ import annotations

import subprocess

import pytest
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.push import push

from contract.interpreters import find_python
from contract.project import ROOT

SCRIPT = """
import io, sys
sys.path.insert(0, sys.argv[1])
from module_utils.oci_registry.client import Client, Pusher, Settings
from module_utils.oci_registry.errors import TLSFailure
address, ca_path, digest = sys.argv[2:]
with Client(Settings(address, username="u", password="p", ca_path=ca_path)) as client:
    print(list(client.repositories()), client.tags("app"), client.get_manifest("app", "v1").status)
    print(client.get_blob_range("app", digest, 0, 0).received, client.requests)
    print(Pusher(client).upload_blob("new", sys.argv[4], io.BytesIO(b"wrong"), 5).status)
try:
    Client(Settings(address)).tags("app")
except TLSFailure as error:
    print(error.what)
"""


@pytest.mark.parametrize("version", ["3.9", "3.10", "3.12", "3.13"])
def test_the_client_on_another_python(any_registry, version):
    python = find_python(version)
    if python is None:
        pytest.skip(f"this machine has no Python {version}")
    made, image = any_registry(tls=True, htpasswd=("u", "p", 4)), images.image("one")
    push(made, "app", "v1", image, ("u", "p"))
    command = [python, "-I", "-W", "error", "-c", SCRIPT, str(ROOT), made.address, made.ca_path, image.blobs[0].digest]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    assert outcome.stderr == ""
    assert outcome.stdout.splitlines() == [
        "['app'] ['v1'] 200",
        "1 5",
        "400",
        "the certificate is self-signed and not trusted",
    ]
