# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A hold on a store: while ``<workplace>/hold.json`` is there, no retention and no collection of it begins, whatever starts them.

A recovery puts it there first and takes it away last. One that was killed leaves it; the next one goes on with it.
"""

from __future__ import annotations

import contextlib
import json
import os
from typing import Any, Dict, List, NamedTuple, Optional

from ..errors import Held
from .moment import Moment
from .workplace import Workplace, replace_file, writing

_NAME = "hold.json"
_ADVICE = "Wait for it; if it was killed, run recover again, which goes on with it and ends it"


class Hold(NamedTuple):
    """``since`` when, by whom, and which ``jobs`` by the clock were switched off for it (as ``registry_legacy_jobs`` names them)."""

    since: Moment
    who: str
    why: str
    jobs: List[str]

    def as_dict(self) -> Dict[str, Any]:
        """Plain JSON types, for results: the time in UTC."""
        return dict(self._asdict(), since=self.since.text)


#: A file that cannot be read: somebody put it there, so it holds.
_UNKNOWN = Hold(Moment(0.0), "unknown", "its hold cannot be read", [])


def read_hold(workplace: Workplace) -> Optional[Hold]:
    """The hold, or None where there is none."""
    try:
        with open(_path(workplace), encoding="utf-8") as file:
            record = json.load(file)
        jobs = [str(job) for job in record["jobs"]]
        return Hold(Moment.from_dict(record["since"]), str(record["who"]), str(record["why"]), jobs)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        return _UNKNOWN


def write_hold(workplace: Workplace, hold: Hold) -> None:
    """Put it there, or replace it. Raises :class:`errors.ApplyFailed`."""
    workplace.folder()
    replace_file(_path(workplace), json.dumps(dict(hold._asdict(), since=hold.since.as_dict())))


def clear_hold(workplace: Workplace) -> None:
    """Take it away."""
    with writing(_path(workplace)), contextlib.suppress(FileNotFoundError):
        os.unlink(_path(workplace))


def refuse_held(workplace: Workplace) -> None:
    """Raise :class:`Held` while there is one."""
    hold = read_hold(workplace)
    if hold is not None:
        since = f" since {hold.since.text}" if hold.since.wall else ""
        raise Held(f"is held{since} by {hold.who}: {hold.why}", where=_path(workplace), advice=_ADVICE)


def _path(workplace: Workplace) -> str:
    return os.path.join(workplace.base, _NAME)
