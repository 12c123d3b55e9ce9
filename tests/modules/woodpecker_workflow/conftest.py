# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""woodpecker_workflow run as Ansible runs it, on a checkout with the incident's workflow."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible.modules import woodpecker_workflow

from modules.woodpecker_workflow.fake_woodpecker import FakeWoodpecker

INCIDENT = """\
# Build the CI tools image used by all pipelines.
# Triggers on push that touches ci/Dockerfile, or manual, so that rebuilds
# after a registry incident need no cosmetic commit.

when:
  - event: push
    branch: master
    path:
      include:
        - 'ci/Dockerfile'
  - event: manual

steps:
  - name: build-and-push
    image: woodpeckerci/plugin-docker-buildx
    settings:
      repo: registry.example.com:5050/infra-ci
      dockerfile: ci/Dockerfile
      context: ci/
      tags:
        - latest
        - "${CI_COMMIT_SHA:0:8}"
      platforms: linux/amd64
      registry: registry.example.com:5050
      logins:
        - registry: registry.example.com:5050
          username:
            from_secret: registry_user
          password:
            from_secret: registry_password

  # Asks for every blob with HEAD, which proves nothing.
  - name: verify-integrity
    image: alpine:3.20
    environment:
      REG_PASS:
        from_secret: registry_password
    commands:
      - apk add --no-cache curl jq && curl -sfo /tmp/top.json https://registry.example.com:5050/v2/infra-ci/manifests/latest
      - |
        AUTH="admin:hunter2-hunter2"
        MT=$(jq -r '.mediaType // empty' /tmp/top-$$.json)
        echo "Top-level media type: ${MT:-<unset>}"

  - name: slack
    image: curlimages/curl
    commands:
      - |
        curl -s --data "{\\"text\\":\\"CI image built: ${CI_COMMIT_SHA:0:8}\\"}" "$SLACK_WEBHOOK" || true
    environment:
      SLACK_WEBHOOK:
        from_secret: slack_webhook
    when:
      status: [success]
"""

Edit = Callable[..., dict[str, Any]]


@pytest.fixture
def workflow(tmp_path: Path) -> Path:
    """The workflow of the incident in a checkout."""
    path = tmp_path / "checkout" / ".woodpecker" / "build-ci-image.yml"
    path.parent.mkdir(parents=True)
    path.write_text(INCIDENT, encoding="utf-8")
    return path


@pytest.fixture
def edit(workflow: Path, capsys: pytest.CaptureFixture[str]) -> Edit:
    """``edit(check=False, **options)``: what the module returns; by default verify and notify as the incident had them."""

    def call(check: bool = False, **options: Any) -> dict[str, Any]:
        wanted = {
            "path": str(workflow),
            "verify": {"ca_path": "ci/ca.pem"},
            "notify": {"step": "slack", "secret": "slack_webhook"},
        }
        given = {key: value for key, value in {**wanted, **options}.items() if value is not None}
        capsys.readouterr()
        with patch_module_args({**given, "_ansible_check_mode": check, "_ansible_diff": True}), pytest.raises(SystemExit):
            woodpecker_workflow.main()
        result: dict[str, Any] = json.loads(capsys.readouterr().out)
        return {**result, "warnings": json.dumps(result.get("warnings", []), ensure_ascii=False)}

    return call


@pytest.fixture
def server() -> Iterator[FakeWoodpecker]:
    """A server that knows the repository o/infra and the secrets of its workflow."""
    with FakeWoodpecker() as fake:
        yield fake
