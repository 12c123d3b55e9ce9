# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Draws up the plan of a repair: looks, plans what digests repair, and climbs the ladder for each tag that is broken. Writes nothing."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Sequence

from .client import Client
from .errors import BadInput, RegistryError
from .evidence.observer import Place, observe
from .evidence.retention.needs import Needs
from .evidence.served import is_served
from .evidence.standins import StandInFinder
from .evidence.wanted import Wanted
from .plans import steps
from .plans.choices import Choices
from .plans.decide import decide, leave_waste
from .plans.facts import Evidence, Key
from .plans.fit import fit
from .plans.ladder import Image, Known, broken_images, put_in_use_first
from .plans.outlook import before_and_after
from .plans.repair import plan_repair
from .plans.rungs import climb
from .plans.standins import StandIns
from .plans.steps import Plan, Step

_ALONE = "give path, or dialect 3 where the registry is one: then the tag goes alone"
_INTACT = "Name an image that is intact, or none: then one with the same content is looked for"


class Drawn(NamedTuple):
    """The plan, and what it rests on. ``before`` and ``after`` are findings, without and with the repair by digests."""

    evidence: Evidence
    plan: Plan
    images: List[Image]
    before: List[Dict[str, Any]]
    after: List[Dict[str, Any]]

    def is_surpassed_by(self, again: Drawn) -> bool:
        """Whether ``again`` has anything that may be done, here or by others, and that this one had not."""
        allowed = {(image.key, image.chosen) for image in self.images if image.approved}
        return bool(again.plan.changes) or any(
            image.approved and (image.key, image.chosen) not in allowed for image in again.images
        )

    def after_it(self, again: Drawn) -> Drawn:
        """``again``, which was drawn once this one was carried out as far as it could be, with what was done by this one."""
        done = [step for step in self.plan.steps if step.state == steps.DONE]
        again.plan.follow(self.plan, done)
        evidence, images = again.evidence, {image.key for image in again.images}
        evidence.nodes = {**self.evidence.nodes, **evidence.nodes}
        mended = [image for image in self.images if image.key not in images]
        return Drawn(evidence, again.plan, [*mended, *again.images], self.before, again.after)


