# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Documentation of the options in ``module_utils/woodpecker/options.py``, shared by every module that talks to a Woodpecker server."""

from __future__ import annotations


class ModuleDocFragment:
    """``extends_documentation_fragment: woodpecker_server``"""

    DOCUMENTATION = r"""
options:
  server:
    description: Address of the Woodpecker server. With it, it is asked about secrets of O(repository), names and
      events and never values.
    type: str
  token:
    description: Token of a user who may push to O(repository). Never part of a result, an error or a log.
    type: str
  repository:
    description: The repository on O(server), as C(owner/name).
    type: str
"""
