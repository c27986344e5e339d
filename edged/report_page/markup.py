"""Markup: HTML put together so that text stays text. What is not :class:`Markup` is escaped, whatever it holds."""

import html
from collections.abc import Iterable

from edged.report_page.words import NBSP
from edged.watching.words import printable

LONGEST = 400
"""Characters of a text or an attribute that are shown."""
_VOID = frozenset({"meta"})


class Markup(str):
    """HTML that :func:`element` has made."""

    __slots__ = ()


Content = str | int | float
"""A child: Markup as it stands, everything else as text."""


def element(tag: str, *children: Content, **attributes: Content | None) -> Markup:
    """``<tag>``; ``class_`` stands for ``class`` and other underscores for hyphens, None leaves an attribute out."""
    told = "".join(f' {_name(key)}="{text(value)}"' for key, value in attributes.items() if value is not None)
    if tag in _VOID:
        return Markup(f"<{tag}{told}>")
    return Markup(f"<{tag}{told}>{joined(children)}</{tag}>")


def joined(children: Iterable[Content]) -> Markup:
    """One after the other."""
    return Markup("".join(child if isinstance(child, Markup) else text(child) for child in children))


def text(value: Content) -> str:
    """Escaped, without controls and marks of direction, and of at most ``LONGEST`` characters."""
    whole = str(value)
    shown = NBSP.join(printable(part, LONGEST) for part in whole[:LONGEST].split(NBSP))
    return html.escape(shown + "…" if len(whole) > LONGEST else shown)


def table(header: Iterable[Content], rows: Iterable[Iterable[Content]], class_: str = "") -> Markup:
    """A table that is pushed sideways where the screen is too narrow."""
    head = element("thead", element("tr", *(element("th", cell, scope="col") for cell in header)))
    body = element("tbody", *(element("tr", *(element("td", cell) for cell in row)) for row in rows))
    return element("div", element("table", head, body, class_=class_ or None), class_="wide")


def when(day_and_time: str) -> Markup:
    """A moment that may break between its day and its time, and nowhere else."""
    return element("span", *(element("span", part) for part in day_and_time.split(" ")), class_="when")


def _name(key: str) -> str:
    return key.rstrip("_").replace("_", "-")
