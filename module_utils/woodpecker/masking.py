# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Keeps secrets out of what a pipeline said before it is shown: values that are known, and what looks like a password. Pure."""

from __future__ import annotations

import base64
import re
from typing import Any, Dict, Iterable, Iterator, Mapping
from urllib.parse import quote

MASK = "********"
#: shorter values would turn up everywhere by chance
_SHORTEST = 4
_SECRET_NAME = re.compile(r"pass|secret|token|credential|webhook|auth|private|(?:^|_)key(?:$|_)", re.IGNORECASE)
_IN_URL = re.compile(r"(\w+://)[^\s/@]+@")
_HEADER = re.compile(r"(?i)(authorization[\"']?\s*[:=]\s*[\"']?(?:basic|bearer|token)?\s*)[^\s\"']+")


def looks_secret(name: str) -> bool:
    """Whether a variable of this name may well hold a secret."""
    return bool(_SECRET_NAME.search(name))


def secrets_in(variables: Mapping[str, str]) -> Iterator[str]:
    """The values of those that look like secrets by their names."""
    return (value for name, value in variables.items() if looks_secret(name) and len(value) >= _SHORTEST)


class Masking:
    """Replaces ``secrets``, as they are, line by line, in base64 and as part of an address."""

    def __init__(self, secrets: Iterable[str]) -> None:
        found = {form for secret in secrets for form in _forms(secret)}
        self._secrets = sorted(found, key=len, reverse=True)

    def text(self, text: str) -> str:
        """``text`` without them."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return _HEADER.sub(rf"\g<1>{MASK}", _IN_URL.sub(rf"\g<1>{MASK}@", text))

    def data(self, data: Any) -> Any:
        """Plain data with every text in it masked; keys are left as they are."""
        if isinstance(data, str):
            return self.text(data)
        if isinstance(data, dict):
            return {key: self.data(value) for key, value in data.items()}
        return [self.data(value) for value in data] if isinstance(data, (list, tuple)) else data

    def variables(self, variables: Mapping[str, str]) -> Dict[str, str]:
        """Variables with what looks secret by its name masked whole."""
        return {name: MASK if looks_secret(name) and value else self.text(value) for name, value in variables.items()}


def _forms(secret: str) -> Iterator[str]:
    for part in {secret, *secret.splitlines()}:
        if len(part.strip()) >= _SHORTEST:
            yield part.strip()
            yield quote(part.strip(), safe="")
            yield base64.b64encode(part.strip().encode()).decode().rstrip("=")
