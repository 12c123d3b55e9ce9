# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Docker without buildx: one platform, this machine's."""

from __future__ import annotations

import json
from typing import Any, Dict, List

from ..access import docker_config
from ..platforms import native
from ..shell import find_program
from ..trust import check_daemon
from .base import Builder, Order, Unfit, common_options, is_local


class Docker(Builder):
    """``docker build`` and ``docker push``."""

    name = "docker"
    pushes_by_daemon = True  #: so its trust counts

    def find(self) -> None:
        """See :class:`Builder`."""
        if not find_program("docker"):
            raise Unfit("docker is not installed")
        self.environment = docker_config(self.shop.folder, self.shop.settings.registry)
        info = self._info()
        self.native = native(str(info.get("Architecture") or ""))
        self.runs = [self.native]
        self.about = f"Docker {info.get('ServerVersion', '')}".strip()
        self.inspect(info)
        if self.pushes_by_daemon and is_local(self._host()):
            check_daemon(info, self.shop.settings)

    def inspect(self, info: Dict[str, Any]) -> None:
        """Look further at what is there; raises :class:`Unfit`."""

    def _info(self) -> Dict[str, Any]:
        done = self.tell(["docker", "info", "--format", "{{json .}}"])
        try:
            found = json.loads(done.text) if done.code == 0 else {}
        except ValueError:
            found = {}
        if not isinstance(found, dict) or not found.get("ServerVersion"):
            said = (found.get("ServerErrors") if isinstance(found, dict) else None) or [
                line for line in done.lines if line[0] != "{"
            ]
            raise Unfit(f"its daemon does not answer: {self.shop.shell.mask(str(said[-1]))[:200] if said else 'it said nothing'}")
        return found

    def _host(self) -> str:
        done = self.tell(["docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"])
        return done.text.strip() if done.code == 0 else ""

    def login(self) -> None:
        """See :class:`Builder`."""
        given = self.shop.settings
        if given.username is not None:
            argv = ["docker", "login", "--username", given.username, "--password-stdin", given.registry]
            self.must(argv, "log in", feed=given.password or "")

    def build(self, order: Order) -> None:
        """See :class:`Builder`."""
        # without --force-rm the container of an instruction that fails stays
        self.must_build(["docker", "build", "--force-rm", *self._options(order)], order)

    def _options(self, order: Order) -> List[str]:
        """No platform: it builds for this machine's, and of another one it would only take the base image."""
        return [*common_options(order), "--tag", order.reference, order.context]

    def push(self, order: Order) -> None:
        """See :class:`Builder`."""
        self.must(["docker", "push", order.reference], "push")

    def logout(self) -> None:
        """See :class:`Builder`."""
        if self.shop.settings.username is not None:
            self.run(["docker", "logout", self.shop.settings.registry])

    def clean(self, order: Order) -> None:
        """See :class:`Builder`."""
        self.run(["docker", "image", "rm", order.reference])
