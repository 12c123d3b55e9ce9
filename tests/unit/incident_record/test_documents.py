# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""From any data at all to files that hold no markup but ours, nothing invisible, and no secret."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import pytest
from ansible.module_utils.incident_record import documents
from hypothesis import given, settings
from hypothesis import strategies as some

from plugins.records import HOSTILE, digest_of, hostile, incident, report

FILES = {"report.txt", "report.json", "plan.json", "before.json", "after.json", "timeline.json", "index.html", "post-mortem.md"}
# fmt: off
OURS = {
    "html", "head", "meta", "link", "title", "style", "body", "header", "main", "footer", "section", "nav", "div",
    "p", "span", "b", "h1", "h2", "h3", "h4", "ul", "li", "dl", "dt", "dd", "a", "table", "caption", "thead",
    "tbody", "tr", "th", "td", "details", "summary", "pre", "code", "figure", "figcaption", "svg", "desc", "g",
    "path", "rect", "line", "circle", "text", "tspan",
}
ATTRIBUTES = {
    "charset", "http-equiv", "content", "name", "rel", "href", "id", "class", "lang", "title", "open", "scope",
    "role", "tabindex", "data-label", "dir", "aria-label", "aria-hidden", "aria-labelledby", "x", "y", "x1", "x2",
    "y1", "y2", "cx", "cy", "r", "rx", "d", "dx", "width", "height", "transform", "text-anchor", "overflow",
}
LEAVES = some.one_of(
    some.none(), some.booleans(), some.floats(), some.integers(), some.text(max_size=30), some.sampled_from(HOSTILE)
)
KEYS = some.sampled_from(
    [
        "name", "text", "findings", "before", "images", "graph", "nodes", "steps", "remaining", "quarantine", "uses",
        "impact", "rebuilds", "times", "detected", "differences", "problems", "problem", "run_id", "repository",
        "tags", "tag", "digest", "parent", "role", "state", "repaired_by", "platform", "candidates", "action",
        "approval", "possible", "began", "ended", "started", "broken", "proven", "time", "by", "scenarios", "passed",
        "outcome", "reference", "severity", "code", "meaning", "plan", "size", "in_use",
    ]
)
# fmt: on
DATA = some.recursive(
    LEAVES, lambda inner: some.lists(inner, max_size=4) | some.dictionaries(KEYS, inner, max_size=6), max_leaves=40
)


class Page(HTMLParser):
    """What a browser would make of a page: elements, attributes, text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: set[str] = set()
        self.said = ""
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _value in attrs}
        self.links |= {value for name, value in attrs if name in ("href", "src")}
        if tag not in ("meta", "link"):
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self._open.pop()

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open[-1:] != ["style"]:
            self.said += data


def assert_harmless(made):
    page = Page(made["index.html"])
    assert page.tags <= OURS
    assert page.attributes <= ATTRIBUTES
    assert all(link.startswith(("#", "data:,")) for link in page.links)
    for name in ("index.html", "post-mortem.md"):
        assert [char for char in made[name] if not char.isprintable() and char not in "\n\t\u200b"] == []
    assert "\u200b" not in made["index.html"]
    for name in made:
        made[name].encode()
        if name.endswith(".json"):
            json.loads(made[name])


def test_the_files_of_a_record():
    made = documents(report(incident(3)), report="BROKEN\n")
    assert set(made) == FILES
    assert made["report.txt"] == "BROKEN\n"
    plan = json.loads(made["plan.json"])["registries"][0]
    assert [image["tag"] for image in plan["images"]] == ["latest"] * 3
    assert {each["action"] for each in plan["images"][0]["candidates"]} >= {"relink", "restore", "repoint", "rebuild", "delete"}
    assert len(plan["steps"]) == len(incident(3)["steps"])
    before, after = (json.loads(made[f"{name}.json"])["registries"][0] for name in ("before", "after"))
    assert before["findings"] == incident(3)["before"]
    assert (after["looked"], after["findings"]) == (True, incident(3)["findings"])


def test_events_are_in_order_and_have_all_their_fields():
    events = json.loads(documents(report(incident(4)))["timeline.json"])
    assert [event["time"] for event in events] == sorted(event["time"] for event in events)
    assert all({"time", "what", "host", "kind", "seconds"} <= set(event) for event in events)
    assert events[0]["what"] == "it broke"
    assert events[0]["utc"] == "2026-04-19T07:00:00.000Z"
    assert {event["kind"] for event in events} == {"moment", "step"}


def test_the_same_data_makes_the_same_files():
    assert documents(report(incident(5))) == documents(report(incident(5)))


@pytest.mark.parametrize("missing", sorted(incident(2)))
def test_any_key_may_be_missing(missing):
    assert_harmless(documents(report({key: value for key, value in incident(2).items() if key != missing})))


def test_nothing_at_all():
    for data in ({}, report(), {"results": None, "unseen": "x"}, {"results": [None, 1, "x", []]}):
        made = documents(data)
        assert_harmless(made)
        assert set(made) == FILES


def test_hostile_names_are_text():
    made = documents(report(hostile(), unseen=list(HOSTILE), problem=HOSTILE[0]), report=HOSTILE[6])
    assert_harmless(made)
    said = Page(made["index.html"]).said
    for shown in (
        "<script>document.title='owned'</script>",
        "\\x1b[2J\\x00\\x07bell",
        "user\\u202egnp.exe\\u2066",
        "\\ud800lone",
    ):
        assert shown in said


@settings(max_examples=40, deadline=None)
@given(some.lists(some.dictionaries(KEYS, DATA, max_size=10), max_size=3), some.lists(DATA, max_size=3))
def test_no_data_breaks_a_record(results, unseen):
    assert_harmless(documents({"results": results, "unseen": unseen}, [each for each in unseen if isinstance(each, dict)]))


def test_secrets_in_addresses_are_in_no_file():
    told = "https://robot:hunter2@git.example.com/infra.git?access_token=hunter2&ref=main"
    spoilt = {**incident(2), "problem": told, "text": told, "rebuilds": [{"image": "infra-ci", "problem": told, told: told}]}
    spoilt["steps"][0]["detail"] = told
    made = documents(report(spoilt, problem=told), [{"event": "x", "detail": told}], told)
    assert [name for name in made if "hunter2" in made[name]] == []
    assert "https://***@git.example.com/infra.git?access_token=***&ref=main" in made["report.txt"]


def test_a_cut_digest_is_whole_in_its_title_and_in_the_json():
    made = documents(report(incident(1)))
    whole = digest_of("infra-ci", "latest", "linux/amd64")
    assert made["index.html"].count(f"{whole[7:19]}</code>") > 0
    assert f'title="{whole}"' in made["index.html"]
    assert whole in made["plan.json"]


def test_a_page_of_many_images_stays_small():
    assert len(documents(report(incident(34, used=6, left=7)))["index.html"]) < 800_000
