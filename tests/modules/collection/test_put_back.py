# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Where a collection takes what is needed after all, the snapshot brings every byte back, and the registry pulls again."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path

import pytest
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.place import blob_path, revision_path
from ansible.module_utils.registry_lab.push import push

from .conftest import broken, files, phases, place_of, with_garbage


def times(root):
    """When each link was written: retention goes by that."""
    return {path: path.stat().st_mtime_ns for path in Path(root, "docker").rglob("link")}


def test_an_overridden_gate_loses_nothing_in_the_end(place, collect):
    made = place(cache=True)
    if made.dialect == "3":
        pytest.skip("3.x keeps the children of tagged indexes")
    push(made.registry, "team/app", "v1", images.build("app"))
    with_garbage(made)
    before, written = files(made.root), times(made.root)
    result = collect(made.with_untagged(), approve=["override_gate"])
    assert (result["failed"], result["code"]) == (True, "proof-failed"), result
    assert phases(result, "failed") == ["prove-disk"]
    assert phases(result)[-2:] == ["restore", "resume"]
    assert result["restored"]["blobs"] > 0 and result["swept"] == {}
    assert files(made.root) == before
    assert times(made.root) == written
    assert made.registry.running
    assert broken(made.registry) == []
    assert not collect(made.options).get("failed")
    assert broken(made.registry) == []


def test_the_contagion_of_3_is_put_back(place, collect):
    made = place(cache=True)
    if made.dialect == "2":
        pytest.skip("3.x only")
    image = images.build("shared")
    push(made.registry, "aaa", "v1", image)
    push(made.registry, "bbb", "v1", image)
    for child in image.children:
        os.unlink(revision_path(made.root, "aaa", child.digest))
    before = files(made.root)
    result = collect(made.with_untagged(), approve=["override_gate"])
    assert (result["failed"], result["code"]) == (True, "proof-failed"), result
    assert "bbb" in result["msg"]
    assert files(made.root) == before
    assert {each["repository"] for each in broken(made.registry)} == {"aaa"}


def saboteur(place, script: str):
    """The options with a collection that does more than it said."""
    binary, config = place.registry.settings.binary, place.registry.config_path
    code = f"import os, subprocess\nsubprocess.run([{binary!r}, 'garbage-collect', {config!r}], check=True)\n{script}"
    options = place.with_command("collect", [sys.executable, "-c", code, "garbage-collect", config])
    options["commands"]["dry_run"] = [binary, "garbage-collect", "--dry-run", config]
    return options


def test_a_collection_that_takes_more_than_it_said(place, collect):
    made = place()
    with_garbage(made)
    kept = images.image("kept too")
    push(made.registry, "other", "v1", kept)
    untagged = images.image("untagged")
    push(made.registry, "other", "", untagged)
    before = files(made.root)
    victim = blob_path(made.root, untagged.digest)
    result = collect(saboteur(made, f"os.unlink({victim!r})"))
    assert (result["failed"], result["code"]) == (True, "proof-failed"), result
    assert files(made.root) == before


@pytest.mark.parametrize("script", ["raise SystemExit(3)", "os.kill(os.getpid(), 9)"])
def test_a_collection_that_fails_on_the_way(script, any_registry, collect):
    made = place_of(any_registry())
    with_garbage(made)
    before = files(made.root)
    result = collect(saboteur(made, script))
    assert (result["failed"], result["code"]) == (True, "command-failed"), result
    assert files(made.root) == before
    assert broken(made.registry) == []


def test_a_collection_that_does_not_end_is_killed_with_all_that_it_started(any_registry, collect, tmp_path):
    made = place_of(any_registry())
    with_garbage(made)
    before = files(made.root)
    pid = tmp_path / "pid"
    script = f"child = subprocess.Popen(['sleep', '600']); open({str(pid)!r}, 'w').write(str(child.pid)); child.wait()"
    result = collect(saboteur(made, script), command_timeout=4.0)
    assert (result["failed"], result["code"]) == (True, "command-failed"), result
    assert "within 4 seconds" in result["msg"]
    assert files(made.root) == before
    status = Path("/proc", pid.read_text(), "stat")
    assert not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z"
    assert broken(made.registry) == []


def test_a_cache_that_outlives_the_collection(place, collect):
    """With the registry only paused, its cache still has what was swept: a push would skip it and store a hollow image."""
    made = place(cache=True)
    deleted = with_garbage(made)
    pid = made.registry.pid
    stop, go = [["kill", "-STOP", str(pid)]], [["kill", "-CONT", str(pid)]]
    options = {**made.options, "commands": {**made.options["commands"], "quiesce": stop, "resume": go}, "timeout": 2.0}
    before = files(made.root)
    head(made.registry, deleted)
    result = collect(options)
    assert (result["failed"], result["code"]) == (True, "proof-failed"), result
    assert "cache outlived" in result["msg"]
    assert files(made.root) == before
    assert broken(made.registry) == []


def head(registry, image):
    """Have the registry's cache take in the blobs of an image."""
    with contextlib.closing(registry.connect()) as connection:
        for blob in image.blobs:
            connection.request("HEAD", f"/v2/team/app/blobs/{blob.digest}")
            assert connection.getresponse().read() == b""


