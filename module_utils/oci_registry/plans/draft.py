# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A repair plan in the making: how each decision becomes a step, and each thing that cannot be helped a record of what is next."""

from __future__ import annotations

from typing import Collection, Sequence, Tuple

from . import steps
from .facts import GONE, UNSEEN, WRONG, Node
from .steps import Plan, Step

NEEDS_PATH = "run on the registry's host with path, the rootdirectory of its store"


class Draft:
    """Fills ``plan``. ``approve`` names the actions that may be taken although they need approval."""

    def __init__(self, approve: Collection[str]) -> None:
        self.plan = Plan()
        self._approve = approve

    def restore(self, node: Node, way: str, detail: str = "") -> None:
        """Bytes from the first source that has them."""
        origin = origin_of(node)
        step = _step(steps.RESTORE, node, f"{node.detail}; {origin} has its bytes")
        step.way, step.cost, step.detail, step.source = way, steps.COPY, detail, origin
        self._fix(step)

    def relink(self, node: Node, way: str, reason: str) -> None:
        """The link that serves what is on disk."""
        step = _step(steps.RELINK, node, reason)
        step.way = way
        self._fix(step)

    def link_tag(self, node: Node, tag: str, way: str, reason: str) -> None:
        """A tag's own link."""
        self.plan.steps.append(Step(steps.LINK_TAG, node.repository, node.digest, "tag", reason, (tag,), way))
        self.plan.fixed_tags.add((node.repository, tag))

    def skip(self, node: Node, reason: str) -> None:
        """Nothing to do."""
        step = _step(steps.RELINK, node, reason)
        step.state = steps.SKIPPED
        self.plan.steps.append(step)

    def arrive(self, node: Node, reason: str) -> None:
        """Nothing to do here, since another step makes it right."""
        self.plan.fixed.add((node.repository, node.digest))
        self.skip(node, reason)

    def quarantine(self, node: Node, reason: str, *, heals: bool) -> None:
        """Move a damaged file out of the way; ``heals``: that alone repairs it."""
        step = _step(steps.QUARANTINE, node, reason)
        step.way, step.needs_approval = steps.DISK, True
        if not self._approved(step) and heals:
            self._note(node.repository, node.digest, node.role, step.tags, state_of(node), reason, (steps.QUARANTINE,))
        elif heals:
            self.plan.fixed.add(step.key)

    def remove_link(self, node: Node, reason: str, skipped: bool) -> None:
        """A layer link that leads nowhere; ``skipped``: it is no such link."""
        step = _step(steps.REMOVE_LINK, node, reason)
        step.way, step.needs_approval = steps.DISK, True
        if skipped:
            step.state = steps.SKIPPED
            self.plan.steps.append(step)
        elif not self._approved(step):
            self._note(node.repository, node.digest, node.role, (), "gone", reason, (steps.REMOVE_LINK,))

    def remain(self, node: Node, why: str) -> None:
        """No digest can help: only another image under the same tag."""
        self.remain_tags(node.repository, node.digest, node.role, tags_of(node), state_of(node), why)

    def remain_tags(self, repository: str, digest: str, role: str, tags: Sequence[str], state: str, why: str) -> None:
        """The same, for what may have no digest that is known."""
        step = Step(steps.REPOINT, repository, digest, role, why, tuple(tags), cost=steps.BUILD)
        step.state = steps.REMAINING
        self.plan.steps.append(step)
        self._note(repository, digest, role, tags, state, why, (steps.REPOINT, steps.REBUILD))

    def remain_without_path(self, node: Node, why: str, action: str = steps.RESTORE) -> None:
        """It could be helped by a run that has the disk at hand."""
        step = _step(action, node, why)
        step.cost, step.state, step.detail = steps.COPY, steps.REMAINING, NEEDS_PATH
        self.plan.steps.append(step)
        self._note(node.repository, node.digest, node.role, step.tags, state_of(node), f"{why}: {NEEDS_PATH}", (action,))

    def _fix(self, step: Step) -> None:
        self.plan.steps.append(step)
        self.plan.fixed.add(step.key)

    def _approved(self, step: Step) -> bool:
        """Add the step; without approval it remains."""
        self.plan.steps.append(step)
        if step.action in self._approve:
            return True
        step.state, step.detail = steps.REMAINING, f"needs approve: [{step.action}]"
        return False

    def _note(
        self, repository: str, digest: str, role: str, tags: Sequence[str], state: str, why: str, after: Sequence[str]
    ) -> None:
        record = {"repository": repository, "tags": list(tags), "digest": digest, "role": role, "state": state, "why": why}
        self.plan.remaining.append(dict(record, next=list(after)))


def _step(action: str, node: Node, reason: str) -> Step:
    return Step(action, node.repository, node.digest, node.role, reason, tags_of(node))


def tags_of(node: Node) -> Tuple[str, ...]:
    """Every tag that needs it, sorted."""
    return tuple(sorted(node.tags))


def origin_of(node: Node) -> str:
    """Where the right bytes can come from, other than the own disk; empty where there is no such place."""
    if node.is_manifest:
        return node.content_from if node.content is not None else ""
    return node.sources[0] if node.sources else ""


def state_of(node: Node) -> str:
    """The finding's state for a thing that remains broken."""
    if node.invalid or node.lies:
        return "invalid"
    if node.disk == UNSEEN:
        return "stale-cache" if node.stale else "unknown"
    if node.disk == WRONG:
        return "corrupt" if node.size is not None and node.disk_size == node.size else "truncated"
    return "gone" if node.disk == GONE else "hollow"
