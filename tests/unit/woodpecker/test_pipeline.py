# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Pipelines, logs and what is hidden of them: hostile, old and odd input."""

from __future__ import annotations

import base64
import time
from typing import Any

import pytest
from ansible.module_utils.oci_registry.errors import ProtocolError
from ansible.module_utils.woodpecker.clock import Clock, words
from ansible.module_utils.woodpecker.families import families, telling
from ansible.module_utils.woodpecker.log import read_log
from ansible.module_utils.woodpecker.masking import MASK, Masking, looks_secret
from ansible.module_utils.woodpecker.pipeline import Pipeline, read_pipeline
from ansible.module_utils.woodpecker.purpose import Purpose, newer, restarted, under_way
from ansible.module_utils.woodpecker.verdict import Wanted, culprit, unreached


def pipeline(**fields: Any) -> Pipeline:
    made: Pipeline = read_pipeline({"number": 1, "status": "success", **fields})
    return made


def workflow(name: str, state: str, **steps: str) -> dict[str, Any]:
    children = [
        {"id": n, "pid": n, "name": step, "state": each, "type": "commands"} for n, (step, each) in enumerate(steps.items())
    ]
    return {"name": name, "state": state, "children": children}


@pytest.mark.parametrize(
    "body", [None, [], "x", {}, {"number": 0, "status": "success"}, {"number": True, "status": "x"}, {"number": 1}]
)
def test_what_is_no_pipeline(body) -> None:
    with pytest.raises(ProtocolError, match="something else than a pipeline"):
        read_pipeline(body)


def test_nulls_and_nonsense_are_nothing() -> None:
    one = pipeline(errors=None, workflows=None, variables=None, cancel_info=[], event=7, created="x", branch=None)
    assert (one.errors, one.workflows, one.variables, one.canceled_by, one.event, one.created) == ((), (), {}, "", "", 0)
    assert pipeline(workflows=[None, {"children": ["x", None]}]).workflows[0].steps == ()


def test_old_names() -> None:
    one = pipeline(status="error", error="broken\nfile", created_at=1, started_at=2, finished_at=3, message="first\nsecond")
    assert (one.created, one.started, one.finished, one.errors, one.title) == (1, 2, 3, ("broken file",), "first")


@pytest.mark.parametrize(
    ("info", "who"),
    [
        ({"canceled_by_user": "a"}, "user a"),
        ({"canceled_by_step": "b"}, "step b"),
        ({"superseded_by": 9}, "pipeline 9, which took its place"),
    ],
)
def test_who_canceled(info, who) -> None:
    assert pipeline(status="canceled", cancel_info=info).canceled_by == who


def test_rows_of_a_matrix_must_all_be_good() -> None:
    one = pipeline(workflows=[workflow("build", "success", push="success"), workflow("build", "failure", push="failure")])
    assert unreached(one, [Wanted.of("build.yaml", "push")]) == [(Wanted("build", "push"), "failure")]
    assert unreached(one, [Wanted.of(".woodpecker.yml", "")]) == [(Wanted("woodpecker", ""), "")]


def test_the_step_that_failed_first_is_told() -> None:
    bad = workflow("b", "failure", one="success", two="killed", three="failure", four="failure")
    found = culprit(pipeline(status="failure", workflows=[workflow("a", "success", ignored="failure"), bad]))
    assert (found.workflow.name, found.step.name) == ("b", "three")
    whole = culprit(pipeline(status="failure", workflows=[{**workflow("c", "failure"), "error": "agent\nlost"}]))
    assert (str(whole), whole.why) == ("workflow c", "agent lost")


def test_the_same_purpose() -> None:
    purpose = Purpose("main", {"A": "1"})
    plain = {"event": "manual", "branch": "main", "variables": {"A": "1"}, "status": "running"}
    assert under_way([pipeline(**{**plain, "number": 3}), pipeline(**{**plain, "number": 2})], purpose).number == 2
    for change in ({"event": "push"}, {"branch": "b"}, {"variables": None}, {"status": "success"}, {"status": "blocked"}):
        assert under_way([pipeline(**{**plain, **change})], purpose) is None, change
    assert under_way([pipeline(**plain, parent=7)], purpose) is None, "another run of an old one has its commit and its files"


