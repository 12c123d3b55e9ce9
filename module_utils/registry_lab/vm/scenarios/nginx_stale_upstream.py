# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Two services are recreated and swap their addresses: nginx sends the clients of each to the other, and everything looks healthy."""

from __future__ import annotations

import ipaddress
from typing import Tuple

from ...errors import LabError
from ..spec import CACHES, HOSTED, Service
from .scene import Act, Scene, Wanted
from .stage import Stage

_CACHE = CACHES[-1]
_ADDRESS = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
_OTHER = "front-other-registry"


def nginx_stale_upstream(stage: Stage) -> Scene:
    """See the module's text."""
    images = stage.images()
    before, after = _swap(stage, HOSTED, _CACHE)
    # what the services run is not what is wrong here: they stay as they are
    image = {"pin_image": stage.vm.image("registry", stage.vm.floating), "pin_allow_floating": [stage.vm.floating]}
    found = [{"code": _OTHER, "registry": one.name, "other": other.name} for one, other in _pairs()]
    # one asks for no password any more, and the other for one
    found += [{"code": "front-open", "registry": HOSTED.name}, {"code": "front-closed", "registry": _CACHE.name}]
    kept = {"keep": len(CACHES) + 1}
    acts = [
        Act("detect", "pull what every pipeline runs in", Wanted(1), pull=[(HOSTED.name, "infra-ci:latest")]),
        Act("diagnose", "ask every port who it is", Wanted(0, found=found, plan=kept), "pin", image, check=True),
        Act("repair", "restart nginx, last of all", Wanted(0, True, [], plan=kept), "pin", image),
        Act("prove", "pull every image, and one of each cache", pull=[*images, *stage.cached()]),
        Act("again", "ask and restart again", Wanted(0, False, [], []), "pin", image),
    ]
    moved = [f"recreated {one.name}: its address was {before[place]}, and is {after[place]}" for place, one in enumerate(_pair())]
    return Scene(moved, ["both containers are healthy, and nginx was not touched"], acts, len(found))


def _pair() -> Tuple[Service, Service]:
    return HOSTED, _CACHE


def _pairs() -> Tuple[Tuple[Service, Service], ...]:
    return (HOSTED, _CACHE), (_CACHE, HOSTED)


def _swap(stage: Stage, *services: Service) -> Tuple[Tuple[str, ...], Tuple[str, ...]]:
    """The addresses before and after; the engine gives out the lowest that is free, so the service with the higher one starts first."""
    before = {service.name: _address(stage, service) for service in services}
    names = sorted(before, key=lambda name: ipaddress.ip_address(before[name]), reverse=True)
    stage.on_machine(*stage.compose("rm", "--stop", "--force", *names))
    for name in names:
        stage.on_machine(*stage.compose("up", "--detach", "--wait", "--no-deps", name))
    after = {service.name: _address(stage, service) for service in services}
    if list(after.values()) != list(before.values())[::-1]:
        raise LabError(f"the services did not swap their addresses: {before}, then {after}", where=stage.vm.folder)
    return tuple(before.values()), tuple(after.values())


def _address(stage: Stage, service: Service) -> str:
    return stage.on_machine("docker", "inspect", "--format", _ADDRESS, stage.vm.container(service.name))
