# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A client of the Distribution HTTP API: what was answered, or why there was no answer. Never what is broken."""

from __future__ import annotations

from .answer import Answer, error_codes
from .api import Client
from .push import Pusher
from .settings import Settings

__all__ = ["Answer", "Client", "Pusher", "Settings", "error_codes"]
