# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Resources of Kubernetes, as a cluster answers and as files have them, and the images that they use."""

from __future__ import annotations

import json

import pytest
from ansible.module_utils.image_uses.cluster import told_by
from ansible.module_utils.image_uses.kubernetes import uses_of

DIGEST = f"sha256:{'1' * 64}"
APP = "registry.example.com:5050/team/app"


def pod(name="app-0", **changes):
    made = {
        "kind": "Pod",
        "metadata": {"namespace": "prod", "name": name, "ownerReferences": [{"kind": "ReplicaSet", "name": "app-5d4f"}]},
        "spec": {"containers": [{"name": "app", "image": APP}], "initContainers": [{"name": "wait", "image": "busybox:1.36"}]},
        "status": {"phase": "Running", "containerStatuses": [{"name": "app", "imageID": f"docker-pullable://{APP}@{DIGEST}"}]},
    }
    return {**made, **changes}


def seen(*resources):
    return [(one["name"], one["reference"], one["digests"], one["detail"]) for one in uses_of(resources, "prod")]


def test_a_pod_with_what_it_really_runs():
    assert seen(pod()) == [
        ("prod/Pod/app-0", APP, [DIGEST], "of ReplicaSet app-5d4f"),
        ("prod/Pod/app-0", "busybox:1.36", [], "of ReplicaSet app-5d4f"),
    ]


@pytest.mark.parametrize("identifier", [f"{APP}@{DIGEST}", DIGEST, f"docker://{DIGEST}"])
def test_every_way_to_name_what_runs(identifier):
    status = {"phase": "Running", "containerStatuses": [{"name": "app", "imageID": identifier}]}
    assert seen(pod(status=status))[0][2] == [DIGEST]


def test_templates_at_any_place():
    template = {"spec": {"containers": [{"name": "a", "image": "a:1"}], "ephemeralContainers": [{"name": "e", "image": "e:1"}]}}
    volume = {
        "spec": {"volumes": [{"name": "v", "image": {"reference": "v:1"}}, {"name": "w", "emptyDir": {}}], "containers": []}
    }
    about = {"namespace": "n", "name": "x"}
    resources = [
        {"kind": "Deployment", "metadata": about, "spec": {"replicas": 0, "template": template}},
        {"kind": "CronJob", "metadata": about, "spec": {"suspend": True, "jobTemplate": {"spec": {"template": volume}}}},
        {"kind": "Rollout", "metadata": about, "spec": {"any": [{"where": template}]}},
    ]
    assert seen({"kind": "List", "items": resources}) == [
        ("n/Deployment/x", "a:1", [], "no replicas"),
        ("n/Deployment/x", "e:1", [], "no replicas"),
        ("n/CronJob/x", "v:1", [], "suspended"),
        ("n/Rollout/x", "a:1", [], ""),
        ("n/Rollout/x", "e:1", [], ""),
    ]


def test_what_has_ended_uses_nothing():
    over = {"conditions": [{"type": "Complete", "status": "True"}]}
    job = {"kind": "Job", "metadata": {"name": "j"}, "spec": {"template": pod()}, "status": over}
    assert seen(pod(status={"phase": "Succeeded"}), pod(status={"phase": "Failed"}), job) == []
    assert len(seen({**job, "status": {}})) == 2


def test_a_list_of_one_kind_leaves_out_the_kind():
    """As ``kubectl get pods --output json`` through an older API has it."""
    listed = {"kind": "PodList", "items": [{key: value for key, value in pod().items() if key != "kind"}]}
    assert seen(listed)[0][0] == "prod/Pod/app-0"


def test_what_is_no_image_cannot_be_told():
    containers = [{"name": "a"}, {"name": "b", "image": "UPPER/case"}, {"name": "c", "image": 3}, "nothing"]
    found = seen(pod(spec={"containers": containers}))
    assert [(reference, detail) for _name, reference, _digests, detail in found] == [
        ("", "container a has no image; of ReplicaSet app-5d4f"),
        ("", "'UPPER/case' is no image; of ReplicaSet app-5d4f"),
        ("", "container c has no image; of ReplicaSet app-5d4f"),
    ]


@pytest.mark.parametrize(
    "odd",
    [None, [], "text", {"kind": "Pod", "metadata": [], "spec": "x", "status": 1}, {"items": [1]}, {"spec": {"volumes": [1]}}],
)
def test_what_is_no_resource(odd):
    assert seen(odd) == []


def test_a_resource_of_parts_that_name_each_other():
    part = {"containers": [{"name": "a", "image": "a:1"}]}
    for _level in range(60):
        part = {"one": part, "other": part}
    assert [reference for _name, reference, *_more in seen({"kind": "X", "spec": part})] == ["a:1"]


def test_what_a_cluster_answers():
    body = '{"message": "jobs is forbidden: User \\"x\\" cannot list resource"}'
    answers = [
        {"resources": [pod()], "api_found": True},
        {"msg": f"Exception '403\nHTTP response body: {body}\nOriginal traceback: \n File ...'"},
        {"msg": "Exception 'Max retries exceeded with url: /api/v1/pods (refused)' raised while trying to get resource using {}"},
        {"msg": "Exception 'Max retries exceeded with url: /apis/batch (refused)' raised while trying to get resource using {}"},
        {"resources": [], "api_found": False},
    ]
    resources, problems = told_by(answers, "prod")
    assert resources == [pod()]
    assert problems == [
        'prod: its workloads are not all known (jobs is forbidden: User "x" cannot list resource)',
        "prod: its workloads are not all known (Exception 'Max retries exceeded (refused)')",
        "prod: its workloads are not all known (it knows no resource of a kind that was asked for)",
    ]


def test_the_module_reads_files(run_module, tmp_path):
    folder = tmp_path / "manifests"
    folder.mkdir()
    (folder / "pods.json").write_text(json.dumps({"kind": "List", "items": [pod()]}))
    (folder / "two.yaml").write_text(
        f"---\nkind: Pod\nspec: {{containers: [{{image: a:1}}]}}\n---\nkind: Pod\nspec: {{containers: [{{image: '{APP}'}}]}}\n---\n"
    )
    (folder / "README.md").write_text("no manifest: {")
    (folder / "bad.yml").write_text("a: [\n")
    (folder / "text.yml").write_text("only text\n")
    found = run_module("kubernetes_images_info", paths=[str(folder), str(tmp_path / "none")], resources=[pod()], host="prod")
    assert [one["reference"] for one in found["uses"]] == [APP, "busybox:1.36", "a:1", APP]
    assert not found["changed"]
    assert found["problems"] == [
        f"{folder}/bad.yml: line 2: this is neither JSON nor YAML",
        f"{folder}/text.yml: holds no resources of Kubernetes",
        f"{tmp_path}/none: cannot be read (No such file or directory)",
    ]
