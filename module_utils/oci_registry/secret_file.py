# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A name or a password in a file of its own."""

from __future__ import annotations

from .errors import BadInput

_LARGEST = 1 << 16  # characters


def first_line(path: str, what: str, *, standard_input: bool = False) -> str:
    """The first line of a file; ``-`` is standard input where that may be meant. Raises :class:`BadInput`."""
    given = standard_input and path == "-"
    try:
        with open(0 if given else path, encoding="utf-8", closefd=not given) as file:
            return file.readline(_LARGEST).rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise BadInput(f"{what} cannot be read ({why})", where=path) from None
