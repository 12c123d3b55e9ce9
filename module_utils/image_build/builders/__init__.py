# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The programs that can build and push, tried in this order."""

from __future__ import annotations

from typing import Dict, Type

from .base import Builder, Order, Unfit, Workshop
from .buildah import Buildah
from .buildx import Buildx
from .docker import Docker

#: by the name that the option ``builder`` has for it
ALL: Dict[str, Type[Builder]] = {"buildx": Buildx, "docker": Docker, "buildah": Buildah}

__all__ = ["ALL", "Builder", "Order", "Unfit", "Workshop"]
