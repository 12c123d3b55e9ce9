# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Docker with buildx: several platforms where its driver, or the daemon's image store, can hold them."""

from __future__ import annotations

from typing import Any, Dict, List

from ...oci_registry.errors import BadInput
from ..platforms import normal
from .base import Order, Unfit, arguments_of, common_options, platform_options
from .docker import Docker

_CONTAINERD = "io.containerd.snapshotter.v1"
_DAEMON = "docker"  # the driver that builds in the daemon


class Buildx(Docker):
    """``docker buildx build``."""

    name = "buildx"

    def inspect(self, info: Dict[str, Any]) -> None:
        """See :class:`Docker`."""
        version = self.tell(["docker", "buildx", "version"])
        if version.code:
            raise Unfit("docker has no buildx")
        facts = self._facts()
        self.pushes_by_daemon = facts.get("Driver") == _DAEMON
        store = [str(part) for pair in info.get("DriverStatus") or () for part in pair]
        self.multi = not self.pushes_by_daemon or _CONTAINERD in store
        self.runs = _platforms(facts.get("Platforms", "")) or self.runs
        words = version.text.split()
        holds = "several platforms" if self.multi else "one platform, as its image store holds no more"
        self.about = f"{self.about} with buildx {words[1] if len(words) > 1 else ''}, driver {facts.get('Driver')}, {holds}"

    def _facts(self) -> Dict[str, str]:
        done = self.tell(["docker", "buildx", "inspect", "--bootstrap"])
        pairs = [line.partition(":") for line in done.text.splitlines()]
        facts = {name.strip(): value.strip() for name, colon, value in pairs if colon}
        if done.code or not facts.get("Driver"):
            raise Unfit(f"its builder does not work: {done.lines[-1][:200] if done.lines else 'it said nothing'}")
        return facts

    def build(self, order: Order) -> None:
        """See :class:`Docker`."""
        self.must_build(self._argv(order), order)

    def push(self, order: Order) -> None:
        """See :class:`Docker`; other drivers than the daemon's build again, from what they have kept, and push."""
        if self.pushes_by_daemon:
            super().push(order)
        else:
            # with its arguments: buildx leaves out one whose variable is not set, and builds another image without saying so
            self.must([*self._argv(order), "--push"], "push", extra=arguments_of(order.build_args)[0])

    def _argv(self, order: Order) -> List[str]:
        return [
            "docker",
            "buildx",
            "build",
            "--progress",
            "plain",
            *common_options(order),
            *platform_options(order),
            "--tag",
            order.reference,
            order.context,
        ]

    def clean(self, order: Order) -> None:
        """See :class:`Docker`."""
        if self.pushes_by_daemon:
            super().clean(order)


def _platforms(text: str) -> List[str]:
    found = []
    for each in text.replace("*", "").split(","):
        try:
            found.append(normal(each))
        except BadInput:
            continue
    return found
