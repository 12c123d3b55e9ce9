# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The page of a record in a real browser: it asks nobody for anything, runs nothing, fits a phone, and prints whole."""

from __future__ import annotations

import contextlib
import re
import socket

import pytest
from ansible.module_utils.incident_record import documents

from plugins.records import HOSTILE, PLATFORMS, hostile, incident, report

RUNS = {
    "one": report(incident(1, left=0)),
    "some": report(incident(4)),
    "many": report(incident(34, used=6, left=7, platforms=PLATFORMS)),
    "several registries": report(incident(2), {**incident(1), "name": "mirror.example.com"}, unseen=["ghcr: no result"]),
    "empty": report(),
    "hostile": report(hostile(), unseen=list(HOSTILE), problem=HOSTILE[1], run=HOSTILE[4]),
}
#: whether anything is wider than the screen: the page itself, or a part that does not scroll on its own
OVERFLOW = """[document.documentElement.scrollWidth - innerWidth, ...[...document.querySelectorAll('main *, header *')]
  .filter(e => !e.closest('pre, svg, thead') && e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 200))]"""
#: cells of tables that are crammed beside each other
CRAMMED = """[...document.querySelectorAll('td')].filter(e => e.checkVisibility() && e.getBoundingClientRect().width < innerWidth * .6).length"""
#: texts of one line of a tree that touch each other
TOUCHING = """[...document.querySelectorAll('svg.tree g')].filter(g => g.checkVisibility()).filter(g => {
  const [left, right] = [...g.querySelectorAll('text')].map(t => t.getBoundingClientRect());
  return left && right && right.width && left.right > right.left }).map(g => g.textContent)"""
#: texts of a timeline that overlap, and those that leave it
CROSSING = """[...document.querySelectorAll('svg.timeline')].flatMap(svg => {
  const box = e => [e.textContent, e.getBoundingClientRect()], all = svg.getBoundingClientRect();
  const texts = [...svg.querySelectorAll('text')].map(box), bars = [...svg.querySelectorAll('rect')].map(box);
  const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom - 2 && b.top < a.bottom - 2;
  return texts.filter(([said, a], i) => a.right > all.right + 1 || a.left < all.left - 1
    || [...texts.slice(0, i), ...bars].some(([other, b]) => meet(a, b))).map(([said]) => said) })"""
#: colour of every text against what is behind it: those below 4.5
CONTRAST = """(() => {
  const part = v => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4 };
  const rgb = c => (c.match(/[\\d.]+/g) || []).map(Number);
  const light = c => { const [r, g, b] = rgb(c); return .2126 * part(r) + .7152 * part(g) + .0722 * part(b) };
  const behind = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
    if (rgb(c).length < 4 || rgb(c)[3] > 0) return c } return 'rgb(255,255,255)' };
  return [...document.querySelectorAll('body *')].filter(e => e.checkVisibility()
    && [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())).map(e => {
    const style = getComputedStyle(e), a = light(e.closest('svg') ? style.fill : style.color), b = light(behind(e));
    return [(Math.max(a, b) + .05) / (Math.min(a, b) + .05), e.outerHTML.slice(0, 120)] }).filter(([ratio]) => ratio < 4.5) })()"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Name of a run to the file of its page."""
    folder = tmp_path_factory.mktemp("pages")
    made = {}
    for name, data in RUNS.items():
        made[name] = folder / f"{name}.html"
        made[name].write_text(
            documents(data, [{"event": "x", "detail": each} for each in HOSTILE])["index.html"], encoding="utf-8"
        )
    return made


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize(("width", "dark"), [(320, False), (360, True), (1200, False), (1200, True)])
def test_it_asks_nobody_says_nothing_and_fits(browser, pages, name, width, dark):
    browser.open(pages[name], width, dark=dark)
    assert browser.requests == [pages[name].as_uri()]
    assert browser.said == []
    assert browser.value("document.title").startswith("Incident record")
    for unfolded in (False, True):
        browser.value(f"document.querySelectorAll('details').forEach(e => e.open = e.open || {str(unfolded).lower()})")
        assert browser.value(OVERFLOW) == [0]
        assert width > 400 or browser.value(CRAMMED) == 0
        assert browser.value(TOUCHING) == []
        assert browser.value(CROSSING) == []


@pytest.mark.parametrize("name", ["some", "several registries", "empty"])
@pytest.mark.parametrize("dark", [False, True])
def test_every_text_stands_out_from_what_is_behind_it(browser, pages, name, dark):
    browser.open(pages[name], 1200, dark=dark)
    browser.value("document.querySelectorAll('details').forEach(e => e.open = true)")
    assert browser.value(CONTRAST) == []


