# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a cluster answered to ``kubernetes.core.k8s_info``, and in words what it did not."""

from __future__ import annotations

import json
import re
from typing import Any, Iterable, List, Mapping, Tuple

_STATUS = re.compile(r'"message":\s*("(?:[^"\\]|\\.)*")')  # of the status that an API server sends with an error
_OF_ONE_REQUEST = re.compile(r" with url: \S+| raised while trying to get resource.*", re.DOTALL)
_MOST = 300  # characters of what a client said


def told_by(answers: Iterable[Mapping[str, Any]], cluster: str) -> Tuple[List[Any], List[str]]:
    """The resources of all answers, and a problem, each once, for those that have none. A kind that the cluster does not know is one, too."""
    resources: List[Any] = []
    problems: List[str] = []
    for answer in answers:
        if isinstance(answer.get("resources"), list) and answer.get("api_found") is not False:
            resources += answer["resources"]
        else:
            problems.append(f"{cluster}: its workloads are not all known ({_reason(answer)})")
    return resources, list(dict.fromkeys(problems))


def _reason(answer: Mapping[str, Any]) -> str:
    text = str(answer.get("msg") or "it knows no resource of a kind that was asked for")
    found = _STATUS.search(text)
    if found:
        try:
            return str(json.loads(found[1]))[:_MOST]
        except ValueError:
            pass
    return re.sub(r"\s+", " ", _OF_ONE_REQUEST.sub("", text))[:_MOST].rstrip(" .")
