# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Both observers held against each other: who saw what, whose word counts, and what a difference means."""

from __future__ import annotations

import pytest
from ansible.module_utils.oci_registry.compare import OTHER_STORE, STALE_CACHE, compare


def finding(**changes):
    """A record with all its fields: a layer of team/app:1.0 that is gone."""
    record = {
        "code": "layer-missing",
        "severity": "critical",
        "repository": "team/app",
        "tags": ["1.0"],
        "digest": "sha256:aa",
        "parent": "sha256:bb",
        "platform": "linux/amd64",
        "role": "layer",
        "state": "gone",
        "detail": "",
        "repairs": ["restore"],
    }
    return {**record, **changes}


def report(*findings, proof="content", repositories=3):
    return {"findings": list(findings), "proof": proof, "summary": {"repositories": repositories}, "problems": [], "caveats": []}


def meanings(comparison):
    return [difference["meaning"] for difference in comparison.differences]


def test_what_both_saw_is_one_finding_with_the_state_of_the_disk():
    both = compare(report(finding()), report(finding(state="unknown")))
    assert [(one["state"], one["observers"], one["masked"]) for one in both.findings] == [("gone", ["disk", "http"], False)]
    assert both.differences == []


def test_what_only_the_disk_lacks_is_hidden_by_a_cache():
    masked = compare(report(finding()), report())
    assert [(one["observers"], one["masked"]) for one in masked.findings] == [(["disk"], True)]
    assert masked.differences == [
        {
            "repository": "team/app",
            "tags": ["1.0"],
            "digest": "sha256:aa",
            "disk": "layer-missing (gone)",
            "http": "healthy",
            "meaning": STALE_CACHE,
        }
    ]


def test_a_registry_that_promises_bytes_it_does_not_deliver_has_a_stale_cache():
    caught = compare(report(finding()), report(finding(state="stale-cache")))
    assert meanings(caught) == [STALE_CACHE]
    assert caught.findings[0]["state"] == "gone"
    assert not caught.findings[0]["masked"]


def test_what_only_http_lacks_means_another_store():
    other = compare(report(), report(finding(state="unknown")))
    assert [one["observers"] for one in other.findings] == [["http"]]
    assert meanings(other) == [OTHER_STORE]


@pytest.mark.parametrize(("held", "listed"), [(3, 0), (0, 3)])
def test_one_side_empty_means_another_store(held, listed):
    differs = compare(report(repositories=held), report(repositories=listed))
    assert meanings(differs) == [OTHER_STORE]
    assert differs.differences[0]["repository"] == ""


def test_both_empty_is_no_difference():
    assert compare(report(repositories=0), report(repositories=0)).differences == []


@pytest.mark.parametrize(
    ("record", "proof"),
    [
        (finding(code="blob-corrupt", state="corrupt"), "bytes"),
        (finding(), "manifests"),
        (finding(severity="info", tags=[]), "bytes"),
        (finding(code="link-invalid", role="link", state="invalid"), "bytes"),
    ],
    ids=["wrong bytes of the right size", "no blob was asked for", "no tag reaches it", "only the disk can show it"],
)
def test_what_a_walk_cannot_see_is_no_difference(record, proof):
    alone = compare(report(record), report(proof=proof))
    assert [(one["observers"], one["masked"]) for one in alone.findings] == [(["disk"], False)]
    assert alone.differences == []


@pytest.mark.parametrize(("code", "proof"), [("blob-corrupt", "sizes"), ("blob-truncated", "links")])
def test_what_a_scan_cannot_see_is_no_difference(code, proof):
    alone = compare(report(proof=proof), report(finding(code=code), proof="content"))
    assert [one["observers"] for one in alone.findings] == [["http"]]
    assert alone.differences == []
    assert meanings(compare(report(proof="content"), report(finding(code=code), proof="content"))) == [OTHER_STORE]


def test_a_manifest_with_wrong_bytes_shows_in_every_walk():
    record = finding(code="blob-corrupt", role="manifest", state="corrupt")
    assert meanings(compare(report(record), report())) == [STALE_CACHE]


def test_below_what_cannot_be_fetched_a_walk_sees_nothing():
    child = finding(code="child-missing", role="manifest", digest="sha256:bb", parent="sha256:cc")
    assert compare(report(child, finding()), report(child)).differences == []


def test_a_tag_that_answers_404_has_no_digest_over_http():
    dangling = finding(code="tag-dangling", role="tag", parent="", state="unlinked")
    both = compare(report(dangling), report({**dangling, "digest": "", "state": "unknown"}))
    assert [one["observers"] for one in both.findings] == [["disk", "http"]]
    assert both.differences == []


def test_the_same_digest_in_another_repository_is_another_thing():
    differs = compare(report(finding()), report(finding(repository="team/other")))
    assert sorted(meanings(differs)) == [OTHER_STORE, STALE_CACHE]


@pytest.mark.parametrize(("disk", "http", "name"), [(report(finding()), None, "disk"), (None, report(finding()), "http")])
def test_one_observer_alone(disk, http, name):
    alone = compare(disk, http)
    assert [one["observers"] for one in alone.findings] == [[name]]
    assert alone.differences == []


def test_a_walk_may_leave_open_what_a_referrer_is_about():
    dangling = finding(code="referrer-dangling", severity="warning", role="manifest", parent="")
    both = compare(report(dangling), report())
    assert [(one["observers"], one["masked"]) for one in both.findings] == [(["disk"], False)]
    assert both.differences == []
