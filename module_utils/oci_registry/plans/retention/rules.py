# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The rules of retention, from options that a person wrote."""

from __future__ import annotations

import fnmatch
import re
from typing import Any, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from ...errors import BadInput

_DAY = 86400.0


class Pattern(NamedTuple):
    """A pattern for whole names: ``*``, ``?`` and ``[...]`` as in a shell (``*`` also matches slashes), or ``~`` and a regular expression."""

    text: str
    compiled: re.Pattern[str]

    def matches(self, name: str) -> bool:
        """Whether the whole of ``name`` matches; upper and lower case differ."""
        return self.compiled.fullmatch(name) is not None


class Rule(NamedTuple):
    """What to keep in one repository; a tag stays if any part says so. ``younger_than`` is in seconds."""

    newest: Optional[int] = None
    tags: Tuple[Pattern, ...] = ()
    younger_than: Optional[float] = None

    @property
    def is_active(self) -> bool:
        """Whether anything may go at all: patterns only protect, they condemn nothing."""
        return self.newest is not None or self.younger_than is not None


class Rules(NamedTuple):
    """A rule for every repository: that of the first pattern that matches its name, else the general one."""

    general: Rule
    special: Sequence[Tuple[Pattern, Rule]] = ()

    def of(self, repository: str) -> Rule:
        """The rule of one repository."""
        return next((rule for pattern, rule in self.special if pattern.matches(repository)), self.general)


def rules_from(params: Mapping[str, Any]) -> Rules:
    """Rules from module parameters. Raises :class:`BadInput` for what cannot be used."""
    general = _rule(params, Rule(), "")
    special: List[Tuple[Pattern, Rule]] = []
    for number, entry in enumerate(params["repositories"] or []):
        where = f"repositories[{number}]"
        special.append((parse_pattern(entry.get("name"), where), _rule(entry, general, where)))
    return Rules(general, special)


def _rule(params: Mapping[str, Any], inherited: Rule, where: str) -> Rule:
    """The rule of one set of options; what is not given is inherited."""
    newest, tags, days = (params.get(name) for name in ("keep_newest", "keep_tags", "keep_younger_than"))
    for name, value in (("keep_newest", newest), ("keep_younger_than", days)):
        if value is not None and not 0 <= value < float("inf"):
            raise BadInput(f"{name} {value} is no count from 0", where=where)
    return Rule(
        inherited.newest if newest is None else newest,
        inherited.tags if tags is None else tuple([parse_pattern(text, where) for text in tags]),
        inherited.younger_than if days is None else days * _DAY,
    )


def parse_pattern(text: Any, where: str) -> Pattern:
    """A pattern from text. Raises :class:`BadInput` for an empty one, and for a regular expression that does not compile."""
    if not isinstance(text, str) or not text.strip("~"):
        raise BadInput(
            "an empty pattern", where=where, advice="Expected a name, a pattern like v1.*, or ~ and a regular expression"
        )
    try:
        return Pattern(text, re.compile(text[1:] if text.startswith("~") else fnmatch.translate(text)))
    except re.error as error:
        raise BadInput(f"{text[:100]!r} is no regular expression ({error})", where=where) from None
