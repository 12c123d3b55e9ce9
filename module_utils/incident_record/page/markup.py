# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""HTML made from nested calls, in which everything is escaped that is not marked as made here. Pure."""

from __future__ import annotations

from html import escape
from typing import Iterable, List, Optional, Sequence, Union

from ..safe import LONGEST, short, short_digest, visible

Child = Union[str, "Markup", None]
Rows = List[List[Union[str, "Markup", None]]]
Attribute = Union[str, int, float, bool, None]
_FITS = 19  # characters that stay on one line of a table: a word, a time
_VOID = frozenset(("meta", "link", "br", "rect", "path", "circle", "line"))


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def tag(element: str, /, *children: Child, **attributes: Attribute) -> Markup:
    """One element. ``class_`` is the attribute ``class``, ``data_label`` is ``data-label``; None and False leave an attribute out."""
    given = "".join(_attribute(key, value) for key, value in attributes.items() if value is not None and value is not False)
    if element in _VOID and not children:
        return Markup(f"<{element}{given}>" if element in ("meta", "link", "br") else f"<{element}{given}/>")
    return Markup(f"<{element}{given}>{join(children)}</{element}>")


def join(children: Iterable[Child]) -> Markup:
    """Several pieces one after another; texts are escaped."""
    return Markup("".join(each if isinstance(each, Markup) else text(each) for each in children if each is not None))


def text(value: object, lines: bool = False) -> Markup:
    """A text in which nothing is markup, and nothing invisible."""
    return Markup(escape(visible(value, lines), quote=True))


def _attribute(key: str, value: Attribute) -> str:
    name = key.rstrip("_").replace("_", "-")
    shown = f"{value:.6g}" if isinstance(value, float) else str(value)
    return f" {name}" if value is True else f' {name}="{escape(visible(shown), quote=True)}"'


def name(value: object, longest: int = LONGEST) -> Markup:
    """What a registry or a machine calls something: apart from our own words, and whole in a title where it is cut."""
    shown = short(value, longest)
    return tag("code", shown, dir="auto", title=visible(value)[:4096] if shown != visible(value) else None)


def digest(value: object) -> Markup:
    """A digest, shortened, with the whole of it in a title."""
    return tag("code", short_digest(value), class_="digest", title=visible(value)[:4096]) if value else Markup("–")  # noqa: RUF001


def badge(word: str, kind: str, sign: str = "") -> Markup:
    """A word with a sign in front of it."""
    return tag("span", tag("span", sign, class_="sign", aria_hidden="true") if sign else None, f" {word}", class_=f"badge {kind}")


def items(lines: Sequence[Child], class_: Optional[str] = None) -> Markup:
    """A list."""
    return tag("ul", *(tag("li", line) for line in lines), class_=class_)


def table(caption: str, columns: Sequence[str], rows: Sequence[Sequence[Child]]) -> Markup:
    """A table with a header in each column; narrow screens show each row as a block, each cell with the name of its column."""
    head = tag("tr", *(tag("th", column, scope="col", role="columnheader") for column in columns), role="row")
    body = [tag("tr", *map(_cell, columns, row), role="row") for row in rows]
    return tag(
        "table",
        tag("caption", caption),
        tag("thead", head, role="rowgroup"),
        tag("tbody", *body, role="rowgroup"),
        role="table",
        class_="stack",
    )


def capped(caption: str, columns: Sequence[str], rows: Rows, most: int, where: str) -> Markup:
    """A table of the first rows, and how many more there are."""
    shown = table(caption, columns, rows[:most])
    left = len(rows) - most
    return join([shown, tag("p", f"{left} more: see {where}.", class_="note")]) if left > 0 else shown


def _cell(column: str, child: Child) -> Markup:
    empty = child is None or child == ""
    fits = "fit" if isinstance(child, str) and not isinstance(child, Markup) and len(child) <= _FITS else None
    return tag("td", Markup("–") if empty else tag("div", child), class_=fits, data_label=column, role="cell")  # noqa: RUF001


def folded(summary: Child, *children: Child, open_: bool = False) -> Markup:
    """Something to unfold; print shows all of it."""
    return tag("details", tag("summary", summary), tag("div", *children, class_="folded"), open=open_)


def section(ident: str, title: str, *children: Child) -> Markup:
    """A part of the page under a heading."""
    return tag("section", tag("h2", title, id=ident), *children, aria_labelledby=ident)
