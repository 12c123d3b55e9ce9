# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Which images the commands of a step push, as far as their text tells."""

from __future__ import annotations

import re
import shlex
from typing import Any, Callable, Dict, List, Tuple

from ..yaml_file.tree import effective, is_mapping, is_scalar
from .pushing import pushing_commands
from .workflow import Step, Workflow, commands

_SEPARATORS = re.compile(r"\n|;|&&|\|\|?|\bthen\b|\bdo\b|\belse\b")
_SET = re.compile(r"(?:^|[\s;&(])([A-Za-z_]\w*)=(\"[^\"`$\n]*\"|'[^'\n]*'|[\w./:@-]+)(?=[\s;&]|\Z)")
_VARIABLE = re.compile(r"\$?\$\{(\w+)\}|\$?\$([A-Za-z_]\w*)")
_TOOLS = ("docker", "podman", "buildah", "nerdctl", "img", "crane", "skopeo", "executor", "buildctl")
_DESTINATION = {"-t", "--tag", "--destination", "-d"}
#: options of these tools that take a value as a word of its own
_VALUED = {
    "--creds",
    "--authfile",
    "--cert-dir",
    "--digestfile",
    "--format",
    "-f",
    "--platform",
    "--sign-by",
    "--src-creds",
    "--dest-creds",
    "--config",
}
#: text that another program writes; what stands in its place has no space in it
_WRITTEN = re.compile(r"\$\([^()]*\)|`[^`]*`")
_NAME = re.compile(r"(?:^|,)\"?name=([^,\"]+)")


def pushed_by_commands(workflow: Workflow, step: Step) -> Tuple[List[str], List[str]]:
    """The images, as they are written but for variables that the step itself sets; and the commands that push something that they do not name."""
    known = _set_in(workflow, step)
    found: Dict[str, None] = {}
    unclear: List[str] = []
    for command in pushing_commands(step):
        images = [image for part in _SEPARATORS.split(_WRITTEN.sub("$(…)", command)) for image in _images(part, known)]
        found.update(dict.fromkeys(images))
        unclear += [] if images else [command.strip()[:200]]
    return list(found), unclear


def _set_in(workflow: Workflow, step: Step) -> Dict[str, str]:
    """Variables that the step sets to plain text, by its environment or in its commands; those that are set twice are left out."""
    node: Any = step.keys.get("environment")
    pairs = effective(workflow.document, node).items() if is_mapping(node) else ()
    found = {name: each.value for name, each in pairs if is_scalar(each) and "$" not in each.value}
    seen: Dict[str, int] = {}
    for name, value in _SET.findall("\n".join(commands(step))):
        seen[name] = seen.get(name, 0) + 1
        found[name] = value.strip("'\"")
    return {name: value for name, value in found.items() if seen.get(name, 0) < 2}


def _images(part: str, known: Dict[str, str]) -> List[str]:
    try:
        words = [_VARIABLE.sub(_filled_by(known), word) for word in shlex.split(part, comments=True)]
    except ValueError:
        return []
    start = next((number for number, word in enumerate(words) if word.rpartition("/")[2] in _TOOLS), None)
    return [image for image in _pushed(words[start:]) if image] if start is not None else []


def _filled_by(known: Dict[str, str]) -> Callable[[Any], str]:
    return lambda found: known.get(found[1] or found[2], found[0])


def _pushed(words: List[str]) -> List[str]:
    """What one program pushes. A ``docker build`` without ``--push`` pushes nothing; neither does a pull."""
    tool, plain = words[0].rpartition("/")[2], _positional(words[1:])
    if tool == "skopeo" and "copy" in plain:
        return [word.partition("docker://")[2] for word in plain[-1:]]
    if tool == "buildctl":
        return [name for word in words if "push=true" in word for name in _NAME.findall(word)]
    if tool == "executor":
        return _valued(words)
    if "build" in plain and ("--push" in words or any("type=registry" in word or "push=true" in word for word in words)):
        named = [name for word in words if "type=registry" in word or "push=true" in word for name in _NAME.findall(word)]
        return _valued(words) + named
    if plain[:3] == ["buildx", "imagetools", "create"]:
        return _valued(words)
    return _by_push(plain)


def _by_push(plain: List[str]) -> List[str]:
    """``push IMAGE``, and ``push IMAGE DESTINATION`` as others than Docker have it; ``compose push`` names no image."""
    if "push" not in plain[:2] or plain[0] == "compose":
        return []
    return [word.partition("docker://")[2] or word for word in plain[plain.index("push") + 1 :][-1:]]


def _positional(words: List[str]) -> List[str]:
    return [word for before, word in zip(["", *words], words) if not word.startswith("-") and before not in _VALUED]


def _valued(words: List[str]) -> List[str]:
    """Values of the options that name an image, as one word or two."""
    found = [word for before, word in zip(words, words[1:]) if before in _DESTINATION]
    return found + [word.partition("=")[2] for word in words if "=" in word and word.partition("=")[0] in _DESTINATION]
