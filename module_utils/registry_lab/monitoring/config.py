# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The configurations of Prometheus and Alertmanager as plain data: JSON is YAML. Everything is asked every second. Pure."""

from __future__ import annotations

from typing import Any, Dict

from .spec import JOB, Spec


def prometheus(spec: Spec) -> Dict[str, Any]:
    """Scrapes the Pushgateway, judges by the rules, tells Alertmanager."""
    return {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": [f"{spec.rules}/*.yml"],
        "alerting": {"alertmanagers": [_static(spec, "alertmanager")]},
        "scrape_configs": [{"job_name": "pushgateway", "honor_labels": True, **_scraped(spec)}],
    }


def _scraped(spec: Spec) -> Dict[str, Any]:
    return {"static_configs": _static(spec, "pushgateway")["static_configs"]}


def _static(spec: Spec, part: str) -> Dict[str, Any]:
    return {"static_configs": [{"targets": [spec.address(part)]}]}


def alertmanager(spec: Spec) -> Dict[str, Any]:
    """Sends everything to the receiver, at once, and tells when it is over."""
    return {
        "route": {
            "receiver": JOB,
            "group_by": ["alertname", "instance"],
            "group_wait": "0s",
            "group_interval": "1s",
            "repeat_interval": "4h",
        },
        "receivers": [{"name": JOB, "webhook_configs": [{"url": f"{spec.url('receiver')}/notify", "send_resolved": True}]}],
    }
