# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a plan has for a finding, in a few words for a table. Pure."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence, Tuple

from .findings import Finding

Step = Mapping[str, Any]
Image = Mapping[str, Any]

_NOTHING_HELPS = "-"
_NONE_KNOWN = "none known"
_BY_DIGEST = ("relink", "restore", "quarantine")


class Repairs:
    """The steps of a repair plan, and what was chosen for each image, found by what they are about.

    Without a plan, findings only tell the class of their repair.
    """

    def __init__(self, plan: Sequence[Step], images: Sequence[Image] = ()) -> None:
        steps = [step for step in plan if step["state"] != "skipped"]
        self._images = {(image["repository"], image["tag"]): image for image in images}
        self._by_thing: Dict[Tuple[str, str], List[Step]] = {}
        for step in steps:
            if not (images and step["role"] == "tag" and step["action"] != "link-tag") and not self._is_chosen_otherwise(step):
                self._by_thing.setdefault((step["repository"], step["digest"]), []).append(step)
        self._copies = [step for step in steps if step["cost"] == "copy" and step["action"] == "restore"]

    def _is_chosen_otherwise(self, step: Step) -> bool:
        """What is lost, where more is known of what to do with its tags."""
        keys = [(step["repository"], tag) for tag in step["tags"]]
        return bool(step["action"] == "repoint" and keys and all(key in self._images for key in keys))

    def of(self, finding: Finding) -> str:
        """The cheapest sound repair, with its source; ``-`` where nothing helps or is needed."""
        steps = self._by_thing.get((finding.repository, finding.digest), [])
        words = [_words(step) for step in steps]
        if finding.state == "hollow":
            words = [*self._what_fills(finding), *words] if words else words
        words += self._chosen(finding, bool(words))
        if not words:
            return finding.repairs[0] if finding.repairs else _NOTHING_HELPS
        return ", then ".join(dict.fromkeys(words))

    def _chosen(self, finding: Finding, has_steps: bool) -> List[str]:
        """What its tags have coming that no digest repairs; those in use first, as the images are."""
        images = [image for key, image in self._images.items() if key[0] == finding.repository and key[1] in finding.tags]
        others = [image for image in images if image["chosen"] not in _BY_DIGEST and image["outcome"] != "skipped"]
        words = list(dict.fromkeys(map(_words_of_image, others)))
        if has_steps:
            words = [each for each in words if each != _NONE_KNOWN]
        return ["; ".join(words)] if words else []

    def _what_fills(self, finding: Finding) -> List[str]:
        """The restores that a hollow manifest waits for: those for the same tags."""
        wanted = set(finding.tags)
        fills = [step for step in self._copies if step["repository"] == finding.repository and wanted & set(step["tags"])]
        return sorted({_words(step) for step in fills if step["digest"] != finding.digest})


def _words_of_image(image: Image) -> str:
    if not image["chosen"]:
        return _NONE_KNOWN
    candidates = [each for each in image["candidates"] if each["action"] == image["chosen"] and each["possible"]]
    chosen = candidates[0] if candidates else {"way": "", "digest": ""}
    to = f" to {chosen['digest'][:19]}" if chosen["digest"] else ""
    approval = "needs approval" if image["outcome"] == "remaining" and "needs approve" in image["why"] else ""
    about = ", ".join(filter(None, [chosen["way"], approval]))
    return f"{image['chosen']}{to}" + (f" ({about})" if about else "")


def _words(step: Step) -> str:
    source = f" from {step['source']}" if step.get("source") else ""
    approval = ", needs approval" if step["needs_approval"] else ""
    return f"{step['action']}{source} ({step['way']}{approval})"
