# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Referrers in a repository of their own, as cosign keeps them with COSIGN_REPOSITORY: only the whole store tells whether they dangle."""

from __future__ import annotations

import os
import shutil
from typing import Any

import pytest
from ansible.module_utils.registry_lab import images

GONE = {("referrer-dangling", "warning", "gone")}
UNLINKED = {("referrer-dangling", "warning", "unlinked")}


def sign(store: Any, subject: images.Image, repository: str = "signatures", *, by_tag: bool = True) -> images.Image:
    """A signature of cosign's kind, known by its tag, or one of OCI's, known by its subject."""
    made = images.image(f"signature of {subject.digest}") if by_tag else images.artifact("signature", subject=subject)
    store.place(images.fallback_tag(subject) + ".sig" if by_tag else "signature", made, repository)
    return made


@pytest.fixture(params=[0, 1], ids=["processes", "thread"])
def threads(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """By several processes, whatever machine this is, and by one thread."""
    monkeypatch.setattr("ansible.module_utils.oci_registry.scan.workers.cores", lambda: 4)
    return int(request.param)


@pytest.fixture
def crowd(store: Any) -> Any:
    """The store with enough repositories for several processes."""
    for number in range(8):
        store.place("v1", images.image(f"other-{number}"), f"other/{number}")
    return store


@pytest.mark.parametrize("by_tag", [True, False], ids=["tag", "subject"])
def test_a_subject_in_another_repository(crowd: Any, threads: int, by_tag: bool) -> None:
    for repository, subject in (("signatures", crowd.index), ("app/signatures", crowd.child)):
        sign(crowd, subject, repository, by_tag=by_tag)
    assert crowd.found(threads=threads) == set()


@pytest.mark.parametrize("by_tag", [True, False], ids=["tag", "subject"])
def test_a_subject_without_a_tag_and_then_nowhere(crowd: Any, threads: int, by_tag: bool) -> None:
    subject = images.image("untagged")
    crowd.place("", subject, "other/3")
    sign(crowd, subject, by_tag=by_tag)
    assert crowd.found(threads=threads) == set()
    crowd.revision(subject.digest, "other/3").unlink()
    assert crowd.found(threads=threads) == UNLINKED
    crowd.blob(subject.digest).unlink()
    (found,) = [each for each in crowd.scan(threads=threads).findings if each.code == "referrer-dangling"]
    assert (found.repository, found.state) == ("signatures", "gone")


def test_a_signature_of_a_signature_in_a_third_repository(crowd: Any, threads: int) -> None:
    signature = sign(crowd, crowd.index)
    sign(crowd, signature, "countersigned")
    assert crowd.found(threads=threads) == set()
    shutil.rmtree(crowd.tag(images.fallback_tag(crowd.index) + ".sig", "signatures").parent.parent)
    crowd.revision(signature.digest, "signatures").unlink()
    assert crowd.found(threads=threads) == UNLINKED


def test_a_subject_behind_a_layer_link_is_served_by_2_8_only(store: Any) -> None:
    subject = images.image("linked as a layer")
    store.place("", subject)
    store.revision(subject.digest).unlink()
    link = store.layer(subject.digest)
    link.parent.mkdir(parents=True)
    link.write_text(subject.digest)
    sign(store, subject)
    assert store.found(dialect="2") == set()
    assert store.found(dialect="3") == UNLINKED


@pytest.mark.parametrize("content", [b"", b"sha256:" + b"0" * 64], ids=["empty", "elsewhere"])
def test_a_link_that_leads_nowhere_serves_nothing(store: Any, content: bytes) -> None:
    subject = images.image("spoilt")
    store.place("", subject)
    store.revision(subject.digest).write_bytes(content)
    sign(store, subject)
    assert ("referrer-dangling", "warning", "unlinked") in store.found()


def test_a_damaged_subject_is_told_where_it_is_and_its_signature_does_not_dangle(store: Any) -> None:
    sign(store, store.child)
    store.blob(store.child.digest).write_bytes(b" " + store.child.content)
    assert {code for code, _severity, _state in store.found()} == {"blob-truncated"}


def test_what_cannot_be_looked_at_accuses_nobody(store: Any) -> None:
    subject = images.image("hidden")
    store.place("", subject)
    sign(store, subject)
    folder = store.revision(subject.digest).parent.parent
    folder.rename(store.root / "moved")
    os.symlink(store.root / "moved", folder)
    report = store.scan()
    assert report.problems
    assert "referrer-dangling" not in {finding.code for finding in report.findings}


def test_caches_are_the_same(store: Any) -> None:
    sign(store, store.index)
    assert store.found(mode="cache") == set()


def test_a_push_of_an_image_and_its_signature_meanwhile(store: Any) -> None:
    """The repository of the image was read before, that of the signatures is read again, since something in it looks broken."""
    sign(store, images.image("gone"))
    late = images.image("late")

    def push(phase: str, done: int, total: int) -> None:
        if phase == "blobs" and done == total and not store.blob(late.digest).exists():
            store.place("late", late)
            store.place(images.fallback_tag(late) + ".sig", images.image("its signature"), "signatures")

    assert store.found(progress=push, threads=1) == GONE


def test_many_subjects_are_looked_up_by_listing(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The work grows with the signatures, and with the repositories, but not with the one times the other."""
    for number in range(100):
        subject = images.artifact(f"signed {number}")
        store.place(f"v{number}", subject, "z/app")
        sign(store, subject)
        sign(store, images.artifact(f"gone {number}"))
    opened: list[Any] = []
    monkeypatch.setattr(os, "open", lambda *args, _open=os.open, **kwargs: opened.append(args[0]) or _open(*args, **kwargs))
    assert [finding.code for finding in store.scan(threads=1).findings] == ["referrer-dangling"] * 100
    alone = len(opened)
    for number in range(40):
        store.place("v1", images.image(f"other {number}"), f"other/{number}")
    opened.clear()
    assert len(store.scan(threads=1).findings) == 100
    assert len(opened) - alone < 40 * 60
