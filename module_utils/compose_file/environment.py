# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What compose knows of variables: its process's environment first, then the file ``.env`` of the project folder."""

from __future__ import annotations

import os
import re
from typing import Dict, Mapping, NamedTuple, Optional, Tuple

from ..oci_registry.errors import BadInput
from .template import Literal, Part, Variable, parse_template

_ENTRY = re.compile(
    r"""^[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][A-Za-z0-9_.-]*)[ \t]*[=:][ \t]*"""
    r"""(?:'(?P<single>[^']*)'|"(?P<double>(?:\\.|[^"\\])*)"|(?P<bare>[^\r\n]*?))(?:[ \t]+\#[^\r\n]*)?[ \t]*\r?$""",
    re.MULTILINE | re.DOTALL,
)
_ENVIRONMENT = "the environment"


class Setting(NamedTuple):
    """The value of a variable and where it is set: ``.env:3`` with its folder, or the environment."""

    value: str
    where: str


class Environment:
    """Variables by name. What is set in the process's environment wins over the file."""

    def __init__(self, settings: Mapping[str, Setting]) -> None:
        self._settings = dict(settings)

    def get(self, name: str) -> Optional[Setting]:
        """The setting of a variable, or None."""
        return self._settings.get(name)

    def mapping(self) -> Dict[str, str]:
        """Every variable with its value, for a project that this one includes."""
        return {name: setting.value for name, setting in self._settings.items()}

    def values(self) -> Tuple[str, ...]:
        """Every value that stands in the file."""
        return tuple(setting.value for setting in self._settings.values() if setting.where != _ENVIRONMENT)

    def evaluate(self, parts: Tuple[Part, ...], missing: Optional[str] = None) -> str:
        """The text that compose makes of a template.

        ``missing`` stands in for variables without any value; without it they are empty, or BadInput where they must be set.
        """
        return "".join(part.text if isinstance(part, Literal) else self._variable(part, missing) for part in parts)

    def is_set(self, variable: Variable) -> bool:
        """Whether a variable counts as set: with a colon in its operator, an empty one does not."""
        setting = self.get(variable.name)
        return setting is not None and (bool(setting.value) or not variable.operator.startswith(":"))

    def _variable(self, variable: Variable, missing: Optional[str]) -> str:
        setting, kind = self.get(variable.name), variable.operator[-1:]
        if kind == "+":
            return self.evaluate(variable.argument, missing) if self.is_set(variable) else ""
        if setting is not None and self.is_set(variable):
            return setting.value
        if kind == "-":
            return self.evaluate(variable.argument, missing)
        if kind == "?" and missing is None:
            raise BadInput(f"the variable {variable.name} must be set and is not")
        return missing or ""


def read_environment(folder: str, process: Mapping[str, str]) -> Environment:
    """The environment of a project in ``folder`` for a process with the variables ``process``."""
    path = os.path.join(folder, ".env")
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            text = file.read()
    except FileNotFoundError:
        text = ""
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"cannot be read ({getattr(error, 'strerror', None) or 'not UTF-8'})", where=path) from None
    return parse_environment(path, text, process)


def parse_environment(path: str, text: str, process: Mapping[str, str]) -> Environment:
    """The same from the ``text`` of the file at ``path``."""
    known = {name: Setting(value, _ENVIRONMENT) for name, value in process.items()}
    found: Dict[str, Setting] = {}
    for entry in _ENTRY.finditer(text):
        value = entry["single"]
        if value is None:
            value = _interpolated(entry["double"] or entry["bare"] or "", Environment({**found, **known}))
        line = text.count("\n", 0, entry.start()) + 1
        found[entry["name"]] = Setting(value, f"{path}:{line}")
    return Environment({**found, **known})


def _interpolated(raw: str, environment: Environment) -> str:
    """A value of the file with its variables filled in. One that is no template, such as a password with a dollar, stays as it is."""
    if "$" not in raw:
        return raw
    try:
        return environment.evaluate(parse_template(raw))
    except BadInput:
        return raw
