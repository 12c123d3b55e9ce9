# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Errors with a stable code: each says what failed, where, and what to do next.

An error means "could not look" or "could not act". What is broken in a registry is never an error: it is a
finding (``findings.py``).
"""

from __future__ import annotations


class RegistryError(Exception):
    """Base of every error of this package.

    ``code`` is stable and meant for programs; ``str(error)`` is one sentence for people, with what to do next.
    """

    code = "error"

    def __init__(self, what: str, *, where: str = "", advice: str = "") -> None:
        self.what = what
        self.where = where
        self.advice = advice
        super().__init__(what)

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text}. {self.advice}" if self.advice else text


class BadInput(RegistryError):
    """An option or argument that cannot be used as given."""

    code = "bad-input"


class NeedsApproval(RegistryError):
    """What was asked for would do more harm than anybody may have meant; it is done only when ``approve`` names it."""

    code = "needs-approval"


class StillNeeded(RegistryError):
    """Something else needs what was to be removed, and would break without it."""

    code = "still-needed"


class Unreachable(RegistryError):
    """No answer: name resolution, refused connection, timeout, or a connection that died."""

    code = "unreachable"


class TLSFailure(RegistryError):
    """The TLS handshake failed or the certificate was not accepted."""

    code = "tls"


class AuthenticationFailed(RegistryError):
    """The registry or its token service did not accept the credentials, or wants some."""

    code = "authentication"


class NotARegistry(RegistryError):
    """Something answers, but not as the Distribution API does."""

    code = "not-a-registry"


class RegistryUnavailable(RegistryError):
    """The registry kept answering 429 or 5xx after the allowed number of retries."""

    code = "unavailable"


class ProtocolError(RegistryError):
    """An answer that breaks the protocol: too large, no JSON, a Link that leads elsewhere."""

    code = "protocol"


class NotAStore(RegistryError):
    """A path that holds no registry store."""

    code = "not-a-store"


class StoreUnreadable(RegistryError):
    """Some part of a store could not be read, so nothing can be said about it."""

    code = "store-unreadable"


class Locked(RegistryError):
    """Another run holds the lock."""

    code = "locked"


class Held(RegistryError):
    """A recovery of this store is under way: nothing is deleted from it until that ends."""

    code = "held"


class ApplyFailed(RegistryError):
    """A step of a plan could not be carried out; the store is as it was before that step, or better."""

    code = "apply-failed"


class GateRefused(RegistryError):
    """A garbage collection was not begun, because it would have lost something, or because that cannot be ruled out."""

    code = "gate-refused"


class CommandFailed(RegistryError):
    """A command that was given to be run failed, or did not end in time."""

    code = "command-failed"


class ProofFailed(RegistryError):
    """Something that was there before is not there, or not right, any more."""

    code = "proof-failed"


class Interrupted(RegistryError):
    """A garbage collection was killed on the way and has to be finished first; or this run was told to stop."""

    code = "interrupted"


class MissingLibrary(RegistryError):
    """A library that this part needs is not installed on the host."""

    code = "missing-library"