class Drawing:
    """``connect`` gives one more client of the registry; ``dialect`` is its major version."""

    def __init__(self, place: Place, choices: Choices, connect: Callable[[], Client], dialect: str) -> None:
        self._place = place
        self._choices = choices
        self._needs = Needs(connect, place.workers)
        self._dialect = dialect

    def draw(self, wanted: Wanted, done: Sequence[Step] = ()) -> Drawn:
        """``done``: what this run did already.

        Raises a :class:`RegistryError` where the own disk or registry cannot be asked, or what was named cannot be done.
        """
        evidence = observe(self._place, self._with_named(wanted))
        self._forget_absent(evidence)
        put_in_use_first(evidence, self._choices)
        plan = plan_repair(evidence, self._choices.approve)
        leave_waste(plan, evidence)
        before, after = before_and_after(evidence, plan)
        images = broken_images(evidence, before, self._choices)
        standins = self._standins(evidence, images)
        climb(images, Known(evidence, plan, self._choices, before, after, standins, self._needed(evidence, images)))
        decide(plan, images, evidence, self._choices)
        self._demand_known(plan, done)
        fit(plan, images, evidence, self._choices, done)
        after = before_and_after(evidence, plan)[1] if plan.recomputed else after
        self._take_in(evidence, images, standins)
        return Drawn(evidence, plan, [*images, *self._sound(evidence, images)], before, after)

    def _with_named(self, wanted: Wanted) -> Wanted:
        """Tags that were named are looked at, too."""
        wanted.tags = {**wanted.tags, **{key: "" for key in sorted(self._choices.named) if key not in wanted.tags}}
        return wanted

    def _forget_absent(self, evidence: Evidence) -> None:
        """A tag that was named and is not there is gone already. Raises :class:`BadInput` for one that was to point elsewhere: none is made."""
        absent = {key for key in self._choices.named if key in evidence.tags and not evidence.tags[key].there}
        self._choices = self._choices.settled(lambda key: key not in absent)
        made = sorted(absent & self._choices.repoint.keys())
        if made:
            raise BadInput("there is no such tag", where=f"repoint: {':'.join(made[0])}", advice="registry_tag makes new ones")
        for key in absent:
            evidence.forget_tag(key)

    # -- what else is to be known before anything is chosen

    def _standins(self, evidence: Evidence, images: Sequence[Image]) -> Dict[Key, StandIns]:
        if self._place.is_cache:
            if self._choices.named:
                where = ":".join(min(self._choices.named))
                raise BadInput("a pull-through cache takes its tags from upstream: none is set or deleted there", where=where)
            return {}
        finder = StandInFinder(self._place, evidence)
        found: Dict[Key, StandIns] = {}
        for image in images:
            if image.key in self._choices.repoint:
                found[image.key] = self._named(finder, image)
            elif image.tag:
                found[image.key] = finder.like(image.repository, image.digest)
        return found

    def _named(self, finder: StandInFinder, image: Image) -> StandIns:
        """The one that was named. Raises :class:`BadInput` where the tag must not point at it."""
        target = self._choices.repoint[image.key]
        named = finder.named(image.repository, image.digest, target)
        where = f"repoint: {image.repository}:{image.tag}"
        if named.problem:
            raise BadInput(f"must not point at {target}: {named.problem}", where=where, advice=_INTACT)
        if named.lost and not self._choices.allow_lost_platforms:
            what = f"{target} lacks {', '.join(named.lost)}, which the tag has now"
            raise BadInput(what, where=where, advice="Set allow_lost_platforms if that is meant")
        return StandIns([named], 1)

    def _needed(self, evidence: Evidence, images: Sequence[Image]) -> Dict[Key, str]:
        """Which tags cannot go, since their manifest must go with them: only over the API of 2.x, and only where one may have to go."""
        if evidence.has_disk or self._dialect != "2" or steps.DELETE not in self._choices.approve:
            return {}
        asked = [image for image in images if image.tag and (image.key in self._choices.delete or self._may_go(image))]
        found = {image.key: self._why_needed(image) for image in asked}
        return {key: why for key, why in found.items() if why}

    def _may_go(self, image: Image) -> bool:
        return self._choices.knows_use and not image.in_use

    def _why_needed(self, image: Image) -> str:
        try:
            needing = self._needs.of(image.repository, image.tag)
        except RegistryError as error:
            return f"{error}; {_ALONE}"
        return f"its manifest {image.digest} is still needed by {', '.join(needing[:5])}; {_ALONE}" if needing else ""

    def _demand_known(self, plan: Plan, done: Sequence[Step]) -> None:
        """Every digest that was approved is in the plan, or right already: an earlier run did that. Raises :class:`BadInput` for another."""
        for digest in sorted(self._choices.approved_digests - {step.digest for step in (*done, *plan.steps)}):
            if not is_served(self._place, digest):
                what = f"{digest} was approved, and is not in the plan; nothing was done"
                raise BadInput(
                    what, where="approved_digests", advice="Run in check mode, look at the plan, and approve what is in it"
                )
            plan.recomputed.append(f"recomputed: {digest} was approved, and is right already")

    def _take_in(self, evidence: Evidence, images: Sequence[Image], standins: Mapping[Key, StandIns]) -> None:
        """What tags will point at belongs to the evidence, once everything was judged."""
        for image in images:
            if image.choice is not None and image.choice.action == steps.REPOINT:
                for other in standins[image.key].found:
                    if other.digest == image.choice.digest:
                        evidence.nodes.update({key: node for key, node in other.nodes.items() if key not in evidence.nodes})

    def _sound(self, evidence: Evidence, images: Sequence[Image]) -> List[Image]:
        """Tags that were named and are not broken: this is not the place to change them."""
        broken = {image.key for image in images}
        found = []
        for key in sorted(self._choices.named - broken):
            tag = evidence.tags.get(key)
            if tag is not None and not self._is_there_already(evidence, key):
                image = Image(*key, tag.digest, self._choices.is_in_use(*key, [tag.digest]), outcome=steps.SKIPPED)
                image.why = "it is not broken, so it stays as it is: registry_tag changes it"
                found.append(image)
        return found

    def _is_there_already(self, evidence: Evidence, key: Key) -> bool:
        """Whether a tag points where it was to point."""
        target = self._choices.repoint.get(key)
        if target is None:
            return False
        return StandInFinder(self._place, evidence).named(key[0], "", target).digest == evidence.tags[key].digest
