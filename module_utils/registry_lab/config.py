# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The configuration of a lab registry, as plain data: JSON is YAML, and every registry version reads it."""

from __future__ import annotations

import os
from typing import Any, Dict, Mapping, NamedTuple, Optional


class Settings(NamedTuple):
    """What a lab registry is made of, and all that is needed to find it again (``lab.json``). Holds no secret."""

    binary: str
    host: str
    port: int
    cache: bool = False  # descriptor cache in memory: what hides damage from clients
    delete: bool = True  # DELETE of manifests and blobs allowed
    tls: bool = False
    auth: bool = False  # htpasswd; the file lies in the lab's folder
    proxy_remote: Optional[str] = None  # URL of the upstream: makes it a pull-through cache
    extra: Optional[Dict[str, Any]] = None  # merged into the configuration, mapping by mapping


def configuration(folder: str, settings: Settings) -> Dict[str, Any]:
    """The registry's configuration: everything that it writes lies below ``folder``."""
    config: Dict[str, Any] = {
        "version": "0.1",
        "log": {"level": "info", "accesslog": {"disabled": True}},
        "storage": {
            "filesystem": {"rootdirectory": os.path.join(folder, "data"), "maxthreads": 100},
            "delete": {"enabled": settings.delete},
            "maintenance": {"uploadpurging": {"enabled": False}},
        },
        "http": {"addr": f"{settings.host}:{settings.port}", "secret": "registry-lab"},
        "validation": {"manifests": {"urls": {"allow": ["^https?://"]}}},  # else manifests with foreign layers are refused
    }
    if settings.cache:
        config["storage"]["cache"] = {"blobdescriptor": "inmemory"}
    if settings.tls:
        config["http"]["tls"] = {name: os.path.join(folder, f"{file}.pem") for name, file in _TLS_FILES.items()}
    if settings.auth:
        config["auth"] = {"htpasswd": {"realm": "registry-lab", "path": os.path.join(folder, "htpasswd")}}
    if settings.proxy_remote:
        config["proxy"] = {"remoteurl": settings.proxy_remote}
    return merged(config, settings.extra or {})


_TLS_FILES = {"certificate": "cert", "key": "key"}


def merged(base: Mapping[str, Any], extra: Mapping[str, Any]) -> Dict[str, Any]:
    """``base`` with ``extra`` on top: mappings are merged, anything else is replaced."""
    result = dict(base)
    for key, value in extra.items():
        both = isinstance(value, Mapping) and isinstance(result.get(key), Mapping)
        result[key] = merged(result[key], value) if both else value
    return result
