# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The configuration of a scheduled run: a JSON file with the options of the modules, checked as Ansible checks those.

``{"name": "registry-private", "retain": {...}, "collect": {...}, "scan": {...}}``: each part is optional, and holds the options of
``registry_retention``, ``registry_collection`` and ``registry_store_info``. Others have a part ``probe`` or ``pin``.
It may hold a password, and then belongs to its owner alone.
"""

from __future__ import annotations

import json
import os
import stat
from typing import Any, Callable, Dict, Mapping

from ..errors import BadInput

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_LARGEST = 1 << 20  # bytes
Spec = Mapping[str, Mapping[str, Any]]


def read(path: str) -> Dict[str, Any]:
    """The whole configuration. Raises :class:`BadInput` for one that cannot be used, or that others can read although it holds a password."""
    try:
        with open(path, encoding="utf-8") as file:
            mode = os.fstat(file.fileno()).st_mode
            config = json.loads(file.read(_LARGEST))
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no JSON"
        raise BadInput(f"the configuration cannot be read ({why})", where=path) from None
    if not isinstance(config, dict) or not isinstance(config.get("name"), str):
        raise BadInput("is no configuration", where=path, advice='It needs at least {"name": "..."}')
    if mode & _OTHERS and _holds_password(config):
        raise BadInput("holds a password and can be read by others", where=path, advice=f"Run: chmod 0600 {path}")
    return config


def part(config: Mapping[str, Any], name: str, spec: Spec, path: str) -> Dict[str, Any]:
    """The options of one part, with defaults for what it does not say. The password may come from ``REGISTRY_PASSWORD`` instead.

    Raises :class:`BadInput` for a part that is missing, an unknown option, and a value that does not fit.
    """
    if not isinstance(config.get(name), dict):
        raise BadInput(f"has no part {name!r}", where=path)
    options = conform(config[name], spec, f"{path}: {name}")
    if options.get("username") and not options.get("password"):
        options["password"] = os.environ.get("REGISTRY_PASSWORD")
    return options


def conform(given: Mapping[str, Any], spec: Spec, where: str) -> Dict[str, Any]:
    """The options with their defaults, each of the type that the argument spec says."""
    unknown = sorted(set(given) - set(spec))
    if unknown:
        raise BadInput(f"there is no option {', '.join(unknown)}", where=where, advice=f"Options: {', '.join(sorted(spec))}")
    return {name: _option(given.get(name), about, f"{where}.{name}") for name, about in spec.items()}


def _option(value: Any, about: Mapping[str, Any], where: str) -> Any:
    value = about.get("default") if value is None else value
    if value is None:
        if about.get("required"):
            raise BadInput("is missing", where=where)
        return {} if about.get("apply_defaults") else None
    kind = about.get("type", "str")
    fits = _FITS.get(kind)
    if fits is not None and not fits(value):
        raise BadInput(f"is no {kind}: {type(value).__name__}", where=where)
    if kind == "list":
        element = {"type": about.get("elements", "raw"), "choices": about.get("choices"), "options": about.get("options")}
        return [_option(each, element, f"{where}[{place}]") for place, each in enumerate(value)]
    if kind == "dict" and about.get("options"):
        return conform(value, about["options"], where)
    if about.get("choices") and value not in about["choices"]:
        raise BadInput(f"{value!r} is none of {', '.join(map(str, about['choices']))}", where=where)
    return float(value) if kind == "float" else value


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_FITS: Dict[str, Callable[[Any], bool]] = {
    "str": lambda value: isinstance(value, str),
    "path": lambda value: isinstance(value, str),
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "float": _is_number,
    "bool": lambda value: isinstance(value, bool),
    "list": lambda value: isinstance(value, list),
    "dict": lambda value: isinstance(value, dict),
}


def _holds_password(value: Any) -> bool:
    if isinstance(value, dict):
        return any((name == "password" and inner) or _holds_password(inner) for name, inner in value.items())
    return isinstance(value, list) and any(map(_holds_password, value))
