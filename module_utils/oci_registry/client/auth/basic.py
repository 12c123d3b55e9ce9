# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Basic authentication: the same header with every request, computed once."""

from __future__ import annotations

import base64

SCHEME = "basic"


def basic_header(username: str, password: str) -> str:
    """The value of the Authorization header."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode("ascii")


class Basic:
    """Sends the credentials ahead, so that none but the very first request is ever answered 401."""

    def __init__(self, username: str, password: str) -> None:
        self._header = basic_header(username, password)

    def header(self, scope: str) -> str:
        """What to send with a request for ``scope``, which is all one here."""
        return self._header

    def renew(self, scope: str, challenge_scope: str, refused: str) -> str:
        """What to send after ``refused`` was answered 401; empty where there is nothing else to try."""
        return "" if refused == self._header else self._header
