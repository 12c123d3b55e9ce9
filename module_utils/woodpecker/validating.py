# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The option ``validate``: a command of the user that must take a file before it replaces another."""

from __future__ import annotations

import os
import shlex
import tempfile
from typing import Any, Callable, Optional

from ..oci_registry.errors import BadInput

_MOST_TOLD = 500  # characters


def validator(module: Any) -> Optional[Callable[[bytes], None]]:
    """What gives the bytes of the new file to that command, as a file with the same ending; None where there is no command."""
    command = module.params["validate"]
    if not command:
        return None
    if "%s" not in command:
        raise BadInput("validate holds no %s", advice="Write %s where the command takes the file")
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise BadInput(f"validate is no command: {error}", advice="Close its quotes") from None

    def validate(content: bytes) -> None:
        ending = os.path.splitext(module.params["path"])[1]
        with tempfile.NamedTemporaryFile(dir=module.tmpdir, suffix=ending) as file:
            file.write(content)
            file.flush()
            code, out, err = module.run_command([word.replace("%s", file.name) for word in words])
        if code != 0:
            told = " ".join((out + err).split())[:_MOST_TOLD]
            raise BadInput(
                f"{words[0]} does not take the changed file: {told}", where=module.params["path"], advice="Nothing was written"
            )

    return validate
