# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The server as a program: ``python -m PACKAGE.main FOLDER`` serves what ``FOLDER/woodpecker.json`` says until it is ended.

Keeps its pipelines in ``FOLDER/pipelines.json``, and a line for each request in ``FOLDER/requests.jsonl``.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any, Dict, TextIO

from .building import Builder, docker_builder, images_builder, nothing
from .server import Exchange, WoodpeckerServer, line_of
from .world import World

CONFIG = "woodpecker.json"


def world_of(config: Dict[str, Any], state: str = "") -> World:
    """The world that a configuration describes.

    ``users`` [{login, token, admin}], ``repositories`` [{full_name, folder, branches, rights, secrets, ...}], ``version``, ``agents``,
    ``privileged_plugins``, ``builder`` {kind: images, docker or nothing, registries: {"host:port" as workflows name it: {address, scheme,
    ca_path, username, password}}, environment}.
    """
    world = World(config.get("version", "3.17.0"), _builder(config.get("builder") or {}), state)
    for user in config["users"]:
        world.add_user(**user)
    for repository in config["repositories"]:
        world.add_repository(**repository)
    world.switch(agents=config.get("agents", 1), paused=config.get("paused", False), faults=config.get("faults", []))
    if "privileged_plugins" in config:
        world.privileged_plugins = list(config["privileged_plugins"])
    world.load()
    return world


def _builder(config: Dict[str, Any]) -> Builder:
    registries = config.get("registries") or {}
    if config.get("kind") == "images":
        return images_builder(registries, config.get("seed", ""))
    return docker_builder(registries, config.get("environment")) if config.get("kind") == "docker" else nothing


def main(folder: str) -> None:
    """Serve until the process is ended."""
    with open(os.path.join(folder, CONFIG), encoding="utf-8") as file:
        config = json.load(file)
    world = world_of(config, os.path.join(folder, "pipelines.json"))
    with open(os.path.join(folder, "requests.jsonl"), "a", encoding="utf-8") as log:
        WoodpeckerServer(world, config["port"], prefix=config.get("prefix", ""), note=_noting(log)).serve()


def _noting(log: TextIO) -> Any:
    def note(one: Exchange) -> None:
        log.write(json.dumps(line_of(one)) + "\n")
        log.flush()

    return note


if __name__ == "__main__":
    main(*sys.argv[1:])
