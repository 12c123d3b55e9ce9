# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What Woodpecker may answer: its OpenAPI document, with the deviations of the handlers applied, as JSON schemas; and what was recorded."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema

DATA = Path(__file__).resolve().parents[1] / "data" / "woodpecker"
#: routes that the document was cut by, or never had
UNDESCRIBED = (r"/api/secrets", r"/api/orgs/\d+/secrets", r"/api/queue/(?:pause|resume)", r"/lab")


def load(name: str) -> Any:
    """One of the data files."""
    return json.loads((DATA / name).read_text(encoding="utf-8"))


def recorded() -> list[dict[str, Any]]:
    """All recorded exchanges."""
    found: list[dict[str, Any]] = load("recorded-exchanges-3.17.0.json")["exchanges"]
    return found


def applied(document: Any, patch: list[dict[str, Any]]) -> Any:
    """A JSON patch (RFC 6902; add, replace, remove) applied to a document of objects."""
    for operation in patch:
        *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
        place = document
        for part in parents:
            place = place[part]
        assert (last in place) or operation["op"] == "add", operation
        if operation["op"] == "remove":
            del place[last]
        else:
            place[last] = operation["value"]
    return document


class Contract:
    """Says of an answer whether it is one that the real server gives."""

    def __init__(self) -> None:
        self.document = applied(load("openapi.json"), load("contract-deviations.json")["patch"])
        self._paths = []
        for path, operations in sorted(self.document["paths"].items(), key=lambda pair: pair[0].count("{")):
            catch_all = re.sub(r"\\\{repo_full_name\\\}", ".+", re.escape(path))
            pattern = ("" if path in ("/healthz", "/version") else "/api") + re.sub(r"\\\{\w+\\\}", "[^/]+", catch_all)
            self._paths.append((re.compile(pattern), operations))

    def operation(self, method: str, target: str) -> dict[str, Any] | None:
        """What is described of a request; None for one that no route takes."""
        path = urlsplit(target).path
        found = (operations for pattern, operations in self._paths if pattern.fullmatch(path))
        return next((operations[method.lower()] for operations in found if method.lower() in operations), None)

    def check(self, method: str, target: str, status: int, kind: str, body: str) -> None:
        """Fails where the answer is none that is described."""
        operation, path = self.operation(method, target), urlsplit(target).path
        if operation is None:
            known = any(re.fullmatch(pattern, path) for pattern in UNDESCRIBED)
            assert known or kind.lower().startswith("text/html"), f"{method} {target} is no route, and answered {status} {kind}"
            return
        assert str(status) in operation["responses"], f"{method} {target} never answers {status}"
        schema = operation["responses"][str(status)].get("schema")
        if schema and status == 200:
            assert kind == "application/json; charset=utf-8", f"{method} {target}: {kind}"
            jsonschema.Draft4Validator({**schema, "definitions": self.document["definitions"]}).validate(json.loads(body))
        elif status >= 300 or status == 204:
            assert not body or kind.startswith("text/plain"), f"{method} {target}: {body}"
