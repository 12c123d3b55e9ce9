# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The conscience: whatever happens to a store, the scan of the disk says what the walk sees on a freshly started registry."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible.module_utils.registry_lab import damage
from ansible.module_utils.registry_lab.errors import LabError
from ansible.module_utils.registry_lab.graph import tags_of
from ansible.module_utils.registry_lab.process import RegistryProcess
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from conscience.stores import comparable, fill, replace, scanned, walked

EXAMPLES = int(os.environ.get("CONSCIENCE_EXAMPLES", "60"))
blows = st.lists(st.tuples(st.sampled_from(sorted(damage.KINDS)), st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=4)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The undamaged store."""
    root = tmp_path_factory.mktemp("template") / "data"
    fill(str(root), tag_a_child=True)
    return root


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, but that nothing is both a child and tagged: so each damage has one code."""
    root = tmp_path_factory.mktemp("plain") / "data"
    fill(str(root), tag_a_child=False)
    return root


@pytest.fixture
def fresh(registry_binary: str, tmp_path: Path) -> Iterator[RegistryProcess]:
    """A registry without a cache."""
    made = RegistryProcess(str(tmp_path / "registry"), registry_binary, cache=False)
    yield made
    made.stop()


def strike(root: str, kind: str, which_tag: int, which: int) -> None:
    """Do one damage to some tag that still has something of the kind; nothing where none has."""
    tags = sorted(tags_of(root))
    for repository, tag in tags[which_tag:] + tags[:which_tag]:
        try:
            done = damage.damage(kind, root, repository, tag, which)
        except (LabError, FileNotFoundError):
            continue
        event(done.code)
        return


def test_both_observers_call_the_undamaged_store_healthy(fresh: RegistryProcess, template: Path) -> None:
    replace(fresh, template)
    fresh.start()
    assert scanned(fresh).healthy
    assert walked(fresh).healthy
    assert scanned(fresh).findings == walked(fresh).findings == []


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(blows=blows)
def test_the_scan_predicts_what_the_walk_sees(fresh: RegistryProcess, template: Path, blows: list[tuple[str, int, int]]) -> None:
    replace(fresh, template)
    for blow in blows:
        strike(fresh.root, *blow)
    predicted = scanned(fresh)
    fresh.start()
    seen = walked(fresh)
    assert predicted.problems == seen.problems == []
    assert comparable(predicted) == comparable(seen)


@pytest.mark.parametrize("kind", sorted(damage.KINDS))
def test_each_kind_of_damage_is_named_and_nothing_else_is(fresh: RegistryProcess, plain: Path, kind: str) -> None:
    replace(fresh, plain)
    done = next(_possible(fresh.root, kind))
    found = {
        (item.code, item.role, item.state, item.severity, item.repository, item.tags, item.digest)
        for item in scanned(fresh).findings
    }
    expected = {
        (done.code, done.role, done.state, done.severity, repository, tags, done.digest)
        for repository, tags in done.affected.items()
    }
    assert expected <= found
    beside = ("link-invalid", "referrer-dangling")  # what a damage may cause besides
    strangers = {item for item in found - expected if item[0] not in beside and item[4] in done.affected}
    assert not strangers
    assert any(item[0] == "link-invalid" for item in found) == done.link_invalid


def _possible(root: str, kind: str) -> Iterator[damage.Damage]:
    for repository, tag in sorted(tags_of(root), key=lambda pair: pair != ("team/app", "bare")):
        if damage.candidates(kind, root, repository, tag):
            yield damage.damage(kind, root, repository, tag)
