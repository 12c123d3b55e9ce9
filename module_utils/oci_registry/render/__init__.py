# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Reports as text for people, JSON, JUnit XML and Prometheus text. Pure: any number of reports of one observer in, one document out."""

from __future__ import annotations

import json
from typing import Callable, Dict, Sequence

from ..report import Report, combine
from .junit import junit
from .prometheus import prometheus
from .text import by_image, image_name, missing, printable, table, text

__all__ = ["FORMATS", "by_image", "image_name", "missing", "printable", "table"]


def as_json(reports: Sequence[Report]) -> str:
    """The documented schema, one object, keys in a stable order."""
    whole = combine(reports) if reports[0].observer == "disk" else reports[0].as_dict()
    return json.dumps(whole, indent=2) + "\n"


FORMATS: Dict[str, Callable[[Sequence[Report]], str]] = {"text": text, "json": as_json, "junit": junit, "prometheus": prometheus}
