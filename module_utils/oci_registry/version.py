# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The version of this code; a contract test holds it equal to the project's."""

from __future__ import annotations

VERSION = "0.1.0"
