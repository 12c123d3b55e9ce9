# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""``verify``: nobody pins to an image that is broken, not there, or cannot be asked for. Against real registries."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.place import place_on_disk

from modules.compose_image.conftest import SIX

REPOSITORY, TAG = "library/registry", "2.8.3"


@pytest.fixture
def served(registry):
    """A registry with the image that is wanted, and that image."""
    made, image = registry(), images.build("wanted")
    place_on_disk(made.root, REPOSITORY, TAG, image)
    return made, image


def asked(made):
    return {"verify": True, "registry": made.address, "scheme": "http"}


def test_a_whole_image(served, compose, pin):
    made, image = served
    done = pin(**asked(made))
    assert done["digests"] == {f"registry:{TAG}": image.digest}
    assert f"registry:{TAG}" in compose.read_text()
    made.stop()
    assert pin(**asked(made))["changed"] is False


def test_the_registry_that_the_image_names(served, compose, pin):
    made, image = served
    wanted = f"{made.address}/{REPOSITORY}:{TAG}@{image.digest}"
    assert pin(image=wanted, verify=True, scheme="http")["digests"] == {wanted: image.digest}


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("lost", ["child", "layer"])
def test_a_broken_image(served, compose, pin, lost, check):
    made, image = served
    child = image.children[0]
    digest = child.digest if lost == "child" else child.blobs[-1].digest
    next(Path(made.root).rglob(f"blobs/sha256/*/{digest[7:]}/data")).unlink()
    refused = pin(check=check, **asked(made))
    assert refused["failed"] and refused["code"] == "bad-input"
    assert f"registry:{TAG} is broken: {lost}-missing" in refused["msg"] and digest in refused["msg"]
    assert compose.read_text() == SIX


def test_an_image_that_is_not_there(served, compose, pin):
    refused = pin(image="registry:2.8.4", **asked(served[0]))
    assert refused["failed"] and "registry:2.8.4 is not there (status 404)" in refused["msg"]
    assert compose.read_text() == SIX


def test_a_registry_that_does_not_answer(served, compose, pin):
    made, _image = served
    made.stop()
    refused = pin(**asked(made))
    assert refused["failed"] and refused["code"] == "unreachable"
    assert compose.read_text() == SIX


def test_credentials_that_are_refused(registry, compose, pin):
    made = registry(htpasswd=("ci", "right-hunter2", 4))
    refused = pin(username="somebody", password="wrong-hunter2", **asked(made))
    assert refused["failed"] and refused["code"] == "authentication"
    assert "hunter2" not in refused["msg"] and compose.read_text() == SIX
