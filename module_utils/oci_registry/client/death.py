# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Why a connection gave no answer: internal to the client, which turns it into an error once it stops trying."""

from __future__ import annotations

import socket

REFUSED, TIMEOUT, DIED = "refused", "timeout", "died"


class Died(Exception):
    """A connection was refused, timed out, or broke; ``where`` says where, once that is known."""

    def __init__(self, kind: str, what: str) -> None:
        super().__init__(what)
        self.kind = kind
        self.what = what
        self.where = ""


class EndedEarly(Exception):
    """The server ended the connection, in good order, before the body that it announced was complete."""


def death_of(error: OSError, timeout: float, doing: str) -> Died:
    """``error``, met while ``doing`` something, as a :class:`Died`."""
    if isinstance(error, socket.timeout):
        return Died(TIMEOUT, f"no answer within {timeout:g} s while {doing}")
    if isinstance(error, ConnectionRefusedError):
        return Died(REFUSED, "connection refused")
    return Died(DIED, f"the connection broke while {doing} ({error.strerror or type(error).__name__})")
