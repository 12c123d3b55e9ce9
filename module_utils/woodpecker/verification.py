# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The step that proves what was pushed: registry-doctor on a stock Python image, with nothing to install."""

from __future__ import annotations

import re
from typing import Any, Dict, List, NamedTuple, Sequence, Set

from ..oci_registry.errors import BadInput
from .pushed import Pushed
from .substitution import escaped
from .variables import is_harmless, unknown_names

_WORD = re.compile(r"[A-Za-z0-9_@%+=:,./-]+\Z")
_IMAGE = re.compile(r"[A-Za-z0-9_@:./${}#%+,^=?*~-]+\Z")
_OF_SHELL = re.compile(r"\$[A-Za-z_$]")


class Proof(NamedTuple):
    """What the step shall be like. ``username`` and ``password`` are what ``environment`` holds for them, or empty."""

    image: str
    doctor: str
    ca_path: str
    registry: str
    scheme: str
    images: Sequence[str]
    username: Any
    password: Any


def proof_of(options: Dict[str, Any], pushed: Pushed) -> Proof:
    """From the option ``verify``, and what the pushing step says where that leaves something open."""
    secrets = [options["username_secret"], options["password_secret"]]
    given = [{"from_secret": name} if name else "" for name in secrets]
    username, password = given if any(given) else (pushed.username, pushed.password)
    images = [_without_host(image, pushed.registry) for image in pushed.images]
    return Proof(
        options["image"],
        options["doctor"],
        options["ca_path"] or "",
        pushed.registry,
        options["scheme"],
        images,
        username,
        password,
    )


def _without_host(image: str, registry: str) -> str:
    return image[len(registry) + 1 :] if image.startswith(f"{registry}/") else image


def verification_step(proof: Proof, matrix: Set[str]) -> Dict[str, Any]:
    """The step but for its name, what it depends on and when it runs."""
    step: Dict[str, Any] = {"image": proof.image}
    environment = {"REGISTRY_USERNAME": proof.username, "REGISTRY_PASSWORD": proof.password}
    environment = {name: value for name, value in environment.items() if value}
    words = command_line(proof, matrix, environment)
    if environment:
        step["environment"] = environment
    step["commands"] = [" ".join(words)]
    return step


def command_line(proof: Proof, matrix: Set[str], environment: Dict[str, Any]) -> List[str]:
    """The words of the command, quoted for the shell; what cannot be is put into ``environment``."""
    words = ["python3", _quoted(proof.doctor), "verify", "--registry", _quoted(proof.registry)]
    words += ["--scheme", proof.scheme] if proof.scheme != "https" else []
    words += ["--ca-path", _quoted(proof.ca_path)] if proof.ca_path else []
    return words + [_image(image, f"IMAGE_{number}", matrix, environment) for number, image in enumerate(proof.images, 1)]


def _quoted(word: str) -> str:
    if _WORD.match(word):
        return word
    if "'" in word or "$" in word or not word.isprintable() or not word:
        raise BadInput(f"{word!r} cannot be written in a command", advice="Use letters, digits and . _ - / only")
    return f"'{word}'"


def _image(image: str, variable: str, matrix: Set[str], environment: Dict[str, Any]) -> str:
    """Single quotes keep the shell away from what the server fills in; what only the shell knows needs double ones, and an escape.

    A branch may be named ``x';id;'``: the server would write that into the command, so the command gets it as a variable.
    """
    if not _IMAGE.match(image):
        raise BadInput(f"{image!r} is no image (verify.images)", advice="Write repository:tag, such as app:${CI_COMMIT_SHA:0:8}")
    if "$" not in image:
        return image
    if unknown_names(image, matrix) or _OF_SHELL.search(image):
        return f'"{escaped(image, matrix)}"'
    if is_harmless(image, matrix):
        return f"'{image}'"
    environment[variable] = image
    return f'"${variable}"'
