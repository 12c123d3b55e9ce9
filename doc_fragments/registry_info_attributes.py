# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Attributes of the modules that only read."""

from __future__ import annotations


class ModuleDocFragment:
    """``extends_documentation_fragment: registry_info_attributes``"""

    DOCUMENTATION = r"""
attributes:
  check_mode:
    description: Whether it runs in check mode, changing nothing and predicting what would change.
    support: full
    details: Never changes anything.
  diff_mode:
    description: Whether it shows what it changed, or would change, in diff mode.
    support: none
    details: There is no change to show.
  idempotent:
    description: Whether a second run with the same options changes nothing.
    support: full
  platform:
    description: Operating systems of the host that it runs on.
    support: full
    platforms: posix
"""
