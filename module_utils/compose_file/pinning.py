# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Sets the image of services in one compose file: read, plan, prove, validate, replace. The brain of the module ``compose_image``."""

from __future__ import annotations

import os
from typing import Any, Dict, List, Mapping

from ..oci_registry.errors import BadInput
from ..yaml_file.document import Document, read_document
from ..yaml_file.replacing import Original, read_original, refuse_read_only, replace
from .companions import overriding_files
from .difference import difference
from .environment import Environment, read_environment
from .hidden import hidden_values
from .images import normalised, parse_wanted
from .plan import Plan, Request, plan_images
from .proof import prove_images
from .validation import find_compose, refuse_invalid


class Pinning:
    """One run. ``run()`` once; ``result()`` and ``diff()`` afterwards, also if it failed."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        """``params`` are the options of the module. Raises BadInput for those that cannot be used."""
        self._params = params
        self._plan = Plan([], [], b"", [])
        self._diff = ""
        self._proven: Dict[str, str] = {}
        self._validated = False
        self._backup = ""
        self._done = False
        self._path = os.path.abspath(params["path"])
        if not params["services"] and not params["match"]:
            raise BadInput("neither services nor match is given", advice="Say which services are meant")
        if params["match"]:
            normalised(params["match"])
        self._request = Request(
            params["services"] or [], params["match"] or None, parse_wanted(params["image"]), params["allow_floating"] or []
        )

    def run(self, *, check_mode: bool) -> None:
        """Plan, prove and validate; unless in check mode, write. Raises a RegistryError with the file as it was where that fails."""
        original = read_original(self._path)
        environment = read_environment(os.path.dirname(self._path), os.environ)
        document = read_document(self._path, original.content)
        plan = plan_images(document, self._overrides(environment), environment, self._request)
        if plan.splices:
            self._check(original, document, environment, plan)
        self._plan, self._diff = plan, difference(document, plan.splices)
        if plan.splices and not check_mode:
            self._backup = replace(original, plan.content, backup=self._params["backup"])
        self._done = bool(plan.splices)

    def _overrides(self, environment: Environment) -> List[Document]:
        files = overriding_files(self._path, environment)
        return [read_document(file, read_original(os.path.realpath(file)).content) for file in files]

    def _check(self, original: Original, document: Document, environment: Environment, plan: Plan) -> None:
        """All that can still speak against the plan, cheapest first."""
        refuse_read_only(original)
        if self._params["validate"]:
            compose = find_compose()
            if compose is not None:
                secrets = [*hidden_values(document), *environment.values()]
                refuse_invalid(compose, self._path, original.content, plan.content, secrets)
            self._validated = compose is not None
        if self._params["verify"]:
            self._proven = prove_images([pinned.after for pinned in plan.pinned], self._params)

    def result(self) -> Dict[str, Any]:
        """What the module returns, besides ``diff``: plain JSON types."""
        return {
            "changed": self._done,
            "services": [dict(pinned._asdict(), file=self._path) for pinned in self._plan.pinned],
            "digests": self._proven,
            "validated": self._validated,
            "backup_file": self._backup,
        }

    def warnings(self) -> List[str]:
        """What is worth knowing although everything was done."""
        return self._plan.warnings

    def diff(self) -> Dict[str, str]:
        """The changed lines, the same in check mode and in a real run."""
        return {"prepared": self._diff}

    def message(self) -> str:
        """One sentence for people."""
        changed = [pinned for pinned in self._plan.pinned if pinned.before != pinned.after]
        if not changed:
            return f"all {len(self._plan.pinned)} services have their image already"
        images = ", ".join(dict.fromkeys(pinned.after for pinned in changed))
        return f"{', '.join(pinned.service for pinned in changed)}: {images}"
