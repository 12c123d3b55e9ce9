# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a drill of the monitoring says of its times, and how notifications are read."""

from __future__ import annotations

import json

import pytest
from ansible.module_utils.registry_lab.drill import text
from ansible.module_utils.registry_lab.errors import LabError
from ansible.module_utils.registry_lab.monitoring import received, story


@pytest.mark.parametrize(
    ("duration", "seconds"), [("30m", 1800), ("15min", 900), ("1h30m", 5400), ("600s", 600), ("500ms", 0.5), ("2d", 172800)]
)
def test_durations(duration, seconds):
    assert story.seconds_of(duration) == seconds


@pytest.mark.parametrize("duration", ["", "30", "m", "1.5h", "30 m", "30mm", "-1m"])
def test_what_is_no_duration_is_refused(duration):
    with pytest.raises(LabError, match="no duration"):
        story.seconds_of(duration)


@pytest.mark.parametrize(("seconds", "words"), [(0, "0 s"), (59.6, "1 min"), (3870, "1 h 4 min 30 s"), (7201, "2 h 1 s")])
def test_seconds_in_words(seconds, words):
    assert story.in_words(seconds) == words


def test_the_report_has_what_was_measured_and_what_is_shipped():
    record = {"scenario": "detection", "passed": True, "folder": "", "times": {"break": 1.0, "detect": 6.0}}
    record["delays"] = {"notified": 5.04, "probed": 1.0}
    record["shipped"] = [
        {"duration": "15m", "what": "until the probe looks"},
        {"duration": "30m", "what": "that the alert waits"},
    ]
    lines = [line.strip() for line in text([record]).splitlines()]
    assert [line for line in lines if line.startswith(("measured", "shipped"))] == [
        "measured  the probe saw it 1.0 s after the break",
        "measured  the receiver was told 5.0 s after the break",
        "shipped   at most 45 min from a break to the page",
        "shipped   that is 15m until the probe looks; 30m that the alert waits",
    ]


@pytest.mark.parametrize(
    ("moment", "seconds"),
    [
        ("1970-01-01T00:01:40Z", 100.0),
        ("1970-01-01T00:01:40.123456789Z", 100.123456789),
        ("1970-01-01T02:01:40.5+02:00", 100.5),
        ("0001-01-01T00:00:00Z", -62135596800.0),
    ],
)
def test_times_of_prometheus(moment, seconds):
    assert received.seconds_of(moment) == pytest.approx(seconds, abs=1e-6)


def notification(name, status, moment):
    alert = {"status": status, "labels": {"alertname": name}, "annotations": {}}
    alert.update(startsAt="1970-01-01T00:01:40Z", endsAt="1970-01-01T00:03:20Z")
    return json.dumps({"received_at": moment, "notification": {"alerts": [alert]}}) + "\n"


def test_the_first_alert_that_came_late_enough(tmp_path):
    record = tmp_path / "notifications.jsonl"
    assert received.alerts_in(str(record)) == []
    half = notification("A", "resolved", 50.0)[:-20]
    record.write_text(notification("A", "firing", 10.0) + notification("A", "firing", 30.0) + half, encoding="utf-8")
    assert received.wait_for(str(record), "A", "firing", 20.0, 0).received_at == 30.0
    with pytest.raises(LabError, match=r"A resolved was not received in 0 s; received: A firing"):
        received.wait_for(str(record), "A", "resolved", 20.0, 0)
    with pytest.raises(LabError, match="received: nothing"):
        received.wait_for(str(record), "A", "firing", 31.0, 0)


def test_an_alert_that_fires_has_no_end(tmp_path):
    record = tmp_path / "notifications.jsonl"
    record.write_text(notification("A", "firing", 1.0) + notification("A", "resolved", 2.0), encoding="utf-8")
    firing, resolved = received.alerts_in(str(record))
    assert (firing.starts_at, firing.ends_at, resolved.ends_at) == (100.0, 0.0, 200.0)
