# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Compose files before and after, from the tables in ``cases/``, also with other line ends, a byte order mark and no end of line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.oci_registry.errors import RegistryError
from ansible.module_utils.yaml_file import document

from unit.case_files import Case, every_case
from unit.compose_file.planning import planned

CASES = every_case(Path(__file__).parent / "cases")
DONE = [case for case in CASES if "refused" not in case.wanted]
REFUSED = [case for case in CASES if "refused" in case.wanted]

#: the same text as other programs would have written it
FORMS: dict[str, Callable[[str], bytes]] = {
    "as it is": lambda text: text.encode(),
    "CRLF": lambda text: text.replace("\n", "\r\n").encode(),
    "CR": lambda text: text.replace("\n", "\r").encode(),
    "byte order mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "no end of line": lambda text: text.rstrip("\n").encode(),
    "blanks at the end": lambda text: text.encode() + b"\n\n  \n# end",
}


@pytest.fixture(params=["C", "Python"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both parsers of PyYAML: hosts without libyaml only have the one in Python."""
    if request.param == "Python":
        monkeypatch.delattr(yaml, "CSafeLoader")


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("case", DONE, ids=lambda case: case.name)
def test_only_the_images_change(case: Case, form: Callable[[str], bytes]) -> None:
    if form(case.before).strip().endswith(b"# end") and "..." in case.before:
        pytest.skip("nothing may follow the end of a document")
    plan = planned(form(case.before), case.wanted)
    assert plan.content == form(case.after)
    again = planned(plan.content, case.wanted)
    assert (again.splices, again.content) == ([], plan.content)
    assert [pinned.after for pinned in again.pinned] == [pinned.after for pinned in plan.pinned]


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
def test_refusals(case: Case) -> None:
    with pytest.raises(RegistryError) as refusal:
        planned(case.before.encode(), case.wanted)
    assert case.wanted["refused"] in str(refusal.value)


def test_a_parser_in_python_is_used_where_there_is_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(yaml, "CSafeLoader")
    assert document.read_document("/x", b"a: b").root.value[0][1].value == "b"
