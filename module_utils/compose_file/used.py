# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Which images the services of a project use, as compose makes them of all its files."""

from __future__ import annotations

import os
from typing import Any, Dict, List, Mapping, NamedTuple, Set, Tuple

from ..image_uses.use import COMPOSE, Use, untold, use
from ..oci_registry.errors import BadInput
from ..yaml_file.document import Document, read_document
from ..yaml_file.replacing import read_original
from .companions import DEFAULT_NAMES, included_files, overriding_files
from .environment import Environment, read_environment
from .services import Service, service_keys, services_of
from .template import Part, Variable, parse_template

_UNKNOWN = "\0"  # stands in for a variable that nobody sets
_MOST_FILES = 50  # that extend one another


class _Place(NamedTuple):
    """Where a service says its image."""

    document: Document
    service: Service


class Project:
    """One compose file with those that override it, that it extends and that it includes."""

    def __init__(self, host: str) -> None:
        self.uses: List[Use] = []
        self.problems: List[str] = []
        self.files: List[str] = []
        self._host = host
        self._seen: Set[str] = set()

    def read(self, path: str, process: Mapping[str, str]) -> None:
        """Add the uses of all services. Raises BadInput where a file cannot be read."""
        if os.path.realpath(path) in self._seen:
            return
        environment = read_environment(os.path.dirname(path), process)
        documents = [self._document(path), *map(self._document, overriding_files(path, environment))]
        found = [(document, services_of(document)) for document in documents if service_keys(document)]
        included = [(document, file) for document in documents for file in included_files(document)]
        if not found and not included:
            services_of(documents[0])
        names = dict.fromkeys(name for _document, services in found for name in services)
        for name in names:
            self._add(name, [_Place(document, services[name]) for document, services in found if name in services], environment)
        for document, file in included:
            self._include(document, file, environment)

    def _document(self, path: str) -> Document:
        real = os.path.realpath(path)
        self._seen.add(real)
        self.files += [] if path in self.files else [path]
        return read_document(path, read_original(real).content)

    def _add(self, name: str, places: List[_Place], environment: Environment) -> None:
        """The last file that says anything of the image decides."""
        deciding = next((place for place in reversed(places) if place.service.image is not None or place.service.elsewhere), None)
        if deciding is None:
            if not any(place.service.has_build for place in places):
                where = f"{places[0].document.path}: it has no image and no build"
                self.uses.append(untold(COMPOSE, self._host, name, where))
            return
        try:
            document, image = self._image(deciding)
        except BadInput as error:
            self.uses.append(untold(COMPOSE, self._host, name, str(error)))
            return
        if image is not None:
            where = f"{document.path}:{document.line(image.start_mark.index)}"
            self.uses.append(_use(self._host, name, image.value.strip(), where, environment))

    def _image(self, place: _Place) -> Tuple[Document, Any]:
        """The node of an image, services of other files followed; None where it is built."""
        document, service = place
        for _number in range(_MOST_FILES):
            if service.image is not None or not service.elsewhere:
                return document, service.image
            path = os.path.join(os.path.dirname(document.path), service.elsewhere)
            base = service.base
            document = self._document(path)
            services = services_of(document)
            if base not in services:
                raise BadInput(f"there is no service {base}, which {service.name} extends", where=path)
            service = services[base]
        raise BadInput(f"service {service.name} extends itself", where=document.path)

    def _include(self, document: Document, file: str, environment: Environment) -> None:
        path = os.path.join(os.path.dirname(document.path), file)
        path = default_file(path) or path
        if not os.path.isfile(path):
            self.problems.append(f"{document.path}: it includes {file}, which is not on this host")
            return
        try:
            self.read(path, environment.mapping())
        except BadInput as error:
            self.problems.append(str(error))


def default_file(folder: str) -> str:
    """The compose file that stands for a folder; empty where there is none."""
    return next((path for path in (os.path.join(folder, name) for name in DEFAULT_NAMES) if os.path.isfile(path)), "")


def _use(host: str, name: str, written: str, where: str, environment: Environment) -> Use:
    try:
        parts = parse_template(written)
        image = environment.evaluate(parts, missing=_UNKNOWN)
    except BadInput as error:
        return untold(COMPOSE, host, name, f"{where}: {written}: {error.what}")
    if _UNKNOWN in image:
        why = f"{where}: {written}: {', '.join(_unset(parts, environment))} is not set"
        return untold(COMPOSE, host, name, why, pattern=image.replace("*", "").replace(_UNKNOWN, "*"))
    return use(COMPOSE, host, name, image, detail=where)


def _unset(parts: Tuple[Part, ...], environment: Environment) -> List[str]:
    """Variables that nobody sets and that have no default."""
    found: Dict[str, None] = {}
    for part in parts:
        if isinstance(part, Variable) and not environment.is_set(part):
            found.update(dict.fromkeys(_unset(part.argument, environment)) if part.operator.endswith("-") else {part.name: None})
    return list(found)
