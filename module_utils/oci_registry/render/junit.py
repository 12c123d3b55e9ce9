# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Reports as JUnit XML, for the test page of a CI system."""

from __future__ import annotations

from typing import List, Sequence
from xml.sax.saxutils import escape, quoteattr

from ..findings import INFO, Finding, sort_key
from ..report import Report
from .text import image_name, printable


def junit(reports: Sequence[Report]) -> str:
    """One suite for each report: a case for each finding and each problem, or one that passes where there are neither."""
    lines = [line for report in reports for line in _suite(report)]
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>", *lines, "</testsuites>"]) + "\n"


def _suite(report: Report) -> List[str]:
    cases = [_finding(finding) for finding in sorted(report.findings, key=sort_key)] + [
        _problem(text) for text in report.problems
    ]
    if not cases:
        cases = ['    <testcase classname="registry" name="healthy"/>']
    failures = sum(finding.severity != INFO for finding in report.findings)
    counts = f'tests="{len(cases)}" failures="{failures}" errors="{len(report.problems)}"'
    return [f"  <testsuite name={_quoted(report.target)} {counts}>", *cases, "  </testsuite>"]


def _finding(finding: Finding) -> str:
    name = f"{finding.code} {finding.digest}".strip()
    head = f"    <testcase classname={_quoted(image_name(finding))} name={_quoted(name)}>"
    if finding.severity == INFO:
        return f"{head}<system-out>{escape(printable(finding.detail))}</system-out></testcase>"
    return f"{head}<failure message={_quoted(f'{finding.state}: {finding.detail}')}/></testcase>"


def _problem(text: str) -> str:
    return f'    <testcase classname="registry" name="could not look"><error message={_quoted(text)}/></testcase>'


def _quoted(value: str) -> str:
    return quoteattr(printable(value))
