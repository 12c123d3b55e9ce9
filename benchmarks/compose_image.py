# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""``compose_image`` as Ansible runs it on a host: a whole process, on files of 1,250 to 20,000 lines, each service pinned."""

from __future__ import annotations

import json
import statistics
import sys
import time
from pathlib import Path

from .measure import Run, run, table

_SERVICE = """\
  service-{number}:
    image: registry:2  # floats
    restart: always
    ports:
      - "{port}:5000"
    environment:
      REGISTRY_HTTP_SECRET: "${{SECRET_{number}:-none}}"
    volumes: [data-{number}:/var/lib/registry]
    labels:
      number: '{number}'
"""
LINES = 10  # of a service
_PROGRAM = """
import sys
import ansible.module_utils, ansible.modules
ansible.module_utils.__path__.append(sys.argv[1] + "/module_utils")
ansible.modules.__path__.append(sys.argv[1] + "/library")
if sys.argv[3] == "Python":
    import yaml
    del yaml.CSafeLoader
from ansible.module_utils.testing import patch_module_args
from ansible.modules import compose_image
import json
with patch_module_args(json.loads(sys.argv[2])):
    compose_image.main()
"""


def against_load_and_dump(folder: Path, rounds: int) -> str:
    """Seconds of a run that changes every service; the peer is a program that only loads the file with PyYAML and writes it again."""
    rows = []
    for lines in (1_250, 5_000, 20_000):
        path = folder / f"compose-{lines}.yml"
        text = "services:\n" + "".join(_SERVICE.format(number=number, port=10_000 + number) for number in range(lines // LINES))
        ours = {parser: [_timed(path, text, parser) for _round in range(rounds)] for parser in ("C", "Python")}
        rows.append([f"{lines:,}", _loaded(text, rounds), *(f"{_seconds(runs):.2f} s" for runs in ours.values())])
    return table(["lines", "PyYAML: load and dump", "compose_image", "compose_image, PyYAML without libyaml"], rows)


def _timed(path: Path, text: str, parser: str) -> Run:
    path.write_text(text)
    options = {"path": str(path), "match": "registry", "image": "registry:2.8.3", "validate": False}
    root = str(Path(__file__).resolve().parent.parent)
    result = run([sys.executable, "-c", _PROGRAM, root, json.dumps(options), parser])
    if result.code != 0 or "registry:2 " in path.read_text():
        raise SystemExit(f"compose_image ended with {result.code}: {result.output[:500]}")
    return result


def _seconds(runs: list[Run]) -> float:
    return statistics.median(each.seconds for each in runs)


def _loaded(text: str, rounds: int) -> str:
    import yaml

    times = []
    for _round in range(rounds):
        began = time.monotonic()
        yaml.safe_dump(yaml.safe_load(text))
        times.append(time.monotonic() - began)
    return f"{statistics.median(times):.2f} s"
