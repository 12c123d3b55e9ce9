# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The role registry_probe for Kubernetes: the manifests, without a cluster."""

from __future__ import annotations

import copy
import hashlib
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from ansible.module_utils.compose_file.images import is_floating

from contract.project import ROOT, load_yaml
from playbooks import manifests
from playbooks.probing import play_role, player, refusal  # noqa: F401

PASSWORD = "hunter2-of-the-registry"
CA = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
OPEN = {"name": "registry-open", "address": "open.example.com:5000", "scheme": "http"}
CACHE = {"name": "registry-ghcr", "address": "ghcr.example.com", "mode": "cache"}
PRIVATE = {"name": "registry-private", "address": "registry.example.com:5050", "username": "probe", "password": PASSWORD}
GATEWAY = {"url": "https://pushgateway.monitoring.svc:9091", "username": "push", "password": PASSWORD}
pytestmark = pytest.mark.slow
VERSIONS = ("1.25", kubernetes_validate.latest_version())


def given(folder: Path, **changes: Any) -> dict[str, Any]:
    kubernetes = {
        "folder": str(folder),
        "create_namespace": True,
        "image_pull_secrets": ["pull"],
        **changes.pop("kubernetes", {}),
    }
    return {
        "registry_probe_registries": [{**PRIVATE, "ca_content": CA}, OPEN, CACHE],
        "registry_probe_pushgateway": {**GATEWAY, "ca_content": CA},
        "registry_probe_environment": {"HTTPS_PROXY": "http://proxy.example.com:3128"},
        "registry_probe_kubernetes": kubernetes,
        **changes,
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "gitops"


def state(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder after the first run, and what was said; check mode made nothing before."""
    top = tmp_path_factory.mktemp("rendered")
    folder, play = top / "gitops", player(top)
    planned = play(given(folder), "kubernetes", check=True)
    assert (planned.rc, planned.changed > 0, folder.exists()) == (0, True, False)
    done = play(given(folder), "kubernetes")
    assert done.rc == 0, done.stdout
    return folder, planned.stdout + done.stdout


def test_valid_restricted_and_without_a_password(rendered: tuple[Path, str]) -> None:
    folder, said = rendered
    names = [
        "kustomization.yaml",
        "namespace.yaml",
        "program.yaml",
        "pushgateway-secret.yaml.example",
        "registry-open.probe.yaml",
    ]
    names += ["registry-private.probe.yaml", "registry-private.secret.yaml.example", "serviceaccount.yaml"]
    assert sorted(state(folder)) == names
    texts = [said, *(path.read_text(encoding="utf-8") for path in folder.iterdir())]
    assert [text for text in texts if PASSWORD in text] == []

    objects = [*manifests.read(folder), *manifests.read(folder, "*.example")]
    for each in objects:
        for version in VERSIONS:
            kubernetes_validate.validate(each, version, strict=True)
    jobs = [each for each in objects if each["kind"] == "CronJob"]
    assert len(jobs) == 2
    assert [list(manifests.not_restricted(manifests.pod_of(job))) for job in jobs] == [[], []]
    assert {each["metadata"].get("namespace", "") for each in objects} == {"monitoring", ""}


def test_what_a_cron_job_says(rendered: tuple[Path, str]) -> None:
    folder = rendered[0]
    objects = manifests.read(folder)
    spec = manifests.named(objects, "CronJob", "registry-probe-registry-private")["spec"]
    job = spec["jobTemplate"]["spec"]
    assert (spec["schedule"], spec["concurrencyPolicy"]) == ("*/15 * * * *", "Forbid")
    assert (job["backoffLimit"], job["ttlSecondsAfterFinished"], job["activeDeadlineSeconds"]) == (1, 600, 840)
    pod = job["template"]["spec"]
    (container,) = pod["containers"]
    assert (pod["restartPolicy"], pod["automountServiceAccountToken"]) == ("Never", False)
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert {"requests", "limits"} == set(container["resources"])
    assert [*container["command"], *container["args"]][:2] == ["python3", "-I"]
    secrets = {volume["name"]: volume["secret"]["secretName"] for volume in pod["volumes"] if "secret" in volume}
    assert secrets == {"registry": "registry-probe-registry-private", "pushgateway": "registry-doctor-pushgateway"}
    other = manifests.pod_of(manifests.named(objects, "CronJob", "registry-probe-registry-open"))
    assert [volume["name"] for volume in other["volumes"]] == ["program", "config", "pushgateway"]
    assert (folder / "program.yaml").stat().st_size < 250_000, "kubectl apply keeps a copy in an annotation"


def test_a_second_run_changes_nothing_and_a_changed_configuration_shows(play_role: Any, folder: Path) -> None:  # noqa: F811
    def checksum() -> str:
        job = manifests.named(manifests.read(folder), "CronJob", "registry-probe-registry-open")
        return str(job["spec"]["jobTemplate"]["spec"]["template"]["metadata"]["annotations"]["checksum/config"])

    assert play_role(given(folder), "kubernetes").rc == 0
    before, files = checksum(), state(folder)
    again = play_role(given(folder), "kubernetes")
    assert (again.rc, again.changed, state(folder)) == (0, 0, files), again.stdout
    assert play_role(given(folder, registry_probe_rate=50), "kubernetes").rc == 0
    assert checksum() != before


def test_a_registry_that_is_no_more_goes_and_what_is_somebody_elses_stays(play_role: Any, folder: Path) -> None:  # noqa: F811
    folder.mkdir()
    theirs = folder / "registry-other.probe.yaml"
    theirs.write_text("# a manifest of somebody else\n", encoding="utf-8")
    assert play_role(given(folder), "kubernetes").rc == 0
    fewer = play_role(given(folder, registry_probe_registries=[OPEN]), "kubernetes")
    assert fewer.rc == 0
    assert "delete cronjob,configmap registry-probe-registry-private" in fewer.stdout
    assert [name for name in state(folder) if "registry-private" in name] == []
    assert "registry-private" not in (folder / "kustomization.yaml").read_text(encoding="utf-8")
    removed = play_role(given(folder), "kubernetes_absent")
    assert (removed.rc, list(state(folder))) == (0, [theirs.name]), removed.stdout
    assert play_role(given(folder), "kubernetes_absent").changed == 0


def test_secrets_are_written_only_where_that_is_wanted(play_role: Any, folder: Path) -> None:  # noqa: F811
    elsewhere = {**OPEN, "secret": "sealed"}
    wanted = given(folder, registry_probe_registries=[PRIVATE, elsewhere], kubernetes={"write_secrets": True})
    done = play_role(wanted, "kubernetes")
    assert (done.rc, PASSWORD in done.stdout) == (0, False), done.stdout
    path = folder / "registry-private.secret.yaml"
    assert path.stat().st_mode & 0o777 == 0o600
    assert yaml.safe_load(path.read_text(encoding="utf-8"))["stringData"] == {"username": "probe", "password": PASSWORD}
    holding = sorted(path.name for path in folder.iterdir() if PASSWORD in path.read_text(encoding="utf-8"))
    assert holding == ["pushgateway-secret.yaml", "registry-private.secret.yaml"]
    assert not list(folder.glob("registry-open.secret*")), "that Secret is made elsewhere"
    assert set(holding) < set(load_yaml(folder / "kustomization.yaml")["resources"])
    assert play_role(given(folder, registry_probe_registries=[PRIVATE, elsewhere]), "kubernetes").rc == 0
    assert [path.name for path in folder.iterdir() if PASSWORD in path.read_text(encoding="utf-8")] == []


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="there is no kubectl")
def test_kustomize_takes_the_folder(rendered: tuple[Path, str]) -> None:
    folder = rendered[0]
    built = subprocess.run(["kubectl", "kustomize", str(folder)], capture_output=True, text=True, check=True)
    key = lambda each: (each["kind"], each["metadata"]["name"])  # noqa: E731
    assert sorted(map(key, yaml.safe_load_all(built.stdout))) == sorted(map(key, manifests.read(folder)))


def test_the_program_holds_the_probe_and_little_else(rendered: tuple[Path, str], tmp_path: Path) -> None:
    program = manifests.named(manifests.read(rendered[0]), "ConfigMap", "registry-doctor")
    path = tmp_path / "registry-doctor.pyz"
    path.write_bytes(manifests.files_of(program)["registry-doctor.pyz"])
    assert hashlib.sha256(path.read_bytes()).hexdigest() == program["metadata"]["annotations"]["checksum/program"]
    assert "oci_registry/doctor/probing.py" in zipfile.ZipFile(path).namelist()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"registry_probe_registries": []}, "There is no registry to probe"),
        ({"registry_probe_registries": [{**OPEN, "name": "Registry_1"}]}, "These are Registry_1, in the namespace monitoring"),
        ({"registry_probe_registries": [{**OPEN, "name": "a" * 38}]}, "at most 37 characters"),
        (
            {"registry_probe_registries": [{**OPEN, "ca_path": "/opt/registry/tls/ca.pem"}]},
            "for registry-open are a file of another",
        ),
        ({"registry_probe_registries": [{**OPEN, "address": "me:pw@registry"}]}, "holds a user or a password"),
        ({"registry_probe_pushgateway": {"url": "http://me:pw@pushgateway:9091"}}, "holds a user or a password"),
        ({"registry_probe_pushgateway": {}, "registry_probe_textfile": "/x"}, "there is no textfile in a cluster"),
        ({"registry_probe_environment": {"HTTPS_PROXY": "http://me:pw@proxy"}}, "holds a user or a password"),
        ({"kubernetes": {"folder": "gitops"}}, "an absolute path on the controller"),
        ({"kubernetes": {"namespace": "My_Space"}}, "in the namespace My_Space"),
        ({"kubernetes": {"image": "python:3.13"}}, "python:3.13 floats"),
        (
            {"kubernetes": {"write_secrets": True}, "registry_probe_registries": [{**OPEN, "username": "u"}]},
            "no password for registry-open",
        ),
        ({"kubernetes": {"apply": True}}, "the collection kubernetes.core is missing"),
    ],
)
def test_bad_input_is_refused(play_role: Any, folder: Path, changes: dict[str, Any], said: str) -> None:  # noqa: F811
    played = play_role(given(folder, **copy.deepcopy(changes)), "kubernetes")
    assert said in refusal(played)
    assert (":pw@" in played.stdout, folder.exists()) == (False, False)


@pytest.mark.parametrize(
    "image",
    [
        "python",
        "python:3",
        "python:3.13-slim",
        "python:latest",
        "python:3.13.7",
        "python:v3.13.7-slim-bookworm",
        "registry.example.com:5000/python",
        "registry.example.com:5000/python:3.13.7-slim",
        f"python@sha256:{'a' * 64}",
        f"python:3.13-slim@sha256:{'a' * 64}",
    ],
)
def test_floating_images_are_those_that_pinning_refuses(image: str) -> None:
    pattern = load_yaml(ROOT / "roles" / "registry_probe" / "vars" / "main.yml")["__registry_probe_pinned"]
    assert (re.match(pattern, image) is None) == is_floating(image)