def test_restored_brings_back_what_a_good_collection_took(place, collect):
    made = place()
    with_garbage(made)
    before, written = files(made.root), times(made.root)
    assert not collect(made.options).get("failed")
    newer = images.image("newer")
    push(made.registry, "team/app", "v1", newer)
    planned = collect(made.options, state="restored", check=True)
    assert planned["changed"] and planned["restored"]["blobs"] > 0
    done = collect(made.options, state="restored")
    assert not done.get("failed"), done
    assert phases(done) == ["quiesce", "restore", "resume", "prove-http"]
    assert done["restored"] == planned["restored"]
    after = files(made.root)
    tag = "docker/registry/v2/repositories/team/app/_manifests/tags/v1/current/link"
    assert {path: content for path, content in after.items() if path in before and path != tag} == {
        path: content for path, content in before.items() if path != tag
    }
    assert after[tag] == newer.digest.encode(), "a tag that was pushed since stays"
    changed = {path for path, time in times(made.root).items() if path in written and written[path] != time}
    assert {path.relative_to(made.root).as_posix() for path in changed} <= {tag}
    again = collect(made.options, state="restored")
    assert not again["changed"] and "quiesce" not in phases(again)


def test_restored_from_a_snapshot_made_by_hand_minds_no_old_damage(place, collect):
    made = place()
    deleted = with_garbage(made)
    push(made.registry, "other", "v1", images.image("broken before"))
    os.truncate(blob_path(made.root, images.image("broken before").blobs[0].digest), 3)
    assert collect(made.options, state="snapshotted")["changed"]
    os.unlink(blob_path(made.root, deleted.digest))
    planned = collect(made.options, state="restored", check=True)
    done = collect(made.options, state="restored")
    assert not done.get("failed"), done
    assert (done["restored"], done["restored"]["blobs"]) == (planned["restored"], 1)
    proven = collect(made.options, state="proven")
    assert (proven["failed"], proven["code"]) == (True, "proof-failed")
    assert "things are broken, first" in proven["msg"]


def test_the_newest_snapshot_is_the_one_that_was_made_last(any_registry, collect, monkeypatch):
    made = place_of(any_registry())
    deleted = with_garbage(made)
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + 40 * 86400)
    first = collect(made.options, state="snapshotted")["snapshot"]
    monkeypatch.setattr(time, "time", now)
    push(made.registry, "other", "v1", images.image("pushed later"))
    second = collect(made.options, state="snapshotted")["snapshot"]
    assert second["taken"] < first["taken"]
    os.unlink(blob_path(made.root, deleted.digest))
    assert collect(made.options, state="restored")["restored"]["snapshot"] == second["id"]


def test_a_tag_that_its_owner_deletes_during_the_proof(place, collect):
    made = place()
    with_garbage(made)
    other = images.image("deleted meanwhile")
    push(made.registry, "other", "v1", other)
    code = f"import http.client\nc = http.client.HTTPConnection({made.registry.address!r})\n"
    code += f"c.request('DELETE', '/v2/other/manifests/{other.digest}')\nassert c.getresponse().status == 202"
    resume = [*made.options["commands"]["resume"], [sys.executable, "-c", code]]
    result = collect(made.with_command("resume", resume))
    assert not result.get("failed"), result
    assert result["proof"]["http"]["tags"] == result["proof"]["disk"]["tags"] - 1


def test_a_registry_that_still_takes_writes(place, collect):
    made = place()
    with_garbage(made)
    before = files(made.root)
    result = collect(made.with_command("quiesce", [["true"]]))
    assert (result["failed"], result["code"]) == (True, "command-failed"), result
    assert "still takes writes" in result["msg"]
    assert phases(result)[-1] == "resume"
    assert files(made.root) == before
    assert not Path(made.root, ".registry-runbooks", "collection.json").exists()


def test_a_registry_that_does_not_start_again(place, collect):
    made = place()
    with_garbage(made)
    result = collect(made.with_command("resume", [["false"]]))
    assert (result["failed"], result["code"]) == (True, "command-failed"), result
    assert "may be down" in result["msg"]
    again = collect(made.options)
    assert not again.get("failed"), again
    assert again["recovered"]["phase"] == "resuming"
    assert made.registry.running
    assert broken(made.registry) == []


def test_a_proxy_that_leads_to_another_registry(any_registry, collect):
    """Nothing is lost, so nothing is put back; but nothing is proven either."""
    made, other = place_of(any_registry()), place_of(any_registry())
    with_garbage(made)
    both = {name: made.options["commands"][name] + other.options["commands"][name] for name in ("quiesce", "resume")}
    options = {**made.options, "registry": other.registry.address, "commands": {**made.options["commands"], **both}}
    result = collect(options)
    assert (result["failed"], result["code"]) == (True, "unavailable"), result
    assert "serves 0 tags, where the store has 1" in result["msg"]
    assert result["restored"] == {} and result["swept"]["blobs"] == 3
