# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a script in another language than the shell's does to a registry's store, as far as its text shows: pure."""

from __future__ import annotations

import ast
import re
from typing import Iterator, List, Tuple

from .judge import MANIFESTS, TAG_FOLDERS, UNGUARDED, UNTAGGED, Sign
from .model import CRITICAL, WARNING

_COMMENT = re.compile(r"^\s*(?:#|//|--).*$", re.MULTILINE)
#: a call and its arguments: a list of strings, or one string for a shell; they end where the brackets or the quotes do
_COLLECTS = re.compile(r"""garbage-collect(["'][^\])]{0,200}|[^"'\n]*)""")
_UNTAGGED = re.compile(r"""(?:^|["'\s])(?:-m|--delete-untagged(?:=true)?)(?:["'\s]|$)""")
_DRY_RUN = re.compile(r"""(?:^|["'\s])(?:-d|--dry-run(?:=true)?)(?:["'\s]|$)""")
_REMOVES = re.compile(
    r"""\brmtree\b|\brimraf\b|\brm_rf?\b|\bremove_tree\b|\bremovedirs\b|\brm\s+-\w*[rR]|["']rm["'],\s*["']-\w*[rR]"""
)


def signs_in_code(text: str) -> List[Sign]:
    """What the script does; comments and documentation do not count."""
    code = _code_of(text)
    return [*_collections(code), *_removals(code)]


def _collections(code: str) -> Iterator[Sign]:
    for call in _COLLECTS.finditer(code):
        if not _DRY_RUN.search(call.group(1)):
            untagged = _UNTAGGED.search(call.group(1))
            yield Sign(_line_at(code, call.start()), *((UNTAGGED, CRITICAL) if untagged else (UNGUARDED, WARNING)))


def _removals(code: str) -> Iterator[Sign]:
    for call in _REMOVES.finditer(code) if MANIFESTS in code else ():
        statement = code[code.rfind("\n", 0, call.start()) + 1 : call.start()].split()
        if statement[:1] not in (["import"], ["from"]):
            yield Sign(_line_at(code, call.start()), TAG_FOLDERS, CRITICAL)


def _code_of(text: str) -> str:
    """The text with comments and documentation strings blanked, line by line, so that line numbers stay."""
    lines = _COMMENT.sub("", text).split("\n")
    for first, last in _documentation(text):
        lines[first - 1 : last] = [""] * (last - first + 1)
    return "\n".join(lines)


def _documentation(text: str) -> List[Tuple[int, int]]:
    """First and last line of every string that stands alone, if the text is Python."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return []
    alone = [node for node in ast.walk(tree) if isinstance(node, ast.Expr)]
    strings = [node for node in alone if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)]
    return [(node.lineno, node.end_lineno or node.lineno) for node in strings]


def _line_at(text: str, place: int) -> int:
    return text.count("\n", 0, place) + 1
