# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""One run of the probe: every registry looked at, what came of it written down where it belongs. Raises only for bad input."""

from __future__ import annotations

import time
from typing import Any, Callable, List, Mapping, NamedTuple, Optional, Tuple

from .. import textfile
from ..client import Settings
from ..client.settings import checked
from ..errors import BadInput, RegistryError
from ..exposition import Sample, parse, render
from ..findings import INFO
from ..options import concurrency_from
from ..reference import parse_repository
from ..report import EXIT_FINDINGS, EXIT_HEALTHY, EXIT_NOT_LOOKED
from .gateway import Address, Gateway
from .known import Known, recall
from .metrics import ABOUT, PREFIX
from .registry import Limits, Looked, Target, look
from .samples import samples
from .secret import credentials

_LEAST = 1.0  # seconds
Options = Mapping[str, Any]
Hear = Callable[[Looked], None]


class Done(NamedTuple):
    """What a run came to. ``text`` is what textfiles hold; ``problems`` say what could not be written down, ``notes`` what is to be known."""

    looked: List[Looked]
    text: str
    problems: List[str]
    notes: List[str]

    @property
    def exit_code(self) -> int:
        """2 where something could not be looked at or written down, else 1 for findings, else 0."""
        if self.problems or not all(each.complete for each in self.looked):
            return EXIT_NOT_LOOKED
        return EXIT_HEALTHY if all(map(is_well, self.looked)) else EXIT_FINDINGS


def is_well(looked: Looked) -> bool:
    """Whether all could be looked at, and nothing is known to be broken."""
    kinds = (kind for past in looked.repositories.values() for kind, number in past.findings.items() if number)
    return looked.complete and all(severity == INFO for _code, severity in kinds)


def probe(options: Options, hear: Optional[Hear] = None) -> Done:
    """Look at all registries of the options (:data:`PROBE_OPTIONS`); ``hear`` is told of each. Raises :class:`BadInput`, before anything is done."""
    _check(options)
    return _Run(options, hear).run()


class _Run:
    def __init__(self, options: Options, hear: Optional[Hear]) -> None:
        self._options, self._hear = options, hear
        self._targets = [_target(each, options) for each in options["registries"]]
        _check_instances(self._targets)
        self._gateway = _gateway(options)
        self._done = Done([], "", [], [])
        self._kept: List[Sample] = []  # without a limit on series
        self._shown: List[Sample] = []

    def run(self) -> Done:
        deadline = time.monotonic() + self._options["budget"]
        try:
            for left, target in zip(range(len(self._targets), 0, -1), self._targets):
                now = time.monotonic()
                self._one(target, now + (deadline - now) / left)
        finally:
            if self._gateway is not None:
                self._gateway.close()
        text = render(self._shown, ABOUT)
        self._write("textfile", text)
        self._write("state", render(self._kept, ABOUT))
        return self._done._replace(text=text)

    def _one(self, target: Target, until: float) -> None:
        """Look at one registry, and report it; what it takes to remember counts, so that a Pushgateway that hangs delays nothing."""
        options = self._options
        known = self._recall(target.instance)
        budget = max(_LEAST, until - time.monotonic())
        looked = look(target, Limits(options["proof"], concurrency_from(options), budget, options["allow_empty"]), known)
        shown = list(samples(looked, options["max_series"]))
        self._shown += shown
        self._kept += samples(looked, None)
        self._done.looked.append(looked)
        if self._hear is not None:
            self._hear(looked)
        if self._gateway is not None:
            try:
                self._gateway.push(target.instance, render(shown, ABOUT))
            except RegistryError as error:
                self._done.problems.append(f"the metrics of {target.instance} were not pushed: {error}")

    def _recall(self, instance: str) -> Known:
        """What is known from the last run, from wherever that is kept."""
        path, samples = self._options["state"] or self._options["textfile"], []
        try:
            if path:
                samples = list(parse(textfile.read_strictly(path), f"{PREFIX}_", {"instance": instance}))
            elif self._gateway is not None:
                samples = self._gateway.recall(instance)
        except RegistryError as error:
            self._done.notes.append(f"what was known of {instance} cannot be had: {error}")
        return recall(samples, time.time())

    def _write(self, what: str, text: str) -> None:
        if self._options[what]:
            try:
                textfile.write(self._options[what], text)
            except RegistryError as error:
                self._done.problems.append(str(error))


def _check(options: Options) -> None:
    if not options["registries"]:
        raise BadInput("no registry given", advice="Name one with --registry HOST[:PORT], or in the configuration")
    if options["budget"] <= 0:
        raise BadInput(f"budget {options['budget']:g} is not above 0 seconds")
    if options["rate"] < 0 or options["max_series"] < 0:
        raise BadInput("rate and max_series cannot be negative")
    concurrency_from(options)
    for name in ("textfile", "state"):
        if options[name]:
            textfile.check(options[name])
    if options["state"] and options["state"] == options["textfile"]:
        raise BadInput("state and textfile are the same file", where=options["state"], advice="Leave state out, or name another")


def _check_instances(targets: List[Target]) -> None:
    seen = set()
    for target in targets:
        if target.instance in seen:
            raise BadInput(f"two registries have the instance {target.instance}", advice="Give one of them another instance")
        seen.add(target.instance)


def _target(given: Options, options: Options) -> Target:
    username, password = credentials(given, "REGISTRY_PASSWORD")
    settings = Settings(
        registry=given["registry"],
        scheme=given["scheme"],
        username=username,
        password=password,
        ca_path=given["ca_path"] or None,
        validate_certs=given["validate_certs"],
        timeout=options["timeout"],
        rate=options["rate"],
    )
    return Target(checked(settings), given["instance"] or given["registry"], _names(given["repositories"]))


def _names(given: List[str]) -> Tuple[str, ...]:
    return tuple(parse_repository(name) for name in given)


def _gateway(options: Options) -> Optional[Gateway]:
    given = options["pushgateway"]
    if not given:
        return None
    username, password = credentials(given, "PUSHGATEWAY_PASSWORD")
    return Gateway(
        Address(
            given["url"],
            given["job"],
            username,
            password,
            given["ca_path"] or None,
            given["validate_certs"],
            options["timeout"],
        )
    )
