# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a run came to in a sentence, what fits as a cause, what is to be run next, and how long it all took."""

from __future__ import annotations

import shlex

import pytest
from ansible.module_utils.incident_record.causes import causes_of
from ansible.module_utils.incident_record.run import run_of
from ansible.module_utils.incident_record.timeline import clocks, origin, phases
from ansible.module_utils.incident_record.verdict import commands, verdict

from plugins.records import BROKE, DETECTED, STARTED, incident, report


def run(*results, **more):
    return run_of(report(*results, **more))


def finding(code, state="unknown", **more):
    base = {"repository": "team/app", "tags": ["1.0"], "digest": "sha256:ab", "severity": "critical", "role": "manifest"}
    return {**base, "code": code, "state": state, **more}


PLANNED = {**incident(1), "steps": [{"action": "relink", "repository": "infra-ci", "state": "planned"}], "images": []}
DRILL = {
    "name": "drill",
    "scenarios": [{"scenario": "orphan-index", "passed": False, "problem": "it stayed broken", "steps": []}],
}
VERDICTS = {
    "nothing": (run(), "empty", "Nothing was looked at."),
    "healthy": (run({"name": "a", "findings": []}), "healthy", "Nothing is broken."),
    "waste": (run({"name": "a", "findings": [finding("layer-link-orphan", severity="info")]}), "healthy", "Nothing is broken."),
    "diagnosed": (
        run({"name": "a", "findings": [finding("child-missing")]}),
        "broken",
        "1 image is broken, not known to be in use.",
    ),
    "in use": (
        run({"name": "a", "findings": [finding("child-missing")], "in_use": ["team/app:1.0"]}),
        "broken",
        "1 image is broken, and in use.",
    ),
    "planned": (run(PLANNED), "planned", "2 images are broken"),
    "repaired": (run(incident(2, left=0)), "repaired", "2 images were broken; all are repaired and proven by their bytes."),
    "part": (run(incident(3)), "remains", "2 images repaired and proven; 1 image remains broken, not known to be in use."),
    "unseen": (run(incident(2, left=0), unseen=["b: no result"]), "not seen", "Could not look at everything: b: no result."),
    "differs": (run({"name": "a", "findings": [], "differences": [{"meaning": "stale-cache"}]}), "broken", "differ in 1 thing"),
    "proof failed": (run({**incident(1, left=0), "problem": "the proof failed"}), "remains", "the proof failed"),
    "drill": (run(DRILL), "remains", "it stayed broken"),
}


@pytest.mark.parametrize(("given", "word", "sentence"), VERDICTS.values(), ids=VERDICTS)
def test_verdict(given, word, sentence):
    said = verdict(given)
    assert said.word == word
    assert sentence in said.sentence or word == "planned"


CAUSES = {
    "hollow children": (finding("child-missing", "hollow"), "collection of untagged manifests"),
    "unlinked children": (finding("child-missing", "unlinked"), "links of children removed, not yet swept"),
    "children gone": (finding("child-missing", "gone"), "manifests removed from the disk"),
    "a child of nothing tagged": (finding("child-missing", "hollow", tags=[]), None),
    "a tag": (finding("tag-dangling", "unlinked"), "a tag's own manifest lost"),
    "truncated": (finding("blob-truncated", "truncated"), "a full disk, a crash, or a copy that was cut off"),
    "corrupt": (finding("blob-corrupt", "corrupt"), "damaged storage"),
    "stale": (finding("layer-missing", "stale-cache"), "stale cache"),
    "masked": (finding("config-missing", "hollow", masked=True), "stale cache"),
    "front": (finding("front-other-registry", ""), "another registry behind this address"),
    "swept": (finding("layer-missing", "gone"), "blobs swept while an image was being pushed"),
    "referrer": (finding("referrer-dangling", "gone"), "an image deleted without what refers to it"),
    "invalid": (finding("manifest-invalid", "invalid"), "pushed like that"),
}


