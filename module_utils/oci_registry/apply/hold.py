# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A hold on a store: while ``<workplace>/hold.json`` is there, no retention and no collection of it begins, whatever starts them.

A recovery puts it there first and takes it away last. Several may hold it at once: each takes only its own part away, and the file goes
with the last. One that was killed leaves its part; the next one takes that over, once it knows that the other is dead.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from typing import Any, Collection, Dict, Iterator, List, NamedTuple, Optional, Tuple

from ..errors import Held
from .holder import Holder, is_dead
from .lock import open_lock
from .moment import Moment
from .workplace import Workplace, replace_file, writing

_NAME = "hold.json"
_ADVICE = "Wait for it; if it was killed, run recover again, which goes on with it and ends it"


class Hold(NamedTuple):
    """Who holds it, the oldest first, and which ``jobs`` by the clock were switched off (as ``registry_legacy_jobs`` names them)."""

    holders: Tuple[Holder, ...]
    jobs: Tuple[str, ...] = ()

    def as_dict(self) -> Dict[str, Any]:
        """Plain JSON types, for results: of several it is the oldest that tells since when, by whom and why."""
        first = self.holders[0]
        return {"since": first.since.text, "who": first.who, "why": first.why, "jobs": list(self.jobs)}


#: A file that cannot be read: somebody put it there, so it holds.
_UNKNOWN = Hold((Holder("", Moment(0.0), "unknown", "its hold cannot be read"),))


# -- what becomes of a hold: pure


def with_holder(before: Optional[Hold], holder: Holder, jobs: Collection[str], dead: Collection[str]) -> Hold:
    """The hold with one more holder, who takes the place of those that are ``dead``; one who holds already does so since then."""
    there, known = (before.holders, before.jobs) if before is not None else ((), ())
    own = next((each._replace(left=False) for each in there if each.run == holder.run), None)
    others = [each for each in there if each.run != holder.run and each.run not in dead]
    holders = sorted([*others, own or holder], key=lambda each: each.since.wall)
    return Hold(tuple(holders), tuple(sorted({*known, *jobs})))


def without_holder(before: Hold, run: str, dead: Collection[str]) -> Optional[Hold]:
    """What is left of the hold without ``run`` and without those that are ``dead``; None for nothing. Without a run nothing is left."""
    left = tuple([each for each in before.holders if run and each.run != run and each.run not in dead])
    return before._replace(holders=left) if left else None


def leaving(before: Hold, run: str) -> Hold:
    """The hold once ``run`` is over, which leaves it to whoever comes next."""
    return before._replace(holders=tuple([each._replace(left=True) if each.run == run else each for each in before.holders]))


def dead_runs(hold: Optional[Hold], at: Moment, stale_hours: float, told: Collection[str]) -> List[str]:
    """Those of the holders that will never release it themselves. ``told``: runs of which the caller knows that they are over."""
    found = hold.holders if hold is not None else ()
    return [each.run for each in found if each.run in told or is_dead(each, at, stale_hours)]


# -- the file


@contextlib.contextmanager
def changing(workplace: Workplace) -> Iterator[None]:
    """Whoever reads the hold in this block and writes it again is alone with it. Raises :class:`errors.ApplyFailed`.

    Its lock is on the file that runs lock, and of another kind (POSIX), so that neither waits for the other, but for NFS, which knows one kind.
    """
    workplace.folder()
    descriptor = open_lock(workplace.lock_path)
    try:
        with writing(workplace.lock_path):
            fcntl.lockf(descriptor, fcntl.LOCK_EX)  # for as long as it takes to write a small file
        yield
    finally:
        os.close(descriptor)


def read_hold(workplace: Workplace) -> Optional[Hold]:
    """The hold, or None where there is none."""
    try:
        with open(_path(workplace), encoding="utf-8") as file:
            record = json.load(file)
        holders = tuple(sorted(map(Holder.from_dict, record.get("holders") or [record]), key=lambda each: each.since.wall))
        return Hold(holders, tuple([str(job) for job in record["jobs"]]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return _UNKNOWN


def write_hold(workplace: Workplace, hold: Optional[Hold]) -> None:
    """Put it there, replace it, or take it away. Raises :class:`errors.ApplyFailed`."""
    if hold is None:
        with writing(_path(workplace)), contextlib.suppress(FileNotFoundError):
            os.unlink(_path(workplace))
        return
    record = {"holders": [each.as_dict() for each in hold.holders], "jobs": list(hold.jobs)}
    replace_file(_path(workplace), json.dumps(record))


def refuse_held(workplace: Workplace) -> None:
    """Raise :class:`Held` while there is one."""
    hold = read_hold(workplace)
    if hold is not None:
        first, more = hold.holders[0], len(hold.holders) - 1
        since = f" since {first.since.text}" if first.since.wall else ""
        others = f", and by {more} more" if more else ""
        raise Held(f"is held{since} by {first.who}: {first.why}{others}", where=_path(workplace), advice=_ADVICE)


def _path(workplace: Workplace) -> str:
    return os.path.join(workplace.base, _NAME)
