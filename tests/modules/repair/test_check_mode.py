# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Check mode shows the same plan and writes nothing, neither to the disk nor to the registry."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from .conftest import ACCESS_LOG, OWN, actions, tree_of

KINDS = ("child-link-gone", "layer-gone", "config-emptied", "tag-link-empty")
WRITE = re.compile(r'"(POST|PUT|PATCH|DELETE) ')


def writes(case) -> int:
    return len(WRITE.findall(Path(case.registry.log_path).read_text()))


def unlocked(root: str) -> dict[str, object]:
    """Every file but the lock, which a run that changes nothing takes all the same."""
    return {path: what for path, what in tree_of(root).items() if not path.endswith(f"{OWN}/lock")}


def test_check_do_check_again_do_again(broken_registry, repair):
    case = broken_registry(*KINDS, extra=ACCESS_LOG)
    options = {**case.over_api, "path": case.root, **case.from_snapshot}
    before, written = tree_of(case.root), writes(case)
    predicted = repair(check=True, **options)
    assert predicted["changed"]
    assert tree_of(case.root) == before
    assert writes(case) == written
    done = repair(**options)
    assert done["changed"]
    assert writes(case) > written
    assert actions(done) == actions(predicted)
    assert done["diff"] == predicted["diff"]
    assert done["diff"]["before"]
    assert done["diff"]["after"] == {}
    after, written = unlocked(case.root), writes(case)
    for check in (True, False):
        again = repair(check=check, **options)
        assert not again["changed"]
        assert again["diff"]["before"] == again["diff"]["after"] == {}
    assert unlocked(case.root) == after
    assert writes(case) == written


def test_without_path_nothing_is_left_on_this_host(broken_registry, repair, tmp_path, monkeypatch):
    case = broken_registry("layer-gone")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "runtime"))
    (tmp_path / "runtime").mkdir()
    repair(check=True, **case.over_api, **case.from_snapshot)
    assert list((tmp_path / "runtime").iterdir()) == []
    assert repair(**case.over_api, **case.from_snapshot)["changed"]
    (own,) = (tmp_path / "runtime").iterdir()
    assert own.stat().st_mode & 0o777 == 0o700
    assert list((own / "tmp").iterdir()) == []


def test_the_diff_names_what_will_remain(broken, repair):
    case = broken("child-link-gone", "layer-gone")
    diff = repair(check=True, **case.on_disk)["diff"]
    (image,) = diff["before"]
    assert any("child-missing" in line for line in diff["before"][image])
    assert any("layer-missing" in line for line in diff["after"][image])
