# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A retention plan in a few words, and as a difference. Pure."""

from __future__ import annotations

from typing import Dict, List, Sequence

from .items import DELETE_MANIFEST, DELETE_TAG, KEEP, Item

_DOING = ("planned", "done")


def summarize(items: Sequence[Item]) -> Dict[str, int]:
    """How many tags stay, and how many tags and manifests go (or went); ``skipped`` and ``failed`` count items."""
    going = [item for item in items if item.state in _DOING]
    return {
        "tags_kept": sum(len(item.tags) for item in items if item.action == KEEP),
        "tags_deleted": sum(len(item.tags) for item in going),
        "manifests_deleted": sum(len(item.digests) for item in going if item.action == DELETE_MANIFEST),
        "skipped": sum(item.state == "skipped" for item in items),
        "failed": sum(item.state == "failed" for item in items),
    }


def message(items: Sequence[Item], check_mode: bool) -> str:
    """One sentence for people."""
    counts = summarize(items)
    if not counts["tags_deleted"] and not counts["manifests_deleted"]:
        text = f"nothing to delete, {counts['tags_kept']} tags stay"
    else:
        verb = "would delete" if check_mode else "deleted"
        gone = f"{counts['tags_deleted']} tags and {counts['manifests_deleted']} manifests"
        text = f"{verb} {gone}, {counts['tags_kept']} tags stay"
    return text + (f", {counts['skipped']} skipped" if counts["skipped"] else "")


def difference(items: Sequence[Item]) -> Dict[str, Dict[str, List[str]]]:
    """Repository: its tags and untagged manifests, before and after, for each repository from which something goes."""
    touched = {item.repository for item in items if item.state in _DOING}
    before: Dict[str, List[str]] = {name: [] for name in sorted(touched)}
    after: Dict[str, List[str]] = {name: [] for name in sorted(touched)}
    for item in items:
        if item.repository in touched:
            lines = _lines(item)
            before[item.repository] += lines
            if item.state not in _DOING:
                after[item.repository] += lines
    return {
        "before": {name: sorted(lines) for name, lines in before.items()},
        "after": {name: sorted(lines) for name, lines in after.items()},
    }


def _lines(item: Item) -> List[str]:
    """One line for each tag; for each manifest without one unless it goes or stays with a tag anyway."""
    lines = [f"{tag} {item.digest}" for tag in item.tags]
    if not item.tags:
        lines.append(f"(no tag) {item.digest}")
    if item.action != DELETE_TAG:
        lines += [f"(part) {digest}" for digest in item.parts]
    return lines
