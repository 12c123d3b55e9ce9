# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What we make of variables is what the real compose makes of them."""

from __future__ import annotations

import json
import subprocess

from ansible.module_utils.compose_file.environment import read_environment
from ansible.module_utils.compose_file.template import parse_template

ENV = """\
# comment
PLAIN=2.8.3
export EXPORTED = 2.8.3
QUOTED="2.8.3" # comment
SINGLE='$PLAIN'
COMMENT=2.8.3 # comment
HASH=2.8#3
EMPTY=
USES="${PLAIN}-x"
BARE=$PLAIN-y
DEFAULT=${NOWHERE:-z}
TWICE=1
TWICE=2
BOTH=file
SPACED =  x
MULTI="first
second"
AFTER=x\r
"""
NAMES = [
    "PLAIN",
    "EXPORTED",
    "QUOTED",
    "SINGLE",
    "COMMENT",
    "HASH",
    "EMPTY",
    "USES",
    "BARE",
    "DEFAULT",
    "TWICE",
    "BOTH",
    "SPACED",
    "AFTER",
]
TEMPLATES = [
    *(f"<${{{name}}}>" for name in NAMES),
    "$PLAIN/x",
    "${EMPTY:-x}",
    "${EMPTY-x}",
    "${NOWHERE:-${EMPTY:-${PLAIN}}}",
    "${NOWHERE-a${EMPTY}b$PLAIN.c}",
    "${PLAIN:+x}",
    "${EMPTY:+x}",
    "${EMPTY+x}",
    "${NOWHERE+x}",
    "${PLAIN:?not so}",
    "${EMPTY?not so}",
    "$$PLAIN",
    "$${PLAIN}",
    "x${NOWHERE}y",
    "${NOWHERE:-a:b/c@d}",
]


def test_variables_mean_what_they_mean_to_compose(tmp_path, monkeypatch, docker_compose):
    monkeypatch.setenv("BOTH", "process")
    (tmp_path / ".env").write_text(ENV, newline="")
    services = {f"s{number}": {"image": f"i{template}"} for number, template in enumerate(TEMPLATES)}
    (tmp_path / "compose.yml").write_text(json.dumps({"services": services}))
    command = [
        *docker_compose,
        "--project-directory",
        str(tmp_path),
        "-f",
        str(tmp_path / "compose.yml"),
        "config",
        "--format",
        "json",
    ]
    said = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)["services"]
    environment = read_environment(str(tmp_path), {"BOTH": "process"})
    ours = {template: environment.evaluate(parse_template(template)) for template in TEMPLATES}
    # what compose prints can be read again: dollars are doubled
    assert ours == {template: said[f"s{number}"]["image"][1:].replace("$$", "$") for number, template in enumerate(TEMPLATES)}
