# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The report of a drill, with the clock: what each scenario broke, how long it took to find, to understand, to repair and to prove. Pure."""

from __future__ import annotations

from collections import Counter
from typing import Any, Dict, List, Mapping, Sequence, Tuple

from .monitoring.story import measured, unshortened

Record = Mapping[str, Any]

#: what is timed, in order; each in seconds from the break
STAGES = ("detect", "diagnose", "repair", "prove")
_COLUMNS = ("SCENARIO", "RESULT", "FOUND", *(stage.upper() for stage in STAGES))


def passed(records: Sequence[Record]) -> bool:
    """Whether there was a scenario, and every one went as it should."""
    return bool(records) and all(record["passed"] for record in records)


def clock(record: Record) -> Dict[str, float]:
    """Seconds from the break to the end of each stage that was reached."""
    times = record["times"]
    return {stage: round(times[stage] - times["break"], 1) for stage in STAGES if stage in times}


def text(records: Sequence[Record]) -> str:
    """The report for people: one line and the clock for each scenario, then what was done in each."""
    good = sum(bool(record["passed"]) for record in records)
    versions = ", ".join(sorted({record["version"] for record in records if record.get("version")}))
    lines = [
        f"DRILL: {'PASS' if passed(records) else 'FAIL'}, {good} of {len(records)} scenarios, registry {versions or 'not started'}"
    ]
    lines += [
        "",
        *_table([_COLUMNS, *map(_row, records)]),
        "(seconds from the break until it was detected, diagnosed, repaired, proven)",
    ]
    for record in records:
        lines += ["", f"{record['scenario']}: {_result(record)}", *(f"  {line}" for line in _story(record))]
    return "\n".join(lines) + "\n"


def _result(record: Record) -> str:
    return "PASS" if record["passed"] else "FAIL"


def _row(record: Record) -> Tuple[str, ...]:
    seconds = clock(record)
    times = [f"{seconds[stage]:.1f} s" if stage in seconds else "-" for stage in STAGES]
    found = record.get("found")
    return (record["scenario"], _result(record), "-" if found is None else str(found), *times)


def _story(record: Record) -> List[str]:
    lines = [f"broke     {line}" for line in record.get("broken", [])]
    lines += [f"showed    {line}" for line in record.get("evidence", [])]
    lines += [f"repaired  {count} x {what}" for what, count in _counted(record.get("steps", []))]
    lines += [f"measured  {line}" for line in measured(record.get("delays", {}))]
    lines += [f"shipped   {line}" for line in unshortened(record.get("shipped", []))]
    lines += [f"proved    {line}" for line in record.get("proved", [])]
    if not record["passed"]:
        lines.append(f"FAILED    {record['problem']}")
    if not record["passed"] and record["folder"]:
        revived = record.get("revived_by") or "restart.sh"
        lines.append(f"evidence  {record['folder']} (store, configuration, log; {revived} starts it again)")
    return lines


def _counted(steps: Sequence[Record]) -> List[Tuple[str, int]]:
    counts = Counter(f"{step['action']} {step['role']} ({step['way']})" for step in steps if step["state"] == "done")
    return sorted(counts.items())


def _table(rows: Sequence[Sequence[str]]) -> List[str]:
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
