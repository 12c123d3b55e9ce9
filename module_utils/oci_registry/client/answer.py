# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What one request returned. Nothing here decides what is broken."""

from __future__ import annotations

import json
from typing import Any, Mapping, NamedTuple, Optional, Tuple

API_VERSION = "docker-distribution-api-version"


class Answer(NamedTuple):
    """The last answer to one request, after authentication, redirects and retries."""

    status: int
    headers: Mapping[str, str]  # lower-case names; repeated headers joined with ", "
    body: bytes  # as much as the request was prepared to hold
    complete: bool  # False: the body ended before its declared end, or was cut off at the request's cap
    length: Optional[int]  # the declared Content-Length
    received: int  # bytes of body that really came, held or not
    redirected: bool = False  # answered by another host, which the registry redirected to


def described(answer: Answer) -> str:
    """The status and the codes of an error answer: ``answers 404 (NAME_UNKNOWN)``."""
    codes = ", ".join(error_codes(answer)[:3])
    return f"answers {answer.status} ({codes})" if codes else f"answers {answer.status}"


def json_of(answer: Answer) -> Any:
    """The body as JSON, or None where it is none."""
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        return None


def error_codes(answer: Answer) -> Tuple[str, ...]:
    """The codes of a Distribution error body, such as ``("NAME_UNKNOWN",)``; empty where the body is none."""
    document = json_of(answer)
    errors = document.get("errors") if isinstance(document, dict) else None
    if not isinstance(errors, list):
        return ()
    codes = [item.get("code") for item in errors if isinstance(item, dict)]
    return tuple(code[:80] for code in codes if isinstance(code, str) and code.isprintable())


def speaks_distribution(answer: Answer) -> bool:
    """Whether an error answer carries a mark of the Distribution API: its version header, or its error body."""
    return API_VERSION in answer.headers or bool(error_codes(answer))
