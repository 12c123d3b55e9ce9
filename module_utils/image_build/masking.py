# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Secrets out of everything that is shown: logs of builders, errors, commands."""

from __future__ import annotations

import base64
import re
from typing import Iterable, List, Mapping, Optional
from urllib.parse import quote

HIDDEN = "********"
_USERINFO = re.compile(r"(?<=://)[^/@\s]+@")
_SECRET_NAME = re.compile(r"pass|secret|token|credential|private|api_?key", re.IGNORECASE)


class Mask:
    """``mask(text)`` is the text without the secrets, and without user information in addresses."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = sorted({secret for secret in secrets if secret}, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return _USERINFO.sub(f"{HIDDEN}@", text)


def secrets_of(username: Optional[str], password: Optional[str], userinfo: str, build_args: Mapping[str, str]) -> List[str]:
    """All forms in which a secret could turn up; of build arguments those whose names look like secrets."""
    found = [value for name, value in build_args.items() if _SECRET_NAME.search(name)]
    if password:
        found += [password, quote(password, safe=""), base64.b64encode(f"{username or ''}:{password}".encode()).decode()]
    if userinfo:
        found += [userinfo, userinfo.partition(":")[2] or userinfo]
    return found
