# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A front before a real registry: passes everything on, but for what a test does on the way; and what the registry itself logged."""

from __future__ import annotations

import contextlib
import http.client
import re
import time
from collections.abc import Callable
from pathlib import Path

from ansible.module_utils.registry_lab.process import RegistryProcess

from modules.client.scripted import Cut, Script, Seen, answer

Hook = Callable[[Seen], "bytes | Cut | None"]
ACCESS_LOG = {"log": {"accesslog": {"disabled": False}}}  # for RegistryProcess(extra=...)

_PASSED_ON = ("accept", "authorization", "range")
_PASSED_BACK = (
    "Content-Type",
    "Docker-Content-Digest",
    "Docker-Distribution-Api-Version",
    "Content-Range",
    "Link",
    "Www-Authenticate",
)
_ACCESS = re.compile(r'"(GET|HEAD|POST|PUT|PATCH|DELETE) (/v2/\S*) HTTP/1\.1" (\d{3})')


def before(registry: RegistryProcess, hook: Hook) -> Script:
    """A script that answers with what ``hook`` returns, or where that is None, with what the registry says."""

    def script(seen: Seen) -> bytes | Cut:
        return hook(seen) or forwarded(registry, seen)

    return script


def forwarded(registry: RegistryProcess, seen: Seen) -> bytes:
    """The registry's own answer."""
    headers = {name: seen.headers[name] for name in _PASSED_ON if name in seen.headers}
    with contextlib.closing(http.client.HTTPConnection(registry.address, timeout=30)) as connection:
        connection.request(seen.method, seen.target, headers=headers)
        reply = connection.getresponse()
        kept = {name.replace("-", "_"): reply.headers[name] for name in _PASSED_BACK if name in reply.headers}
        body = reply.read()
        return answer(reply.status, body, **kept, Content_Length=reply.headers["Content-Length"] or len(body))


def delete(registry: RegistryProcess, repository: str, digest: str) -> None:
    """Delete a manifest through the API, and with it every tag that points at it."""
    with contextlib.closing(registry.connect()) as connection:
        connection.request("DELETE", f"/v2/{repository}/manifests/{digest}")
        assert connection.getresponse().status == 202


def logged(registry: RegistryProcess, count: int) -> list[tuple[str, str, int]]:
    """(method, target, status) of every request that the registry's access log shows, once it shows ``count``; fails if it never does.

    Those with which the lab waits for the registry to start are left out.
    """
    deadline = time.monotonic() + 10
    while True:
        found = [(method, target, int(status)) for method, target, status in _ACCESS.findall(Path(registry.log_path).read_text())]
        requests = [line for line in found if line[1] != "/v2/"]
        if len(requests) >= count:
            return requests
        assert time.monotonic() < deadline, f"the registry logged {len(requests)} requests, not {count}"
        time.sleep(0.02)
