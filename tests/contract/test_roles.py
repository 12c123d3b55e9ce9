# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Every role says what it takes, and what it says is what it does: argument spec and defaults are equal, keys and values."""

from __future__ import annotations

from typing import Any

import pytest

from contract.project import ROLES, ROOT, load_yaml


def main_options(role: str) -> dict[str, Any]:
    """The options of a role's main entry point."""
    specs = load_yaml(ROOT / "roles" / role / "meta" / "argument_specs.yml")
    assert specs, "no meta/argument_specs.yml"
    options: dict[str, Any] = specs["argument_specs"]["main"].get("options") or {}
    return options


@pytest.mark.parametrize("role", ROLES)
def test_argument_spec_equals_defaults(role: str) -> None:
    options = main_options(role)
    stated = {name: option["default"] for name, option in options.items() if "default" in option}
    assert stated == (load_yaml(ROOT / "roles" / role / "defaults" / "main.yml") or {})


@pytest.mark.parametrize("role", ROLES)
def test_inputs_are_described_and_carry_the_roles_prefix(role: str) -> None:
    for name, option in main_options(role).items():
        assert name.startswith(f"{role}_")
        assert option.get("description"), f"{name} has no description"
        assert "type" in option, f"{name} has no type"


@pytest.mark.parametrize("role", ROLES)
def test_secrets_are_plain_strings_and_hidden(role: str) -> None:
    """A secret of another type would be printed where its conversion fails."""
    for name, option in main_options(role).items():
        if name.endswith(("_password", "_token", "_secret")):
            assert (option["type"], option.get("no_log"), "choices" in option) == ("str", True, False), name
