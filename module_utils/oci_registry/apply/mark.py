# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The mark of a collection that runs, or was killed: ``<workplace>/collection.json``.

Its phases tell the next run what to do: ``quiescing`` (nothing was collected yet: resume), ``collecting`` (compare with the snapshot,
put back what was lost, resume), ``resuming`` (all is there: resume).
"""

from __future__ import annotations

import contextlib
import json
import os
from typing import Any, Dict, NamedTuple, Optional

from ..commands import Child
from ..errors import Interrupted
from ..store import one_root
from .workplace import Workplace, replace_file, writing

QUIESCING, COLLECTING, RESUMING = "quiescing", "collecting", "resuming"
_NAME = "collection.json"


class Mark(NamedTuple):
    """What the file says. One that cannot be read counts as ``collecting`` with the newest snapshot: the most careful way on."""

    phase: str = COLLECTING
    run: str = ""
    snapshot: str = ""
    pid: int = 0
    child: Child = Child(0, "")  # the command that was started last


def refuse_interrupted(workplace: Workplace) -> None:
    """Raise :class:`Interrupted` while a collection is under way, or was killed and nobody has finished it. Under the lock."""
    mark = read_mark(workplace)
    if mark is not None:
        what = f"a garbage collection (run {mark.run or 'unknown'}) was interrupted while {mark.phase}"
        advice = "Run the collection of this store again first: it finishes that one, and puts back what was lost"
        raise Interrupted(what, where=_path(workplace), advice=advice)


def is_interrupted(path: str) -> bool:
    """Whether a collection of the store at ``path`` is under way, or was killed and not finished."""
    return read_mark(Workplace.of_store(one_root(path))) is not None


def read_mark(workplace: Workplace) -> Optional[Mark]:
    """The mark, or None where there is none."""
    try:
        with open(_path(workplace), encoding="utf-8") as file:
            record = json.load(file)
        child = Child(int(record["child"][0]), str(record["child"][1]))
        phase = record["phase"] if record["phase"] in (QUIESCING, RESUMING) else COLLECTING
        return Mark(phase, str(record["run"]), str(record["snapshot"]), int(record["pid"]), child)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return Mark()


def write_mark(workplace: Workplace, mark: Mark) -> None:
    """Replace the mark, and wait until it is on disk. Raises :class:`errors.ApplyFailed`."""
    replace_file(os.path.join(workplace.folder(), _NAME), json.dumps(_record(mark)))


def clear_mark(workplace: Workplace) -> None:
    """The collection came to its end, well or not."""
    with writing(_path(workplace)), contextlib.suppress(FileNotFoundError):
        os.unlink(_path(workplace))


def _record(mark: Mark) -> Dict[str, Any]:
    return dict(mark._asdict(), child=list(mark.child))


def _path(workplace: Workplace) -> str:
    return os.path.join(workplace.base, _NAME)
