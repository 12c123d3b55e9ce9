# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The machine that a scenario plays on, and the means to break it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from typing import Any, Dict, List, Optional, Sequence, Tuple

from ...damage import Damage, damage
from ...errors import LabError
from ...graph import tags_of
from ...process import RegistryProcess
from ..content import held
from ..lab import Parts
from ..playing import Play, Playbooks
from ..spec import CACHES, HOSTED, Vm
from .scene import Act, Finding, Wanted

TARGET = {"target": HOSTED.name}
#: retention that leaves something to collect, so that the collection takes a snapshot
_RULES = {"keep_newest": 2, "untagged_grace": 0}
#: what damage is, for people
DONE = {
    "child-gone": "removed the manifest of a platform",
    "attestation-link-gone": "removed the link of an attestation",
    "config-gone": "removed a config",
    "layer-gone": "removed a layer",
    "layer-halved": "cut a layer short",
}


class Stage:
    """A vm lab that runs. ``checkout``: folder of the project, whose playbooks are run."""

    def __init__(self, parts: Parts, checkout: str) -> None:
        self.parts = parts
        self.vm: Vm = parts.vm
        self.checkout = checkout
        self.root = self.vm.project("data", HOSTED.store)
        self._playbooks = Playbooks(self.vm, checkout)

    def on_machine(self, *argv: str, content: Optional[bytes] = None) -> str:
        """What a command on the machine prints; LabError where it fails."""
        command = self.parts.ssh.command(shlex.join(argv))
        ran = subprocess.run(command, input=content or b"", capture_output=True, check=False)
        if ran.returncode:
            said = (ran.stdout + ran.stderr).decode("utf-8", "replace").strip()
            raise LabError(f"{shlex.join(argv)[:200]} ended with {ran.returncode}: {said[-1000:]}", where=self.vm.folder)
        return ran.stdout.decode("utf-8", "replace").strip()

    def compose(self, *arguments: str) -> List[str]:
        """A command of ``docker compose`` for the project, for the machine."""
        return ["docker", "compose", "--project-directory", self.vm.project(), *arguments]

    def play(self, playbook: str, **variables: Any) -> Play:
        """Run a playbook before anything breaks; LabError where it does not end well."""
        outcome = self._playbooks.run(f"before-{playbook}", playbook, variables)
        if outcome.exit:
            raise LabError(f"{playbook} ended with {outcome.exit} before anything was broken", where=outcome.log)
        return outcome

    def images(self) -> List[Tuple[str, str]]:
        """(service, image) of all that the hosted registry holds."""
        return [(HOSTED.name, f"{repository}:{tag}") for repository, tag in tags_of(self.root)]

    def cached(self) -> List[Tuple[str, str]]:
        """(service, image) of one image that each cache holds."""
        found = [(cache, next(iter(tags_of(self.vm.project("data", cache.store))))) for cache in CACHES if held(cache)]
        return [(cache.name, f"{repository}:{tag}") for cache, (repository, tag) in found]

    def mirror(self) -> Dict[str, Any]:
        """Start another registry that holds all that the hosted one does; return it as a source."""
        mirror = RegistryProcess(self.vm.path("mirror"))
        shutil.copytree(os.path.join(self.root, "docker"), os.path.join(mirror.root, "docker"))
        mirror.start()
        return {"type": "registry", "registry": mirror.address, "scheme": mirror.scheme}

    def maintain(self) -> str:
        """Let the project retain and collect; path of the snapshot that the collection took."""
        (result,) = self.play("maintain", **TARGET, maintain_rules=_RULES).results
        snapshot: Dict[str, Any] = result["collection"].get("snapshot") or {}
        if not snapshot:
            raise LabError("the collection took no snapshot", where=self.root)
        return str(snapshot["path"])

    def damage(self, *kinds: Tuple[str, str, str]) -> List[Damage]:
        """Damage the hosted store: (kind, repository, tag) each, the kind one of :data:`DONE`."""
        return [damage(kind, self.root, repository, tag) for kind, repository, tag in kinds]

    def prepared(self, target: str, content: str) -> Tuple[str, str]:
        """A file that an act puts in the place of ``target``."""
        descriptor, path = tempfile.mkstemp(dir=self.vm.folder, prefix="prepared-")
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(content)
        return path, target


def findings_of(done: Sequence[Damage]) -> List[Finding]:
    """What must be found of damage, on the disk and over HTTP."""
    return [
        {"code": one.code, "repository": repository, "digest": one.digest, "tags": sorted(tags)}
        for one in done
        for repository, tags in one.affected.items()
    ]


def repaired_from(sources: List[Dict[str, Any]], findings: List[Finding], images: List[Tuple[str, str]]) -> List[Act]:
    """What a person does about images that are broken: look, understand, recover from ``sources``, pull, and recover again."""
    # links of layers that a collection took lead nowhere: they harm nobody, and may go
    given = {**TARGET, "registry_sources": sources, "recover_approve": ["remove-link"]}
    # a cache tells what it once knew of a file: over HTTP one that was cut short may seem to be gone
    seen = [{key: value for key, value in one.items() if key != "code"} for one in findings]
    return [
        Act("detect", "prove every image by its bytes", Wanted(1, False, seen), "verify", TARGET),
        Act("diagnose", "look at the disk, too", Wanted(1, False, findings, says=["BROKEN"]), "diagnose", given),
        Act("repair", "recover", Wanted(0, True, []), "recover", given),
        Act("prove", "pull every image, all platforms", pull=images),
        Act("again", "recover again", Wanted(0, False, []), "recover", given),
    ]
