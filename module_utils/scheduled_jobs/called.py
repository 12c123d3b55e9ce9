# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The scripts that commands call, and what is in them: one level deep."""

from __future__ import annotations

import os
import re
from typing import Iterator, List, NamedTuple, Sequence

from .files import Tree
from .judge import Sign, others, sign_of, signs_in_shell
from .model import Evidence
from .redact import redacted
from .shell import Command, commands
from .source import signs_in_code

DEFAULT_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
_INTERPRETER = re.compile(r"(?:ba|da|z|k|a)?sh|python[\d.]*|perl|ruby|node|\.|source")
_SHELL_SCRIPT = re.compile(r"#!.*\b(?:ba|da|z|k|a)?sh\b")
_FUNCTION = re.compile(r"^\s*(?:function\s+)?(\w+)\s*\(\)|^\s*function\s+(\w+)", re.MULTILINE)


class Verdict(NamedTuple):
    """What commands do: the evidence against them, and the commands beside it that harm nothing and are for something else."""

    evidence: List[Evidence]
    others: List[str]


def judge_text(tree: Tree, text: str, file: str, first_line: int = 1, path: Sequence[str] = DEFAULT_PATH) -> Verdict:
    """What shell text in ``file`` does, in the scripts that it calls too."""
    every = commands(text, first_line)
    evidence = [evidence_of(file, sign, text.split("\n")[sign.line - first_line]) for sign in map(sign_of, every) if sign]
    beside: List[Command] = []
    for command in every:
        called = [judge_script(tree, script) for script in _scripts(tree, command, path)]
        guilty = [verdict for verdict in called if verdict.evidence]
        evidence += [each for verdict in guilty for each in verdict.evidence]
        if not guilty:
            beside.append(command)
        for verdict in guilty:
            beside += [Command(command.line, (other,)) for other in verdict.others]
    return Verdict(evidence, others(beside))


def judge_script(tree: Tree, path: str) -> Verdict:
    """What a script does. Of one that is no shell script, only the evidence can be told."""
    text = tree.text(path) or ""
    is_shell = _is_shell(path, text)
    signs = signs_in_shell(text) if is_shell else signs_in_code(text)
    lines = text.split("\n")
    evidence = [evidence_of(path, sign, lines[sign.line - 1]) for sign in signs]
    guilty = {sign.line for sign in signs}
    functions = [name for pair in _FUNCTION.findall(text) for name in pair if name]
    beside = others([each for each in commands(text) if each.line not in guilty], functions) if is_shell and evidence else []
    return Verdict(evidence, beside)


def evidence_of(file: str, sign: Sign, text: str) -> Evidence:
    """A sign, with where it stands."""
    return Evidence(file, sign.line, redacted(text.strip()), sign.why, sign.severity)


def _is_shell(path: str, text: str) -> bool:
    first = text.split("\n", 1)[0]
    return bool(_SHELL_SCRIPT.match(first)) or (not first.startswith("#!") and not path.endswith((".py", ".pl", ".rb", ".js")))


def _scripts(tree: Tree, command: Command, path: Sequence[str]) -> Iterator[str]:
    """The text files among a command's words that it runs: named by a path or found on PATH, and executable or given to an interpreter."""
    before = ""
    for word in command.words:
        for candidate in [word] if word.startswith("/") else [os.path.join(folder, word) for folder in path if "/" not in word]:
            if (tree.mode(candidate) & 0o111 or _INTERPRETER.fullmatch(before)) and tree.text(candidate) is not None:
                yield candidate
                break
        if not word.startswith("-"):
            before = os.path.basename(word)
