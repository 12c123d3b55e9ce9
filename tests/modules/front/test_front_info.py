# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""registry_front_info names every port that does not answer as its own registry, and believes none that it cannot tell."""

from __future__ import annotations

import shutil
import socket

import pytest
from ansible.module_utils.registry_lab.images import build
from ansible.module_utils.registry_lab.push import push

from modules.front.conftest import PASSWORD, USER, codes, described, filled


@pytest.fixture
def two(any_registry):
    """Two registries with one repository of the same name, and one of its own each."""
    return filled(any_registry(), "same", "one/app"), filled(any_registry(), "same", "two/app")


def test_each_answers_as_itself(registry, run):
    one, two = filled(registry(), "one/app"), filled(registry(), "two/app")
    result = run(described(one, "one"), described(two, "two"))
    assert (result["healthy"], result["findings"], result["caveats"]) == (True, [], [])
    assert [port["proof"] for port in result["ports"]] == ["catalog", "catalog"]
    assert result["ports"][0]["catalog"] == ["one/app"]


def test_ports_that_were_swapped_name_each_other(two, run):
    one, other = two
    result = run(described(one, "one", address=other.address), described(other, "other", address=one.address))
    assert not result["healthy"]
    assert [(found["code"], found["registry"], found["other"]) for found in result["findings"]] == [
        ("front-other-registry", "one", "other"),
        ("front-other-registry", "other", "one"),
    ]


def test_a_registry_whose_names_are_all_ours_too(any_registry, run):
    """It lists nothing strange: only what it does not list gives it away."""
    ours, part = filled(any_registry(), "same", "ours/app"), filled(any_registry(), "same")
    result = run(described(ours, "ours", address=part.address), described(part, "part"))
    assert codes(result)["ours"] == ["front-other-registry"]
    assert result["findings"][0]["other"] == "part"


def test_nothing_listed_where_there_is_something(two, any_registry, run):
    result = run(described(two[0], "one", address=any_registry().address))
    assert codes(result) == {"one": ["front-empty"]}


def test_what_no_store_holds(two, any_registry, run):
    stranger = filled(any_registry(), "stranger/app")
    result = run(described(two[0], "one", address=stranger.address), described(two[1], "two"))
    assert codes(result) == {"one": ["front-unknown-content"], "two": []}


def test_not_all_is_listed(two, any_registry, run):
    one = two[0]
    part = filled(any_registry(), "same")
    assert codes(run(described(one, "one", address=part.address))) == {"one": ["front-incomplete"]}


def test_registries_that_are_alike_are_not_called_proven(any_registry, run):
    one, two = filled(any_registry(), "same"), filled(any_registry(), "same")
    result = run(described(one, "one"), described(two, "two"))
    assert result["healthy"]
    assert [port["proof"] for port in result["ports"]] == ["", ""]
    assert result["caveats"] == ["one: nothing tells it from two", "two: nothing tells it from one"]


def test_passwords_where_they_are_due(any_registry, run):
    guarded, open_one = any_registry(tls=True, htpasswd=(USER, PASSWORD, 4)), filled(any_registry(), "open/app")
    push(guarded, "private/app", "1.0", build("private"), (USER, PASSWORD))
    access = {"ca_path": guarded.ca_path, "username": USER, "password": PASSWORD, "requires_auth": True}
    right = run(described(guarded, "private", **access), described(open_one, "cache"))
    assert (right["healthy"], right["ports"][0]["status"]) == (True, 401)
    wrong = run(
        described(guarded, "private", **{**access, "address": open_one.address, "scheme": "http"}),
        described(open_one, "cache", address=guarded.address, scheme="https", ca_path=guarded.ca_path),
    )
    assert codes(wrong) == {"private": ["front-open", "front-other-registry"], "cache": ["front-closed"]}
    refused = run(described(guarded, "private", **{**access, "password": f"{PASSWORD}-not"}))
    assert codes(refused) == {"private": ["front-unreachable"]}


def test_nobody_and_somebody_else(any_registry, run):
    registry = any_registry()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        free = f"127.0.0.1:{listener.getsockname()[1]}"
        assert codes(run(described(registry, "one", address=free))) == {"one": ["front-unreachable"]}
    assert codes(run(described(registry, "one", scheme="https"))) == {"one": ["front-unreachable"]}


def test_a_store_before_its_first_push_is_empty_and_in_order(any_registry, run):
    registry = any_registry()
    shutil.rmtree(f"{registry.root}/docker", ignore_errors=True)
    assert run(described(registry, "one"))["healthy"]


def test_without_the_store_the_earlier_look_counts(two, any_registry, run):
    before = run(described(two[0], "one", store_path=None))
    assert before["caveats"] == ["one: its store and its catalog could not both be seen"]
    empty = described(two[0], "one", store_path=None, address=any_registry().address)
    assert run(empty)["healthy"]
    assert codes(run(empty, before=before["ports"])) == {"one": ["front-empty"]}


def test_a_cache_is_asked_for_nothing_that_it_would_fetch(registry, run):
    upstream = filled(registry(), "library/app")
    cache = registry(cache=True, proxy_remote=f"http://{upstream.address}")
    before = upstream.log_tail(10_000).count("http.request.uri")
    assert codes(run(described(cache, "cache"), described(upstream, "upstream"))) == {"cache": [], "upstream": []}
    asked = [line for line in upstream.log_tail(10_000).splitlines() if "http.request.uri" in line][before:]
    assert [line for line in asked if "/v2/library" in line] == []


def test_bad_input_is_one_clear_error(two, run):
    twice = run(described(two[0], "one"), described(two[1], "one"))
    assert (twice["code"], "one is named twice" in twice["msg"]) == ("bad-input", True)
    gone = run(described(two[0], "one", store_path="/no/such/store"))
    assert (gone["code"], "/no/such/store" in gone["msg"]) == ("store-unreadable", True)
    no_file = run(described(two[0], "one", service="one"), compose_path="/no/such/compose.yml")
    assert (no_file["code"], "/no/such/compose.yml" in no_file["msg"]) == ("bad-input", True)
