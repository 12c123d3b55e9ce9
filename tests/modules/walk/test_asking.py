# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Subjects that are asked for, and are not answered for: who is held to be broken then, and what is said of it."""

from __future__ import annotations

from collections import Counter

import pytest
from ansible.module_utils.oci_registry.client import Client, Settings
from ansible.module_utils.oci_registry.walk import Options, Walk
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.place import place_on_disk

from modules.client.scripted import Cut, answer, errors
from modules.walk.front import before
from modules.walk.signatures import APP, caveat, codes, sign


def test_a_repository_that_cannot_be_asked_accuses_nobody(any_registry, walked, serve):
    made, subject = any_registry(), images.image("somewhere")
    place_on_disk(made.root, "app", "v1", APP)
    sign(made.root, subject)
    denied = answer(403, b'{"errors":[{"code":"DENIED"}]}', Docker_Distribution_Api_Version="registry/2.0")
    report = walked(
        serve(before(made, lambda seen: denied if seen.target == f"/v2/app/manifests/{subject.digest}" else None)), retries=0
    )
    assert report.findings == []
    assert "app, asked for what referrers in other repositories are about: " in report.problems[0]
    assert "could not ask" in caveat(report)


def test_a_registry_that_dies_is_not_waited_for(any_registry, walked):
    made = any_registry()
    place_on_disk(made.root, "app", "v1", APP)
    for number in range(50):
        sign(made.root, images.artifact(f"gone {number}"))
    client = Client(Settings(made.address, scheme="http", timeout=2.0, retries=0, retry_wait_cap=0.05))
    asked = []

    def die(name, digest, ask=client.get_manifest):
        if name == "app" and digest != "v1" and digest not in {each.digest for each in APP.manifests()}:
            asked.append(digest)
            made.stop()
        return ask(name, digest)

    client.get_manifest = die
    report = Walk(client, Options("manifests")).catalog()
    assert len(asked) <= 3
    assert report.findings == [] and not report.complete
    assert "could not ask" in caveat(report)


def test_repositories_that_do_not_answer_now_and_then_end_nothing(any_registry, walked, serve):
    """Every other one says that it is busy: that is no registry that died, and what others have is still found."""
    made, names = any_registry(), [f"app/{number}" for number in range(6)]
    for name in names:
        place_on_disk(made.root, name, "v1", APP)
    kept, gone = images.artifact("kept"), [images.artifact(f"gone {number}") for number in range(4)]
    place_on_disk(made.root, names[-1], "", kept)
    for subject in (kept, *gone):
        sign(made.root, subject)
    wanted, asked = {each.digest for each in (kept, *gone)}, []

    def busy(seen):
        _v2, repository, _manifests, reference = seen.target.lstrip("/").replace("app/", "app-").split("/", 3)
        if reference in wanted and repository in ("app-0", "app-2", "app-4"):
            asked.append(repository)
            return errors(503, "UNAVAILABLE")
        return None

    server = serve(before(made, lambda seen: busy(seen) if "/manifests/" in seen.target else None))
    heard = []
    client = Client(Settings(server.address, scheme="http", retries=0))
    report = Walk(client, Options("manifests"), hear=heard.append).catalog()
    assert Counter(asked) == {"app-0": 1, "app-2": 1, "app-4": 1}
    assert report.findings == [] and caveat(report).startswith("4 images")
    assert len(report.problems) == 3 and not any(problem.startswith("the rest: ") for problem in report.problems)
    assert len(heard) == 7 and not any(outcome.problem for outcome in heard), "each of them was walked whole"


def test_a_connection_that_breaks_in_an_untagged_subject_accuses_nobody(any_registry, walked, serve):
    made, subject, broken = any_registry(), images.image("untagged"), []
    place_on_disk(made.root, "app", "v1", APP)
    place_on_disk(made.root, "app", "", subject)
    sign(made.root, subject)

    def cut(seen):
        if seen.target != f"/v2/app/manifests/{subject.digest}" or broken:
            return None
        broken.append(seen)
        return Cut(answer(200, Content_Length=len(subject.content)) + b"{")

    report = walked(serve(before(made, cut)))
    assert broken and report.healthy and not caveat(report)


@pytest.mark.parametrize("gone", [True, False], ids=["gone", "kept"])
def test_what_was_not_decided_when_the_walk_ended_is_cut_short(any_registry, gone):
    """Nobody may take it for a repository that was looked at and has nothing wrong with it."""
    made, subject = any_registry(), images.image("gone")
    place_on_disk(made.root, "app", "v1", APP)
    place_on_disk(made.root, "countersigned", "v1", sign(made.root, APP))
    sign(made.root, subject)
    if not gone:
        place_on_disk(made.root, "app", "", subject)
    client, heard = Client(Settings(made.address, scheme="http")), []
    walk = Walk(client, Options("manifests"), hear=heard.append)

    def end(name, digest, ask=client.get_manifest):
        if name == "app" and digest == subject.digest:
            walk.cancel()
        return ask(name, digest)

    client.get_manifest = end
    report = walk.catalog()
    problems = {outcome.view.name: outcome.problem for outcome in heard}
    cut = "cut short before its end" if gone else ""
    assert problems == {"app": "", "countersigned": "", "signatures": cut}
    assert not codes(report) and not report.complete


def test_a_repository_may_be_named_catalog(any_registry, walked, serve):
    """That it is closed is no reason to look at nothing else."""
    made = any_registry()
    for name in ("catalog", "more", "zoo"):
        place_on_disk(made.root, name, "v1", APP)
    denied = answer(403, b'{"errors":[{"code":"DENIED"}]}', Docker_Distribution_Api_Version="registry/2.0")
    front = before(made, lambda seen: denied if seen.target.startswith("/v2/catalog/") else None)
    report = walked(serve(front), concurrency=1, retries=0)
    assert report.summary["repositories"] == 3
    assert [problem.partition(": ")[0] for problem in report.problems] == ["catalog"]
