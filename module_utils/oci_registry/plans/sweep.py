# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a collection took, against what it said it would take. Pure."""

from __future__ import annotations

import contextlib
import re
from typing import Any, Dict, List, Mapping, Sequence, Set

from ..errors import BadInput
from ..findings import Finding
from ..store.layout import BASE, blob_path, layer_link_path, revision_link_path
from .collection import Verdict

_HISTORY = re.compile(
    re.escape(BASE) + r"/repositories/(?P<name>.+)/_manifests/tags/[^/]+/index/(?P<algorithm>[^/]+)/(?P<hex>[^/]+)/link\Z"
)


#: how many layer links of what is swept are kept, to ask the registry afterwards what it remembers
_MAX_LAYERS = 100


def as_plan(verdict: Verdict) -> Dict[str, Any]:
    """What to keep beside a snapshot: what is to go, and what was broken before, as plain JSON types."""
    dry_run = verdict.dry_run
    return {
        "blobs": sorted(dry_run.blobs),
        "manifests": sorted(map(list, dry_run.manifests)),
        "layer_links": sorted(map(list, dry_run.layer_links)),
        "findings": sorted(map(finding_key, verdict.holdings.findings)),
        "layers": list(map(list, verdict.holdings.layers[:_MAX_LAYERS])),
    }


def finding_key(finding: Finding) -> str:
    """The same for the same damage, whoever saw it."""
    return " ".join((finding.code, finding.repository, finding.digest, ",".join(finding.tags)))


def new_findings(findings: Sequence[Finding], plan: Mapping[str, Any]) -> List[Finding]:
    """Those that were not there before. Layer links of swept blobs stay behind with 2.8, and are none."""
    known = set(plan.get("findings", ()))
    return [each for each in findings if each.code != "layer-link-orphan" and finding_key(each) not in known]


def surplus(paths: Sequence[str], plan: Mapping[str, Any]) -> List[str]:
    """Those of the vanished files (below the rootdirectory) that were not to go."""
    expected = _expected(plan)
    manifests = {(repository, digest) for repository, digest in plan.get("manifests", ())}
    found = []
    for path in paths:
        history = _HISTORY.match(path)
        is_deleted = history is not None and (history["name"], f"{history['algorithm']}:{history['hex']}") in manifests
        if path not in expected and not is_deleted:
            found.append(path)
    return found


def _expected(plan: Mapping[str, Any]) -> Set[str]:
    paths: Set[str] = set()
    with contextlib.suppress(BadInput):  # no digest, no name: then nothing of it was expected
        paths.update(map(blob_path, plan.get("blobs", ())))
        paths.update(revision_link_path(*key) for key in plan.get("manifests", ()))
        paths.update(layer_link_path(*key) for key in plan.get("layer_links", ()))
    return paths
