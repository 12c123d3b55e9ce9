# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Keeps secrets that people put into crontabs out of results and differences."""

from __future__ import annotations

import re

_MASK = "********"
_NAMED = re.compile(r"(?i)((?:[\w-]*(?:pass|secret|token|credential)[\w-]*)\s*[= ]\s*)(\"[^\"]*\"|'[^']*'|[^\s\"';&|]+)")
_USER_PASSWORD = re.compile(r"((?:^|\s)(?:-u|--user|--creds)[= ]?\s*[\"']?[^\s:\"']+:)[^\s\"']+")
_IN_URL = re.compile(r"(\w+://[^\s/:@]*:)[^\s/@]+(@)")
_HEADER = re.compile(r"(?i)(authorization:\s*\w+\s+)[^\s\"']+")


def redacted(text: str) -> str:
    """The text with the values of what looks like passwords, tokens and credentials replaced."""
    text = _NAMED.sub(rf"\g<1>{_MASK}", text)
    text = _USER_PASSWORD.sub(rf"\g<1>{_MASK}", text)
    text = _HEADER.sub(rf"\g<1>{_MASK}", text)
    return _IN_URL.sub(rf"\g<1>{_MASK}\g<2>", text)
