# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The probe on real registries: what it reports, and that it takes nothing back that it does not know better."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.damage import damage
from ansible.module_utils.registry_lab.place import make_store, place_on_disk, revision_path

from modules.probe.conftest import values_of
from modules.walk.front import ACCESS_LOG, logged


@pytest.fixture
def stocked(registry):
    """A registry with the repositories ``app`` and ``team/web``."""
    made = registry()
    for repository in ("app", "team/web"):
        place_on_disk(made.root, repository, "v1", images.build(repository))
    return made


def options_of(made) -> list[str]:
    return ["--registry", made.address, "--scheme", made.scheme, *(["--ca-path", made.ca_path] if made.ca_path else [])]


def test_break_and_repair(stocked, probe, pushgateway):
    options = [*options_of(stocked), "--pushgateway", pushgateway.url]
    assert probe(*options)[:2] == (0, "")
    found = pushgateway.values()
    assert (found["failures"], found["catalog_accessible"], found["repos_checked"], found["tags_checked"]) == (0, 1, 2, 2)
    assert (found["indexes_checked"], found["repositories"], found["tags"], found["repos_unreadable"]) == (2, 2, 2, 0)
    assert abs(found["last_run_timestamp"] - time.time()) < 60
    assert found["repository_tags team/web"] == 1

    done = damage("child-link-gone", stocked.root, "app", "v1")
    code, out, err = probe(*options)
    assert (code, out) == (1, "")
    assert f"critical app:v1 child-missing {done.digest}" in err
    found = pushgateway.values()
    assert (found["failures"], found["repository_findings app child-missing critical"]) == (1, 1)
    assert found["findings child-missing critical"] == 1
    assert probe(*options, "--exit-zero")[0] == 0

    Path(revision_path(stocked.root, "app", done.digest)).parent.mkdir(exist_ok=True)
    Path(revision_path(stocked.root, "app", done.digest)).write_text(done.digest)
    assert probe(*options)[0] == 0
    found = pushgateway.values()
    assert found["failures"] == 0
    assert not [name for name in found if name.startswith("repository_findings")], "what is repaired has no series"

    shutil.rmtree(Path(stocked.root, "docker/registry/v2/repositories/app"))
    assert probe(*options)[0] == 0
    found = pushgateway.values()
    assert not [name for name in found if name.endswith(" app")], "a repository that was deleted has no series"
    assert (found["repositories"], found["tags"]) == (1, 1)


def test_a_registry_that_is_down(stocked, probe, pushgateway):
    options = [*options_of(stocked), "--pushgateway", pushgateway.url, "--timeout", 5, "--budget", 5]
    probe(*options)
    stocked.stop()
    code, out, err = probe(*options, "--exit-zero")
    assert (code, out) == (2, "")
    assert f"{stocked.address}: COULD NOT LOOK" in err
    assert "connection refused. Is it running, and is this its port?" in err
    found = pushgateway.values()
    assert found["catalog_accessible"] == 0
    assert "failures" not in found
    assert found["repository_tags app"] == 1, "what was known is still known"

    stocked.start()
    damage("child-link-gone", stocked.root, "app", "v1")
    probe(*options)
    stocked.stop()
    assert probe(*options)[0] == 2
    assert (pushgateway.values()["catalog_accessible"], pushgateway.values()["failures"]) == (0, 1)


def test_the_certificate(registry, probe):
    made = registry(tls=True)
    shown = values_of(probe(*options_of(made))[1])
    ends = subprocess.run(["openssl", "x509", "-in", made.ca_path, "-noout", "-checkend", "0"], capture_output=True, check=False)
    assert ends.returncode == 0
    assert shown["certificate_not_after_timestamp"] > time.time()


def test_each_thing_is_asked_for_once(registry, probe):
    """Behind bcrypt each request costs the registry tens of milliseconds."""
    made = registry(extra=ACCESS_LOG, htpasswd=("probe", "secret", 5))
    make_store(made.root, repositories=2, tags=3, layers=3)
    config = Path(made.folder, "probe.json")
    entry = {"registry": made.address, "scheme": "http", "username": "probe", "password": "secret"}
    config.write_text(json.dumps({"name": "lab", "probe": {"registries": [entry]}}), encoding="utf-8")
    config.chmod(0o600)
    code, out, _err = probe("--config", config)
    sent = int(values_of(out)["run_requests"])
    asked = [request for request in logged(made, sent) if request[2] != 401]
    assert code == 0
    assert (len(asked), len(set(asked)), sent - len(asked)) == (sent - 1, sent - 1, 1), "one challenge, nothing twice"


def test_a_rate_is_kept(stocked, probe):
    fast = values_of(probe(*options_of(stocked))[1])
    slow = values_of(probe(*options_of(stocked), "--rate", 20)[1])
    assert slow["run_requests"] == fast["run_requests"]
    assert slow["run_duration_seconds"] >= (slow["run_requests"] - 3) / 20, "a tenth of a second may be made up for"


def test_several_registries_and_a_textfile(registry, probe, tmp_path):
    first, second = registry(), registry()
    place_on_disk(first.root, "app", "v1", images.build("app"))
    second.stop()
    file = tmp_path / "probe.prom"
    code, out, _err = probe(
        "--registry", first.address, "--registry", second.address, "--scheme=http", "--textfile", file, "--budget", 5
    )
    assert (code, out) == (2, "")
    text = file.read_text(encoding="utf-8")
    assert f'catalog_accessible{{instance="{first.address}"}} 1\n' in text
    assert f'catalog_accessible{{instance="{second.address}"}} 0\n' in text
    assert text.count("# TYPE registry_manifest_integrity_catalog_accessible gauge") == 1
    assert file.stat().st_mode & 0o777 == 0o644
    assert [path.name for path in tmp_path.glob(".*")] == []


@pytest.mark.skipif(shutil.which("promtool") is None, reason="there is no promtool: apt-get install prometheus")
def test_promtool_accepts_the_metrics(stocked, probe):
    damage("child-link-gone", stocked.root, "app", "v1")
    out = probe(*options_of(stocked))[1]
    ran = subprocess.run(["promtool", "check", "metrics"], input=out, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


def test_named_repositories_need_no_catalog(registry, probe):
    made = registry(extra={"catalog": {"maxentries": 1}, **ACCESS_LOG})
    for repository in ("app", "team/web"):
        place_on_disk(made.root, repository, "v1", images.build(repository))
    code, out, _err = probe(*options_of(made), "--repository", "team/web", "--repository", "team/web")
    shown = values_of(out)
    assert (code, shown["repositories"], shown["repos_checked"]) == (0, 1, 1)
    assert "/v2/_catalog" not in {
        target.partition("?")[0] for _method, target, _status in logged(made, int(shown["run_requests"]))
    }
    assert probe(*options_of(made), "--repository", "no/such")[0] == 2, "what was named must be there"


def test_a_pushgateway_that_forgot(stocked, probe, pushgateway):
    """It keeps nothing over a restart unless told to: nothing is made up then."""
    options = [*options_of(stocked), "--pushgateway", pushgateway.url, "--budget", 5]
    damage("child-link-gone", stocked.root, "app", "v1")
    probe(*options)
    pushgateway.stop()
    pushgateway.start()
    stocked.stop()
    assert probe(*options)[0] == 2
    found = pushgateway.values()
    assert (found["catalog_accessible"], found["last_success_timestamp"]) == (0, 0)
    assert "failures" not in found
    assert "coverage_oldest_timestamp" not in found
