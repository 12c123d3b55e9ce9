# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A plan of retention and collection, made before either, is what both then do: on stores that share everything that can be shared."""

from __future__ import annotations

import json

import pytest
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.push import push
from ansible.module_utils.testing import patch_module_args
from ansible.modules import registry_retention

from .conftest import broken, files


@pytest.fixture
def retain(capsys):
    def run(made, *, check):
        own = {key: made.options[key] for key in ("registry", "scheme", "path", "dialect")}
        options = {**own, "keep_newest": 1, "untagged_grace": 0.0, "_ansible_check_mode": check}
        capsys.readouterr()
        with patch_module_args(options), pytest.raises(SystemExit):
            registry_retention.main()
        return json.loads(capsys.readouterr().out)

    return run


def assumed(retained):
    keys = ("repository", "digest", "parts")
    return [{key: item[key] for key in keys} for item in retained["plan"] if item["action"] == "delete-manifest"]


def stock(made):
    """Builds of which the old ones share layers, children and whole images with what stays, in their repository and in another."""
    base = images.layer("base", size=20_000)
    old = [images.image(f"old-{number}", layers=[base, images.layer(f"own-{number}", size=10_000)]) for number in range(2)]
    new = [images.image(f"new-{number}", layers=[base, images.layer(f"top-{number}", size=10_000)]) for number in range(2)]
    push(made.registry, "team/app", "v1", images.index([old[0], images.attestation(old[0])]))
    push(made.registry, "team/app", "v2", images.index([old[1], new[0]]))
    push(made.registry, "team/app", "", images.artifact("sbom", old[1]))
    push(made.registry, "team/app", "v3", images.index(new))
    push(made.registry, "team/other", "v1", images.image("mine", layers=[images.layer("mine", size=5_000)]))
    push(made.registry, "team/other", "v2", old[1])
    push(made.registry, "ateam/early", "v1", old[0])
    for name in range(12):  # enough for the scan to share out the work
        push(made.registry, f"many/{name}", "v1", new[0])


def test_the_plan_is_what_both_do(place, collect, retain):
    made = place(cache=True)
    stock(made)
    push(made.registry, "team/app", "", images.artifact("signature", images.image("gone long ago")))  # retention takes it, too
    before = files(made.root)
    planned = retain(made, check=True)
    plan = collect(made.options, check=True, assume_deleted=assumed(planned))
    assert files(made.root) == before
    assert plan["verdict"] == "clear", plan
    gated = collect(made.options, state="gated", assume_deleted=assumed(planned))
    assert (gated["planned"], gated["changed"]) == (plan["planned"], False)

    done = retain(made, check=False)
    assert assumed(done) == assumed(planned)
    collected = collect(made.options)
    assert not collected.get("failed"), collected
    assert collected["planned"] == plan["planned"]
    assert collected["swept"]["blobs"] == plan["planned"]["blobs"] > 5
    assert collected["diff"] == plan["diff"]
    assert broken(made.registry) == []


def test_a_run_that_changes_something_asks_the_registry_alone(place, collect, retain):
    made = place()
    stock(made)
    done = collect(made.options, assume_deleted=assumed(retain(made, check=True)))
    assert (done["changed"], done["verdict"]) == (False, "nothing")


def test_what_others_need_is_not_foreseen_to_go(place, collect):
    """A manifest that another repository has too, and an index whose children stay: only what nobody else marks goes."""
    made = place()
    image = images.build("app")
    push(made.registry, "team/app", "v1", image)
    push(made.registry, "team/other", "v1", image)
    gone = [{"repository": "team/app", "digest": image.digest}]
    assert collect(made.options, check=True, assume_deleted=gone)["verdict"] == "nothing"
    both = [*gone, {"repository": "team/other", "digest": image.digest}]
    plan = collect(made.options, check=True, assume_deleted=both)
    assert plan["planned"] == {"blobs": 1, "manifests": 0, "layer_links": 0, "bytes": len(image.content)}


def test_no_digest(place, collect):
    made = place()
    push(made.registry, "team/app", "v1", images.image("app"))
    result = collect(made.options, check=True, assume_deleted=[{"repository": "team/app", "digest": "v1"}])
    assert (result["failed"], result["code"]) == (True, "bad-input")
    assert "assume_deleted has 'v1', which is no digest" in result["msg"]
