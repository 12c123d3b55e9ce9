# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Lines of crontabs as cron reads them."""

from __future__ import annotations

import pytest
from ansible.module_utils.scheduled_jobs.crontab import ANACRON, SYSTEM, USER, entries, parse_line


@pytest.mark.parametrize(
    ("line", "flavour", "expected"),
    [
        ("0 3 * * 0 root docker ps", SYSTEM, ("0 3 * * 0", "root", "docker ps")),
        ("0 3 * * 0\troot\tdocker ps\r", SYSTEM, ("0 3 * * 0", "root", "docker ps")),
        ("*/5 1-3,7 * jan-mar sun root x", SYSTEM, ("*/5 1-3,7 * jan-mar sun", "root", "x")),
        ("-0 3 * * 0 root x", SYSTEM, ("-0 3 * * 0", "root", "x")),
        ("@weekly root docker ps", SYSTEM, ("@weekly", "root", "docker ps")),
        ("  @reboot x y", USER, ("@reboot", "", "x y")),
        ("0 3 * * 0 root docker ps", USER, ("0 3 * * 0", "", "root docker ps")),
        ("7 25 cron.weekly run-parts /etc/cron.weekly", ANACRON, ("7 25", "root", "run-parts /etc/cron.weekly")),
        ("@monthly 45 gc docker ps", ANACRON, ("@monthly 45", "root", "docker ps")),
    ],
)
def test_jobs(line, flavour, expected):
    entry = parse_line(line, 1, flavour)
    assert (entry.schedule, entry.user, entry.command) == expected


@pytest.mark.parametrize(
    "line",
    [
        "",
        "   ",
        "# 0 3 * * 0 root x",
        "PATH=/usr/bin",
        "MAILTO = root",
        '"A"=b',
        "0 3 * *",
        "0 3 * * 0",
        "0 3 * * 0 root",
        "hello world",
    ],
)
def test_what_is_no_job(line):
    assert parse_line(line, 1, SYSTEM) is None


def test_percent_ends_the_command_and_feeds_it():
    entry = parse_line(r"0 3 * * 0 root date +\%F; sh%docker ps%exit", 1, SYSTEM)
    assert (entry.command, entry.stdin) == ("date +%F; sh", "docker ps\nexit")


def test_numbers_of_lines():
    text = "# one\nPATH=/bin\n\n0 3 * * 0 root a\n@daily root b"
    assert [(entry.line, entry.command) for entry in entries(text, SYSTEM)] == [(4, "a"), (5, "b")]
