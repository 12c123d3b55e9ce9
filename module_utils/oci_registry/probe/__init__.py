# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The probe: walks registries again and again with a budget of time, remembers what it knew, and reports it as metrics."""

from __future__ import annotations

from .options import PROBE_OPTIONS
from .registry import Looked, look
from .run import Done, is_well, probe

__all__ = ["PROBE_OPTIONS", "Done", "Looked", "is_well", "look", "probe"]
