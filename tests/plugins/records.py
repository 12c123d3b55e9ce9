# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Results of runs as the roles keep them, made up: an incident of any size, and one in which every name is hostile."""

from __future__ import annotations

import hashlib
from typing import Any

Record = dict[str, Any]
BROKE, DETECTED, STARTED = 1776582000.0, 1776589323.0, 1776589380.0
PLATFORMS = ["linux/amd64", "linux/arm64", "linux/arm/v7", "linux/ppc64le", "unknown/unknown"]
HOSTILE = [
    "<script>document.title='owned'</script>",
    '"><img src=x onerror="document.title=\'owned\'">',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "</svg></style><script>document.title='owned'</script>",
    "]]>&lt;--><!--",
    "\x1b[2J\x00\x07bell",
    "user\u202egnp.exe\u2066",
    "zero\u200bwidth\u2028line",
    "Z\u0341\u0341\u0341\u0341\u0341\u0341algo",
    "\ud800lone",
    "x" * 5000,
    "\"><img src=x onerror=\"document.title='owned'\">'" * 40,
    "`code` *bold* [link](javascript:alert(1)) | cell\n# heading @channel",
]


def digest_of(*parts: object) -> str:
    return "sha256:" + hashlib.sha256(repr(parts).encode()).hexdigest()


def nodes_of(repository: str, tag: str, hurt: list[str], repaired: bool, platforms: list[str]) -> list[Record]:
    """Index, children, a config and two layers of each, and a layer that all children share but the attestation."""

    def node(role: str, parent: str, *key: object, **more: Any) -> Record:
        base = {
            "repository": repository,
            "digest": digest_of(repository, tag, *key),
            "role": role,
            "parent": parent,
            "platform": "",
        }
        return {**base, "size": 1234567, "tags": [], "state": "right", "repaired_by": "", **more}

    top = node("index", "", "index", tags=[tag], size=1609)
    found = [top]
    for platform in platforms:
        broken = platform in hurt
        state = {"state": "hollow", "repaired_by": "relink" if repaired else ""} if broken else {}
        child = node("manifest", top["digest"], platform, platform=platform, size=981, **state)
        lost = {"state": "gone", "repaired_by": "restore" if repaired else ""} if broken else {}
        found += [child, node("config", child["digest"], platform, "config", size=7023, **lost)]
        found.append(node("layer", child["digest"], platform, "own", size=48_310_000, **lost))
        if platform != "unknown/unknown":
            found.append(node("layer", child["digest"], "shared", size=31_000_000))
    return found


def findings_of(nodes: list[Record], tag: str) -> list[Record]:
    return [
        {
            "code": "child-missing" if each["role"] == "manifest" else f"{each['role']}-missing",
            "severity": "warning" if each["platform"] == "unknown/unknown" else "critical",
            "repository": each["repository"],
            "tags": [tag],
            "digest": each["digest"],
            "parent": each["parent"],
            "platform": each["platform"],
            "role": each["role"],
            "state": each["state"],
            "detail": "answers 404",
            "repairs": ["restore", "rebuild"],
            "observers": ["disk", "http"],
            "masked": False,
        }
        for each in nodes
        if each["state"] != "right" and each["role"] == "manifest"
    ]


def candidates(source: str) -> list[Record]:
    """All that could be done for an image; ``source`` has its bytes, or nobody has."""
    no_source = "" if source else "no source has its bytes"
    rows = [
        ("relink", "free", "api", {"possible": False, "reason": "its config is gone"}),
        ("restore", "copy", "api", {"source": source, "possible": bool(source), "reason": no_source}),
        ("repoint", "free", "api", {"digest": digest_of("older"), "approval": "repoint", "reason": "the newest intact index"}),
        ("rebuild", "rebuild", "ci", {"needs": "Woodpecker, an agent", "approval": "rebuild", "reason": "build-ci-image.yml"}),
        ("rebuild", "rebuild", "vm", {"needs": "git, docker", "approval": "rebuild"}),
        ("delete", "free", "api", {"approval": "delete", "reason": "nothing is known to use it"}),
    ]
    base = {"source": "", "digest": "", "needs": "", "approval": "", "possible": True, "reason": ""}
    return [{**base, "action": action, "cost": cost, "way": way, **more} for action, cost, way, more in rows]


