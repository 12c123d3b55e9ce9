# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Does each port of a machine answer as its own registry? What stands in front of several may lead to the wrong one."""

from __future__ import annotations

from .examine import examine
from .facts import CODES, Port

__all__ = ["CODES", "Port", "examine"]
