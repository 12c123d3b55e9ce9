# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Workflow files before and after, from the tables in ``cases/``, also with other line ends, a byte order mark and no end of line."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.oci_registry.errors import RegistryError

from contract.project import ansible_environment
from unit.case_files import Case, every_case
from unit.woodpecker.planning import planned

CASES = every_case(Path(__file__).parent / "cases")
DONE = [case for case in CASES if "refused" not in case.wanted]
REFUSED = [case for case in CASES if "refused" in case.wanted]

#: the same text as other programs would have written it
FORMS: dict[str, Callable[[str], bytes]] = {
    "as it is": lambda text: text.encode(),
    "CRLF": lambda text: text.replace("\n", "\r\n").encode(),
    "byte order mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "no end of line": lambda text: text.rstrip("\n").encode(),
    "a comment at the end": lambda text: text.encode() + b"\n\n# end",
}


@pytest.fixture(params=["C", "Python"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both parsers of PyYAML: hosts without libyaml only have the one in Python."""
    if request.param == "Python":
        monkeypatch.delattr(yaml, "CSafeLoader")


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("case", DONE, ids=lambda case: case.name)
def test_only_what_was_asked_for_changes(case: Case, form: Callable[[str], bytes]) -> None:
    plan = planned(form(case.before), case.wanted)
    assert plan.content.decode() == form(case.after).decode()
    assert bool(plan.splices) == (case.before != case.after)
    assert [place.text for place in plan.lost] == case.wanted.get("lost", [])
    assert [words for words in case.wanted.get("warned", []) if not any(words in warning for warning in plan.warnings)] == []
    again = planned(plan.content, case.wanted)
    assert (again.splices, again.content) == ([], plan.content)


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
def test_refusals(case: Case) -> None:
    with pytest.raises(RegistryError) as refusal:
        planned(case.before.encode(), case.wanted)
    assert case.wanted["refused"] in str(refusal.value)


def test_what_comes_out_is_what_the_published_schema_describes(tmp_path: Path) -> None:
    for number, case in enumerate(case for case in DONE if case.wanted.get("schema", True)):
        (tmp_path / f"{number}.yml").write_text(case.after, encoding="utf-8")
    command = ["check-jsonschema", "--builtin-schema", "vendor.woodpecker-ci", *map(str, sorted(tmp_path.iterdir()))]
    outcome = subprocess.run(command, capture_output=True, text=True, env=ansible_environment(), check=False)
    assert outcome.returncode == 0, outcome.stdout
