# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The retry table: what is tried again, how often, and how long a server can make us wait."""

from __future__ import annotations

import threading
import time
from email.utils import formatdate

import pytest
from ansible.module_utils.oci_registry.client.death import DIED, REFUSED, TIMEOUT
from ansible.module_utils.oci_registry.client.retry import Rule, Tries, rule_for, seconds_of
from ansible.module_utils.oci_registry.client.settings import Settings


@pytest.mark.parametrize("status", [200, 206, 301, 400, 401, 403, 404, 405, 416, 501])
@pytest.mark.parametrize("writing", [True, False])
def test_answers_that_are_final(status, writing):
    assert rule_for(status, writing, None) is None


@pytest.mark.parametrize("symptom", [429, 502, 503, 504, DIED, REFUSED])
def test_reads_that_are_repeated_as_often_as_the_settings_say(symptom):
    assert rule_for(symptom, False, None).tries is None


@pytest.mark.parametrize("symptom", [500, TIMEOUT])
def test_reads_that_are_repeated_once(symptom):
    assert rule_for(symptom, False, None).tries == 1


def test_any_server_error_with_a_retry_after_is_repeated_for_reads():
    assert rule_for(500, False, "1").tries is None
    assert rule_for(507, False, "1").tries is None
    assert rule_for(404, False, "1") is None


def test_a_write_is_repeated_only_where_it_surely_did_nothing():
    repeated = [symptom for symptom in (429, 500, 502, 503, 504, DIED, TIMEOUT, REFUSED) if rule_for(symptom, True, None)]
    assert repeated == [REFUSED]
    assert [status for status in (429, 500, 502, 503, 504) if rule_for(status, True, "1")] == [429, 503]


def test_retry_after_in_seconds_and_as_a_date():
    assert seconds_of(" 7 ") == 7.0
    assert 25 < seconds_of(formatdate(time.time() + 30, usegmt=True)) <= 30
    assert seconds_of("Sun, 06 Nov 1994 08:49:37 GMT") == 0.0


@pytest.mark.parametrize("text", ["", "soon", "-1", "1.5", "\u00b2", "Sun, 99 Nov 1994 08:49:37 GMT"])
def test_a_retry_after_that_is_none(text):
    assert seconds_of(text) is None


def test_the_number_of_tries_is_bounded_by_rule_and_settings():
    def tries_of(rule, retries):
        tries = Tries(Settings("a", retries=retries, retry_wait_cap=0.0), threading.Event())
        while tries.another(rule):
            pass
        return tries.count

    assert tries_of(Rule(None, 1.0), 4) == 5
    assert tries_of(Rule(1, 1.0), 4) == 2
    assert tries_of(Rule(1, 1.0), 0) == 1
    assert tries_of(None, 4) == 1


def test_a_long_wait_is_capped():
    tries = Tries(Settings("a", retry_wait_cap=0.05), threading.Event())
    began = time.monotonic()
    assert tries.another(Rule(None, 1.0), "86400")
    assert 0.04 < time.monotonic() - began < 5


def test_what_is_cancelled_waits_for_nothing():
    cancel = threading.Event()
    cancel.set()
    began = time.monotonic()
    assert not Tries(Settings("a"), cancel).another(Rule(None, 60.0), "60")
    assert time.monotonic() - began < 5
