# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""From the options of ``registry_impact_info`` to its result."""

from __future__ import annotations

from typing import Any, Dict, Mapping

from .broken import broken_images
from .matching import impact
from .names import Names
from .use import checked
from .words import text


def result_of(params: Mapping[str, Any]) -> Dict[str, Any]:
    """What the module returns. Raises BadInput for options that cannot be used."""
    broken = broken_images(params["findings"], params["images"], params["graph"])
    uses = [checked(one) for one in params["uses"]]
    found = impact(broken, uses, Names(params["registries"]))
    return {
        "images": found.images,
        "in_use": found.named(in_use=True),
        "unused": found.named(in_use=False),
        "unsure": found.unsure,
        "problems": params["problems"],
        "complete": not (params["problems"] or found.unsure),
        "text": text(params["name"], found, params["problems"]),
    }
