# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""For any workflow that can be put together from these pieces: it says what it said, and runs when it ran, but for what was asked for."""

from __future__ import annotations

import contextlib
import difflib
from typing import Any

from ansible.module_utils.oci_registry.errors import RegistryError
from hypothesis import event, given, settings
from hypothesis import strategies as st

from unit.woodpecker.meaning import BRANCHES, EVENTS, read, runs, steps_of
from unit.woodpecker.planning import planned

OURS = ("verify-integrity", "notify")
CONDITIONS = [
    "",
    "when:\n  event: push\n  branch: main\n",
    "when:\n  # why\n  event: [push, manual]  # both\n\n  path: 'ci/**'\n",
    "when:\n- event:\n    - push\n    - manual\n    - tag\n- event: cron\n  cron: nightly\n",
    "when:\n  - event: push\n    branch: [main, 'release/*']\n  - event: manual\n",
    "when:\n    -   branch: {exclude: dev}\n",
    "when: {event: [manual, push], branch: main}\n",
    "when: [{event: push}, {event: [pull_request, manual]}]\n",
    "when:\n  - path: a\n",
    "when:\n  event: manual\n  branch: '*'\n",
]
PUSH = ["image: plugins/docker", "settings: {repo: 'registry.example.com/app', tags: [latest, \"${CI_COMMIT_SHA:0:8}\"]}"]
EXTRAS = ["# a remark", "", "pull: true", "failure: fail  # as ever", "backend_options:\n  kubernetes:\n    labels: {é: '😀'}"]
OTHERS = [
    'image: alpine:3.20.1\ncommands:\n  - |\n    echo  "a: b" # no comment\n\n    echo $NAME\n',
    "image: alpine:3.20.1\ncommands: [\"x\", 'y']  # flow\n",
    "image: alpine:3.20.1\ncommands: >\n  folded\n  text\n\n\n",
]


def shifted(text: str, column: int) -> str:
    return "".join(" " * column + line if line.strip() else line for line in text.splitlines(keepends=True))


@st.composite
def workflows(draw: st.DrawFn) -> str:
    """The text of a workflow with one step that pushes."""
    is_list, offset, gap = draw(st.booleans()), draw(st.sampled_from([2, 4])), draw(st.sampled_from(["", "\n", "\n# next\n"]))
    extras = draw(st.lists(st.sampled_from(EXTRAS), unique=True))
    own = draw(st.sampled_from(CONDITIONS))
    push = "\n".join(draw(st.permutations([*PUSH, *extras]))) + "\n"
    push = own + push if draw(st.booleans()) else push + own
    count = draw(st.integers(0, 2))
    bodies = [draw(st.sampled_from(OTHERS)) for _number in range(count)]
    bodies.insert(draw(st.integers(0, count)), push)
    names = ["push" if body is push else f"other-{number}" for number, body in enumerate(bodies)]
    steps = "".join(
        f"{gap if number else ''}{step(name, body, is_list, offset)}"
        for number, (name, body) in enumerate(zip(names, bodies, strict=True))
    )
    head = draw(st.sampled_from(["# head\n", "", "variables:\n  - &x 1\n\n"]))
    tail = draw(st.sampled_from(["", "\n", "services: {db: {image: 'postgres:16.3'}}\n", "# end\n"]))
    return f"{head}{draw(st.sampled_from(CONDITIONS))}{draw(st.sampled_from(['', chr(10)]))}steps:\n{shifted(steps, 2)}{tail}"


def step(name: str, body: str, is_list: bool, offset: int) -> str:
    if not is_list:
        return f"{name}:\n{shifted(body, offset)}"
    return f"- name: {name}\n{shifted(body, 2)}"


@settings(max_examples=400, deadline=None)
@given(
    text=workflows(),
    branch=st.sampled_from([[], ["main"], ["main", "release/*"]]),
    line_end=st.sampled_from(["\n", "\r\n"]),
    notify=st.booleans(),
)
def test_nothing_but_what_was_asked_for(text: str, branch: list[str], line_end: str, notify: bool) -> None:
    wanted = {"branch": branch, "verify": {}, **({"notify": {"secret": "hook"}} if notify else {})}
    before = text.replace("\n", line_end)
    try:
        after = planned(before.encode(), wanted).content.decode()
    except RegistryError as error:
        refused = str(error)
        event("refused: " + refused.rpartition(": ")[2])
        return
    event("edited")
    assert planned(after.encode(), wanted).content.decode() == after
    assert after.count("\n") == after.count(line_end)
    unified = after.replace("\r\n", "\n")
    same_meaning(read(text), read(unified), branch)
    only_conditions_went(text, unified)


def same_meaning(before: dict[str, Any], after: dict[str, Any], branch: list[str]) -> None:
    """Whatever is not asked for says what it said; the proof runs when the push runs, and the push when it ran before, or by hand."""
    assert {**before, "when": None, "steps": None} == {**after, "when": None, "steps": None}
    old, new = steps_of(before), steps_of(after)
    assert [name for name in new if name not in OURS] == list(old)
    assert list(new)[list(new).index("push") + 1] == OURS[0]
    for name, was in old.items():
        assert {**was, "when": None} == {**new[name], "when": None}
        assert name == "push" or was == new[name]
    for kind in EVENTS:
        for one in BRANCHES:
            pushes = runs(after, "push", kind, one)
            assert runs(after, OURS[0], kind, one) == pushes
            assert kind == "manual" or runs(before, "push", kind, one) == pushes
    by_hand = [one for one in BRANCHES if runs(after, "push", "manual", one)]
    assert by_hand
    assert by_hand == ["main"] if branch == ["main"] else by_hand != BRANCHES


def only_conditions_went(before: str, after: str) -> None:
    """No line goes but those of conditions, and these come again in another form or place."""
    differing = (line for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line.startswith("- "))
    went = [line[2:].strip().removeprefix("-").strip() for line in differing]
    there = {line.strip().removeprefix("-").strip() for line in after.splitlines()}
    rewritten = ("when: {", "when: [", "branch: ")
    assert [line for line in went if line not in there and "manual" not in line and not line.startswith(rewritten)] == []


@settings(max_examples=1500, deadline=None)
@given(st.text(alphabet="steps:\n wh-event&*<{}[],'\"|>#!%@`\t\r\ufeff\u2028$é", max_size=120))
def test_anything_at_all_is_planned_or_refused(text: str) -> None:
    tail = "steps:\n  - {name: push, image: plugins/docker, settings: {repo: r.example.com/app}}\n"
    for content in (
        text,
        f"{tail}{text}",
        f"when: {text}\n{tail}",
        f"steps:\n  push:\n    image: plugins/docker\n    when: {text}",
    ):
        with contextlib.suppress(RegistryError):
            planned(
                content.encode(),
                {"branch": ["main"], "verify": {"registry": "r.example.com", "images": ["app:1"]}, "push_step": "push"},
            )
