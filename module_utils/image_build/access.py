# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A throw-away configuration for a builder: its password stands there for the time of one run, and nowhere else."""

from __future__ import annotations

import json
import os
import shutil
from typing import Any, Dict

_KEPT = ("currentContext", "proxies", "cliPluginsExtraDirs", "credHelpers", "auths")
_SYSTEM_CERTIFICATES = "/etc/ssl/certs:/etc/pki/tls/certs"  # where buildah looks unless told
_LINKED = ("cli-plugins", "contexts", "buildx")


def docker_config(folder: str, registry: str) -> Dict[str, str]:
    """Fill ``folder`` (mode 0700) with what the user's own configuration says, without what it knows of ``registry``.

    Returns the environment that makes Docker use it. A credential store of the user's is left out, since a login would write into it.
    """
    own = os.environ.get("DOCKER_CONFIG") or os.path.join(os.path.expanduser("~"), ".docker")
    given = _read(os.path.join(own, "config.json"))
    kept = {name: given[name] for name in _KEPT if name in given}
    for name in ("auths", "credHelpers"):
        if isinstance(kept.get(name), dict):
            kept[name] = {host: value for host, value in kept[name].items() if host != registry and value}
    _write(os.path.join(folder, "config.json"), kept)
    for name in _LINKED:
        if os.path.isdir(os.path.join(own, name)):
            os.symlink(os.path.join(own, name), os.path.join(folder, name))
    return {"DOCKER_CONFIG": folder, "DOCKER_CLI_HINTS": "false"}


def auth_file(folder: str, registry: str) -> str:
    """An authentication file for buildah, with the user's own entries for other registries; its path."""
    runtime = os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    home = os.path.expanduser("~")
    own = [
        os.environ.get("REGISTRY_AUTH_FILE") or "",
        os.path.join(f"/run/containers/{os.getuid()}", "auth.json"),
        os.path.join(runtime, "containers", "auth.json"),
        os.path.join(home, ".docker", "config.json"),
    ]
    auths: Dict[str, Any] = {}
    for path in reversed([path for path in own if path]):
        found = _read(path).get("auths")
        auths.update(found if isinstance(found, dict) else {})
    auths.pop(registry, None)
    path = os.path.join(folder, "auth.json")
    _write(path, {"auths": auths})
    return path


def certificates(folder: str, ca_path: str) -> Dict[str, str]:
    """The environment that makes buildah trust these, too.

    Its option for a folder of certificates would take those of ``certs.d`` from it, which the registries of base images may need.
    """
    path = os.path.join(folder, "certificates")
    os.makedirs(path, mode=0o700, exist_ok=True)
    shutil.copyfile(ca_path, os.path.join(path, "ca.crt"))
    return {"SSL_CERT_DIR": os.pathsep.join([path, os.environ.get("SSL_CERT_DIR") or _SYSTEM_CERTIFICATES])}


def _read(path: str) -> Dict[str, Any]:
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(path: str, document: Dict[str, Any]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(document, file)
