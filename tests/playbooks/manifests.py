# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Manifests of Kubernetes: read, held against Pod Security, and a pod's container turned into the arguments of ``docker run``."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

Manifest = dict[str, Any]
#: what of a container and its pod is turned into arguments, and what means nothing outside of a cluster
_CONTAINER = {"name", "image", "imagePullPolicy", "command", "args", "env", "securityContext", "resources", "volumeMounts"}
_POD = {"securityContext", "containers", "volumes", "restartPolicy", "imagePullSecrets"}
_POD |= {"serviceAccountName", "automountServiceAccountToken", "enableServiceLinks"}


def read(folder: Path, pattern: str = "*.yaml") -> list[Manifest]:
    """All objects in the files of a folder, but what is only for kustomize."""
    paths = [path for path in sorted(folder.glob(pattern)) if path.name != "kustomization.yaml"]
    return [each for path in paths for each in yaml.safe_load_all(path.read_text(encoding="utf-8"))]


def named(manifests: list[Manifest], kind: str, name: str) -> Manifest:
    """The one object of that kind and name."""
    (found,) = [each for each in manifests if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    return found


def pod_of(cron_job: Manifest) -> dict[str, Any]:
    """The spec of its pods."""
    spec: dict[str, Any] = cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return spec


def not_restricted(pod: dict[str, Any]) -> Iterator[str]:
    """What the Pod Security Standard "restricted" would say against a pod."""
    volumes = {key for volume in pod.get("volumes", []) for key in volume if key != "name"}
    if volumes - {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}:
        yield f"volumes {volumes}"
    if pod.get("hostNetwork") or pod.get("hostPID") or pod.get("hostIPC"):
        yield "the host's namespaces"
    for container in [*pod["containers"], *pod.get("initContainers", [])]:
        context = {**pod.get("securityContext", {}), **container.get("securityContext", {})}
        if context.get("allowPrivilegeEscalation") is not False or context.get("privileged"):
            yield "privilege escalation"
        if context.get("runAsNonRoot") is not True or context.get("runAsUser") == 0:
            yield "root"
        if context.get("seccompProfile", {}).get("type") not in ("RuntimeDefault", "Localhost"):
            yield "seccomp"
        capabilities = context.get("capabilities", {})
        if "ALL" not in capabilities.get("drop", []) or set(capabilities.get("add", [])) - {"NET_BIND_SERVICE"}:
            yield "capabilities"
        if any("hostPort" in port for port in container.get("ports", [])):
            yield "ports of the host"


def docker_arguments(pod: dict[str, Any], manifests: list[Manifest], folder: Path) -> list[str]:
    """What ``docker run`` takes to run the container of a pod as the cluster would; its volumes are made below ``folder``."""
    (container,) = pod["containers"]
    assert set(container) <= _CONTAINER and set(pod) <= _POD, "there is something here that would not be tried"
    context = {**pod["securityContext"], **container["securityContext"]}
    limits = container["resources"]["limits"]
    arguments = ["--user", f"{context['runAsUser']}:{context['runAsGroup']}", "--group-add", str(context["fsGroup"])]
    arguments += ["--read-only"] if context["readOnlyRootFilesystem"] else []
    arguments += [part for name in context["capabilities"]["drop"] for part in ("--cap-drop", name)]
    arguments += ["--security-opt", "no-new-privileges"] if not context["allowPrivilegeEscalation"] else []
    arguments += ["--memory", limits["memory"].removesuffix("i").lower(), "--cpus", limits["cpu"]]
    arguments += [part for each in container.get("env", []) for part in ("--env", f"{each['name']}={each['value']}")]
    sources = {volume["name"]: _volume(volume, manifests, folder, context["fsGroup"]) for volume in pod["volumes"]}
    for mount in container["volumeMounts"]:
        arguments += ["--volume", f"{sources[mount['name']]}:{mount['mountPath']}{':ro' if mount['readOnly'] else ''}"]
    program, *rest = [*container["command"], *container["args"]]
    return [*arguments, "--entrypoint", program, container["image"], *rest]


def _volume(volume: dict[str, Any], manifests: list[Manifest], folder: Path, group: int) -> Path:
    """The folder that a volume is: owned by root, and by the pod's group, as kubelet makes it."""
    made = folder / volume["name"]
    made.mkdir()
    made.chmod(0o755)
    kind, source = next((key, value) for key, value in volume.items() if key != "name")
    files = files_of(named(manifests, kind[0].upper() + kind[1:], source.get("name") or source["secretName"]))
    for key, name in [(item["key"], item["path"]) for item in source.get("items", [])] or [(key, key) for key in files]:
        path = made / name
        path.write_bytes(files[key])
        os.chown(path, 0, group)
        path.chmod(source.get("defaultMode", 0o644))
    return made


def files_of(manifest: Manifest) -> dict[str, bytes]:
    """What a ConfigMap or a Secret holds."""
    encoded = {key: base64.b64decode(value) for key, value in manifest.get("binaryData", {}).items()}
    plain = {**manifest.get("data", {}), **manifest.get("stringData", {})}
    return {**encoded, **{key: text.encode() for key, text in plain.items()}}
