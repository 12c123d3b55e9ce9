# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""registry_notification as Ansible runs it, and receivers on loopback."""

from __future__ import annotations

from modules.client.conftest import no_proxies, serve, server_context
from modules.drill.conftest import run

__all__ = ["no_proxies", "run", "serve", "server_context"]
