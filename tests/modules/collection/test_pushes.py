# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Pushes around a collection: waited for or refused, and never lost."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.errors import LabError
from ansible.module_utils.registry_lab.place import layer_path
from ansible.module_utils.registry_lab.push import push

from .conftest import broken, files, phases, place_of, with_garbage

DAY = 24 * 3600


class Upload:
    """One upload, begun and left open."""

    def __init__(self, registry, repository: str, content: bytes) -> None:
        self._registry = registry
        self.digest = images.digest_of(content)
        with contextlib.closing(registry.connect()) as connection:
            connection.request("POST", f"/v2/{repository}/blobs/uploads/")
            answer = connection.getresponse()
            assert answer.status == 202
            self._location = self._patch(connection, answer.getheader("Location"), answer, content)

    def _patch(self, connection, location, answer, content):
        answer.read()
        connection.request("PATCH", location, content, {"Content-Type": "application/octet-stream"})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 202
        return answer.getheader("Location")

    def finish(self) -> None:
        with contextlib.closing(self._registry.connect()) as connection:
            split = urlsplit(self._location)
            connection.request("PUT", f"{split.path}?{split.query}&{urlencode({'digest': self.digest})}")
            assert connection.getresponse().status == 201


def folders(root: str) -> list[Path]:
    return [path for path in Path(root).rglob("_uploads/*") if path.is_dir()]


@pytest.mark.parametrize("repository", ["team/app", "never/pushed"])
def test_an_upload_under_way_is_refused(repository, place, collect):
    made = place()
    with_garbage(made)
    Upload(made.registry, repository, b"first half of a layer")
    before = files(made.root)
    result = collect(made.options, push_grace=600.0)
    assert (result["failed"], result["code"], result["verdict"]) == (True, "gate-refused", "busy"), result
    assert repository in result["msg"] and "seconds ago" in result["msg"]
    assert "quiesce" not in phases(result)
    assert files(made.root) == before


def test_an_upload_under_way_is_waited_for(any_registry, collect):
    made = place_of(any_registry())
    with_garbage(made)
    upload = Upload(made.registry, "team/app", b"first half of a layer")
    image = images.manifest(images.blob(b"{}", images.OCI_EMPTY), [images.blob(b"first half of a layer", images.OCI_LAYER)])
    looked = threading.Event()

    def finish() -> None:
        assert looked.wait(30)
        upload.finish()
        push(made.registry, "team/app", "late", image)

    thread = threading.Thread(target=finish)
    thread.start()
    timer = threading.Timer(1.5, looked.set)
    timer.start()
    result = collect(made.options, push_grace=600.0, upload_timeout=60.0)
    thread.join()
    assert not result.get("failed"), result
    assert "collect" in phases(result)
    assert broken(made.registry) == []


def test_an_upload_that_was_broken_off_is_only_told(place, collect):
    made = place()
    with_garbage(made)
    Upload(made.registry, "team/app", b"half")
    for folder in folders(made.root):
        for name in ("startedat", "data"):
            os.utime(folder / name, (time.time() - 2 * DAY,) * 2)
    result = collect(made.options, push_grace=600.0)
    assert not result.get("failed"), result
    assert "collect" in phases(result)
    assert "broken off" in result["notes"][0]


def test_what_a_cancelled_mount_leaves_is_no_upload(any_registry, collect):
    made = place_of(any_registry())
    with_garbage(made)
    folder = Path(made.root, "docker/registry/v2/repositories/team/app/_uploads/9cbf/hashstates/sha256")
    folder.mkdir(parents=True)
    (folder / "0").write_bytes(b"")
    assert not collect(made.options, push_grace=600.0).get("failed")


def test_layers_that_wait_for_their_manifest_are_not_taken(place, collect):
    made = place()
    with_garbage(made)
    upload = Upload(made.registry, "team/app", b"a layer of a long push")
    upload.finish()
    result = collect(made.options, push_grace=600.0)
    assert (result["failed"], result["verdict"]) == (True, "busy"), result
    waiting = [each for each in result["refusals"] if each["code"] == "push-in-flight"]
    assert [each["digest"] for each in waiting] == [upload.digest]
    link = layer_path(made.root, "team/app", upload.digest)
    os.utime(link, (time.time() - 3600,) * 2)
    done = collect(made.options, push_grace=600.0)
    assert not done.get("failed"), done


def test_garbage_of_a_moment_ago_is_no_push(place, collect):
    """What was pushed, named by a manifest and deleted again is garbage at once."""
    made = place()
    with_garbage(made)
    result = collect(made.options, push_grace=600.0)
    assert not result.get("failed"), result
    assert result["swept"]["blobs"] == 3


def test_pushes_all_the_while_lose_nothing(place, collect):
    """Whatever a client was told is pushed can be pulled in the end, however often it is cut short."""
    made = place(cache=True)
    for number in range(4):
        with_garbage(made, f"old-{number}")
    stop, acknowledged = threading.Event(), []

    def pusher() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            image = images.build(f"pushed-{number}", shared=[images.layer("base", size=20_000)])
            while True:
                try:
                    push(made.registry, "busy/app", f"v{number}", image)
                except (LabError, OSError):
                    time.sleep(0.05)
                    if stop.is_set():
                        return
                    continue
                acknowledged.append((f"v{number}", image))
                break
            stop.wait(0.2)

    thread = threading.Thread(target=pusher)
    thread.start()
    try:
        result = collect(made.options, push_grace=1.5, upload_timeout=60.0)
    finally:
        stop.set()
        thread.join()
    assert result.get("code") in (None, "gate-refused"), result
    assert acknowledged
    assert broken(made.registry) == []
    stored = files(made.root)
    for tag, image in acknowledged:
        link = f"docker/registry/v2/repositories/busy/app/_manifests/tags/{tag}/current/link"
        assert stored[link] == image.digest.encode()
    made.registry.restart()
    assert broken(made.registry) == []
