# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Manifests parsed from bytes: every kind that occurs, and everything that only pretends to be one."""

from __future__ import annotations

import json

import pytest
from ansible.module_utils.oci_registry import model
from ansible.module_utils.oci_registry.digest import sha256_of

D1, D2, D3 = (sha256_of(text) for text in (b"1", b"2", b"3"))


def encode(**document) -> bytes:
    return json.dumps({"schemaVersion": 2, **document}).encode()


def blob(digest: str, size: int = 7, **more) -> dict:
    return {"digest": digest, "size": size, "mediaType": "application/octet-stream", **more}


@pytest.mark.parametrize("media_type", [model.OCI_INDEX, model.DOCKER_LIST, None])
def test_an_index_is_recognised_with_and_without_its_media_type(media_type):
    child = blob(D1, platform={"os": "linux", "architecture": "arm64", "variant": "v8"})
    named = {"mediaType": media_type} if media_type else {}
    parsed = model.parse_manifest(encode(manifests=[child], **named))
    assert parsed.kind == "index"
    assert parsed.media_type == (media_type or model.OCI_INDEX)
    assert [(item.digest, item.platform, item.attestation) for item in parsed.children] == [(D1, "linux/arm64/v8", False)]


def test_an_attestation_child_is_told_by_its_annotation_alone():
    child = blob(
        D1,
        platform={"os": "unknown", "architecture": "unknown"},
        annotations={"vnd.docker.reference.type": "attestation-manifest"},
    )
    assert model.parse_manifest(encode(manifests=[child])).children[0].attestation


@pytest.mark.parametrize("media_type", [model.OCI_MANIFEST, model.DOCKER_MANIFEST, None])
def test_an_image_names_its_config_and_its_layers(media_type):
    named = {"mediaType": media_type} if media_type else {}
    parsed = model.parse_manifest(
        encode(config=blob(D1, 0), layers=[blob(D2), blob(D3, urls=["https://example.com/layer"])], **named)
    )
    assert parsed.kind == "image"
    assert [item.digest for item in parsed.blobs()] == [D1, D2], "a layer with urls need not be present"


def test_a_subject_is_kept():
    assert model.parse_manifest(encode(config=blob(D1), layers=[], subject=blob(D2))).subject.digest == D2


@pytest.mark.parametrize("signed", [True, False])
def test_schema_1_is_legacy_not_invalid(signed):
    document = {"schemaVersion": 1, "fsLayers": [], **({"signatures": []} if signed else {})}
    assert model.parse_manifest(json.dumps(document).encode()).kind == "legacy"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "0 bytes"),
        (b"<html>", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[]", "no object"),
        (b'{"schemaVersion": 3}', "schemaVersion"),
        (encode(), "neither"),
        (encode(mediaType="text/html"), "mediaType"),
        (encode(mediaType=["x"]), "a manifest mediaType that is none: a list"),
        (encode(mediaType={"x": 1}), "a manifest mediaType that is none: a dict"),
        (encode(mediaType=0), "a manifest mediaType that is none: '0'"),
        (encode(mediaType=model.OCI_INDEX), "without a manifests list"),
        (encode(manifests=[7]), "without digest"),
        (encode(manifests=[{"digest": D1}]), "without digest and size"),
        (encode(manifests=[blob("sha256:../../etc/passwd")]), "digest that is none"),
        (encode(manifests=[blob("sha256:" + "A" * 64)]), "digest that is none"),
        (encode(manifests=[blob(D1, -1)]), "size that is none"),
        (encode(manifests=[blob(D1, True)]), "size that is none"),
        (encode(manifests=[blob(D1, 1 << 60)]), "size that is none"),
        (encode(manifests=[blob(D1, 1.5)]), "size that is none"),
        (encode(manifests=[blob(D1, mediaType=["x"])]), "a child mediaType that is none"),
        (encode(manifests=[{"digest": [D1], "size": 7}]), "digest that is none: a list"),
        (encode(manifests=[], subject=["x"]), "a subject descriptor without digest"),
        (encode(config=blob(D1), layers={}, mediaType=model.OCI_MANIFEST), "no list"),
        (encode(config=None, layers=[]), "config"),
        (b" " * (model.MAX_MANIFEST_BYTES + 1), "larger"),
    ],
)
def test_what_only_pretends_is_refused_with_a_reason(content, why):
    with pytest.raises(model.InvalidManifest, match=why):
        model.parse_manifest(content)


@pytest.mark.parametrize("odd", [None, "linux", ["linux"], {"os": ["linux"]}, {"os": {"x": 1}, "architecture": 5}])
@pytest.mark.parametrize("field", ["platform", "annotations"])
def test_what_only_describes_a_child_may_be_anything(field, odd):
    """Nobody pulls by it, so the image is not lost over it; Distribution judges it in ``store/accepts.py``."""
    (child,) = model.parse_manifest(encode(manifests=[blob(D1, **{field: odd})])).children
    assert (child.platform, child.attestation) == ("", False)
