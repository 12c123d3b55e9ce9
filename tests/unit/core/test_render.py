# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Reports in every format: what people read first, and what programs can parse whatever a registry put into it."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET

import pytest
from ansible.module_utils.oci_registry.findings import CODES, SEVERITIES, Finding
from ansible.module_utils.oci_registry.render import FORMATS, printable
from ansible.module_utils.oci_registry.report import Report

DIGEST = "sha256:" + "a" * 64
COUNTS = {"repositories": 2, "tags": 3, "indexes": 1, "manifests": 4, "blobs": 9, "requests": 20, "seconds": 0.5}
HOSTILE = 'a"b<c>&\x1b[2J\n\ud800\\'
SAMPLE = re.compile(r'[a-z_]+\{instance="(?:[^"\\\n]|\\.)*"(?:,[a-z]+="[a-z-]*")*\} \d+')


def finding(tags=("v1",), code="child-missing", severity="critical", platform="linux/amd64", **fields):
    given = {
        "digest": DIGEST,
        "parent": "",
        "role": "manifest",
        "state": "unlinked",
        "detail": "gone",
        "repairs": ("relink",),
        **fields,
    }
    return Finding(code=code, severity=severity, repository="app", tags=tags, platform=platform, **given)


def report(*findings, target="registry:5000", observer="http", summary=COUNTS, problems=()):
    return Report(observer, target, "bytes", list(findings), dict(summary), list(problems), ["old:v1"], ["a cache may mask"])


def rendered(name, *reports):
    return FORMATS[name](reports)


@pytest.mark.parametrize(
    ("made", "verdict"),
    [
        (report(), "registry:5000: HEALTHY  ["),
        (report(finding()), "registry:5000: BROKEN (1 critical, 0 warning, 0 info)  ["),
        (report(finding((), severity="info")), "registry:5000: HEALTHY (1 info)  ["),
        (report(finding(), problems=["x: refused"]), "registry:5000: INCOMPLETE, could not look at everything (1 critical, "),
        (report(summary={**COUNTS, "repositories": 0}), "registry:5000: HEALTHY, and empty: no repositories  ["),
        (report(summary={**COUNTS, "tags": 0}), "registry:5000: HEALTHY, and empty: no tags  ["),
    ],
)
def test_the_verdict_comes_first(made, verdict):
    assert rendered("text", made).startswith(verdict)


def test_a_line_for_each_image_and_one_for_each_thing_that_is_wrong_with_it():
    tags = tuple(f"v{number}" for number in range(9))
    attestation = finding(tags, severity="warning", platform="unknown/unknown", digest="sha256:" + "b" * 64)
    dead = finding(
        ("dead",), "tag-dangling", platform="", role="tag", digest="", detail="answers 500", state="unknown", repairs=()
    )
    lines = rendered("text", report(attestation, finding(tags), dead)).splitlines()
    assert [" ".join(line.split()) for line in lines[2:]] == [
        "IMAGE",
        "PLATFORM MISSING OR DAMAGED STATE CHEAPEST SOUND REPAIR",
        "app:dead",
        "- tag-dangling answers 500 unknown -",
        "app:v0, v1, v2, v3, v4, v5 (+3 more)",
        f"linux/amd64 child-missing {DIGEST} unlinked relink",
        f"unknown/unknown child-missing sha256:{'b' * 64} unlinked relink",
        "",
        "legacy, not broken (schema 1): old:v1",
        "note: a cache may mask",
    ]
    assert len({line.index(word) for line, word in zip(lines[3:9:2], ("STATE", "unknown", "unlinked"), strict=True)}) == 1


@pytest.mark.parametrize(("links", "last"), [(3, ""), (4, " (+1 more)"), (5_000, " (+4997 more)")])
def test_wasted_space_is_told_by_example(links, last):
    """Collections of 2.8 leave thousands of such links behind in time; what is broken is told in full all the same."""
    broken = [finding(digest=f"sha256:{number:064x}") for number in range(links)]
    waste = [finding((), "layer-link-orphan", "info", "", role="link", digest=f"sha256:{number:064x}") for number in range(links)]
    lines = [line.split("  ")[2:] for line in rendered("text", report(*broken, *waste)).splitlines()]
    told = ["  ".join(line) for line in lines]
    assert sum("child-missing" in line for line in told) == links
    orphans = [line.split("layer-link-orphan ")[1].partition("  ")[0] for line in told if "layer-link-orphan" in line]
    assert orphans == [f"sha256:{number:064x}{last if number == 2 else ''}" for number in range(3)]


def test_json_of_one_report_and_of_several_stores():
    assert json.loads(rendered("json", report(finding())))["findings"][0]["tags"] == ["v1"]
    stores = json.loads(rendered("json", *(report(finding(), target=name, observer="disk") for name in "ab")))
    assert [item["store"] for item in stores["findings"]] == ["a", "b"]


def test_junit_counts_what_it_holds():
    whole = rendered("junit", report(finding(), finding((), severity="info"), problems=["x"]), report(target="sound"))
    broken, sound = ET.fromstring(whole)  # noqa: S314 - our own output
    assert dict(broken.items()) == {"name": "registry:5000", "tests": "3", "failures": "1", "errors": "1"}
    assert [len(broken.findall(f"testcase/{kind}")) for kind in ("failure", "error", "system-out")] == [1, 1, 1]
    assert [case.get("name") for case in sound] == ["healthy"]


def test_prometheus_names_each_metric_once_and_each_report_under_it():
    lines = rendered("prometheus", report(finding()), report(target="other", problems=["x"])).splitlines()
    comments = [line for line in lines if line.startswith("#")]
    assert len(comments) == len(set(comments)) == 2 * 7
    samples = [line for line in lines if not line.startswith("#")]
    assert all(map(SAMPLE.fullmatch, samples))
    assert len(samples) == len(set(samples)) == 6 + len(CODES) * len(SEVERITIES) + 5, "no zero for what was not looked at whole"
    assert not [line for line in samples if 'failures{instance="other"}' in line]
    assert 'registry_manifest_integrity_failures{instance="registry:5000"} 1' in lines
    assert 'registry_manifest_integrity_findings{instance="registry:5000",code="child-missing",severity="critical"} 1' in lines
    assert 'registry_manifest_integrity_catalog_accessible{instance="other"} 0' in lines


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_nothing_that_a_registry_says_breaks_a_format(name):
    hostile = finding((HOSTILE,), platform=HOSTILE, detail=HOSTILE)
    out = rendered(name, report(hostile, finding((), severity="info", detail=HOSTILE), target=HOSTILE, problems=[HOSTILE]))
    assert "\x1b" not in out
    out.encode("utf-8")
    if name == "junit":
        ET.fromstring(out)  # noqa: S314 - our own output
    if name == "prometheus":
        assert all(SAMPLE.fullmatch(line) for line in out.splitlines() if not line.startswith("#"))


def test_what_is_printable_stays():
    assert printable("a\u00e9\u2026 b") == "a\u00e9\u2026 b"
    assert printable("a\x1b\n\ud800\u202eb") == "a????b"
