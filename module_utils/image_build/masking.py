# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Secrets out of everything that is shown: logs of builders, errors, commands."""

from __future__ import annotations

import base64
import re
from typing import Any, Dict, Iterable, List, Mapping, Optional
from urllib.parse import quote

HIDDEN = "********"
_USERINFO = re.compile(r"(?<=://)[^/\s]+@")
_SECRET_NAME = re.compile(r"pass|secret|token|credential|private|key(?:_|$)", re.IGNORECASE)
_SHORTEST = 4  # characters


class Mask:
    """``mask(text)`` is the text without the secrets, and without user information in addresses."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = sorted({secret for secret in secrets if secret}, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return _USERINFO.sub(f"{HIDDEN}@", text)


def sounds_secret(name: str) -> bool:
    """Whether what has this name is taken for a secret."""
    return _SECRET_NAME.search(name) is not None


def shown_options(params: Mapping[str, Any]) -> Dict[str, Any]:
    """The options of the module, as a result may show them: build arguments whose names sound secret without their values, git without its user.

    Ansible itself would take such a value out of all of the result, and so its characters out of a digest that happens to contain them.
    """
    shown = dict(params)
    args = params.get("build_args")
    if args:  # what is no dictionary is refused, and may hold anything
        named = args.items() if isinstance(args, dict) else ()
        shown["build_args"] = {name: HIDDEN if sounds_secret(str(name)) else value for name, value in named}
    if params.get("git"):
        shown["git"] = Mask()(str(params["git"]))
    return shown


def secrets_of(username: Optional[str], password: Optional[str], userinfo: str, build_args: Mapping[str, str]) -> List[str]:
    """All forms in which a secret could turn up; of build arguments those whose names sound like one, and that are not just a "no" or a "1"."""
    found = [value for name, value in build_args.items() if sounds_secret(name) and len(value) >= _SHORTEST]
    if password:
        found += [password, quote(password, safe=""), base64.b64encode(f"{username or ''}:{password}".encode()).decode()]
    if userinfo:
        found += [userinfo, userinfo.partition(":")[2] or userinfo]
    return found
