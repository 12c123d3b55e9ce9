# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""One store with every kind of image that occurs, and what both observers say of it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from ansible.module_utils.oci_registry.client import Client, Settings
from ansible.module_utils.oci_registry.findings import DISK_ONLY
from ansible.module_utils.oci_registry.report import Report
from ansible.module_utils.oci_registry.scan import scan
from ansible.module_utils.oci_registry.walk import Options, walk
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.binaries import version_of
from ansible.module_utils.registry_lab.place import place_on_disk
from ansible.module_utils.registry_lab.process import RegistryProcess


#: repository, tag: an index with attestations (two tags, shared layers), a Docker list, an index without mediaType, a nested index,
#: a single manifest, an artifact, a referrer with its fallback tag, an image that two repositories share, and signatures in repositories of
#: their own: of an index, of a child, of an image without a tag, and of a signature
def fill(root: str, *, tag_a_child: bool) -> None:
    """Write the store; ``tag_a_child``: one child of an index has a tag of its own besides."""
    base = [images.layer("base-0"), images.layer("base-1")]
    amd, arm = (images.image(f"app-{name}", name, [*base, images.layer(f"own-{name}")]) for name in (images.AMD64, images.ARM64))
    index = images.index([amd, arm, images.attestation(amd), images.attestation(arm)])
    docker = images.index([images.image("docker", images.AMD64, [images.layer("docker")], docker=True)], images.DOCKER_LIST)
    bare = images.index([amd, images.image("bare", images.ARM64, base)], written=False)
    nested = images.index([images.index([arm, images.image("inner", images.AMD64, base)])])
    odd = images.image("odd", images.AMD64, [base[0], images.foreign_layer("windows"), images.empty_layer()])
    artifact = images.artifact("chart")
    signature = images.artifact("signature", subject=index)
    untagged = images.image("untagged", images.AMD64, [base[0]])
    afar = images.artifact("signature in a repository of its own", subject=nested)
    for repository, tag, made in (
        ("team/app", "latest", index),
        ("team/app", "v1", index),
        ("team/app", "docker", docker),
        ("team/app", "bare", bare),
        ("team/app", images.fallback_tag(index), images.index([signature])),
        ("team", "nested", nested),
        ("team/app/deep", "odd", odd),
        ("team/app/deep", "chart", artifact),
        ("other", "shared", index),
        ("single", "one", images.image("single", images.AMD64, base)),
        ("single", "", untagged),
        ("signatures", "of-nested", afar),
        ("signatures", f"{images.fallback_tag(index)}.sig", images.image("cosign of index")),
        ("signatures", f"{images.fallback_tag(untagged)}.sig", images.image("cosign of untagged")),
        ("team/app/signatures", images.fallback_tag(arm), images.index([images.artifact("signature of child", subject=arm)])),
        ("countersigned", images.fallback_tag(afar), images.index([images.artifact("countersignature", subject=afar)])),
        *([("other", "amd64", amd)] if tag_a_child else []),
    ):
        place_on_disk(root, repository, tag, made)


def replace(registry: RegistryProcess, template: Path) -> None:
    """Stop the registry and give it a fresh copy of the template store."""
    registry.stop()
    shutil.rmtree(registry.root)
    shutil.copytree(template, registry.root)


def walked(registry: RegistryProcess, proof: str = "content") -> Report:
    """What the walk says."""
    return walk(Client(Settings(registry.address, registry.scheme)), options=Options(proof), concurrency=4)


def scanned(registry: RegistryProcess, proof: str = "content") -> Report:
    """What the scan says of the same store."""
    return scan(registry.root, mode="hosted", proof=proof, dialect=str(min(version_of(registry.settings.binary)[0], 3)))


def comparable(report: Report) -> set[tuple[Any, ...]]:
    """Findings as both observers must have them: one for each tag that is hit. HTTP does not know the digest behind a dead tag."""
    return {
        (
            finding.code,
            finding.severity,
            finding.repository,
            tag,
            "" if finding.code == "tag-dangling" else finding.digest,
            finding.role,
            finding.platform,
        )
        for finding in report.findings
        if finding.code not in DISK_ONLY
        for tag in finding.tags
    }
