# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""No difference shows what a person would not paste into a chat."""

from __future__ import annotations

import pytest
import yaml
from ansible.module_utils.woodpecker.difference import difference

from unit.woodpecker.planning import planned

OLD = """\
when: {event: [push, manual], branch: main}
steps:
  - name: push
    image: plugins/docker
    settings: {repo: registry.example.com/app}
  - name: notify
    image: plugins/slack
    settings:
      webhook: https://hooks.slack.com/services/T000/B000/hunter2
      # a remark
      recipients: [hunter2, "hunter2"]
      from: {from_secret: address}
      template: >
        hunter2
        hunter2
    pull: true
"""


def shown(before: str, after: str = "") -> str:
    return "".join(line[1:] for line in difference("p", before, after).splitlines(keepends=True)[3:])


def test_of_a_step_that_is_replaced_only_the_keys_are_shown():
    plan = planned(OLD.encode(), {"notify": {"secret": "hook"}})
    diff = difference("p", OLD, plan.content.decode(), plan.hidden)
    assert "hunter2" not in diff
    for line in (
        "      webhook: …",
        "      # a remark",
        "      recipients: […, …]",
        "      from: {from_secret: address}",
        "        …",
    ):
        assert f"-{line}\n" in diff
    assert yaml.safe_load(plan.content)["steps"][1]["pull"] is True


@pytest.mark.parametrize(
    "line",
    [
        "echo hunter2 | docker login -u bot --password-stdin r",
        "docker login r -p hunter2",
        "docker login r --password=hunter2",
        "curl https://bot:hunter2@r.example.com/v2/",
        'AUTH="admin:hunter2"',
        "curl -u admin:hunter2 https://r",
        "curl -uadmin:hunter2 https://r",
        "curl --user admin:hunter2 https://r",
        "webhook: https://hooks.slack.com/services/T000/hunter2",
        "curl https://chat.example.com/hooks/hunter2",
        "api_key: hunter2",
    ],
)
def test_what_looks_like_a_secret_is_left_out(line):
    assert "hunter2" not in shown(f"- {line} ${{x}}\n")
    assert "…" in shown(f"- {line}\n")
    assert "hunter2" not in difference("p", f"- {line} ${{x}}\n", f"- {line} $${{x}}\n")


@pytest.mark.parametrize(
    "line", ["image: alpine:3.20", "curl -u $USER:$PASS https://r", "docker login -p $PASS", "password: {from_secret: x}"]
)
def test_everything_else_is_shown(line):
    assert shown(f"- {line}\n") == f"- {line}\n"


def test_lines_that_other_programs_end_lines_with_shift_nothing():
    text = "a: 1\u2028b\r\nb: hunter2\r\nc: 3\r\n"
    diff = difference("p", text, "a: 1\u2028b\r\nc: 3\r\n", [(text.index("hunter2"), text.index("hunter2") + 7)])
    assert "-b: …" in diff and "hunter2" not in diff
