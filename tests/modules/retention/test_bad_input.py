# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What cannot be done is one clear error each, and nothing is changed."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

import pytest
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.damage import damage
from ansible.module_utils.registry_lab.place import blob_path
from ansible.module_utils.registry_lab.push import push

from .conftest import APP, OTHER, OWN, age, is_linked, store_files, tags_of

ADDRESS = {"registry": "127.0.0.1:1", "scheme": "http"}


@pytest.fixture
def refused(retain):
    """``refused(case, code, **options)``: the message of a run that changes nothing, in check mode and for real."""

    def run(case, code: str, **options) -> str:
        before = store_files(case.root)
        results = [retain(check=check, **{**case.options, **options}) for check in (True, False)]
        assert [result.get("code") for result in results] == [code, code], results[1]
        assert [result.get("changed", False) for result in results] == [False, False]
        assert store_files(case.root) == before
        return results[1]["msg"]

    return run


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ({"keep_newest": -1}, "bad-input", "keep_newest -1"),
        ({"keep_tags": ["~["]}, "bad-input", "regular expression"),
        ({"keep_digests": ["sha256:12"]}, "bad-input", "sha256:12"),
        ({"untagged_grace": -1}, "bad-input", "untagged_grace"),
        ({"lock_timeout": -1}, "bad-input", "lock_timeout"),
        ({"path": "/proc/nowhere"}, "not-a-store", "/proc/nowhere"),
        ({"registry": None}, "bad-input", "registry is not given"),
        ({"keep_newest": 0}, "needs-approval", APP),
        ({"keep_younger_than": 0.01, "keep_newest": None}, "needs-approval", APP),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else None,
)
def test_options(any_stocked, refused, options, code, said):
    assert said in refused(any_stocked(), code, **options)


@pytest.mark.parametrize("kind", ["child-link-gone", "child-gone", "tag-revision-gone", "tag-link-empty", "child-corrupt"])
@pytest.mark.parametrize("with_path", [True, False], ids=["disk", "http"])
def test_a_registry_with_broken_images(any_stocked, refused, retain, kind, with_path):
    case = any_stocked()
    damage(kind, case.root, APP, "v5")
    options = {} if with_path else {"path": None}
    message = refused(case, "needs-approval", **options)
    assert f"{APP}:v5" in message
    push(case.registry, OTHER, "v3", case.builds["v4"])
    age(case.root, OTHER, "v3", 1)
    result = retain(**{**case.options, **options, "approve": ["broken"]})
    assert not result.get("failed"), result
    assert tags_of(case.root, OTHER) == {"v2", "v3"}  # whole, but for what both need
    assert tags_of(case.root, APP) == {"v1", "v2", "v3", "v4", "v5"}


def test_a_broken_manifest_that_two_repositories_share(any_stocked, refused):
    case = any_stocked()
    Path(blob_path(case.root, case.builds["v1"].children[0].digest)).unlink()
    assert f"{APP}:v1" in refused(case, "needs-approval")


def test_a_registry_that_deletes_nothing(stocked, retain):
    case = stocked(delete=False)
    before = store_files(case.root)
    result = retain(**case.options)
    assert result["code"] == "apply-failed"
    assert "storage.delete.enabled" in result["msg"]
    assert store_files(case.root) == before


def test_a_read_only_registry(any_stocked, retain):
    case = any_stocked()
    case.registry.configure(extra={"storage": {"maintenance": {"readonly": {"enabled": True}}}})
    case.registry.restart()
    before = store_files(case.root)
    assert "read-only" in retain(**case.options)["msg"]
    assert store_files(case.root) == before


def test_the_address_of_another_registry(any_stocked, any_registry, retain):
    """It has the same image, so it deletes it: that is noticed at once, and no other goes."""
    case, other = any_stocked(), any_registry()
    for tag, build in case.builds.items():
        push(other, APP, tag, build)
    result = retain(**{**case.options, "registry": other.address})
    assert result["failed"]
    assert "not the store of this registry" in result["msg"]
    assert len(tags_of(case.root, APP)) == 5
    assert len(tags_of(other.root, APP)) >= 4


def test_a_registry_that_is_not_there(any_stocked, retain):
    case = any_stocked()
    case.registry.stop()
    before = store_files(case.root)
    assert retain(**case.options)["code"] == "unreachable"
    assert retain(**{**case.options, "path": None})["code"] == "unreachable"
    assert store_files(case.root) == before


def test_another_run_holds_the_lock(any_stocked, retain):
    case = any_stocked()
    os.makedirs(os.path.join(case.root, OWN), mode=0o700)
    with open(os.path.join(case.root, OWN, "lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert retain(**{**case.options, "lock_timeout": 0})["code"] == "locked"
    assert retain(**{**case.options, "lock_timeout": 0})["changed"]  # a lock of a process that is gone keeps nobody out


def test_a_collection_that_was_interrupted(any_stocked, retain):
    case = any_stocked()
    os.makedirs(os.path.join(case.root, OWN), mode=0o700)
    Path(case.root, OWN, "collection.json").write_text("{}", encoding="utf-8")
    before = store_files(case.root)
    assert retain(**case.options)["code"] == "interrupted"
    assert store_files(case.root) == before


def test_a_clock_that_jumped(any_stocked, retain):
    """A tag pushed in the year 2100 stays, and while it is there nothing goes by its age."""
    case = any_stocked()
    orphan = images.image("orphan")
    push(case.registry, APP, "", orphan)
    age(case.root, APP, "v1", (time.time() - 4102444800) / 3600)
    result = retain(**{**case.options, "untagged_grace": 0})
    assert tags_of(case.root, APP) == {"v1", "v4", "v5"}
    assert is_linked(case.root, APP, orphan.digest)
    assert any("ahead of this machine's clock" in caveat for caveat in result["caveats"])


def test_a_store_that_cannot_all_be_read(any_stocked, refused):
    case = any_stocked()
    link = Path(case.root, "docker/registry/v2/repositories", OTHER, "_manifests/revisions/sha256")
    link.rename(link.with_name("elsewhere"))
    link.symlink_to("elsewhere")
    refused(case, "store-unreadable")
