# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A restart command for a lab registry: what ``docker compose restart registry`` is on a real host."""

from __future__ import annotations

import os
import shlex
from typing import List

from .process import RegistryProcess

_SCRIPT = """\
#!/bin/sh
# Stops the lab registry of this folder, if it is still the process that was started here, and starts it again.
set -eu
cd -- {folder}

started_at() {{ cut -d' ' -f22 "/proc/$1/stat" 2>/dev/null || true; }}

if read -r pid started <registry.pid && [ "$(started_at "$pid")" = "$started" ]; then
    kill "$pid"
    while [ "$(started_at "$pid")" = "$started" ] && ! grep -q '^State:.Z' "/proc/$pid/status"; do sleep 0.02; done
fi 2>/dev/null

offset=$(wc -c <registry.log)
env -i PATH="$PATH" OTEL_TRACES_EXPORTER=none setsid {binary} serve config.yml >>registry.log 2>&1 </dev/null &
pid=$!
echo "$pid $(started_at "$pid")" >registry.pid

tries=0
until tail -c "+$((offset + 1))" registry.log | grep -q 'listening on'; do
    tries=$((tries + 1))
    if [ "$tries" -gt 500 ] || ! kill -0 "$pid" 2>/dev/null; then
        echo "the registry does not start; its log ends:" >&2
        tail -n 12 registry.log >&2
        exit 1
    fi
    sleep 0.02
done
"""


def write_restart_script(registry: RegistryProcess) -> None:
    """Write ``restart.sh`` to the registry's folder."""
    with open(_path(registry), "w", encoding="utf-8") as file:
        file.write(_SCRIPT.format(folder=shlex.quote(registry.folder), binary=shlex.quote(registry.settings.binary)))


def restart_commands(registry: RegistryProcess) -> List[List[str]]:
    """The commands that restart it, in order, each as its arguments."""
    return [["/bin/sh", _path(registry)]]


def _path(registry: RegistryProcess) -> str:
    return os.path.join(registry.folder, "restart.sh")
