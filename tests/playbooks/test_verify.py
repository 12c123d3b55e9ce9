# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""verify.yml: what can be pulled and what cannot, by an exit code, a table and JSON."""

from __future__ import annotations

import json
import sys

from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.place import place_on_disk


def test_a_broken_registry_fails_and_is_reported(lab, play):
    broken = lab("unlinked")
    before = broken.state()
    outcome = play("verify", broken.variables())
    assert (outcome.rc, outcome.changed, outcome.findings) == (2, 0, len(broken.truth["expected"]))
    assert len(outcome.failures) == 1
    codes = {finding["code"] for finding in outcome.report["results"][0]["findings"]}
    assert codes == {"child-missing", "tag-dangling"}
    assert broken.state() == before


def test_named_images_only(lab, play):
    broken = lab("unlinked")
    whole = play("verify", broken.variables(verify_images=["team/app:latest", f"{broken.truth['address']}/tools/cli:1"]))
    assert (whole.rc, whole.findings, whole.failures) == (0, None, []), whole.stdout
    assert "HEALTHY" in whole.text
    hit = play("verify", broken.variables(verify_images=["team/app:1.0"]))
    assert (hit.rc, hit.findings) == (2, 2)


def test_a_head_walk_passes_a_stale_cache_and_says_that_it_proves_less(lab, play):
    broken = lab("stale-cache")
    head = play("verify", broken.variables(verify_proof="head"))
    assert head.rc == 0
    assert "proves less" in head.text
    assert play("verify", broken.variables()).rc == 2


def test_check_mode_makes_no_difference(lab, play):
    broken = lab("unlinked")
    assert play("verify", broken.variables(), check=True).findings == len(broken.truth["expected"])


def test_one_registry_that_does_not_answer_makes_the_whole_run_undecided(lab, play, tmp_path):
    broken = lab("unlinked")
    hosts = {"there": {"registry_address": broken.truth["address"]}, "not-there": {"registry_address": "127.0.0.1:1"}}
    connection = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, "registry_scheme": "http"}
    inventory = tmp_path / "hosts.json"
    inventory.write_text(json.dumps({"registries": {"hosts": hosts, "vars": connection}}), encoding="utf-8")
    outcome = play("verify", {}, inventory=inventory)
    assert outcome.rc == 2
    assert outcome.findings is None
    assert outcome.report["unseen"] == ["not-there: no result, see the errors above"]
    assert [one["name"] for one in outcome.report["results"]] == [broken.truth["address"]]


def test_from_the_controller_no_host_is_needed(lab, play, tmp_path):
    """The host behind SSH may be down: it is the registry that is asked."""
    broken = lab("unlinked")
    host = {
        "registry_address": broken.truth["address"],
        "registry_scheme": "http",
        "ansible_host": "127.0.0.1",
        "ansible_port": 1,
    }
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    inventory = tmp_path / "hosts.json"
    groups = {"registries": {"hosts": {"behind-ssh": host}}, "ungrouped": {"hosts": {"localhost": local}}}
    inventory.write_text(json.dumps(groups), encoding="utf-8")
    outcome = play("verify", {"verify_from": "localhost", "verify_images": ["team/app:1.0"]}, inventory=inventory)
    assert (outcome.rc, outcome.findings) == (2, 2), outcome.stdout
    sound = play("verify", {"verify_from": "localhost", "verify_images": ["team/app:latest"]}, inventory=inventory)
    assert (sound.rc, sound.failures) == (0, []), sound.stdout
    assert play("verify", {"verify_images": ["team/app:latest"]}, inventory=inventory).rc != 0


def test_from_the_controller_certificates_are_files_of_the_controller(any_registry, play, tmp_path):
    """What registry_ca_path names is on the registry's machine, and not here."""
    registry = any_registry(tls=True)
    place_on_disk(registry.root, "team/app", "v1", images.build("one"))
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    host = {
        "registry_address": registry.address,
        "registry_ca_path": "/not/here/ca.pem",
        "ansible_host": "127.0.0.1",
        "ansible_port": 1,
    }
    inventory = tmp_path / "hosts.json"
    groups = {"registries": {"hosts": {"behind-ssh": host}}, "ungrouped": {"hosts": {"localhost": local}}}
    inventory.write_text(json.dumps(groups), encoding="utf-8")
    untrusted = play("verify", {"verify_from": "localhost"}, inventory=inventory)
    assert untrusted.rc == 2
    assert "/not/here" not in untrusted.stdout, "it is no file of the controller's"
    assert "certificate" in untrusted.stdout
    for name in ("verify_ca_path", "probe_ca_path"):
        trusted = play("verify", {"verify_from": "localhost", name: registry.ca_path}, inventory=inventory)
        assert (trusted.rc, trusted.failures) == (0, []), trusted.stdout
        assert "HEALTHY" in trusted.text
