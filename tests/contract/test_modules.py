# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Every module keeps its contract: documentation, argument spec and examples say the same.

The convention that makes this checkable: a module has a function ``argument_spec() -> dict`` at top level, and gives
its result to AnsibleModule.
"""

from __future__ import annotations

import importlib
import json
import subprocess
from typing import Any

import pytest
import yaml

from contract.project import MODULES, ROOT, ansible_environment

ATTRIBUTES = {"check_mode", "diff_mode", "idempotent", "platform"}


@pytest.fixture(scope="module")
def documentation() -> dict[str, Any]:
    """What ansible-doc says of every module, fragments resolved."""
    command = ["ansible-doc", "--type", "module", "--json", *MODULES]
    outcome = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=ansible_environment(), check=False)
    assert outcome.returncode == 0, outcome.stderr
    assert "WARNING" not in outcome.stderr
    documented: dict[str, Any] = json.loads(outcome.stdout)
    assert sorted(documented) == MODULES
    return documented


def described(option: dict[str, Any]) -> dict[str, Any]:
    """An option, documented or of an argument spec, as the facts that both state."""
    facts = {key: option.get(key) for key in ("default", "elements")}
    inner = option.get("suboptions") or option.get("options")
    return {
        **facts,
        "type": option.get("type", "str"),
        "required": bool(option.get("required")),
        "choices": sorted(option.get("choices") or [], key=str),
        "aliases": sorted(option.get("aliases") or []),
        "options": {name: described(each) for name, each in inner.items()} if inner else None,
    }


@pytest.mark.parametrize("name", MODULES)
def test_documentation_equals_argument_spec(name: str, documentation: dict[str, Any]) -> None:
    module = importlib.import_module(f"ansible.modules.{name}")
    documented = {option: described(each) for option, each in documentation[name]["doc"]["options"].items()}
    assert documented == {option: described(each) for option, each in module.argument_spec().items()}


@pytest.mark.parametrize("name", MODULES)
def test_says_everything_a_user_needs(name: str, documentation: dict[str, Any]) -> None:
    documented = documentation[name]["doc"]
    assert set(documented["attributes"]) >= ATTRIBUTES
    assert documentation[name]["return"], "RETURN is empty"
    assert documented["short_description"]
    assert documented["author"]


@pytest.mark.parametrize("name", MODULES)
def test_secrets_are_never_logged(name: str) -> None:
    spec = importlib.import_module(f"ansible.modules.{name}").argument_spec()
    secret = [option for option in spec if any(word in option for word in ("password", "token", "secret"))]
    assert [option for option in secret if spec[option].get("no_log") is not True] == []


@pytest.mark.parametrize("name", MODULES)
def test_examples_use_documented_options(name: str, documentation: dict[str, Any]) -> None:
    examples = yaml.safe_load(documentation[name]["examples"])
    own = [task[name] for task in examples if name in task]
    assert own, "no example calls the module"
    options = documentation[name]["doc"]["options"]
    for given in own:
        assert set(given) <= set(options)
        assert {option for option, about in options.items() if about.get("required")} <= set(given)
