# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Referrers in a repository of their own, as cosign keeps them with COSIGN_REPOSITORY: what a walk knows of their subjects, and asks."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from pathlib import Path

import pytest
from ansible.module_utils.oci_registry.client import Client, Settings
from ansible.module_utils.oci_registry.reference import parse_reference
from ansible.module_utils.oci_registry.walk import Options, Walk
from ansible.module_utils.oci_registry.walk.elsewhere import MAX_ASKED
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.place import place_on_disk, revision_path

from modules.walk.front import ACCESS_LOG, before, logged
from modules.walk.signatures import APP, caveat, codes, sign


@pytest.mark.parametrize("by_tag", [True, False], ids=["tag", "subject"])
def test_subjects_in_other_repositories(registry, walked, by_tag):
    """Of an index, of a child, of a signature in a third repository; in nested repositories, too."""
    made = registry()
    place_on_disk(made.root, "app", "v1", APP)
    signature = sign(made.root, APP, by_tag=by_tag)
    sign(made.root, APP.children[0], "app/signatures", by_tag=by_tag)
    sign(made.root, signature, "countersigned", by_tag=by_tag)
    report = walked(made)
    assert report.healthy and not report.findings and not caveat(report)


@pytest.mark.parametrize("by_tag", [True, False], ids=["tag", "subject"])
def test_an_untagged_subject_is_asked_for_and_one_that_is_gone_is_told(registry, walked, by_tag):
    made, subject = registry(extra=ACCESS_LOG), images.image("untagged")
    place_on_disk(made.root, "app", "v1", APP)
    place_on_disk(made.root, "app", "", subject)
    sign(made.root, subject, by_tag=by_tag)
    report = walked(made)
    assert report.healthy and not caveat(report)
    os.unlink(revision_path(made.root, "app", subject.digest))
    made.restart()
    told = walked(made)
    assert codes(told) == [("referrer-dangling", "signatures")] and not caveat(told)
    asked = logged(made, report.summary["requests"] + told.summary["requests"])[report.summary["requests"] :]
    twice = [target for (_method, target, _status), count in Counter(asked).items() if count > 1]
    assert twice == ["/v2/signatures/tags/list?n=1000"] or twice == ["/v2/signatures/tags/list"], "before it accuses, once more"


def test_named_repositories_and_images_accuse_nobody(any_registry, walked):
    made = any_registry()
    place_on_disk(made.root, "app", "v1", APP)
    for repository in ("app", "signatures"):
        sign(made.root, images.image("gone"), repository)
    sign(made.root, APP)
    for report in (
        walked(made, repositories=["signatures"]),
        walked(made, images=[parse_reference(f"signatures:{images.fallback_tag(APP)}.sig", made.address)]),
    ):
        assert report.healthy and not report.findings
        assert "only a walk of the whole catalog can tell" in caveat(report)
    assert caveat(walked(made, repositories=["signatures"])).startswith("2 images")
    assert caveat(walked(made, repositories=["signatures", "app"])).startswith("1 images")
    assert sorted(codes(walked(made))) == [("referrer-dangling", "app"), ("referrer-dangling", "signatures")]


def test_each_repository_is_heard_and_shown_once_with_what_is_final(any_registry):
    made = any_registry()
    place_on_disk(made.root, "app", "v1", APP)
    sign(made.root, APP)
    sign(made.root, images.image("gone"))
    heard, shown = [], []
    client = Client(Settings(made.address, scheme="http"))
    report = Walk(client, Options("manifests"), look=shown.append, hear=heard.append).catalog()
    assert sorted(view.name for view in shown) == sorted(outcome.view.name for outcome in heard) == ["app", "signatures"]
    assert [finding for outcome in heard for finding in outcome.findings] == report.findings
    assert codes(report) == [("referrer-dangling", "signatures")]
    assert [outcome.problem for outcome in heard] == ["", ""]
    assert report.summary["repositories"] == 2


@pytest.mark.parametrize("every", [None, ["app", "signatures", "more"]], ids=["unknown", "known"])
def test_names_in_an_order_of_ones_own(any_registry, every):
    """With the names of all repositories, it is as good as a walk of the catalog, though not all of them were looked at."""
    made, subject = any_registry(), images.image("in another")
    place_on_disk(made.root, "app", "v1", APP)
    place_on_disk(made.root, "more", "v1", subject)
    sign(made.root, subject)
    sign(made.root, images.image("gone"))
    client = Client(Settings(made.address, scheme="http"))
    report = Walk(client, Options("manifests")).repositories(iter(["signatures", "app"]), every=every)
    assert codes(report) == ([] if every is None else [("referrer-dangling", "signatures")])
    assert bool(caveat(report)) == (every is None)


def test_asking_has_a_bound_and_the_walk_says_so(any_registry, walked):
    """Eleven repositories, and more subjects that are gone than may be asked for."""
    made, gone = any_registry(), MAX_ASKED // 10 + 5
    for number in range(10):
        place_on_disk(made.root, f"app/{number}", "v1", APP)
    for number in range(gone):
        sign(made.root, images.artifact(f"gone {number}"))
    report = walked(made, proof="manifests")
    accused = len(report.findings)
    assert 0 < accused < gone
    assert caveat(report).startswith(f"{gone - accused} images")
    assert f"more than {MAX_ASKED} requests" in caveat(report)
    walk_itself = 2 + 11 + 10 * len(list(APP.manifests())) + 2 * gone  # lists, images, signatures and their subjects
    assert report.summary["requests"] <= walk_itself + MAX_ASKED


def test_untagged_subjects_are_looked_for_where_the_last_one_was(any_registry, walked):
    """So those of one repository cost about one request each."""
    made = any_registry()
    for number in range(20):
        place_on_disk(made.root, f"app/{number}", "v1", APP)
    before_it = walked(made, proof="manifests").summary["requests"]
    for number in range(100):
        subject = images.artifact(f"untagged {number}")
        place_on_disk(made.root, "app/13", "", subject)
        sign(made.root, subject)
    report = walked(made, proof="manifests")
    assert report.healthy and not caveat(report)
    assert report.summary["requests"] <= before_it + 1 + 200 + 100 + 20


def test_a_subject_and_its_signature_that_are_deleted_meanwhile(any_registry, walked, serve):
    made, subject = any_registry(), images.image("deleted")
    place_on_disk(made.root, "app", "v1", APP)
    sign(made.root, subject)
    tag = images.fallback_tag(subject) + ".sig"

    def delete(seen):
        if seen.target == f"/v2/app/manifests/{subject.digest}":  # the last one that is asked for it
            shutil.rmtree(Path(made.root, "docker/registry/v2/repositories/signatures/_manifests/tags", tag), ignore_errors=True)

    assert walked(serve(before(made, delete))).findings == []
