# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What is tried again, how often and after how long: one table, and the wait that ends when the work is cancelled."""

from __future__ import annotations

import random
import threading
import time
from email.utils import parsedate_to_datetime
from typing import Dict, NamedTuple, Optional, Union

from .death import DIED, REFUSED, TIMEOUT
from .settings import Settings


class Rule(NamedTuple):
    """How often to try again (None: as the settings say), and the first wait in seconds, doubled each time."""

    tries: Optional[int]
    first_wait: float


Symptom = Union[int, str]  # a status, or why a connection died

#: reading can be repeated at will; a plain 500 is what a damaged link looks like, so it is asked about once more only
READ_RULES: Dict[Symptom, Rule] = {
    429: Rule(None, 1.0),
    500: Rule(1, 0.1),
    502: Rule(None, 0.5),
    503: Rule(None, 0.5),
    504: Rule(None, 0.5),
    DIED: Rule(None, 0.5),
    REFUSED: Rule(None, 0.5),
    TIMEOUT: Rule(1, 0.5),
}
#: a write is repeated only where it surely did nothing
WRITE_RULES: Dict[Symptom, Rule] = {REFUSED: Rule(None, 0.5)}
#: statuses that say "try later": with a Retry-After any 5xx is one of them for reads, these are for writes
ASKED_TO_WAIT = (429, 503)
#: statuses that never tell anything of what was asked for
UNAVAILABLE = frozenset((429, 502, 503, 504))
_AFTER = Rule(None, 1.0)


def rule_for(symptom: Symptom, writing: bool, retry_after: Optional[str]) -> Optional[Rule]:
    """The rule for a symptom; None where it is not tried again."""
    if isinstance(symptom, int) and retry_after is not None:
        asked = symptom in ASKED_TO_WAIT if writing else symptom == 429 or 500 <= symptom < 600
        if asked:
            return _AFTER
    return (WRITE_RULES if writing else READ_RULES).get(symptom)


def seconds_of(retry_after: str) -> Optional[float]:
    """A Retry-After, seconds or an HTTP date, as seconds from now, at least 0; None where it is neither."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (TypeError, ValueError, IndexError, OverflowError):
        return None


class Tries:
    """The tries of one request."""

    def __init__(self, settings: Settings, cancel: threading.Event) -> None:
        self.count = 1
        self._settings = settings
        self._cancel = cancel

    def __str__(self) -> str:
        return "tried once" if self.count == 1 else f"tried {self.count} times"

    def another(self, rule: Optional[Rule], retry_after: Optional[str] = None) -> bool:
        """Wait as the rule and the server want it; False where no try is left, or the work was cancelled."""
        allowed = self._settings.retries
        if rule is None or self.count > min(allowed, allowed if rule.tries is None else rule.tries):
            return False
        wait = self._wait(rule, seconds_of(retry_after) if retry_after is not None else None)
        self.count += 1
        return not self._cancel.wait(min(wait, self._settings.retry_wait_cap))

    def _wait(self, rule: Rule, asked: Optional[float]) -> float:
        if asked is not None:
            return asked
        return rule.first_wait * 2.0 ** (self.count - 1) * random.uniform(0.75, 1.25)  # noqa: S311 - spreads threads, no secret
