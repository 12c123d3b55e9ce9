# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The whole sequence on real registries, where nothing goes wrong."""

from __future__ import annotations

from pathlib import Path

from .conftest import broken, files, phases, with_garbage

ALL = ["gate", "quiesce", "gate-again", "snapshot", "collect", "prove-disk", "resume", "prove-http"]


def test_garbage_goes_and_everything_else_stays(place, collect):
    made = place(cache=True)
    deleted = with_garbage(made)
    before = files(made.root)
    planned = collect(made.options, check=True)
    assert files(made.root) == before
    assert planned["verdict"] == "clear"
    assert planned["changed"]
    done = collect(made.options)
    assert not done.get("failed"), done
    assert phases(done) == ALL
    assert [step["phase"] for step in planned["plan"]] == ALL
    assert done["planned"] == planned["planned"]
    assert done["diff"] == planned["diff"]
    assert done["swept"]["blobs"] == done["planned"]["blobs"] == len(deleted.contents())
    assert done["swept"]["bytes"] == sum(map(len, deleted.contents().values())) == done["snapshot"]["bytes"]
    assert broken(made.registry) == []
    left = files(made.root)
    assert {path for path in before if path not in left and "/blobs/" in path} == {
        path for path in before if path.split("/")[-2] in {digest[7:] for digest in deleted.contents()} and "/blobs/" in path
    }
    again = collect(made.options)
    assert (again["changed"], again["verdict"]) == (False, "nothing")
    assert made.registry.running
    assert not Path(made.root, ".registry-runbooks", "collection.json").exists()
