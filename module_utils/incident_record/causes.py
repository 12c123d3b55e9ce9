# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What may have caused it: rules from codes and states of findings to candidates, each with its evidence and what would confirm it. Pure.

They say what fits, never what was: a person decides. ``docs/findings.md`` has the causes of each code.
"""

from __future__ import annotations

import re
from typing import Callable, List, NamedTuple, Sequence, Tuple

from .run import Run
from .safe import short_digest
from .values import Record, counted, text, texts


class Cause(NamedTuple):
    """One candidate."""

    name: str
    what: str
    evidence: str
    confirm: str


def _tagged_child(finding: Record, *states: str) -> bool:
    return finding.get("code") == "child-missing" and bool(texts(finding.get("tags"))) and finding.get("state") in states


def _is(finding: Record, codes: Sequence[str] = (), states: Sequence[str] = ()) -> bool:
    return finding.get("code") in codes or finding.get("state") in states


#: name, rule, what may have happened, what would confirm it
RULES: Tuple[Tuple[str, Callable[[Record], bool], str, str], ...] = (
    (
        "collection of untagged manifests",
        lambda each: _tagged_child(each, "hollow", "unknown"),
        "garbage-collect -m (--delete-untagged) of Distribution 2.8 takes the children of a tagged index for untagged: it removes their links "
        "and sweeps their configs and layers. Children deleted by digest, followed by any collection, look the same.",
        "Look for `garbage-collect -m` in cron, timers and scripts (./runbook maintain lists and retires them), for the time of its last run, "
        "and for DELETE requests in the registry's log. Pinning to a later 2.8 does not help: the fix is in 3.x only.",
    ),
    (
        "links of children removed, not yet swept",
        lambda each: _tagged_child(each, "unlinked"),
        "The children lost their links and everything that they name is still there: either they were deleted by digest and nothing was collected "
        "since, or garbage-collect -m of 2.8 ran and other images share their layers.",
        "Look for DELETE requests by digest (a retention job that deletes what is untagged), and for the last collection. Stop both first: "
        "the next collection of any kind sweeps what these children need.",
    ),
    (
        "manifests removed from the disk",
        lambda each: _tagged_child(each, "gone"),
        "Not even the bytes of the children are there, and a collection keeps those as long as an index names them: files were deleted or "
        "lost below the registry, the store was restored or copied in part, or a collection of 3.x ran while the image was being pushed.",
        "Compare the time of the loss with restores, copies, file systems checks, and pushes in flight during the last collection.",
    ),
    (
        "a tag's own manifest lost",
        lambda each: _is(each, ("tag-dangling",)),
        "The manifest that a tag names was deleted by digest, or a script removed files under _manifests. A plain collection that ran after "
        "that sweeps the manifest itself.",
        "Look for DELETE requests by digest and for scripts that write below the store.",
    ),
    (
        "a full disk, a crash, or a copy that was cut off",
        lambda each: _is(each, ("blob-truncated", "link-invalid"), ("truncated",)),
        "Files end early or are empty. Distribution writes link files in place, and no later push replaces a damaged file.",
        "Look at the free space of the store over time, at the kernel's log, and at what was copied into the store by hand.",
    ),
    (
        "damaged storage",
        lambda each: _is(each, ("blob-corrupt",), ("corrupt",)),
        "Files have the right size and wrong bytes: bit rot, a broken disk or memory, or a copy that went wrong.",
        "Look at SMART values and the kernel's log; scan once more with proof content.",
    ),
    (
        "stale cache",
        lambda each: _is(each, states=("stale-cache",)) or each.get("meaning") == "stale-cache" or bool(each.get("masked")),
        "The running registry answered from its cache of descriptors what its disk no longer held: something was removed under it "
        "and it was not restarted, such as by a collection while it served.",
        "Compare the start of the registry's process with the last collection.",
    ),
    (
        "another registry behind this address",
        lambda each: each.get("meaning") == "other-store" or text(each.get("code")).startswith("front-"),
        "What answers is not what the disk holds: a proxy that resolved the name of its upstream once and still sends to the "
        "address of a container that was recreated, or a wrong address or path.",
        "Restart the proxy last, after every service, or give it a resolver; then run diagnose again.",
    ),
    (
        "blobs swept while an image was being pushed",
        lambda each: _is(each, ("config-missing", "layer-missing")) and each.get("state") == "gone",
        "A manifest is served and what it names is gone: a collection ran beside a push, or a client skipped an upload because a stale cache "
        "said that the registry had the blob.",
        "Compare the time of the push with the last collection; look whether the registry was restarted after that.",
    ),
    (
        "an image deleted without what refers to it",
        lambda each: _is(each, ("referrer-dangling",)),
        "Signatures or SBOMs are left of an image that is gone.",
        "Look for what deletes tags or digests without their referrers.",
    ),
    (
        "pushed like that",
        lambda each: (
            _is(each, ("manifest-invalid",)) or (each.get("code") == "blob-truncated" and each.get("state") == "invalid")
        ),
        "The bytes are those that were pushed, and they are no sound image.",
        "Ask who pushed it, with which program.",
    ),
)
_SAID = (
    (
        "credentials expired or wrong",
        re.compile(r"\b401\b|authenticat|credential|unauthori[sz]ed|password", re.IGNORECASE),
        "The registry is up and refused who asked. That alone breaks no image.",
        "Renew the credentials and run verify before anything is repaired.",
    ),
    (
        "the registry does not answer",
        re.compile(r"unreachable|refused|timed? ?out|no answer|cannot be resolved|unavailable", re.IGNORECASE),
        "No registry answered. Nothing is known of its images over HTTP.",
        "Look at the service and at what stands in front of it; then run diagnose.",
    ),
    (
        "a wrong pin",
        re.compile(r"floating|not pinned|wrong pin|drift|runs another image", re.IGNORECASE),
        "A service does not run the image that it is pinned to, so the registry's version, and with it how it collects, may have changed.",
        "Run pin in check mode, and look at when the container was recreated.",
    ),
)


def causes_of(run: Run) -> List[Cause]:
    """Those that fit, that with the most evidence first."""
    seen = [*run.found, *(each for registry in run.registries for each in registry.differences)]
    found = []
    for name, rule, what, confirm in RULES:
        matching = [each for each in seen if rule(each)]
        if matching:
            found.append((len(matching), Cause(name, what, _evidence(matching), confirm)))
    said = [*run.problems, *(registry.problem for registry in run.registries), run.problem]
    for name, pattern, what, confirm in _SAID:
        lines = [line for line in said if pattern.search(line)]
        if lines:
            found.append((len(lines), Cause(name, what, f"it was said: {lines[0]}", confirm)))
    return [cause for _count, cause in sorted(found, key=lambda pair: -pair[0])]


def _evidence(matching: Sequence[Record]) -> str:
    """How much there is, of which codes and states, and the first of it."""
    kinds = sorted({f"{text(each.get('code') or each.get('meaning'))} {text(each.get('state'))}".strip() for each in matching})
    first = matching[0]
    tags = texts(first.get("tags"))
    where = f"{text(first.get('repository') or first.get('registry'))}{':' + tags[0] if tags else ''}"
    digest = f" {short_digest(first['digest'])}" if first.get("digest") else ""
    return f"{counted(len(matching), 'finding')} ({', '.join(kinds)}), first {where}{digest}"
