# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Buildah: no daemon, several platforms as a manifest list."""

from __future__ import annotations

import json
import os
import platform
from typing import List

from ..access import auth_file, certificates
from ..platforms import native
from ..shell import find_program
from .base import Builder, Order, Unfit, common_options, platform_options

#: what is built has this name on this host for the time of a run; there is one run at a time
_LOCAL = "localhost/registry-runbooks-build:manual"


class Buildah(Builder):
    """``buildah bud`` and ``buildah manifest push``."""

    name = "buildah"

    def __init__(self, *given: object) -> None:
        super().__init__(*given)  # type: ignore[arg-type]
        self._auth = ""

    def find(self) -> None:
        """See :class:`Builder`."""
        if not find_program("buildah"):
            raise Unfit("buildah is not installed")
        done = self.tell(["buildah", "info"])
        if done.code:
            raise Unfit(f"it does not work: {done.lines[-1][:200] if done.lines else 'it said nothing'}")
        version = self.tell(["buildah", "--version"]).text.split()
        self.about = f"buildah {version[2] if len(version) > 2 else ''}".strip()
        self.multi = True
        self.native = native(platform.machine())
        self.runs = [self.native]
        self._auth = auth_file(self.shop.folder, self.shop.settings.registry)
        ca_path = self.shop.settings.ca_path
        trusted = certificates(self.shop.folder, ca_path) if ca_path else {}
        self.environment = {"REGISTRY_AUTH_FILE": self._auth, **trusted}

    def login(self) -> None:
        """See :class:`Builder`."""
        given = self.shop.settings
        if given.username is not None:
            options = ["--authfile", self._auth, "--username", given.username, "--password-stdin", *self._unchecked()]
            self.must(["buildah", "login", *options, given.registry], "log in", feed=given.password or "")

    def build(self, order: Order) -> None:
        """See :class:`Builder`. The certificates hold for base images, too; these are checked in any case, as they may be anybody's."""
        self._forget()  # what a killed run left
        options = [*common_options(order), *platform_options(order), "--authfile", self._auth, "--manifest", _LOCAL]
        self.must_build(["buildah", "bud", *options, order.context], order)

    def push(self, order: Order) -> None:
        """See :class:`Builder`."""
        options = ["--authfile", self._auth, *self._unchecked()]
        if len(order.platforms) > 1:
            argv = ["buildah", "manifest", "push", "--all", "--format", "oci", *options, _LOCAL, f"docker://{order.reference}"]
        else:
            argv = ["buildah", "push", *options, self._only(), f"docker://{order.reference}"]
        self.must(argv, "push")

    def _only(self) -> str:
        """The one image in the list."""
        found = self._built()
        return found[0] if found else _LOCAL

    def _unchecked(self) -> List[str]:
        """For what speaks to the registry that is pushed to, and to no other."""
        given = self.shop.settings
        return ["--tls-verify=false"] if given.scheme == "http" or not given.validate_certs else []

    def logout(self) -> None:
        """See :class:`Builder`."""
        if self.shop.settings.username is not None and os.path.exists(self._auth):
            self.run(["buildah", "logout", "--authfile", self._auth, self.shop.settings.registry])

    def clean(self, order: Order) -> None:
        """See :class:`Builder`."""
        self._forget()

    def _forget(self) -> None:
        images = self._built()
        self.run(["buildah", "manifest", "rm", _LOCAL])
        if images:
            self.run(["buildah", "rmi", "--force", *images])

    def _built(self) -> List[str]:
        """Identifiers of the images in the list."""
        listed, images = (
            self.tell(["buildah", "manifest", "inspect", _LOCAL]),
            self.tell(["buildah", "images", "--all", "--json"]),
        )
        try:
            children = {item["digest"] for item in json.loads(listed.text)["manifests"]} if listed.code == 0 else set()
            return [item["id"] for item in json.loads(images.text or "null") or () if item.get("digest") in children]
        except (ValueError, KeyError, TypeError):
            return []