def image_result(
    repository: str, tag: str, number: int, *, used: bool, repaired: bool, platforms: list[str]
) -> tuple[Record, list[Record], list[Record]]:
    """An image, its nodes and its steps."""
    hurt = platforms[: 2 + number % 3] if len(platforms) > 1 else platforms
    nodes = nodes_of(repository, tag, hurt, repaired, platforms)
    image = {
        "repository": repository,
        "tag": tag,
        "digest": nodes[0]["digest"],
        "in_use": used,
        "states": ["hollow"],
        "platforms": hurt,
        "chosen": "restore" if repaired else "rebuild",
        "outcome": "done" if repaired else "remaining",
        "why": "" if repaired else "no source has its bytes; rebuild needs an approval",
        "candidates": candidates("registry mirror.example.com" if repaired else ""),
    }
    steps, at = [], STARTED + 12.4 + number * 1.3
    for each in nodes:
        if each["repaired_by"]:
            at += 0.4
            step = {
                "action": each["repaired_by"],
                "repository": repository,
                "digest": each["digest"],
                "role": each["role"],
                "tags": [tag],
            }
            step |= {
                "reason": "its bytes are not on disk; registry mirror.example.com has its bytes",
                "way": "api",
                "cost": "copy",
            }
            step |= {"needs_approval": False, "state": "done", "detail": "", "source": "registry mirror.example.com"}
            steps.append({**step, "began": at, "ended": at + 0.35})
    return image, nodes, steps


def uses_of(name: str) -> list[Record]:
    base = {"reference": f"registry.example.com:5050/{name}", "digests": [], "detail": ""}
    return [
        {**base, "kind": "woodpecker", "host": "infra checkout", "name": ".woodpecker/deploy.yml:plan"},
        {**base, "kind": "woodpecker", "host": "infra checkout", "name": ".woodpecker/build-ci-image.yml:build"},
        {**base, "kind": "compose", "host": "vm-registry", "name": "tools / runner"},
        {**base, "kind": "kubernetes", "host": "cluster", "name": "ci/CronJob/nightly", "detail": "runs at 03:00"},
    ]


def incident(count: int = 2, *, used: int = 1, left: int = 1, platforms: list[str] | None = None) -> Record:
    """The result of a recovery of ``count`` broken tags, of which ``used`` are in use and the last ``left`` cannot be repaired."""
    images, nodes, steps, before, after, remaining = [], [], [], [], [], []
    names = ["infra-ci", "team/app", "team/web-frontend", "tools/terraform-runner", "base/python", "legacy/report-generator"]
    for number in range(count):
        repository, tag = names[number % len(names)], "latest" if number < len(names) else f"build-{number:03d}"
        image, its_nodes, its_steps = image_result(
            repository, tag, number, used=number < used, repaired=number < count - left, platforms=platforms or PLATFORMS
        )
        images.append(image)
        nodes += its_nodes
        steps += its_steps
        before += findings_of(its_nodes, tag)
        if image["outcome"] == "remaining":
            after += findings_of(its_nodes, tag)
            lost = {"repository": repository, "tags": [tag], "digest": its_nodes[1]["digest"], "role": "manifest"}
            remaining.append({**lost, "state": "hollow", "why": image["why"], "next": ["repoint", "rebuild"]})
    repaired = STARTED + 14 + count * 1.5
    return {
        "name": "registry.example.com:5050",
        "target": "registry-private",
        "changed": True,
        "before": before,
        "findings": after,
        "differences": [],
        "problems": [],
        "problem": f"registry.example.com:5050: {left} things remain that digests cannot repair." if left else "",
        "text": "registry.example.com:5050: BROKEN\n  IMAGE  PLATFORM\n",
        "images": images,
        "graph": {"nodes": nodes},
        "steps": steps,
        "remaining": remaining,
        "quarantine": [],
        "run_id": "20260419T090300Z-3fa2c1",
        "uses": [use for number in range(used) for use in uses_of(f"{images[number]['repository']}:{images[number]['tag']}")],
        "rebuilds": [],
        "times": {
            "broken": BROKE,
            "started": STARTED,
            "diagnosed": STARTED + 11.2,
            "repaired": repaired,
            "proven": repaired + 6.5,
        },
        "detected": {"time": DETECTED, "by": "alert RegistryManifestIntegrityFailure"},
    }


def report(*results: Record, **more: Any) -> Record:
    """The data of a report."""
    return {"run": "recover", "results": list(results), "unseen": [], "problem": "", **more}


def hostile() -> Record:
    """Every text of an incident replaced by something that means harm, everywhere a registry or a machine could have named it."""
    names = iter(HOSTILE * 10_000)
    kept = {"state", "outcome", "role", "severity", "code", "action", "repaired_by", "digest", "parent"}

    def spoil(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {inner: spoil(each, inner) for inner, each in value.items()}
        if isinstance(value, list):
            return [spoil(each, key) for each in value]
        return next(names) if isinstance(value, str) and key not in kept else value

    made: Record = spoil(incident(12, used=4, left=4))
    return made
