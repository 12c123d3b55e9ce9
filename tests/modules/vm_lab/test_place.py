# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The vm lab is the place of the incident: what its parts answer, and how they fail."""

from __future__ import annotations

import json
from typing import Any

from ansible.module_utils.registry_lab.vm.content import held
from ansible.module_utils.registry_lab.vm.front import Front
from ansible.module_utils.registry_lab.vm.spec import CACHES, HOSTED, SERVICES


def catalog(vm_lab: Any, service: Any) -> list[str]:
    status, body = Front(vm_lab.parts.vm, service).get("/v2/_catalog", login=not service.cache)
    assert status == 200
    repositories: list[str] = json.loads(body)["repositories"]
    return repositories


def test_every_port_is_its_own_registry(vm_lab: Any) -> None:
    assert {service.name: catalog(vm_lab, service) for service in SERVICES} == {
        service.name: held(service) for service in SERVICES
    }


def test_the_hosted_one_asks_who_is_there(vm_lab: Any) -> None:
    assert Front(vm_lab.parts.vm, HOSTED).get("/v2/_catalog")[0] == 401


def test_sessions_reach_the_engine(vm_lab: Any) -> None:
    names = vm_lab.ssh(["docker", "ps", "--format", "{{.Names}}"]).stdout.split()
    assert {vm_lab.container(service.name) for service in SERVICES} <= set(names)


def test_caches_hold_one_platform_and_refuse_writes(vm_lab: Any) -> None:
    for service in CACHES:
        front = Front(vm_lab.parts.vm, service)
        connection = front.connect()
        connection.request("POST", "/v2/mine/blobs/uploads/")
        assert connection.getresponse().status == 405
        connection.close()
