# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Referrers: through their fallback tags on registries that have no list of them, and through the list where there is one."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.place import blob_path, layer_path, place_on_disk, revision_path

from modules.client.scripted import answer
from modules.walk.front import before

APP = images.build("app")
SIGNATURE = images.artifact("signature", subject=APP)


def placed(registry):
    """An index with a signature under its fallback tag."""
    place_on_disk(registry.root, "app", "v1", APP)
    place_on_disk(registry.root, "app", images.fallback_tag(APP), images.index([SIGNATURE]))
    return registry


def test_a_signature_that_is_lost_is_a_warning(registry, walked):
    made = placed(registry())
    assert walked(made).healthy
    os.unlink(layer_path(made.root, "app", SIGNATURE.blobs[-1].digest))
    (finding,) = walked(made).findings
    assert (finding.code, finding.severity, finding.tags) == ("layer-missing", "warning", (images.fallback_tag(APP),))


def test_a_subject_that_is_gone(registry, walked):
    made = placed(registry())
    shutil.rmtree(Path(made.root, "docker/registry/v2/repositories/app/_manifests/tags/v1"))
    os.unlink(revision_path(made.root, "app", APP.digest))
    (finding,) = walked(made).findings
    assert (finding.code, finding.severity, finding.tags) == ("referrer-dangling", "warning", (images.fallback_tag(APP),))
    assert APP.digest in finding.detail


def test_a_list_of_referrers(any_registry, walked, serve):
    """A front adds the list to a registry that has none."""
    made = any_registry()
    place_on_disk(made.root, "app", "v1", APP)
    place_on_disk(made.root, "app", "", SIGNATURE)
    document = {"schemaVersion": 2, "mediaType": images.OCI_INDEX, "manifests": [SIGNATURE.descriptor()]}
    listed = answer(200, json.dumps(document).encode(), Content_Type=images.OCI_INDEX)
    server = serve(before(made, lambda seen: listed if seen.target == f"/v2/app/referrers/{APP.digest}" else None))
    assert walked(server, referrers=True).healthy
    os.unlink(blob_path(made.root, SIGNATURE.digest))
    assert walked(server).healthy
    (finding,) = walked(server, referrers=True).findings
    assert (finding.code, finding.severity, finding.digest, finding.parent) == (
        "child-missing",
        "warning",
        SIGNATURE.digest,
        APP.digest,
    )


def test_a_registry_without_the_list(registry, walked):
    made = placed(registry())
    assert walked(made, referrers=True).healthy
