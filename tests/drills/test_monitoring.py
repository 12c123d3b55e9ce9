# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""From damage to the notification, through the real programs and the rules that are shipped, told by the receiver's own record."""

from __future__ import annotations

import contextlib
import json
import shutil
import time
import urllib.request
from pathlib import Path

import pytest
from ansible.module_utils.registry_lab.binaries import binaries
from ansible.module_utils.registry_lab.damage import candidates
from ansible.module_utils.registry_lab.images import build
from ansible.module_utils.registry_lab.monitoring.spec import JOB
from ansible.module_utils.registry_lab.push import push

from plugins.monitoring import CATALOG, INTEGRITY, STALE, Watched, mend

pytestmark = pytest.mark.xdist_group("watched")


@pytest.fixture(autouse=True)
def healthy(watched: Watched):
    """Every test begins with all parts running and nothing broken, whatever the last one left."""
    watched.be_healthy()


@pytest.mark.parametrize("kind", ["layer-halved", "child-link-gone", "config-gone"])
def test_told_when_it_breaks_and_when_it_is_mended(watched: Watched, kind: str) -> None:
    broken_at, done, content = watched.break_image(kind, "team/jobs", "1.0")
    told = watched.told(INTEGRITY, broken_at)
    assert told.labels["instance"] == watched.facts["address"]
    assert broken_at < told.starts_at <= told.received_at
    assert watched.value("repository_findings", repository="team/jobs") == 1
    mended_at = mend(done, content)
    over = watched.told(INTEGRITY, mended_at, "resolved")
    assert mended_at < over.ends_at <= over.received_at
    watched.wait_for(None, "repository_findings", repository="team/jobs")
    assert CATALOG not in watched.names(broken_at)


def head(watched: Watched, path: str) -> int:
    with contextlib.closing(watched.registry.connect()) as connection:
        connection.request("HEAD", path)
        return connection.getresponse().status


@pytest.mark.parametrize("binary", binaries()[1:] or [None])
def test_a_cache_that_lies_hides_nothing_from_it(watched: Watched, binary: str | None) -> None:
    """The registry keeps descriptors in memory, as the example configurations have it; and another version, where there is one."""
    before = watched.registry
    try:
        before.stop()
        before.configure(cache=True, binary=binary or before.settings.binary)
        watched.registry.start()
        watched.wait_for(0, "failures")
        (layer, *_others) = candidates("layer-gone", before.root, "team/app", "1.0")
        assert head(watched, f"/v2/team/app/blobs/{layer.digest}") == 200  # now it is remembered
        broken_at, done, content = watched.break_image("layer-gone", "team/app", "1.0")
        assert (done.digest, head(watched, f"/v2/team/app/blobs/{layer.digest}")) == (layer.digest, 200)
        watched.told(INTEGRITY, broken_at)
        mended_at = mend(done, content)
        watched.registry.restart()
        watched.told(INTEGRITY, mended_at, "resolved")
    finally:
        watched.registry.stop()
        watched.registry.configure(cache=False, binary=before.settings.binary)
        watched.registry.start()


def test_a_probe_that_is_killed_is_missed(watched: Watched) -> None:
    killed_at = time.time()
    watched.lab.part("prober").stop()
    watched.told(STALE, killed_at)
    assert not {INTEGRITY, CATALOG} & watched.names(killed_at)
    started_at = time.time()
    watched.lab.part("prober").start()
    watched.told(STALE, started_at, "resolved")


def test_a_registry_that_is_stopped_is_not_called_broken(watched: Watched) -> None:
    stopped_at = time.time()
    watched.lab.part("registry").stop()
    watched.told(CATALOG, stopped_at)
    assert INTEGRITY not in watched.states(stopped_at)
    assert watched.value("failures") is None
    started_at = time.time()
    watched.lab.part("registry").start()
    watched.told(CATALOG, started_at, "resolved")


def test_a_broken_registry_that_is_stopped_is_not_called_healthy(watched: Watched) -> None:
    broken_at, done, content = watched.break_image("config-emptied", "team/app", "1.1")
    watched.told(INTEGRITY, broken_at)
    stopped_at = time.time()
    watched.lab.part("registry").stop()
    watched.told(CATALOG, stopped_at)
    assert watched.value("failures") == 1
    assert watched.states(stopped_at)[INTEGRITY] == ["firing"]
    started_at = time.time()
    watched.lab.part("registry").start()
    watched.told(CATALOG, started_at, "resolved")
    mended_at = mend(done, content)
    watched.told(INTEGRITY, mended_at, "resolved")


def test_what_a_deleted_repository_had_goes_away(watched: Watched) -> None:
    push(watched.registry, "team/gone", "1.0", build("gone"))
    watched.wait_for(1, "repository_tags", repository="team/gone")
    broken_at, _done, _content = watched.break_image("child-blob-gone", "team/gone", "1.0")
    watched.told(INTEGRITY, broken_at)
    deleted_at = time.time()
    shutil.rmtree(Path(watched.registry.root, "docker/registry/v2/repositories/team/gone"))
    watched.told(INTEGRITY, deleted_at, "resolved")
    for metric in ("repository_tags", "repository_findings", "repository_last_checked_timestamp"):
        watched.wait_for(None, metric, repository="team/gone")


def test_a_pushgateway_that_forgets_is_filled_again(watched: Watched) -> None:
    restarted_at = time.time()
    watched.lab.part("pushgateway").stop()
    watched.wait_for(None, "failures")
    watched.lab.part("pushgateway").start()
    watched.wait_for(0, "failures")
    assert INTEGRITY not in watched.states(restarted_at)


def test_only_the_lab_is_in_the_pushgateway(watched: Watched) -> None:
    """Debian's keeps what it was given in a file of the machine, and would bring along what others pushed."""
    with urllib.request.urlopen(f"{watched.facts['urls']['pushgateway']}/api/v1/metrics", timeout=10) as answer:
        groups = json.load(answer)["data"]
    assert {group["labels"]["job"] for group in groups} == {JOB}
