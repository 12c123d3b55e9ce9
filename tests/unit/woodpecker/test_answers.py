# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Answers that no Woodpecker gives: whatever stands for it, none of them ends in a traceback."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.oci_registry.errors import ProtocolError
from ansible.module_utils.woodpecker.api import Answer, Client
from ansible.module_utils.woodpecker.asking import seen_plugins
from ansible.module_utils.woodpecker.preflight import Known, check_secrets
from ansible.module_utils.woodpecker.repository import Queue, Repository
from ansible.module_utils.woodpecker.workflow import read_workflow

STEP = "steps: [{name: a, image: x, settings: {b: {from_secret: c}}}]\n"


class Saying:
    """A client that always gets the same answer."""

    address = "https://ci.example.com"

    def __init__(self, body: Any) -> None:
        self._body = body

    def get(self, _path: str) -> Answer:
        return Answer(200, "", self._body)


def test_json_without_end() -> None:
    with pytest.raises(ProtocolError, match="no valid JSON"):
        Client("https://ci.example.com", "")._read("https://ci", 200, {"Content-Type": "application/json"}, b"[" * 200_000)


@pytest.mark.parametrize(
    ("stats", "queue"),
    [
        ({"worker_count": 2, "running_count": None}, Queue(False, 2, 0)),
        ({"worker_count": "many", "running_count": 0}, None),
        ({"worker_count": 0, "running_count": [1]}, None),
        ("none", None),
    ],
)
def test_a_queue(stats: Any, queue: Any) -> None:
    assert Repository(Saying({"stats": stats}), {"id": 1}).queue() == queue


@pytest.mark.parametrize("errors", [None, 7, "text", {"message": "text"}, [7]])
def test_errors_of_a_pipeline(errors: Any) -> None:
    assert seen_plugins(Saying([{"status": "error", "errors": errors}]), {"id": 1}).refused == set()


@pytest.mark.parametrize("anything", [None, 7, "text", {"push": True}])
def test_events_and_images_of_a_secret(anything: Any) -> None:
    known = Known({"c": {"events": anything, "images": anything}}, True)
    assert check_secrets(read_workflow("a.yml", STEP.encode()), known, manual=True) == []
