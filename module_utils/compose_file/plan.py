# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""From a compose file and what is wanted of it to the splices that do it: data in, data out."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Optional, Sequence

from ..oci_registry.errors import BadInput
from ..yaml_file.document import Document
from .companions import included_files, refuse_overridden
from .environment import Environment
from .images import Wanted, refuse_floating
from .interpolation import change_to
from .scalars import Splice, splice, written
from .selection import select
from .services import Service, reached_by, services_of
from .splicing import spliced
from .spread import uses_besides_images
from .template import parse_template


class Request(NamedTuple):
    """What is wanted. ``services`` are names or patterns, ``match`` is an image whose repository is meant."""

    services: Sequence[str]
    match: Optional[str]
    image: Wanted
    allow_floating: Sequence[str]


class Pinned(NamedTuple):
    """One service: the image that compose makes of it before and after, and the line in which that is written."""

    service: str
    before: str
    after: str
    line: int


class Plan(NamedTuple):
    """What to do: ``splices`` in the order of the text, ``content`` the bytes of the file once they are done."""

    pinned: List[Pinned]
    splices: List[Splice]
    content: bytes
    warnings: List[str]


def plan_images(document: Document, overrides: Sequence[Document], environment: Environment, request: Request) -> Plan:
    """Plan all selected services or raise BadInput, which names the one that cannot be done."""
    services = services_of(document)
    chosen = _choose(document, services, environment, request)
    refuse_overridden(overrides, chosen)
    current = {name: _current(document, services[name], environment) for name in chosen}
    wanted = {name: _wanted(document, services[name], request.image, image) for name, image in current.items()}
    refuse_floating(wanted.values(), request.allow_floating)
    splices = _splices(document, services, environment, wanted)
    content = spliced(document, splices)
    values = {id(one.node): one.value for one in splices}
    pinned = [_pinned(document, services[name], current[name], values, environment) for name in chosen]
    return Plan(pinned, splices, content, _warnings(document, services, chosen))


def _choose(document: Document, services: Dict[str, Service], environment: Environment, request: Request) -> List[str]:
    images = {name: _guess(service, environment) for name, service in services.items()}
    try:
        chosen = select(images, request.services, request.match)
    except BadInput as error:
        included = included_files(document)
        hint = f". It includes {', '.join(included)}, where it may be" if included else ""
        raise BadInput(error.what, where=document.path, advice=error.advice + hint) from None
    for name in chosen:
        _refuse_without_image(document, services[name])
    return chosen


def _refuse_without_image(document: Document, service: Service) -> None:
    if service.elsewhere:
        what = f"the image of service {service.name} is decided in {service.elsewhere}, which it extends"
        raise BadInput(what, where=document.path, advice="Set it there")
    if service.image is None:
        build = ": it is built" if service.has_build else ""
        raise BadInput(f"service {service.name} has no image{build}", where=document.path, advice="Leave it out")


def _guess(service: Service, environment: Environment) -> Optional[str]:
    """The image of a service as far as its repository shows, with a word in place of variables that have no value."""
    if service.image is None:
        return None
    try:
        return environment.evaluate(parse_template(service.image.value.strip()), missing="unset")
    except BadInput:
        return None


def _current(document: Document, service: Service, environment: Environment) -> str:
    try:
        return environment.evaluate(parse_template(service.image.value.strip()))
    except BadInput as error:
        raise _of(document, service, error) from None


def _wanted(document: Document, service: Service, image: Wanted, current: str) -> str:
    try:
        return image.instead_of(current)
    except BadInput as error:
        raise _of(document, service, error) from None


def _of(document: Document, service: Service, error: BadInput) -> BadInput:
    what = f"line {_line(document, service)}: the image of service {service.name}: {error.what}"
    return BadInput(what, where=document.path, advice=error.advice)


def _line(document: Document, service: Service) -> int:
    return document.line(written(document, service.image).start)


def _splices(document: Document, services: Dict[str, Service], environment: Environment, wanted: Dict[str, str]) -> List[Splice]:
    found: Dict[int, Splice] = {}
    for name, image in wanted.items():
        node = services[name].image
        if id(node) in found:
            continue
        place = written(document, node)
        try:
            change = change_to(place.value, image, environment)
        except BadInput as error:
            raise _of(document, services[name], error) from None
        if change is not None:
            _refuse_strangers(document, services, node, wanted)
            found[id(node)] = splice(node, place, change)
    _refuse_other_uses(document, list(found.values()))
    return sorted(found.values(), key=lambda one: one.start)


def _refuse_strangers(document: Document, services: Dict[str, Service], node: Any, wanted: Dict[str, str]) -> None:
    strangers = [name for name in reached_by(services, node) if name not in wanted]
    if strangers:
        line = document.line(node.start_mark.index)
        what = f"line {line}: the image that is written here is also that of {', '.join(strangers)}"
        raise BadInput(what, where=document.path, advice="Select these services too, or give them an image of their own")


def _refuse_other_uses(document: Document, splices: List[Splice]) -> None:
    uses = uses_besides_images(document, [one.node for one in splices]) if splices else []
    if uses:
        line = document.line(splices[0].start)
        what = f"line {line}: an alias also uses this image as {', '.join(uses)}"
        raise BadInput(what, where=document.path, advice="Write the value there, so that only the image changes")


def _pinned(document: Document, service: Service, before: str, values: Dict[int, str], environment: Environment) -> Pinned:
    value = values.get(id(service.image), service.image.value)
    after = environment.evaluate(parse_template(value.strip()))
    return Pinned(service.name, before, after, _line(document, service))


def _warnings(document: Document, services: Dict[str, Service], chosen: List[str]) -> List[str]:
    included = included_files(document)
    found = [f"{document.path} includes {', '.join(included)}: services in there were not looked at"] if included else []
    built = [name for name in chosen if services[name].has_build]
    if built:
        found.append(f"{', '.join(built)}: built as well, so the image is also the name of what a build makes")
    return found
