# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What all builders share."""

from __future__ import annotations

import os
from typing import Dict, List, NamedTuple, Optional, Tuple

from ...oci_registry.client import Settings
from ..platforms import native
from ..said import build_failure, push_failure
from ..shell import Done, Shell

#: names that the builders themselves read from the environment: arguments of these names go onto the command line
_READ_BY_BUILDERS = (
    "DOCKER_",
    "BUILDX_",
    "BUILDKIT_",
    "BUILDAH_",
    "CONTAINERS_",
    "STORAGE_",
    "REGISTRY_AUTH_FILE",
    "XDG_",
    "SSL_",
    "LD_",
)
_TAKEN = frozenset(("PATH", "HOME", "TMPDIR", "TERM", "LC_ALL", "LANG", "NO_COLOR"))


class Unfit(Exception):
    """Why a builder is not taken, as a clause."""


class Workshop(NamedTuple):
    """Where a builder works: a private folder of its own, and how it runs programs."""

    shell: Shell
    folder: str
    settings: Settings


class Order(NamedTuple):
    """What a builder is to build."""

    source: str  # folder
    context: str  # folder
    dockerfile: str  # path
    reference: str
    platforms: List[str]
    labels: Dict[str, str]
    build_args: Dict[str, str]


class Builder:
    """One program. ``find()`` first; then ``login``, ``build``, ``push``, ``logout`` and, whatever happened, ``clean``."""

    name = ""

    def __init__(self, shop: Workshop) -> None:
        self.shop = shop
        self.about = ""  #: what it is, for people
        self.multi = False  #: whether one build can give several platforms
        self.native = native()
        self.runs: List[str] = []  #: platforms whose programs it can run, where it says so
        self.environment: Dict[str, str] = {}

    def find(self) -> None:
        """Raise :class:`Unfit` where it is not there or does not work, a :class:`NotTrusted` where it would not push."""
        raise NotImplementedError

    def login(self) -> None:
        """With the password by standard input, into the throw-away folder."""
        raise NotImplementedError

    def build(self, order: Order) -> None:
        """Build; nothing is pushed."""
        raise NotImplementedError

    def push(self, order: Order) -> None:
        """Push what was built."""
        raise NotImplementedError

    def logout(self) -> None:
        """Forget the password."""
        raise NotImplementedError

    def clean(self, order: Order) -> None:
        """Remove from this host what was built."""
        raise NotImplementedError

    def can_build(self, platforms: List[str]) -> bool:
        """Whether one build can give just these."""
        return self.multi or platforms == [self.native]

    # -- for those that inherit

    def run(self, argv: List[str], feed: str = "", extra: Optional[Dict[str, str]] = None) -> Done:
        """Run its program with its environment, and ``extra`` on top of it."""
        return self.shop.shell.run(argv, env={**self.environment, **(extra or {})}, cwd=self.shop.folder, feed=feed)

    def tell(self, argv: List[str]) -> Done:
        """Run a program for what it prints."""
        return self.shop.shell.run(argv, env=self.environment, cwd=self.shop.folder, apart=True)

    def must_build(self, argv: List[str], order: Order) -> None:
        """Run a build; what it said is the log. Raises :class:`BuildFailed`."""
        done = self.run(argv, extra=arguments_of(order.build_args)[0])
        self.shop.shell.log = done.lines
        if done.code:
            raise build_failure(done, self.name)

    def must(self, argv: List[str], what: str, feed: str = "", extra: Optional[Dict[str, str]] = None) -> None:
        """Run a login or a push. Raises a :class:`RegistryError` in clear words."""
        done = self.run(argv, feed, extra)
        if done.code:
            self.shop.shell.log = done.lines
            raise push_failure(done, self.name, self.shop.settings.registry, what)


def arguments_of(build_args: Dict[str, str]) -> Tuple[Dict[str, str], List[str]]:
    """Build arguments, as an environment and the options that point at it: values stay off the command line."""
    passed: Dict[str, str] = {}
    argv: List[str] = []
    for name, value in build_args.items():
        taken = name in _TAKEN or name.upper().startswith(_READ_BY_BUILDERS) or name.lower().endswith("_proxy")
        argv += ["--build-arg", f"{name}={value}" if taken else name]
        if not taken:
            passed[name] = value
    return passed, argv


def common_options(order: Order) -> List[str]:
    """The options that all builders know by the same name."""
    labels = [part for name, value in order.labels.items() for part in ("--label", f"{name}={value}")]
    return ["--file", order.dockerfile, *labels, *arguments_of(order.build_args)[1]]


def platform_options(order: Order) -> List[str]:
    """For those that build for other platforms than their own."""
    return ["--platform", ",".join(order.platforms)]


def is_local(host: str) -> bool:
    """Whether a daemon's address is one of this host."""
    return not host or host.startswith("unix://") or os.path.isabs(host)
