# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""TLS connections that ended, as when a proxy restarts: that says nothing of certificates, and is tried again."""

from __future__ import annotations

import ssl

CUT = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
