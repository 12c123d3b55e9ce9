# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The scenarios of the drill on a machine: each breaks it the way it happens in the field, and says what a person then does and sees."""

from __future__ import annotations

from typing import Callable, Dict

from .ci_circular import ci_circular
from .ci_down import ci_down
from .collector_gone_wild import collector_gone_wild
from .credentials_expired import credentials_expired
from .mirror_restore import mirror_restore
from .nginx_stale_upstream import nginx_stale_upstream
from .registry_down import registry_down
from .scene import Act, Scene, Wanted
from .snapshot_restore import snapshot_restore
from .stage import Stage
from .wrong_pin import wrong_pin

__all__ = ["SCENARIOS", "Act", "Scene", "Stage", "Wanted"]

#: name: what breaks the machine of a stage
SCENARIOS: Dict[str, Callable[[Stage], Scene]] = {
    "ci-down": ci_down,
    "ci-circular": ci_circular,
    "mirror-restore": mirror_restore,
    "snapshot-restore": snapshot_restore,
    "wrong-pin": wrong_pin,
    "nginx-stale-upstream": nginx_stale_upstream,
    "collector-gone-wild": collector_gone_wild,
    "registry-down": registry_down,
    "credentials-expired": credentials_expired,
}
