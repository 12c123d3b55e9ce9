# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The role registry_impact: real containers and compose files over SSH, checkouts, a cluster; and what cannot be asked."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from contract.project import ROOT, ansible_environment

PLAY = """\
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.include_role: {{name: registry_impact, tasks_from: "{entry}"}}
    - ansible.builtin.copy: {{content: "{{{{ {fact} | to_json }}}}", dest: "{kept}"}}
      check_mode: false
      diff: false
"""
HOST = "registry.example.com:5050"
PODS = [
    {"kind": "Pod", "metadata": {"namespace": "ci", "name": "agent"}, "spec": {"containers": [{"image": f"{HOST}/infra-ci"}]}}
]
#: what stands in for the collection where it is not installed: the module that the role calls, and nothing behind it
K8S_INFO = """\
from ansible.module_utils.basic import AnsibleModule
PARAMETERS = {{"kubeconfig": {{}}, "context": {{}}, "kind": {{}}, "api_version": {{}}, "namespace": {{}}}}
DOCUMENTATION = '''
module: k8s_info
short_description: Stands in for the real one
description: [Answers from a list.]
options: {{kind: {{description: [x]}}}}
'''
module = AnsibleModule(PARAMETERS, supports_check_mode=True)
given = module.params
if given["kind"] == "Job":
    module.fail_json(msg='Exception 403 HTTP response body: {{"message": "jobs is forbidden"}}')
found = [one for one in {pods!r} if one["kind"] == given["kind"] and given["namespace"] in (None, one["metadata"]["namespace"])]
module.exit_json(resources=found, api_found=True)
"""


