# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""More repositories than fit into one run: they take turns, and the metrics say who waits since when."""

from __future__ import annotations

import time

import pytest
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.damage import damage
from ansible.module_utils.registry_lab.place import make_store, place_on_disk

from modules.client.scripted import serving
from modules.probe.conftest import values_of
from modules.walk.front import before, forwarded

NAMES = 6


@pytest.fixture
def slow(any_registry):
    """A registry whose rate makes two or three of its six repositories fit into a run: options for the probe."""
    made = any_registry()
    make_store(made.root, repositories=NAMES, tags=2, platforms=1, attestations=0, layers=4, shared=0.5)
    requests = 2 * 3 + 2 * 2 + 2 + 1  # of one repository: two indexes, images and configs; own layers; shared layers; the list
    return made, ["--registry", made.address, "--scheme=http", "--rate", 5 * requests, "--concurrency", 1, "--budget", 1]


@pytest.mark.parametrize("memory", ["state", "textfile", "pushgateway"])
def test_repositories_take_turns(slow, probe, tmp_path, memory, request):
    _made, options = slow
    sink = request.getfixturevalue("pushgateway").url if memory == "pushgateway" else str(tmp_path / "memory")
    options = [*options, f"--{memory}", sink]

    def shown(out: str) -> dict[str, float]:
        if memory == "state":
            return values_of(out)
        return (
            request.getfixturevalue("pushgateway").values()
            if memory == "pushgateway"
            else values_of((tmp_path / "memory").read_text())
        )

    first = shown(probe(*options)[1])
    assert 0 < first["repos_checked"] < NAMES
    assert first["coverage_oldest_timestamp"] == 0, "some were never looked at"
    runs = 1
    while (last := shown(probe(*options)[1]))["coverage_oldest_timestamp"] == 0:
        runs += 1
        assert runs <= 2 * NAMES, "some repository never has its turn"
    checked = [name for name in last if name.startswith("repository_last_checked_timestamp")]
    assert len(checked) == NAMES
    assert last["repos_checked"] < NAMES
    assert last["coverage_oldest_timestamp"] == min(last[name] for name in checked)


def test_a_failure_outlives_the_runs_that_do_not_look_there(slow, probe, tmp_path):
    made, options = slow
    options = [*options, "--state", tmp_path / "state"]
    damage("child-link-gone", made.root, "app-000", "v000")
    assert probe(*options)[0] == 1
    for _run in range(3):
        code, out, _err = probe(*options)
        assert (code, values_of(out)["failures"]) == (1, 1)


def test_without_a_memory_nothing_is_made_up(slow, probe):
    _made, options = slow
    for _run in range(2):
        assert values_of(probe(*options)[1])["coverage_oldest_timestamp"] == 0


def test_a_repository_that_never_fits_starves_no_other(any_registry, probe, tmp_path):
    made = any_registry()
    make_store(made.root, repositories=1, tags=40, platforms=1, attestations=0, layers=2)
    for name in ("small", "smaller"):
        place_on_disk(made.root, name, "v1", images.image(name))
    options = ["--registry", made.address, "--scheme=http", "--rate", 100, "--budget", 0.3, "--state", tmp_path / "state"]
    for _run in range(4):
        _code, out, err = probe(*options, "--concurrency", 1)
    shown = values_of(out)
    assert shown["coverage_oldest_timestamp"] == 0
    assert shown["repository_last_attempt_timestamp app-000"] > 0
    assert {name for name in shown if name.startswith("repository_last_checked")} == {
        f"repository_last_checked_timestamp {name}" for name in ("small", "smaller")
    }
    assert "not all was looked at yet" in err


def test_a_registry_that_hangs_ends_with_the_budget(any_registry, probe):
    """Whatever it hangs on: the run before the next one must have ended."""
    made = any_registry()
    place_on_disk(made.root, "app", "v1", images.build("app"))
    hangs = []

    def hang(seen):
        if "/blobs/" not in seen.target:
            return forwarded(made, seen)
        hangs.append(seen)
        return (b"" for _ever in iter(lambda: time.sleep(0.05), 1))

    with serving(before(made, hang)) as front:
        began = time.monotonic()
        code, out, err = probe("--registry", front.address, "--scheme=http", "--budget", 1, "--timeout", 60)
        assert time.monotonic() - began < 10
        front.end_connections()
    shown = values_of(out)
    assert hangs
    assert (code, shown["catalog_accessible"], shown["repos_checked"], shown["last_success_timestamp"]) == (2, 0, 0, 0)
    assert "failures" not in shown
    assert "COULD NOT LOOK" in err
    assert "finished none of 1 repositories within the budget of 1 s" in err


def test_a_catalog_that_hangs(probe):
    with serving(lambda seen: (b"" for _ever in iter(lambda: time.sleep(0.05), 1))) as front:
        code, out, err = probe("--registry", front.address, "--scheme=http", "--budget", 1, "--timeout", 60)
        front.end_connections()
    assert (code, values_of(out)["catalog_accessible"]) == (2, 0)
    assert "did not list its repositories within the budget of 1 s" in err


def test_a_timeout_is_told_before_the_budget(probe):
    with serving(lambda seen: (b"" for _ever in iter(lambda: time.sleep(0.05), 1))) as front:
        code, _out, err = probe("--registry", front.address, "--scheme=http", "--timeout", 0.3, "--budget", 9)
        front.end_connections()
    assert code == 2
    assert "no answer within 0.3 s" in err