def test_hostile_names_run_nothing_and_are_shown(browser, pages):
    browser.open(pages["hostile"])
    assert browser.value("document.querySelectorAll('script, img, iframe, object, embed, form, input').length") == 0
    handlers = "[...document.querySelectorAll('*')].flatMap(e => [...e.attributes]).filter(a => a.name.startsWith('on')).length"
    assert browser.value(handlers) == 0
    links = "[...document.querySelectorAll('[href], [src]')].map(e => e.getAttribute('href') || e.getAttribute('src'))"
    assert [link for link in browser.value(links) if not re.fullmatch(r"#[a-z]+|data:,", link)] == []
    shown = browser.value("document.body.textContent")
    assert HOSTILE[0] in shown
    assert "javascript:alert(1)" in shown
    assert "\\u202egnp.exe" in shown


@pytest.fixture
def listener():
    """Somebody who answers nothing and keeps what connects."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


def requests_to(listening):
    """What was asked of it; a browser may connect in advance to addresses that it then may not ask."""
    asked = []
    with contextlib.suppress(BlockingIOError):
        while True:
            connection, _address = listening.accept()
            with connection, contextlib.suppress(BlockingIOError):
                connection.setblocking(False)
                asked.append(connection.recv(4096))
    return [each for each in asked if each]


def test_the_policy_stops_what_would_slip_through(browser, pages, tmp_path, listener):
    """Were a script or an address to get into the page all the same, the browser would not run it, nor ask for it."""
    address = f"127.0.0.1:{listener.getsockname()[1]}"
    spoilt = tmp_path / "spoilt.html"
    page = pages["one"].read_text(encoding="utf-8")
    harm = (
        '<script>document.title="owned"</script><style>h1{color:red}</style>'
        f'<img src="http://{address}/x" onerror="document.title=\'owned\'"><link rel="stylesheet" href="http://{address}/y">'
        f'<iframe src="http://{address}/z"></iframe><object data="http://{address}/o"></object>'
    )
    spoilt.write_text(page.replace("<main>", f"{harm}<main>"), encoding="utf-8")
    browser.open(spoilt)
    assert browser.value("document.title") != "owned"
    assert browser.value("getComputedStyle(document.querySelector('h1')).color") != "rgb(255, 0, 0)"
    assert any("Content Security Policy" in line for line in browser.said)
    assert requests_to(listener) == []


@pytest.mark.parametrize("name", ["some", "many", "empty"])
def test_print_shows_everything(browser, pages, name):
    browser.open(pages[name], 703)
    sections = browser.value("[...document.querySelectorAll('h2')].map(e => e.textContent)")
    assert sections[:5] == ["Impact", "The images, and what was broken", "Timeline", "Plan and repair", "What remains"]
    browser.print_media()
    folded = "[...document.querySelectorAll('details:not([open]) .folded *')]"
    hidden = f"{folded}.filter(e => !e.closest('.size, svg') && !e.getClientRects().length && e.textContent.trim()).length"
    assert browser.value(hidden) == 0
    assert browser.value(
        f"{folded}.filter(e => e.tagName === 'TD' && e.checkVisibility({{contentVisibilityAuto: true}})).length > 0"
    ) == (name != "empty")
    assert browser.value(TOUCHING) == []
    pdf = browser.pdf()
    assert pdf.startswith(b"%PDF")
    outline = re.findall(rb"/Title \(([^)]*)\)", pdf)
    assert {section.encode() for section in sections} <= set(outline)
    assert {tuple(map(round, map(float, box.split()))) for box in re.findall(rb"/MediaBox \[([^]]*)\]", pdf)} == {
        (0, 0, 595, 842)
    }


def test_headings_are_in_order_and_pictures_have_names(browser, pages):
    browser.open(pages["many"])
    levels = [int(level) for level in browser.value("[...document.querySelectorAll('h1,h2,h3,h4')].map(e => e.tagName[1])")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert browser.value("document.documentElement.lang") == "en-GB"
    named = "[...document.querySelectorAll('svg[role=img]')].every(e => e.querySelector('title').textContent && e.querySelector('desc'))"
    assert browser.value(named)
    assert browser.value("[...document.querySelectorAll('table')].every(e => e.caption && e.querySelector('th[scope=col]'))")


def test_thirty_four_images_are_grouped_and_counted(browser, pages):
    browser.open(pages["many"])
    assert browser.value("document.querySelectorAll('.groups > div').length") == 6
    assert browser.value("document.querySelectorAll('.groups figure').length") == 34
    assert browser.value("[...document.querySelectorAll('.groups details')].map(e => e.open)") == [True] + [False] * 5
    assert "28 broken images that nothing is known to use" in browser.value("document.body.textContent")
