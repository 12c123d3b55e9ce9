# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The text of dry runs: as real registries wrote it, and as none did.

``recorded/`` holds the output of 2.8.3 and 3.1.1, with and without ``-m``, for one and the same store: ``aaa:v1`` and ``team/app:v1`` are
indexes of two platforms with attestations; ``team/app`` also had an image that was deleted, and has one without a tag.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.module_utils.oci_registry.plans.dryrun import DryRun, DryRunParser
from ansible.module_utils.registry_lab import images

RECORDED = Path(__file__).parent / "recorded"
INDEXES = {"aaa": images.build("c"), "team/app": images.build("a")}
GONE, UNTAGGED = images.image("gone"), images.image("untagged")
SUMMARY = "0 blobs marked, 0 blobs and 0 manifests eligible for deletion"
DIGEST = images.digest_of(b"")


def parse(text: str) -> DryRun:
    parser = DryRunParser()
    for line in text.splitlines(keepends=True):
        parser.feed(line)
    return parser.finish()


def recorded(name: str) -> DryRun:
    return parse((RECORDED / f"{name}.txt").read_text())


@pytest.mark.parametrize("version", ["2.8.3", "3.1.1"])
def test_a_plain_collection_takes_what_no_manifest_names(version):
    found = recorded(version)
    assert found.problem == ""
    assert found.repositories == {"aaa", "team/app"}
    assert found.manifests == set()
    assert found.blobs == set(GONE.contents())
    links = {("team/app", blob.digest) for blob in GONE.blobs}
    assert found.layer_links == (links if version == "3.1.1" else set())


def test_untagged_deletion_takes_children_with_2():
    found = recorded("2.8.3-m")
    assert found.problem == ""
    children = {(name, child.digest) for name, index in INDEXES.items() for child in index.children}
    assert found.manifests == children | {("team/app", UNTAGGED.digest)}
    assert {blob.digest for index in INDEXES.values() for child in index.children for blob in child.blobs} < found.blobs


def test_untagged_deletion_spares_children_with_3():
    found = recorded("3.1.1-m")
    assert found.problem == ""
    assert found.manifests == {("team/app", UNTAGGED.digest)}
    assert found.blobs == {*GONE.contents(), *UNTAGGED.contents()}


@pytest.mark.parametrize("name", ["2.8.3", "2.8.3-m", "3.1.1", "3.1.1-m"])
def test_a_text_that_was_cut_short_is_not_relied_on(name):
    lines = (RECORDED / f"{name}.txt").read_text().splitlines()
    for length in range(len(lines)):
        found = parse("\n".join(lines[:length]))
        rest = lines[length:]
        assert found.problem or not any("blob eligible" in line or "manifest eligible" in line for line in rest)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no summary line"),
        (f"aaa\naaa: marking manifest {DIGEST} ", "no summary line"),
        (f"Hello\n{SUMMARY}", "none of a dry run: 'Hello'"),
        (f"blob eligible for deletion: sha256:12\n{SUMMARY}", "none of a dry run"),
        (f"blob eligible for deletion: {DIGEST}\n{SUMMARY}", "counts 0 blobs and 0 manifests, and names 1 and 0"),
        (f"manifest eligible for deletion: {DIGEST}\n{SUMMARY}", "none of a dry run"),
        (f"manifest eligible for deletion: {{UPPER {DIGEST} []}}\n{SUMMARY}", "names 0 and 1"),
        (f"../etc: layer link eligible for deletion: {DIGEST}\n{SUMMARY}", "none of a dry run"),
        (f"something eligible for deletion: {DIGEST}\n{SUMMARY}", "none of a dry run"),
    ],
)
def test_what_no_registry_says(text, problem):
    assert problem in parse(text).problem


def test_log_lines_between_are_passed_over():
    text = f'time="2026-11-23T19:15:00Z" level=info msg="using ..."\n{{"level":"info"}}\naaa\n\n{SUMMARY}\n'
    assert parse(text) == DryRun(repositories={"aaa"})
