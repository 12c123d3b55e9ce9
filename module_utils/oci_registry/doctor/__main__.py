# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""``python -m oci_registry.doctor``."""

from __future__ import annotations

import sys

from . import main

sys.exit(main())
