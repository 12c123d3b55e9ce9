# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Whether a Docker daemon will speak to the registry: known beforehand, since it says so only at the end of a push."""

from __future__ import annotations

import glob
import ipaddress
import os
import socket
import ssl
from typing import Any, List, Mapping

from ..oci_registry.client import Settings
from .errors import NotTrusted

_CERTIFICATES = "/etc/docker/certs.d"


def check_daemon(info: Mapping[str, Any], settings: Settings) -> None:
    """``info``: what ``docker info`` tells of a daemon of this host. Raises :class:`NotTrusted`."""
    registry = settings.registry
    if _insecure(info.get("RegistryConfig") or {}, registry):
        return
    if settings.scheme == "http":
        raise NotTrusted(
            "Docker speaks https to it, and it is said to speak http",
            where=registry,
            advice=f"Add {registry} to insecure-registries in /etc/docker/daemon.json and restart Docker, or use buildah",
        )
    problem = _handshake(registry, sorted(glob.glob(os.path.join(_CERTIFICATES, registry, "*.crt"))))
    if problem:
        ca = settings.ca_path or "the registry's certificates"
        raise NotTrusted(
            f"Docker does not trust its certificate ({problem})",
            where=registry,
            advice=f"Copy {ca} to {_CERTIFICATES}/{registry}/ca.crt, which needs no restart, or use buildah",
        )


def _insecure(config: Mapping[str, Any], registry: str) -> bool:
    index = (config.get("IndexConfigs") or {}).get(registry)
    if isinstance(index, dict) and index.get("Secure") is False:
        return True
    networks = [ipaddress.ip_network(text, strict=False) for text in config.get("InsecureRegistryCIDRs") or ()]
    return any(address in network for address in _addresses(registry) for network in networks)


def _addresses(registry: str) -> List[Any]:
    try:
        found = socket.getaddrinfo(_host(registry), None, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return [ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found]


def _handshake(registry: str, certificates: List[str]) -> str:
    """Why a client with the system's certificates and these does not trust it; empty where it does, or nobody answers."""
    context = ssl.create_default_context()
    for path in certificates:
        try:
            context.load_verify_locations(cafile=path)
        except (OSError, ssl.SSLError):
            continue
    port = registry.rpartition(":")[2] if ":" in registry and not registry.endswith("]") else "443"
    try:
        connection = socket.create_connection((_host(registry), int(port)), timeout=10)
        with connection, context.wrap_socket(connection, server_hostname=_host(registry)):
            return ""
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    except (OSError, ValueError):
        return ""


def _host(registry: str) -> str:
    host, colon, _port = registry.rpartition(":")
    return (registry if not colon or registry.endswith("]") else host).strip("[]")
