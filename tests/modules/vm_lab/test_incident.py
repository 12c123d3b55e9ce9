# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What went wrong at the real place goes wrong here, too, for the same reasons."""

from __future__ import annotations

import ipaddress
import json
from typing import Any

import pytest
from ansible.module_utils.registry_lab.vm.content import held
from ansible.module_utils.registry_lab.vm.front import Front
from ansible.module_utils.registry_lab.vm.spec import CACHES, FRONT, HOSTED

CONFIG = "/etc/docker/registry/config.yml"


def catalog(vm: Any, service: Any) -> list[str]:
    """What a port of nginx lists; nothing where no registry is behind it."""
    status, body = Front(vm.parts.vm, service).get("/v2/_catalog", login=not service.cache)
    listed: list[str] = json.loads(body)["repositories"] if status == 200 else []
    return listed


def test_nginx_keeps_the_addresses_of_before(new_vm_lab: Any) -> None:
    """Two services are recreated and swap addresses: each port then shows the other's content, until nginx is restarted."""
    vm = new_vm_lab()
    one, two = sorted(CACHES[:2], key=lambda service: address_in_the_network(vm, service))
    vm.compose("rm", "--stop", "--force", one.name, two.name)
    for service in (two, one):  # the engine gives out the lowest address that is free
        vm.compose("up", "--detach", "--wait", "--no-deps", service.name)
    assert catalog(vm, one) == held(two)
    assert catalog(vm, two) == held(one)
    vm.compose("restart", "--no-deps", FRONT)
    vm.parts.services.start()
    assert (catalog(vm, one), catalog(vm, two)) == (held(one), held(two))


def address_in_the_network(vm: Any, service: Any) -> ipaddress.IPv4Address:
    form = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
    return ipaddress.IPv4Address(vm.docker("inspect", "--format", form, vm.container(service.name)).stdout.strip())


def test_the_weekly_cron_line_destroys_what_ci_runs_in(new_vm_lab: Any) -> None:
    vm = new_vm_lab()
    front = Front(vm.parts.vm, HOSTED)
    index = json.loads(front.get("/v2/infra-ci/manifests/latest", login=True)[1])
    vm.ssh(["docker", "exec", vm.container(HOSTED.name), "registry", "garbage-collect", "-m", CONFIG])
    assert front.get("/v2/infra-ci/manifests/latest", login=True)[0] == 200
    gone = {
        child["digest"]: front.get(f"/v2/infra-ci/manifests/{child['digest']}", login=True)[0] for child in index["manifests"]
    }
    assert set(gone.values()) == {404}


def test_a_cache_fetches_what_it_lacks(vm_lab: Any) -> None:
    """Caches really pull through: what is not held yet comes from the upstream."""
    front = Front(vm_lab.parts.vm, CACHES[0])
    assert "library/redis" not in catalog(vm_lab, CACHES[0])
    assert front.get("/v2/library/redis/manifests/7")[0] == 200
    assert front.get("/v2/library/redis/manifests/8")[0] == 404


@pytest.mark.parametrize("tag", ["2", "3"])
def test_every_version_runs(vm_lab: Any, tag: str) -> None:
    """The images have the entry point and the place of the configuration of the official ones."""
    versions = [name for name in vm_lab.images if name.startswith(tag)]
    if not versions:
        pytest.skip(f"this machine has no registry {tag}.x; name one in REGISTRY_BINARIES")
    for version in versions:
        image = vm_lab.images[version]
        said = vm_lab.docker("run", "--rm", image, *(["registry"] if tag == "2" else []), "--version").stdout
        assert version in said
        place = vm_lab.docker("run", "--rm", "--entrypoint", "/bin/ls", image, "/etc/docker/registry", check=False)
        assert (place.stdout == "config.yml\n") is (tag == "2")
