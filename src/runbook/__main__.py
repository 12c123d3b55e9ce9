# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""``python -m runbook``: see ``./runbook help``."""

from __future__ import annotations

import sys

from .commands import main

sys.exit(main(sys.argv[1:]))