@pytest.mark.parametrize(("found", "cause"), CAUSES.values(), ids=CAUSES)
def test_a_cause_comes_with_its_evidence(found, cause):
    said = causes_of(run({"name": "a", "findings": [found]}))
    assert [each.name for each in said] == ([cause] if cause else [])
    assert all("1 finding" in each.evidence and found["code"] in each.evidence for each in said)


@pytest.mark.parametrize(
    ("problem", "cause"),
    [
        ("over HTTP: answers 401, authentication failed", "credentials expired or wrong"),
        ("127.0.0.1:1: connection refused", "the registry does not answer"),
        ("registry-private runs another image than pinned", "a wrong pin"),
    ],
)
def test_what_was_said_can_be_a_cause(problem, cause):
    assert [each.name for each in causes_of(run({"name": "a", "findings": [], "problems": [problem]}))] == [cause]


def test_another_store_is_a_cause():
    differs = {"repository": "", "meaning": "other-store", "disk": "3 repositories", "http": "0 repositories"}
    said = causes_of(run({"name": "a", "findings": [], "differences": [differs]}))
    assert [each.name for each in said] == ["another registry behind this address"]


def test_the_cause_with_most_evidence_is_first():
    found = [finding("blob-corrupt", "corrupt"), *(finding("child-missing", "hollow", digest=f"sha256:{n}") for n in range(3))]
    assert causes_of(run({"name": "a", "findings": found}))[0].name == "collection of untagged manifests"


def test_what_to_run_next():
    done, left, planned = (run(each).registries[0] for each in (incident(1, left=0), incident(2), PLANNED))
    assert commands(done) == []
    assert commands(left) == ["""./runbook recover -e target=registry-private -e '{"recover_approve": ["rebuild"]}'"""]
    assert commands(planned)[0] == "./runbook recover -e target=registry-private"
    unnamed = run({"name": "a", "findings": [finding("child-missing")]}).registries[0]
    assert commands(unnamed) == ["./runbook recover -e target=HOST"]


def test_a_hostile_target_is_one_word_of_the_shell():
    hurt = run({**incident(2), "target": "x; rm -rf / $(id)\n`id`"}).registries[0]
    assert [len(shlex.split(line)) for line in commands(hurt)] == [6]
    assert "\n" not in commands(hurt)[0]


def test_times_are_told_from_the_earliest_moment_that_is_known():
    whole = run(incident(1))
    assert origin(whole) == "broken"
    assert clocks(whole) == pytest.approx({"detect": 7323.0, "diagnose": 7391.2, "repair": 7395.5, "prove": 7402.0})
    undated = incident(1)
    del undated["times"]["broken"]
    assert origin(run(undated)) == "detected"
    assert "detect" not in clocks(run(undated))
    del undated["detected"]
    assert clocks(run(undated)) == pytest.approx({"diagnose": 11.2, "repair": 15.5, "prove": 22.0})


def test_a_run_over_several_ends_with_the_last():
    slow = incident(1)
    slow["times"]["proven"] += 100
    assert run(incident(1), slow).moment("proven") == slow["times"]["proven"]
    never = incident(1)
    del never["times"]["proven"]
    assert run(incident(1), never).moment("proven") == 0.0


def test_phases():
    named = {phase.name: phase for phase in phases(run(incident(1)).registries[0])}
    assert list(named) == ["detect", "respond", "diagnose", "repair", "prove"]
    assert (named["detect"].began, named["detect"].ended, named["respond"].ended) == (BROKE, DETECTED, STARTED)
    backwards = incident(1)
    backwards["times"]["repaired"] = 1.0
    assert "repair" not in {phase.name for phase in phases(run(backwards).registries[0])}


def test_uses_are_found_by_reference():
    private = {**incident(2), "images": [], "impact": []}
    images = run(private).images
    assert [(image.name, image.in_use, len(image.uses)) for image in images] == [
        ("infra-ci:latest", True, 4),
        ("team/app:latest", False, 0),
    ]
    mapped = {**private, "uses": [], "impact": [{"repository": "team/app", "tags": ["latest"], "uses": private["uses"][:1]}]}
    assert [image.name for image in run(mapped).images] == ["team/app:latest", "infra-ci:latest"]
