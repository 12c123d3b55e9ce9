# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What became of each broken image, what is left, and in which state the registry is then. Pure; nothing else decides this."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Sequence, Set, Tuple

Record = Mapping[str, Any]
What = Tuple[str, str, Tuple[str, ...]]

#: nothing was broken, or nothing was done; broken, or not known not to be; broken before, and proven now
UNTOUCHED, BROKEN, PROVEN = "untouched", "broken", "proven"
_PLANNED, _DONE, _FAILED, _REMAINING = "planned", "done", "failed", "remaining"
_RELOAD, _REBUILD = "reload", "rebuild"


class Run(NamedTuple):
    """What the parts of one run say, as results of their modules and of the role image_rebuild.

    ``remade`` is what was loaded or built again. ``is_check``: nothing was changed, and there is no ``proof``. ``was_held``: the store was
    held when the run began, so an earlier one did not end well.
    """

    diagnosis: Record
    repair: Record
    remade: Sequence[Record]
    proof: Record
    is_check: bool
    was_held: bool

    @property
    def before(self) -> List[Record]:
        """What was broken, wasted space apart."""
        return _serious(self.diagnosis)

    @property
    def after(self) -> List[Record]:
        """What the proof finds, wasted space apart; in check mode what the diagnosis found."""
        return _serious(self.diagnosis if self.is_check else self.proof)

    @property
    def problems(self) -> List[str]:
        """What could not be looked at, in the last look that there was."""
        return list((self.diagnosis if self.is_check else self.proof).get("problems") or [])

    @property
    def has_failed(self) -> bool:
        """Whether a step of the repair failed, though others may have been done."""
        return bool(self.repair.get("code"))

    @property
    def serves_another(self) -> bool:
        """Whether the registry that was asked in the end serves another store than the one that was repaired."""
        return any(each["meaning"] == "other-store" for each in self.proof.get("differences") or [])

    @property
    def failures(self) -> List[str]:
        """Why what was to be made again was not."""
        return [str(made["problem"]) for made in self.remade if made.get("problem")]

    @property
    def has_changed(self) -> bool:
        """Whether anything was done."""
        return bool(self.repair.get("changed")) or any(made.get("changed") for made in self.remade)


class Outcome(NamedTuple):
    """What a run came to. ``remaining`` are things as the plan has them; ``unproven`` findings that nobody foresaw."""

    images: List[Dict[str, Any]]
    remaining: List[Record]
    unproven: List[Record]
    decisions: int
    state: str


def outcome_of(run: Run) -> Outcome:
    """Weigh one run."""
    images = [_image(run, dict(image)) for image in run.repair.get("images") or []]
    remaining = _remaining(run, images)
    foreseen = {thing["digest"] or _what(thing) for thing in [*(run.repair.get("remaining") or []), *remaining]}
    unproven = [] if run.is_check else [found for found in run.after if (found["digest"] or _what(found)) not in foreseen]
    is_failed = run.has_failed or run.serves_another or any(image["outcome"] == _FAILED for image in images)
    needs_no_person = unproven or is_failed or run.failures or run.problems
    return Outcome(images, remaining, unproven, 0 if needs_no_person else len(remaining), _state(run))


def _image(run: Run, image: Dict[str, Any]) -> Dict[str, Any]:
    """An image as the repair left it, with what was made again, and what the proof says of it."""
    made = [each for each in run.remade if each.get("image") == image["repository"] and image["tag"] in each.get("tags", [])]
    # that may be so although nothing was built for it: what was built for another tag of it was pushed to this one, too
    well = [each for each in made if each["whole"]]
    is_found = not run.is_check and _has(run.after, image)
    if image["outcome"] == _DONE and is_found:
        image.update(outcome=_FAILED, why="the proof still finds it broken")
    elif image["outcome"] != _REMAINING or image["chosen"] not in (_RELOAD, _REBUILD):
        return image
    elif well and run.is_check:
        image.update(outcome=_PLANNED, why="")
    elif well and not is_found:
        way = _RELOAD if well[0].get("way") == "archive" else _REBUILD
        image.update(outcome=_DONE, why="", chosen=way, digest_after=well[0].get("digest", ""))
    elif made and not run.is_check:
        image.update(outcome=_FAILED, why=next((each["problem"] for each in made if each.get("problem")), "it is still broken"))
    return image


def _remaining(run: Run, images: Sequence[Record]) -> List[Record]:
    """What the plan has nothing for and a tag needs; after a real run, those of it that the proof still finds."""
    found = {_what(each) for each in run.after}
    left: List[Record] = []
    for thing in run.repair.get("remaining") or []:
        ours = [image for image in images if _is_of(thing, image)]
        is_covered = bool(ours) and all(image["outcome"] in (_PLANNED, _DONE) for image in ours)
        if (thing["tags"] and not is_covered) if run.is_check else _what(thing) in found:
            left.append(thing)
    return left + _not_to_be_done(run, images, {_what(thing) for thing in left})


def _not_to_be_done(run: Run, images: Sequence[Record], known: Set[What]) -> List[Record]:
    """What is broken and was left: it is not in the plan that was approved, or not approved by its name."""
    covered = {step["digest"] for step in run.repair.get("plan") or [] if step["state"] == _PLANNED} if run.is_check else set()
    left: List[Record] = []
    for image in images:
        for found in run.after if image["outcome"] == _REMAINING else []:
            if _is_of(found, image) and _what(found) not in known and found["digest"] not in covered:
                known.add(_what(found))
                told = {name: found[name] for name in ("repository", "tags", "digest", "role", "state")}
                left.append({**told, "why": image["why"], "next": [image["chosen"]] if image["chosen"] else []})
    return left


def _state(run: Run) -> str:
    was_broken = bool(run.before or run.was_held)
    if run.is_check:
        return UNTOUCHED
    if run.proof.get("healthy"):
        return PROVEN if was_broken else UNTOUCHED
    return BROKEN if was_broken or run.has_changed else UNTOUCHED


def _serious(report: Record) -> List[Record]:
    return [found for found in report.get("findings") or [] if found.get("severity") != "info"]


def _has(findings: Sequence[Record], image: Record) -> bool:
    return any(_is_of(found, image) for found in findings)


def _what(thing: Record) -> What:
    """What is broken, and where: several repositories may miss the same bytes, and several tags what has no digest."""
    return thing["repository"], thing["digest"], () if thing["digest"] else tuple(thing["tags"])


def _is_of(thing: Record, image: Record) -> bool:
    return bool(thing["repository"] == image["repository"] and image["tag"] in thing["tags"])
