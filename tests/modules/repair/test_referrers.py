# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Signatures in a repository of their own: no observer calls them broken, and no plan brings their subjects into it."""

from __future__ import annotations

import os
from typing import Any

from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.place import blob_path, revision_path
from ansible.module_utils.registry_lab.push import push

from modules.repair.conftest import REPOSITORY, TAG, scanned, two_platforms, walked
from plugins.modules import RunModule

SIGNATURES = "team/signatures"


def signed(made: Any) -> images.Image:
    """An image, its children and an image without a tag signed as cosign does, all signatures in one repository, and one of these signed."""
    image, untagged = two_platforms(), images.image("untagged")
    push(made, REPOSITORY, TAG, image)
    push(made, REPOSITORY, "", untagged)
    signatures = {each.digest: images.image(f"signature of {each.digest}") for each in (*image.manifests(), untagged)}
    for digest, signature in signatures.items():
        push(made, SIGNATURES, digest.replace(":", "-") + ".sig", signature)
    push(made, "countersigned", "latest", images.artifact("countersignature", subject=signatures[image.digest]))
    return image


def diagnosed(made: Any, run_module: RunModule) -> dict[str, Any]:
    """What maintain.yml ends with: disk and HTTP, held against each other."""
    store = run_module("registry_store_info", path=made.root)
    http = run_module("registry_integrity_info", registry=made.address, scheme="http")
    assert store["caveats"] and not any("referrers are about" in caveat for caveat in http["caveats"])
    return run_module("registry_diagnosis_info", name="lab", store=store, http=http)


def test_such_a_registry_is_healthy(registry, run_module):
    made = registry()
    signed(made)
    result = diagnosed(made, run_module)
    assert result["healthy"], result["text"]
    assert result["text"].startswith("lab: HEALTHY\n") and result["findings"] == result["differences"] == []


def test_a_lost_child_is_mended_where_it_is_needed_and_nowhere_else(registry, run_module, repair):
    """Its signature dangles until then, and is whole again with it."""
    made = registry()
    image = signed(made)
    child = image.children[0].digest
    os.unlink(revision_path(made.root, REPOSITORY, child))
    made.restart()
    result = diagnosed(made, run_module)
    assert {(each["code"], each["repository"]) for each in result["findings"]} == {
        ("child-missing", REPOSITORY),
        ("referrer-dangling", SIGNATURES),
    }
    planned = repair(check=True, path=made.root, registry=made.address, scheme="http", findings=result["findings"])
    assert {step["repository"] for step in planned["plan"] if step["action"] == "relink" and step["digest"] == child} == {
        REPOSITORY
    }
    done = repair(path=made.root, registry=made.address, scheme="http", findings=result["findings"])
    assert done["changed"] and not done["remaining"], done
    assert not os.path.exists(revision_path(made.root, SIGNATURES, child))
    assert scanned(made.root) == walked(made) == []
    assert diagnosed(made, run_module)["healthy"]


def test_an_image_that_was_deleted_is_told_by_both(registry, run_module):
    made = registry()
    image = signed(made)
    gone = images.image("signed and deleted")
    push(made, REPOSITORY, "", gone)
    push(made, SIGNATURES, images.fallback_tag(gone) + ".sig", images.image("its signature"))
    os.unlink(revision_path(made.root, REPOSITORY, gone.digest))
    os.unlink(blob_path(made.root, gone.digest))
    made.restart()
    (found,) = diagnosed(made, run_module)["findings"]
    assert (found["code"], found["repository"], found["observers"]) == ("referrer-dangling", SIGNATURES, ["disk", "http"])
    assert image.digest not in found["detail"] and gone.digest in found["detail"]
