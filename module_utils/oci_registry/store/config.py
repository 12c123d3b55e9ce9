# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The one thing that a scan wants to know of a registry's configuration: ``proxy.remoteurl``.

The configuration is YAML, and the hosts have no YAML library. Block mappings, flow mappings and JSON are understood as far as
the section ``proxy`` goes; everything else is skipped, not judged.
"""

from __future__ import annotations

import json
import re
from typing import Any, List

_TOP_LEVEL_KEY = re.compile(r"""["']?proxy["']?\s*:(?:\s+(?P<rest>.*))?\Z""")
_REMOTE_URL = re.compile(r"""(?:\A|[{,\s])["']?remoteurl["']?\s*:\s*(?P<value>"[^"]*"|'[^']*'|[^\s,}#][^,}#]*)?""")


def remote_url(config: str) -> str:
    """The upstream of a pull-through cache, or an empty text for a registry that hosts its own images."""
    try:
        return _from_json(json.loads(config))
    except ValueError:
        match = _REMOTE_URL.search(_proxy_section(config.splitlines()))
    value = (match["value"] or "").strip().strip("\"'") if match else ""
    return "" if value in ("~", "null") else value


def _from_json(document: Any) -> str:
    proxy = document.get("proxy") if isinstance(document, dict) else None
    value = proxy.get("remoteurl") if isinstance(proxy, dict) else None
    return value if isinstance(value, str) else ""


def _proxy_section(lines: List[str]) -> str:
    """The text of the top-level key ``proxy``, without comments."""
    section: List[str] = []
    inside = False
    for line in lines:
        text = re.sub(r"(?:\A|\s)#.*", "", line).rstrip()
        if not text:
            continue
        if not text[0].isspace() and text[0] not in "}]":
            match = _TOP_LEVEL_KEY.match(text)
            inside = match is not None
            text = (match["rest"] or "") if match else ""
        if inside:
            section.append(text)
    return "\n".join(section)
