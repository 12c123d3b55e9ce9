# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Secrets that people put into crontabs are not shown."""

from __future__ import annotations

import pytest
from ansible.module_utils.scheduled_jobs.redact import redacted


@pytest.mark.parametrize(
    "line",
    [
        "0 3 * * 0 root REGISTRY_PASSWORD=hunter2 /opt/x.sh",
        "0 3 * * 0 root REGISTRY_PASSWORD='hunter2 hunter2' /opt/x.sh",
        "curl -u admin:hunter2 https://registry.example.com",
        "curl --user=admin:hunter2 https://registry.example.com",
        "curl https://admin:hunter2@registry.example.com/v2/",
        "curl -H 'Authorization: Bearer hunter2' https://registry.example.com",
        "x --password hunter2 --token=hunter2",
    ],
)
def test_masked(line):
    assert "hunter2" not in redacted(line)
    assert "********" in redacted(line)


def test_the_rest_stays():
    line = "0 3 * * 0 root docker exec -u root:root r registry garbage-collect -m /etc/docker/registry/config.yml"
    assert "garbage-collect -m /etc/docker/registry/config.yml" in redacted(line)
