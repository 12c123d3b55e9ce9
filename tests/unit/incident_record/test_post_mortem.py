# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The draft of a post-mortem: filled from data, honest about what a person must add, plain text to Markdown, and never taken from its author."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from ansible.module_utils.incident_record import RecordError, documents, write
from ansible.module_utils.incident_record.post_mortem import is_untouched
from ansible.module_utils.incident_record.safe import code, markdown

from plugins.records import HOSTILE, hostile, incident, report

TEMPLATE = Path(__file__).resolve().parents[3] / "docs" / "post-mortems" / "template.md"
HEADINGS = [
    "Summary",
    "Impact",
    "Timeline (UTC)",
    "Root cause candidates",
    "What detected it",
    "What did not",
    "Repair",
    "Actions",
]


def draft(*results, **more):
    return documents(report(*results, **more))["post-mortem.md"]


def headings(text):
    return re.findall(r"^## (.+)$", text, re.MULTILINE)


def folder_of(path, data):
    path.mkdir(exist_ok=True)
    (path / "report.json").write_text(json.dumps(data), encoding="utf-8")
    return path


def test_it_is_filled_from_the_data():
    text = draft(incident(3))
    assert headings(text) == HEADINGS
    for told in (
        "2 images repaired and proven; 1 image remains broken",
        "`infra-ci:latest`, used by woodpecker `.woodpecker/deploy.yml:plan`",
        "| 2026-04-19 07:00:00 | it broke |",
        "**collection of untagged manifests**",
        "alert RegistryManifestIntegrityFailure",
        "- restore config:",
        "- remains: `team/web-frontend:latest`",
        "- [ ] go on with: `./runbook recover -e target=registry-private",
    ):
        assert told in text


def test_what_only_a_person_knows_is_a_todo():
    text = draft()
    assert headings(text) == HEADINGS
    parts = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    assert [part.splitlines()[0] for part in parts if "TODO" not in part] == ["Repair"]


def test_the_template_is_the_skeleton_of_a_draft():
    template = TEMPLATE.read_text(encoding="utf-8")
    assert [heading.replace(" candidates", "") for heading in headings(template)] == [
        each.replace(" candidates", "") for each in HEADINGS
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_plain_to_markdown(text):
    line = markdown(text, 9999)
    assert "\n" not in line
    assert not re.search(r"(?<!\\)[<>`*_\[\]|#]", line)
    assert "@channel" not in line
    fenced = code(text, 9999)
    fence = re.match("`+", fenced)[0]
    assert fenced.endswith(fence)
    assert fence not in re.findall("`+", fenced[len(fence) : -len(fence)])


def test_a_hostile_name_adds_no_heading_no_row_and_no_html():
    spoilt = draft(hostile())
    assert headings(spoilt) == HEADINGS
    rows = [line for line in spoilt.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {4}
    without_code = re.sub(r"(`+).*?(?<!`)\1(?!`)", "", spoilt)
    assert re.findall(r"(?<!\\)<(?!!-- an untouched)", without_code) == []


def test_what_a_person_wrote_stays(tmp_path):
    folder = folder_of(tmp_path / "run", report(incident(2)))
    assert write(folder) == ["index.html", "post-mortem.md"]
    assert write(folder) == []
    folder_of(folder, report(incident(3)))
    assert write(str(folder)) == ["index.html", "post-mortem.md"]
    post_mortem = folder / "post-mortem.md"
    assert is_untouched(post_mortem.read_text(encoding="utf-8"))
    written = post_mortem.read_text(encoding="utf-8").replace("TODO (a person): who wrote this", "me")
    post_mortem.write_text(written, encoding="utf-8")
    folder_of(folder, report(incident(4)))
    assert write(folder) == ["index.html"]
    assert post_mortem.read_text(encoding="utf-8") == written


def test_the_journal_becomes_part_of_the_page(tmp_path):
    folder = folder_of(tmp_path / "run", report(incident(1)))
    lines = [
        {"time": "2026-04-19T09:03:01+00:00", "event": "task-ended", "task": "Repair it", "host": "vm", "result": "changed"},
        {"time": "2026-04-19T09:03:02+00:00", "event": "task-ended", "task": "Look only", "host": "vm", "result": "ok"},
    ]
    journal = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "journal.jsonl").write_text(f'{journal}[1]\n{{"time": "2026-04', encoding="utf-8")
    write(folder)
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert "task Repair it; result changed" in page
    assert "Look only" not in page
    assert {path.stat().st_mode & 0o777 for path in (folder / "index.html", folder / "post-mortem.md")} == {0o600}


@pytest.mark.parametrize("content", [None, "", "{", "[]"])
def test_without_a_report_there_is_one_clear_error(tmp_path, content):
    if content is not None:
        (tmp_path / "report.json").write_text(content, encoding="utf-8")
    with pytest.raises(RecordError, match=r"report\.json: "):
        write(tmp_path)
    assert not (tmp_path / "index.html").exists()
