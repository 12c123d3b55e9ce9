# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The step at the end, run against a webhook: it tells how it went, and never where the webhook is."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from modules.ci_steps.conftest import SHA, Place
from modules.ci_steps.pipelines import of_woodpecker

SEEN = {
    "CI_REPO": "o/infra",
    "CI_PIPELINE_NUMBER": "12",
    "CI_COMMIT_BRANCH": "master",
    "CI_PIPELINE_URL": "https://ci.example.com/repos/1/pipeline/12",
}


@pytest.fixture
def webhook() -> Iterator[tuple[str, list[Any]]]:
    """An address, and what came to it."""
    received: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        """Takes what is posted, unless the path says that it shall not."""

        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(500 if "broken" in self.path else 200)
            self.end_headers()

        def log_message(self, *_arguments: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as http:
        threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{http.server_address[1]}", received
        http.shutdown()


@pytest.fixture
def commands(workflow: Path, edit: Any) -> list[str]:
    assert edit(verify=None)["changed"]
    return of_woodpecker(workflow.read_text(encoding="utf-8"), SHA, "slack")[0]


@pytest.mark.parametrize("status", ["success", "failure"])
def test_it_tells_how_it_went(tmp_path, commands, webhook, status):
    address, received = webhook
    outcome = Place(tmp_path, None).run(commands, WEBHOOK_URL=f"{address}/T000/secret", CI_PIPELINE_STATUS=status, **SEEN)
    assert outcome.returncode == 0, outcome.stderr
    text = f"{status}: o/infra pipeline 12 on master https://ci.example.com/repos/1/pipeline/12"
    assert received == [{"text": text}]
    assert "secret" not in outcome.stdout + outcome.stderr


@pytest.mark.parametrize("address", ["{0}/broken/secret", "http://127.0.0.1:1/secret", "no-address-but-a-secret", ""])
def test_a_webhook_that_takes_nothing_is_not_named(tmp_path, commands, webhook, address):
    outcome = Place(tmp_path, None).run(commands, WEBHOOK_URL=address.format(webhook[0]), **SEEN)
    assert outcome.returncode == 1
    assert "the webhook did not take the message" in outcome.stderr
    assert "secret" not in outcome.stdout + outcome.stderr
