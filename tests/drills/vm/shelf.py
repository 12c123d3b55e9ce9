# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What the hosted registry of a lab must hold: every push and deletion is done to the registry and noted beside it."""

from __future__ import annotations

from ansible.module_utils.oci_registry.client import Client, Settings
from ansible.module_utils.oci_registry.client.push import Pusher
from ansible.module_utils.oci_registry.report import Report
from ansible.module_utils.oci_registry.walk import Options, walk
from ansible.module_utils.registry_lab.images import Image, build, digest_of
from ansible.module_utils.registry_lab.push import push
from ansible.module_utils.registry_lab.vm.front import Front
from ansible.module_utils.registry_lab.vm.spec import HOSTED

from plugins.vm import RunningVm

Tags = dict[str, str]  # tag: digest, in the order of the pushes


class Shelf:
    """The tags of each repository, in the order in which they were pushed."""

    def __init__(self, vm: RunningVm) -> None:
        self._vm = vm
        self._front = Front(vm.parts.vm, HOSTED)
        self._root = vm.stores[HOSTED.name] / "docker/registry/v2/repositories"
        self.tags: dict[str, Tags] = self.on_disk()

    def on_disk(self) -> dict[str, Tags]:
        """What the store's links say, oldest first."""
        found: dict[str, Tags] = {}
        for link in sorted(self._root.glob("**/_manifests/tags/*/current/link"), key=lambda path: path.stat().st_mtime_ns):
            repository = link.parents[4].relative_to(self._root).as_posix()
            found.setdefault(repository, {})[link.parents[1].name] = link.read_text(encoding="utf-8")
        return found

    def push(self, repository: str, tag: str, seed: str) -> Image:
        """Push a new multi-platform image with attestations; a tag that is there moves to it."""
        made = build(seed)
        push(self._front, repository, tag, made, self._vm.credentials)
        held = self.tags.setdefault(repository, {})
        held.pop(tag, None)
        held[tag] = made.digest
        return made

    def delete(self, repository: str, digest: str) -> None:
        """Delete a manifest over the API, and so every tag that names it."""
        with self._client() as client:
            assert Pusher(client).delete_manifest(repository, digest).status == 202
        held = self.tags[repository]
        self.tags[repository] = {tag: named for tag, named in held.items() if named != digest}

    def retain(self, newest: int) -> None:
        """Note what retention must leave: the newest tags of each repository. An image goes with its last tag."""
        self.tags = {repository: dict(list(held.items())[-newest:]) for repository, held in self.tags.items()}

    def served(self) -> dict[str, Tags]:
        """Digest of what the registry answers for each noted tag."""
        with self._client() as client:
            return {
                repository: {tag: digest_of(client.get_manifest(repository, tag).body) for tag in tags}
                for repository, tags in self.tags.items()
            }

    def pull_everything(self) -> Report:
        """Pull every byte of every tag, over the port that clients use."""
        with self._client() as client:
            return walk(client, concurrency=4, options=Options("content"))

    def _client(self) -> Client:
        user, password = self._vm.credentials
        return Client(Settings(self._vm.addresses[HOSTED.name], "https", user, password, str(self._vm.ca_path)))
