# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What was replaced or removed on disk: kept as it was, listed, and put back on demand.

A kept file is a hard link to (or the very) file that lay in the store, so it costs no space and keeps owner, mode and times.
The index is written before the file is kept, so there is nothing in the quarantine that the list does not show.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
import time
from typing import Any, Dict, List, Mapping, Sequence

from ..errors import ApplyFailed, BadInput
from ..store.layout import BASE, QUARANTINE
from .beneath import copy_file, parent_folder, sync
from .workplace import KEPT, Workplace, append_line, replace_file

_INDEX = "index.jsonl"
Entry = Dict[str, Any]


def list_quarantine(root: str) -> List[Entry]:
    """What is in the quarantine of the rootdirectory ``root``, oldest first; empty where there is none.

    Each entry: ``run_id``, ``path`` (below ``root``), ``digest`` (empty for a link that held none), ``reason``, ``time``, ``size``
    (bytes) and ``kept`` (below ``root``: where it is now).
    """
    newest: Dict[str, Entry] = {}
    for entry in read_index(root):
        newest[entry["kept"]] = entry
    found = []
    for entry in newest.values():
        with contextlib.suppress(OSError):
            found.append(dict(entry, size=os.lstat(os.path.join(root, entry["kept"])).st_size))
    return found


def keep(
    root: str, workplace: Workplace, run_id: str, path: str, digest: str, reason: str, *, needs: str = "", expires: bool = False
) -> Entry:
    """Hard-link the file ``path`` (below ``root``) into the quarantine; it stays where it is, too. A folder moves there. Returns the entry.

    ``needs``: a manifest without which undoing is of no use, with all that it needs in turn. ``expires``: kept for a time only.
    Raises FileNotFoundError where there is neither.
    """
    entry = _entry(run_id, path, digest, reason, needs, expires)
    with parent_folder(root, path) as (source, name):
        is_folder = stat.S_ISDIR(os.stat(name, dir_fd=source, follow_symlinks=False).st_mode)
        append_line(os.path.join(workplace.folder(KEPT), _INDEX), json.dumps(entry))
        with parent_folder(root, entry["kept"], create=True) as (target, _name):
            if is_folder:
                os.rename(name, name, src_dir_fd=source, dst_dir_fd=target)
                sync(source)
            else:
                os.link(name, name, src_dir_fd=source, dst_dir_fd=target, follow_symlinks=False)
            sync(target)
    return entry


def keep_copies(
    root: str, workplace: Workplace, run_id: str, links: Mapping[str, str], reason: str, *, lasting: bool = False
) -> List[Entry]:
    """Copy link files (path below ``root``: the manifest with which it is of use) into the quarantine, with owner, mode and times.

    For what the registry itself is going to delete or rewrite: 2.8 rewrites links in place, and a hard link would change with them.
    Links that are not there are passed over. Undoing puts a copy back only while all that the digest needs is still there. Kept for a time only.
    ``lasting``: neither of the two, for what led to a broken image anyway.
    """
    entries = [_entry(run_id, path, digest, reason, "" if lasting else digest, not lasting) for path, digest in links.items()]
    found = [entry for entry in entries if os.path.lexists(os.path.join(root, entry["path"]))]
    if found:
        append_line(os.path.join(workplace.folder(KEPT), _INDEX), "\n".join(map(json.dumps, found)))
    for entry in found:
        with (
            parent_folder(root, entry["path"]) as (source, name),
            parent_folder(root, entry["kept"], create=True) as (target, _same),
        ):
            copy_file(source, target, name)
    return found


def _entry(run_id: str, path: str, digest: str, reason: str, needs: str, expires: bool) -> Entry:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    entry = {"run_id": run_id, "path": path, "digest": digest, "reason": reason, "kept": _kept_path(run_id, path), "time": now}
    return {**entry, **({"needs": needs} if needs else {}), **({"expires": True} if expires else {})}


def entries_of(root: str, run_id: str) -> List[Entry]:
    """What run ``run_id`` moved aside and nobody put back yet, newest first. Raises :class:`BadInput` for a run that kept nothing."""
    if not any(entry["run_id"] == run_id for entry in read_index(root)):
        known = sorted({entry["run_id"] for entry in list_quarantine(root)})
        advice = f"Runs with something in quarantine: {', '.join(known)}" if known else "Nothing is in quarantine"
        raise BadInput(f"run {run_id[:80]!r} moved nothing into the quarantine", where=root, advice=advice)
    return [entry for entry in reversed(list_quarantine(root)) if entry["run_id"] == run_id]


def put_back(root: str, entry: Entry) -> None:
    """Rename a kept file over what is at its old place now: one step, so there is no moment without a file."""
    try:
        with (
            parent_folder(root, entry["kept"]) as (source, kept),
            parent_folder(root, entry["path"], create=True) as (target, name),
        ):
            os.rename(kept, name, src_dir_fd=source, dst_dir_fd=target)
            sync(target)
            with contextlib.suppress(FileNotFoundError):  # rename does nothing where both are the same file
                os.unlink(kept, dir_fd=source)
    except OSError as error:
        raise ApplyFailed(f"cannot be put back ({error.strerror})", where=os.path.join(root, entry["path"])) from None


def _kept_path(run_id: str, path: str) -> str:
    return f"{QUARANTINE}/{KEPT}/{run_id}/{path}"


def replace_index(workplace: Workplace, entries: Sequence[Entry]) -> None:
    """Write the index anew, with these entries alone."""
    replace_file(os.path.join(workplace.folder(KEPT), _INDEX), "".join(f"{json.dumps(entry)}\n" for entry in entries))


def read_index(root: str) -> List[Entry]:
    """Entries that this package wrote; anything else in the file is passed over, and no path in it can lead out of the store."""
    try:
        with open(os.path.join(root, QUARANTINE, KEPT, _INDEX), encoding="utf-8", errors="replace") as file:
            lines = file.read().splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise ApplyFailed(f"the quarantine cannot be read ({error.strerror})", where=root) from None
    entries = []
    for line in lines:
        with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
            entry = json.loads(line)
            if _is_sane(entry):
                entries.append(entry)
    return entries


def _is_sane(entry: Entry) -> bool:
    path = entry["path"]
    inside = path.startswith(BASE + "/") and not {"", ".", ".."} & set(path.split("/"))
    is_run = entry["run_id"] not in {"", ".", ".."} and "/" not in entry["run_id"]
    return bool(inside and is_run and entry["kept"] == _kept_path(entry["run_id"], path))
