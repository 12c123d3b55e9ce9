# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Credentials of one server: given, in files such as those of a mounted Secret, or the password in the environment."""

from __future__ import annotations

import os
from typing import Any, Mapping, Optional, Tuple

from ..errors import BadInput
from ..secret_file import first_line


def credentials(options: Mapping[str, Any], variable: str) -> Tuple[Optional[str], Optional[str]]:
    """(username, password), both None where no user is named. ``variable``: of the environment, for the password.

    The environment alone sends nobody a password: it is for servers that the options name a user for.
    """
    username = options["username"] or _in_file(options["username_file"])
    if not username:
        return None, None
    password = options["password"] or _in_file(options["password_file"]) or os.environ.get(variable)
    if not password:
        raise BadInput(f"there is no password for the user {username}", advice=f"Give password, password_file or {variable}")
    return username, password


def _in_file(path: Optional[str]) -> str:
    return first_line(path, "the file with credentials") if path else ""