def runs(*found: tuple[int, int, str]) -> list[Pipeline]:
    """Number, what it is a restart of, and status; as servers list them, the newest first."""
    return [pipeline(number=number, parent=parent, status=status) for number, parent, status in sorted(found, reverse=True)]


def test_restarts_of_restarts_are_for_the_same() -> None:
    purpose = Purpose("main", {}, 1)
    known = runs((1, 0, "failure"), (2, 0, "success"), (3, 1, "failure"), (4, 2, "running"), (5, 3, "success"), (6, 5, "failure"))
    assert [one.number for one in newer(known, purpose, 3)] == [5, 6]
    assert restarted(known, purpose).number == 5
    for status in ("created", "pending", "running", "blocked"):
        assert under_way([*known, *runs((7, 5, status))], purpose).number == 7, status
    assert (under_way(known, purpose), restarted(known, Purpose("main", {}, 6))) == (None, None)


def test_families() -> None:
    known = runs((20, 0, "success"), (21, 9, "failure"), (22, 9, "failure"), (23, 21, "failure"), (24, 20, "failure"))
    assert [[one.number for one in family] for family in families([*known, *known[:1]])] == [[20, 24], [21, 22, 23]]
    assert telling([]) is None
    for statuses, number in ((("success", "failure"), 1), (("blocked", "failure"), 1), (("failure", "killed"), 2)):
        assert telling(list(reversed(runs(*((n, 0, status) for n, status in enumerate(statuses, 1)))))).number == number


def entry(line: int, data: bytes | str | None, kind: int = 0) -> dict[str, Any]:
    return {"line": line, "data": base64.b64encode(data).decode() if isinstance(data, bytes) else data, "type": kind}


def test_a_log_is_lines_of_text() -> None:
    log = [
        entry(1, b"10%\r90%\r100%\r\n"),
        entry(0, b"\x1b]8;;http://x\x07link\x1b]8;;\x07 \x1b[1;31mred\x1b[0m"),
        entry(2, b"0", 2),
    ]
    assert read_log([*log, entry(3, None), entry(4, "no base64!"), entry(5, b"a\x00\x08b\xff")]) == [
        "link red",
        "100%",
        "",
        "no base64!",
        "ab\ufffd",
    ]
    assert len(read_log([entry(0, b"x" * 100_000)])[0]) == 2000
    with pytest.raises(ProtocolError):
        read_log({"a": 1})


def test_secrets_in_every_form() -> None:
    masking = Masking(["p@ss/word", "first line\nsecond line", "abc", ""])
    encoded = base64.b64encode(b"p@ss/word").decode()
    told = masking.text(f"p@ss/word p%40ss%2Fword {encoded} second line abc")
    assert told == f"{MASK} {MASK} {MASK} {MASK} abc"
    assert (
        Masking([]).text("Authorization: Basic dXNlcg== https://me:word@host/")
        == f"Authorization: Basic {MASK} https://{MASK}@host/"
    )
    assert masking.data({"a": ["p@ss/word", 1]}) == {"a": [MASK, 1]}


def test_what_looks_like_a_secret() -> None:
    assert all(map(looks_secret, ("REGISTRY_PASSWORD", "api_token", "SLACK_WEBHOOK", "DEPLOY_KEY", "AWS_SECRET_ACCESS_KEY")))
    assert not any(map(looks_secret, ("IMAGE", "KEYBOARD", "BRANCH")))


def test_no_pause_is_longer_than_what_is_left() -> None:
    began, clock = time.monotonic(), Clock(0.05, 60.0)
    assert not clock.pause()
    assert time.monotonic() - began < 30 and clock.left() == 0.0


def test_durations() -> None:
    assert [words(1.5), words(90), words(1800), words(7200)] == ["1.5 s", "90 s", "30 min", "2 h"]
