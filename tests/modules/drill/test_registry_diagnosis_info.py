# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""registry_diagnosis_info merges real observations; what is none is refused in words."""

from __future__ import annotations


def test_a_stale_cache_between_disk_and_registry(run_module, lab_folder):
    scene = run_module("registry_lab_scenario", folder=lab_folder, scenario="stale-cache")
    store = run_module("registry_store_info", path=scene["root"])
    head = run_module("registry_integrity_info", registry=scene["address"], scheme="http", proof="head")
    assert head["healthy"]
    diagnosis = run_module("registry_diagnosis_info", name="lab", store=store, http=head)
    assert not diagnosis["healthy"]
    assert {one["meaning"] for one in diagnosis["differences"]} == {"stale-cache"}
    assert all(one["masked"] for one in diagnosis["findings"])


def test_the_plan_names_sources(run_module, lab_folder):
    scene = run_module("registry_lab_scenario", folder=lab_folder, scenario="damaged-blobs")
    store = run_module("registry_store_info", path=scene["root"], proof="content")
    options = {"path": scene["root"], "registry": scene["address"], "scheme": "http", "sources": scene["sources"]}
    plan = run_module("registry_repair", check=True, findings=store["findings"], **options)["plan"]
    rows = run_module("registry_diagnosis_info", name="lab", store=store, plan=plan)["rows"]
    source = f"restore from layout {scene['sources'][0]['path']}"
    assert {row["repair"] for row in rows} == {f"{source} (disk)", f"{source} (api)"}


def test_what_is_no_result_is_refused(run_module):
    result = run_module("registry_diagnosis_info", name="lab", http={"msg": "connection refused"})
    assert result["failed"]
    assert "this is no result of an observer" in result["msg"]
