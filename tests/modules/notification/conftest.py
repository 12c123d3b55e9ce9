# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Receivers on loopback."""

from __future__ import annotations

from modules.client.conftest import no_proxies, serve, server_context

__all__ = ["no_proxies", "serve", "server_context"]
