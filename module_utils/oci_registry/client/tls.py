# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""TLS: one context for every connection of a client, and what a failed handshake means in plain words."""

from __future__ import annotations

import ssl

from ..errors import TLSFailure
from .settings import Settings

_SELF_SIGNED, _UNKNOWN_CA, _WRONG_NAME = (18,), (2, 19, 20, 21), (62, 64)
_OUTDATED = {9: "is not valid yet", 10: "has expired"}
#: OpenSSL's words for an answer that is no TLS at all
_NOT_TLS = frozenset(("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE"))

TRUST_ADVICE = "Set ca_path to the PEM file of the certificate authority that signed it"
PLAIN_ADVICE = "Is this a port for plain HTTP? Then set scheme to http"
TLS_ADVICE = "This is a port for TLS: set scheme to https"


def context_for(settings: Settings) -> ssl.SSLContext:
    """A client context as the settings want it: the system's certificates, plus ``ca_path``."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    # Python 3.13 began to refuse authorities without an optional extension; the same verdict on every version is worth more.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if settings.ca_path is not None:
        context.load_verify_locations(cafile=settings.ca_path)
    if not settings.validate_certs:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def explain(error: ssl.SSLError, where: str) -> TLSFailure:
    """A failed handshake as an error that says which of the usual reasons it was."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _explain_certificate(error, where)
    if (error.reason or "") in _NOT_TLS:
        return TLSFailure("the server does not speak TLS", where=where, advice=PLAIN_ADVICE)
    return TLSFailure(f"the TLS handshake failed ({error.reason or 'no reason given'})", where=where)


def _explain_certificate(error: ssl.SSLCertVerificationError, where: str) -> TLSFailure:
    code = error.verify_code
    if code in _SELF_SIGNED:
        return TLSFailure("the certificate is self-signed and not trusted", where=where, advice=TRUST_ADVICE)
    if code in _UNKNOWN_CA:
        return TLSFailure("the certificate is signed by an unknown authority", where=where, advice=TRUST_ADVICE)
    if code in _WRONG_NAME:
        advice = "Use a name that the certificate carries, or have it issued for this one"
        return TLSFailure("the certificate is for another name", where=where, advice=advice)
    if code in _OUTDATED:
        advice = "Renew it, or check the clock of this machine"
        return TLSFailure(f"the certificate {_OUTDATED[code]}", where=where, advice=advice)
    return TLSFailure(f"the certificate is not accepted ({error.verify_message})", where=where)
