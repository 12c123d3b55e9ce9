# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""``drill``: rehearses, keeps the times of each scenario, and compares them with the last time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import places, play, private
from .arguments import value_of
from .output import say
from .tables import table

ALL = "--all"
STAGES = ("detect", "diagnose", "repair", "prove")
_COLUMNS = ("SCENARIO", "RESULT", *(stage.upper() for stage in STAGES), "BEFORE", "DIFFERENCE")
_INVENTORY = ("-i", "--inventory", "--inventory-file", "--vault-password-file", "--vault-pass-file", "--vault-id")
Record = dict[str, Any]


def run(arguments: list[str]) -> int:
    """``[--all] [arguments of ansible-playbook]``; the worst exit code of what ran."""
    rest = [argument for argument in arguments if argument != ALL]
    groups = _groups(rest) if ALL in arguments else [""]
    if not groups:
        raise places.Refused("drill --all: no host of the inventory has a drill_scenario")
    codes, records = [], []
    before = _last(_kept())
    for group in groups:
        code, found = _drill([*rest, "-e", f"target={group}"] if group else rest)
        codes.append(code)
        records += found
        if code == 130:
            break
    if ALL in arguments or any(record["scenario"] in before for record in records):
        say(f"\n{compared(records, before)}")
    return max(codes)


def compared(records: list[Record], before: dict[str, Record]) -> str:
    """The table of times: seconds from the break to the end of each stage; before and difference are of the last stage."""
    rows = [_row(record, before.get(record["scenario"])) for record in records]
    return table([_COLUMNS, *rows]) + "\n(seconds from the break; BEFORE is the whole time of the last drill of that scenario)"


def _row(record: Record, before: Record | None) -> tuple[str, ...]:
    clock = record["clock"]
    times = [f"{clock[stage]:.1f}" if stage in clock else "-" for stage in STAGES]
    now, then = _whole(record), _whole(before) if before else None
    difference = f"{now - then:+.1f} ({(now - then) / then:+.0%})" if now is not None and then else "-"
    return (
        record["scenario"],
        "PASS" if record["passed"] else "FAIL",
        *times,
        f"{then:.1f}" if then is not None else "-",
        difference,
    )


def _whole(record: Record) -> float | None:
    """Seconds to the end of the last stage that was reached, where all went well."""
    clock = record["clock"]
    return float(max(clock.values())) if record["passed"] and clock else None


def _drill(arguments: list[str]) -> tuple[int, list[Record]]:
    """One run of the playbook, and the records that it left."""
    outcome = play.start("drill", arguments)
    records = list(_records(outcome.report / "report.json", outcome.name))
    if records:
        with _file().open("a", encoding="utf-8") as file:
            file.writelines("\n" + json.dumps(record) for record in records)  # a line that a kill cut ends here
    return outcome.exit_code, records


def _records(report: Path, run_name: str) -> Iterator[Record]:
    try:
        results = json.loads(report.read_text(encoding="utf-8"))["results"]
    except (OSError, ValueError, KeyError):
        return
    for result in results:
        clocks = result.get("clocks", {})
        for scenario in result.get("scenarios", []):
            name = scenario["scenario"]
            yield {"run": run_name, "scenario": name, "passed": bool(scenario.get("passed")), "clock": clocks.get(name) or {}}


def _file() -> Path:
    return places.private_folder("drills") / "records.jsonl"


def _kept() -> list[Record]:
    """Every record of earlier drills; half a line, left by a kill, is passed over."""
    found = []
    for line in _file().read_text(encoding="utf-8").splitlines() if _file().exists() else []:
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict) and {"scenario", "passed", "clock"} <= set(record):
            found.append(record)
    return found


def _last(records: list[Record]) -> dict[str, Record]:
    """The last record of each scenario that passed."""
    return {record["scenario"]: record for record in records if record["passed"]}


def _groups(arguments: list[str]) -> list[str]:
    """The groups of the inventory all of whose hosts are scenarios, in its order."""
    given = [part for option in _INVENTORY for value in value_of(arguments, option) for part in (option, value)]
    program = str(Path(sys.executable).parent / "ansible-inventory")
    with private.folder() as home:  # HOME may be read-only
        environment = {**os.environ, "ANSIBLE_CONFIG": str(places.ROOT / "ansible.cfg"), "ANSIBLE_HOME": home}
        outcome = subprocess.run([program, "--list", *given], capture_output=True, text=True, env=environment, check=False)
    if outcome.returncode:
        raise places.Refused(f"the inventory cannot be read: {(outcome.stderr.strip().splitlines() or ['nothing was said'])[0]}")
    groups = json.loads(outcome.stdout)
    scenarios = {host for host, known in groups.pop("_meta")["hostvars"].items() if "drill_scenario" in known}
    return [name for name, group in groups.items() if group.get("hosts") and set(group["hosts"]) <= scenarios]
