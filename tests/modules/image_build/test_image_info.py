# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""registry_image_info: what tags hold, those that are broken and those that are not there too."""

from __future__ import annotations

from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.damage import damage
from ansible.module_utils.registry_lab.push import push


def test_tags(any_registry, run_module):
    registry = any_registry()
    made = {"whole": images.build("a", [images.AMD64, images.ARM64]), "broken": images.build("b", [images.AMD64])}
    for tag, image in made.items():
        push(registry, "team/app", tag, image)
    damage("child-link-gone", registry.root, "team/app", "broken")
    registry.restart()
    names = [f"team/app:{tag}" for tag in ("whole", "broken", "nothing")]
    told = run_module("registry_image_info", registry=registry.address, scheme="http", images=names)["images"]
    assert [(one["name"], one["digest"], one["whole"]) for one in told] == [
        (names[0], made["whole"].digest, True),
        (names[1], made["broken"].digest, False),
        (names[2], "", False),
    ]
    assert [one["platforms"] for one in told] == [[images.AMD64, images.ARM64], [images.AMD64], []]
    assert told[1]["findings"][0]["code"] == "child-missing"


def test_platforms_that_are_none(any_registry, run_module):
    """An index that names what no builder takes can be looked at all the same, and so be rebuilt."""
    registry = any_registry()
    named = ["linux", "linux/arm64/v8.1", "Windows (x)/amd64", images.AMD64]
    push(registry, "app", "v1", images.build("a", named))
    told = run_module("registry_image_info", registry=registry.address, scheme="http", images=["app:v1"])
    assert told["images"][0]["platforms"] == ["linux/arm64/v8.1", images.AMD64], told


def test_right_size_and_wrong_bytes(any_registry, run_module):
    registry = any_registry()
    push(registry, "app", "v1", images.build("a", [images.AMD64]))
    damage("layer-corrupt", registry.root, "app", "v1")
    options = {"registry": registry.address, "scheme": "http", "images": ["app:v1"]}
    assert [
        run_module("registry_image_info", proof=proof, **options)["images"][0]["whole"] for proof in ("bytes", "content")
    ] == [True, False]


def test_bad_input(any_registry, run_module):
    options = {"registry": any_registry().address, "scheme": "http"}
    for image in ("App:v1", f"app@sha256:{'0' * 64}", "elsewhere:5000/app:v1"):
        assert run_module("registry_image_info", images=[image], **options)["code"] == "bad-input", image
