# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The rungs of the ladder: the candidates of one broken tag, those that are not possible too, each with its evidence in words. Pure."""

from __future__ import annotations

import time
from typing import Any, List, Mapping, Sequence

from . import steps
from .choices import ARCHIVE, Rebuild
from .content import contents_of
from .draft import NEEDS_PATH
from .facts import UNSEEN, WRONG, Node
from .ladder import Below, Candidate, Image, Known, choose
from .standins import StandIn
from .steps import Step

_ACCEPT = "allow_lost_platforms accepts that"
_UPSTREAM = "a pull-through cache takes its tags from upstream"
_CONTENT = (steps.RELINK, steps.RESTORE, steps.LINK_TAG, steps.QUARANTINE)


def climb(images: Sequence[Image], known: Known) -> None:
    """Give each image its candidates, and what was chosen of them, with the steps of the plan that carry that out."""
    below = Below(known.evidence)
    for image in images:
        rungs = _Rungs(image, known, below)
        image.candidates = rungs.all()
        image.choice = choose(image, known.choices, rungs.mended)
        image.steps = rungs.steps if rungs.by_digest else []


class _Rungs:
    """The candidates of one image."""

    def __init__(self, image: Image, known: Known, below: Below) -> None:
        self._image = image
        self._known = known
        self._digests = below.digests(image)
        self.steps = [step for step in known.plan.steps if step.state != steps.SKIPPED and self._is_for(step)]
        self._lost = [record for record in known.plan.remaining if self._is_about(record)]
        self.mended = not self._lost and not self._is_broken_after()

    @property
    def by_digest(self) -> bool:
        """Whether what was chosen is what the plan does by digests."""
        return self._image.choice is not None and self._image.choice.action in _CONTENT

    def all(self) -> List[Candidate]:
        """Cheapest first."""
        found = [*self._moved_aside(), *self._by_digest()]
        if not self._image.tag:
            return found
        if self._known.evidence.is_cache:
            return [*found, Candidate(steps.REPOINT, steps.FREE, approval=steps.REPOINT, reason=_UPSTREAM)]
        found += [*self._repoints(), *self._made_again()]
        return [*found, self._delete(any(each.possible for each in found), self._unasked(found))]

    # -- by digest

    def _by_digest(self) -> List[Candidate]:
        """One way or none: what is lost comes from sources, and what is only unlinked is linked in passing."""
        planned = [step for step in self.steps if step.state == steps.PLANNED and step.action != steps.QUARANTINE]
        restores = [step for step in planned if step.action == steps.RESTORE]
        if not planned and any(step.action == steps.QUARANTINE for step in self.steps) and self._known.evidence.is_cache:
            return []
        action, cost = (steps.RELINK, steps.FREE) if planned and not restores else (steps.RESTORE, steps.COPY)
        made = Candidate(action, cost, possible=self.mended and bool(planned))
        made.way = ", ".join(sorted({step.way for step in planned}))
        made.source = ", ".join(dict.fromkeys(step.source for step in restores))
        if self.mended and planned:
            made.reason = f"{_count(planned)}; first {planned[0].role} {planned[0].digest}: {planned[0].reason}"
            return [made]
        first: Mapping[str, Any] = self._lost[0] if self._lost else {"digest": "", "why": "nothing tells what is missing"}
        made.reason = " ".join(filter(None, [first["digest"], first["why"]]))
        made.needs = (
            NEEDS_PATH if NEEDS_PATH in made.reason else f"a source that has {first['digest']}" if first["digest"] else ""
        )
        return [made]

    def _moved_aside(self) -> List[Candidate]:
        """In a cache, what is moved aside is fetched again."""
        moved = [step for step in self.steps if step.action == steps.QUARANTINE]
        if not moved or not self._known.evidence.is_cache:
            return []
        only = all(record["next"] == [steps.QUARANTINE] for record in self._lost)
        made = Candidate(steps.QUARANTINE, steps.FREE, steps.DISK, approval=steps.QUARANTINE, possible=only)
        made.reason = f"{len(moved)} damaged files; {moved[0].reason}"
        return [made]

    # -- another image under the same tag

    def _repoints(self) -> List[Candidate]:
        known = self._known.standins.get(self._image.key)
        if known is None or not known.found:
            looked = (
                f"none of the {known.looked} other manifests of {self._image.repository} has the same content" if known else ""
            )
            reason = (known.problem if known else "") or looked or "nobody looked for an image with the same content"
            return [Candidate(steps.REPOINT, steps.FREE, approval=steps.REPOINT, reason=reason)]
        return [self._repoint(each) for each in known.found]

    def _repoint(self, other: StandIn) -> Candidate:
        way = steps.API if self._known.evidence.has_api else steps.DISK
        named = self._image.key in self._known.choices.repoint
        told = ["it was named" if named else "it has the same content"]
        told += [f"tags {', '.join(other.tags[:5])}" if other.tags else "no tag"]
        told += [f"written {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(other.written))}"] if other.written else []
        told += [f"it lacks {', '.join(other.lost)}, which is accepted"] if other.lost else []
        reason = f"{'; '.join(told)}; {other.problem or 'all that it needs is right'}"
        return Candidate(steps.REPOINT, steps.FREE, way, "", other.digest, "", steps.REPOINT, not other.problem, reason)

    # -- made again

    def _made_again(self) -> List[Candidate]:
        given = self._known.choices.rebuilds_of(*self._image.key)
        found = [self._rebuild(each) for each in given]
        if not any(each.action == steps.REBUILD for each in found):
            nothing = "no pipeline and no build context is known for it"
            found.append(Candidate(steps.REBUILD, steps.BUILD, approval=steps.REBUILD, reason=nothing))
        return found

    def _rebuild(self, given: Rebuild) -> Candidate:
        damaged = sum(1 for step in self.steps if step.action == steps.QUARANTINE)
        aside = f"{damaged} damaged files moved aside first, which no push replaces (done with it)" if damaged else ""
        if not damaged and self._has_damage_unreached():
            aside = f"the damaged files moved aside first, which no push replaces: {NEEDS_PATH}"
        action, cost, approval = (steps.REBUILD, steps.BUILD, steps.REBUILD)
        if given.way == ARCHIVE:
            action, cost, approval = steps.RELOAD, steps.COPY, steps.REPOINT
        new = "it gets a new digest" if given.way == ARCHIVE else ""
        needs = "; ".join(filter(None, [given.needs, aside]))
        reason = "; ".join(filter(None, [given.why, new])) or ("the caller can" if given.possible else "the caller cannot")
        lost = self._lost_to_an_archive() if given.way == ARCHIVE and given.possible else ""
        return Candidate(action, cost, given.way, "", "", needs, approval, given.possible and not lost, lost or reason)

    def _lost_to_an_archive(self) -> str:
        """What a tag loses that becomes the one image of a ``docker save``, in words; empty where it has no more, or that is accepted."""
        if self._known.choices.allow_lost_platforms:
            return ""
        find = self._known.evidence.manifests_of(self._image.repository).get
        contents = contents_of(self._image.digest, find) if self._image.digest else None
        if contents is None:
            return f"an archive has one platform, and how many the tag has is not known any more; {_ACCEPT}"
        platforms = ", ".join(sorted(item.platform or "one that is not named" for item in contents))
        return f"an archive has one platform, where the tag has {platforms}; {_ACCEPT}" if len(contents) > 1 else ""

    def _has_damage_unreached(self) -> bool:
        """Whether a damaged file was seen over the API, where nothing moves it aside."""
        return any(node.disk == UNSEEN and node.served == WRONG for node in self._nodes())

    # -- no image any more

    def _unasked(self, others: Sequence[Candidate]) -> str:
        """What may have the image, or may make it again, and cannot be asked now: not that nothing else is possible. Empty where all was.

        Nor is that known where a source said that it has it: then a person decides.
        """
        for label, why in self._known.evidence.source_problems.items():
            return f"{label} could not be asked: {why}"
        lied = [node.refused[0] for node in self._nodes() if node.refused]
        if lied:
            return lied[0]
        standins = self._known.standins.get(self._image.key)
        if standins is not None and standins.unasked:
            return standins.unasked
        down = next(
            (each for each in others if each.action in (steps.RELOAD, steps.REBUILD) and each.way and not each.possible), None
        )
        return f"a {down.action} ({down.way}) is known, and not possible now: {down.reason}" if down is not None else ""

    def _delete(self, others: bool, unasked: str) -> Candidate:
        """Goes where it was named. Else only where it is known to be of no use, and that nothing else is possible is known, too."""
        choices, tag = self._known.choices, self._known.evidence.tags[self._image.key]
        named = self._image.key in choices.delete
        made = Candidate(steps.DELETE, steps.FREE, steps.DISK if self._known.evidence.has_disk else steps.API)
        made.approval, needed = steps.DELETE, self._known.needed.get(self._image.key, "")
        if not tag.there:
            made.reason = "there is no such tag"
        elif needed:
            made.reason = needed
        elif named:
            made.possible, made.reason = True, "it was named"
        elif not choices.knows_use:
            made.reason = "what is in use was not said, and it was not named"
        elif self._image.in_use:
            made.reason = "it is in use, and it was not named"
        elif others:
            made.reason = "something else is possible, and it was not named"
        elif unasked:
            made.reason = f"something else may be possible, and it was not named: {unasked}"
        else:
            made.possible, made.reason = True, "it is not in use, and nothing else is possible"
        return made

    # -- what the plan has for it

    def _nodes(self) -> List[Node]:
        """All that it needs, as far as it was looked at."""
        nodes = self._known.evidence.nodes
        return [nodes[key] for key in ((self._image.repository, digest) for digest in self._digests) if key in nodes]

    def _is_for(self, step: Step) -> bool:
        """Bytes are shared by all repositories, links are not."""
        if step.action == steps.LINK_TAG:
            return step.repository == self._image.repository and self._image.tag in step.tags
        own = step.repository == self._image.repository or step.action != steps.RELINK
        return step.action in _CONTENT and own and step.digest in self._digests

    def _is_about(self, record: Mapping[str, Any]) -> bool:
        own = record["repository"] == self._image.repository
        return own and (self._image.tag in record["tags"] if self._image.tag else record["digest"] in self._digests)

    def _is_broken_after(self) -> bool:
        image = self._image
        return any(image.tag in each["tags"] for each in self._known.after if each["repository"] == image.repository)


def _count(planned: Sequence[Step]) -> str:
    names = [step.action for step in planned]
    return ", ".join(f"{names.count(name)} x {name}" for name in dict.fromkeys(names))