class Played(NamedTuple):
    """How a run ended and what it kept."""

    rc: int
    stdout: str
    kept: dict[str, Any]


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., Played]:
    """``play(variables, *inventories, entry="main", environment={}, check=False)``. A run that prints a warning fails the test."""

    def run(
        variables: dict[str, Any], *inventories: Path, entry: str = "main", check: bool = False, **environment: str
    ) -> Played:
        playbook, kept, given = (tmp_path / name for name in ("play.yml", "kept.json", "given.json"))
        kept.unlink(missing_ok=True)
        fact = "registry_impact_found" if entry == "gather" else "registry_impact_result"
        playbook.write_text(PLAY.format(entry=entry, fact=fact, kept=kept), encoding="utf-8")
        given.write_text(json.dumps(variables), encoding="utf-8")
        named = [part for path in inventories or (ROOT / "inventory" / "lab",) for part in ("-i", str(path))]
        command = ["ansible-playbook", *named, "-e", f"@{given}", *(["--check"] if check else []), str(playbook)]
        variables_of = {**ansible_environment(), **environment}
        ran = subprocess.run(command, cwd=ROOT, env=variables_of, capture_output=True, text=True, check=False)
        assert "WARNING" not in ran.stdout + ran.stderr, ran.stdout + ran.stderr
        return Played(ran.returncode, ran.stdout + ran.stderr, json.loads(kept.read_text()) if kept.exists() else {})

    return run


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Three workflows, all of which run in infra-ci; one of them builds it."""
    folder = tmp_path / "infra" / ".woodpecker"
    folder.mkdir(parents=True)
    text = f"steps:\n  lint:\n    image: {HOST}/infra-ci:latest\n    commands: [make]\n"
    for name in ("lint", "deploy"):
        (folder / f"{name}.yml").write_text(text)
    push = f"  build:\n    image: plugins/docker\n    settings: {{repo: {HOST}/infra-ci}}\n"
    (folder / "build.yml").write_text(text + push)
    return folder.parent


def broken(*images: str, **more: Any) -> dict[str, Any]:
    records = [{"repository": name, "tag": tag} for name, _colon, tag in (image.partition(":") for image in images)]
    return {"registry_impact_images": records, "registry_impact_names": [HOST], **more}


def test_the_incident(play, checkout):
    """infra-ci is what every pipeline runs in, the one that would rebuild it too."""
    variables = broken(
        "infra-ci:latest", "old:1", registry_impact_checkouts=[str(checkout)], registry_impact_name="registry-private"
    )
    played = play(variables, check=True)
    assert played.rc == 0, played.stdout
    result = played.kept
    assert (result["in_use"], result["unused"], result["complete"], result["problems"]) == (
        ["infra-ci:latest"],
        ["old:1"],
        True,
        [],
    )
    names = [one["name"] for one in result["images"][0]["uses"]]
    assert names == [f".woodpecker/{name}.yml:lint" for name in ("build", "deploy", "lint")]
    (build,) = result["builds"]
    assert build["images"] == [f"{HOST}/infra-ci:latest"] and f"{HOST}/infra-ci:latest" in build["images_used"]
    assert result["text"].startswith("registry-private: broken images: 1 in use, 1 of no known use\n")
    assert " changed=0 " in played.stdout.replace("changed=1 ", "changed=0 ")


def test_what_was_gathered_serves_several_registries(play, checkout):
    gathered = play({"registry_impact_checkouts": [str(checkout)]}, entry="gather").kept
    assert {key: len(gathered[key]) for key in gathered} == {"uses": 4, "builds": 1, "problems": 0}
    again = play(broken("infra-ci:latest", registry_impact_gathered=gathered, registry_impact_checkouts=["/nowhere"]))
    assert (again.kept["in_use"], again.kept["complete"]) == (["infra-ci:latest"], True)


def test_what_cannot_be_asked_is_a_problem_in_words(play, tmp_path):
    inventory = tmp_path / "hosts"
    here = "localhost ansible_connection=local ansible_python_interpreter='{{ ansible_playbook_python }}'"
    inventory.write_text(f"{here}\ngone ansible_host=127.0.0.1 ansible_port=1\n")
    (tmp_path / "compose.yml").write_text("services: {app: {image: '${NOWHERE_SET}'}}\n")
    variables = broken(
        "infra-ci:latest",
        registry_impact_hosts=["gone", "localhost"],
        registry_impact_compose_paths=[str(tmp_path / "compose.yml"), "/nowhere/compose.yml", "/nowhere/*.yml"],
        registry_impact_checkouts=[str(tmp_path / "none")],
        registry_impact_kubernetes={"context": "production"},
        registry_impact_manifests=["/nowhere/pods.json"],
    )
    played = play(variables, inventory, DOCKER_HOST="unix:///nowhere/docker.sock", ANSIBLE_COLLECTIONS_PATH=str(tmp_path))
    assert played.rc == 0, played.stdout
    problems = played.kept["problems"]
    assert len(problems) == 6, problems
    assert problems[0].startswith("gone: what it uses is not known (")
    assert problems[1].startswith("localhost: its containers are not known (")
    assert problems[2] == "/nowhere/compose.yml: no host that was asked has this compose file"
    assert problems[3].startswith(f"{tmp_path}/none: is no folder")
    assert "production: its workloads are not known, since the collection kubernetes.core is missing" in problems[4]
    assert problems[5] == "/nowhere/pods.json: cannot be read (No such file or directory)"
    assert (played.kept["unused"], played.kept["complete"]) == (["infra-ci:latest"], False)
    assert [one["name"] for one in played.kept["unsure"]] == ["app"]
    assert "may still be used" in played.kept["text"] and "Traceback" not in played.stdout


def test_a_cluster(play, tmp_path):
    """What it does not tell is a problem, and what environments of its pods hold is printed nowhere, not even with -vvv."""
    plugins = tmp_path / "ansible_collections" / "kubernetes" / "core" / "plugins" / "modules"
    plugins.mkdir(parents=True)
    (plugins.parent.parent / "galaxy.yml").write_text("namespace: kubernetes\nname: core\nversion: 6.0.0\n")
    secret = {"env": [{"name": "PASSWORD", "value": "hunter2-hunter2"}], "image": f"{HOST}/infra-ci"}
    pods = [*PODS, {"kind": "Pod", "metadata": {"namespace": "other", "name": "x"}, "spec": {"containers": [secret]}}]
    (plugins / "k8s_info.py").write_text(K8S_INFO.format(pods=pods))
    options = {"registry_impact_kubernetes": {"context": "production"}}
    played = play(broken("infra-ci:latest", **options), ANSIBLE_COLLECTIONS_PATH=str(tmp_path), ANSIBLE_VERBOSITY="3", check=True)
    assert played.rc == 0, played.stdout
    assert [one["name"] for one in played.kept["images"][0]["uses"]] == ["ci/Pod/agent", "other/Pod/x"]
    assert played.kept["problems"] == ["production: its workloads are not all known (jobs is forbidden)"]
    assert "hunter2" not in played.stdout
    options["registry_impact_kubernetes"].update({"namespaces": ["ci"], "name": "cluster-1"})
    named = play(broken("infra-ci:latest", **options), ANSIBLE_COLLECTIONS_PATH=str(tmp_path))
    assert [(one["host"], one["name"]) for one in named.kept["images"][0]["uses"]] == [("cluster-1", "ci/Pod/agent")]


def test_compose_files_without_a_host(play):
    played = play({"registry_impact_compose_paths": ["/srv/compose.yml"]})
    assert played.rc == 2
    assert "registry_impact_hosts no host that they are on" in played.stdout


def test_containers_and_compose_files_over_ssh(play, vm_lab):
    """A container of the lab's engine made from the registry's image, by name and by the digest of its config; and the project of the machine."""
    image, name = f"{HOST}/infra-ci:latest", f"{vm_lab.name}-impact"
    source = next(iter(vm_lab.images.values()))
    vm_lab.docker("tag", source, image)
    try:
        vm_lab.docker("run", "--detach", "--network", "none", "--name", name, "--entrypoint", "sleep", image, "600")
        config = vm_lab.docker("inspect", "--format", "{{.Image}}", name).stdout.strip()
        variables = broken("infra-ci:latest", "old:1", registry_impact_hosts=["registry-vm"])
        variables["registry_impact_images"].append({"repository": "other", "tag": "2", "digest": config})
        variables["registry_impact_compose_paths"] = [str(vm_lab.compose_path)]
        for check in (True, False):
            played = play(variables, vm_lab.inventory, check=check)
            assert played.rc == 0, played.stdout
            assert (played.kept["problems"], played.kept["in_use"], played.kept["unused"]) == (
                [],
                ["infra-ci:latest", "other:2"],
                ["old:1"],
            )
            (use,) = played.kept["images"][0]["uses"]
            assert (use["host"], use["name"], use["by"]) == ("registry-vm", name, "tag")
            composed = {one["name"] for one in played.kept["uses"] if one["kind"] == "compose"}
            assert composed >= set(vm_lab.stores)
    finally:
        vm_lab.docker("rm", "--force", name, check=False)
        vm_lab.docker("rmi", "--force", image, check=False)
