"""Rows: lines made of columns, cut to the terminal's width."""

from collections.abc import Sequence
from typing import NamedTuple

from rich.text import Text

GAP = "  "


class Column(NamedTuple):
    """One of a row's columns."""

    title: str
    width: int
    """Characters."""


def fitting(columns: Sequence[Column], width: int) -> list[Column]:
    """As many of the columns, from the left, as fit; the first one always, and the last one takes what is left."""
    fits, used = list(columns[:1]), columns[0].width
    for column in columns[1:]:
        if used + len(GAP) + column.width > width:
            break
        used += len(GAP) + column.width
        fits.append(column)
    return [*fits[:-1], Column(fits[-1].title, fits[-1].width + max(0, width - used))]


def row(columns: Sequence[Column], cells: Sequence[Text]) -> Text:
    """A line; what does not fit its column ends in an ellipsis."""
    line = Text()
    for place, (column, cell) in enumerate(zip(columns, cells, strict=False)):
        shown = cell.copy()
        shown.truncate(column.width, overflow="ellipsis", pad=True)
        line.append(GAP if place else "").append_text(shown)
    line.rstrip()
    return line


def titles(columns: Sequence[Column]) -> Text:
    """The row above."""
    return row(columns, [Text(column.title, "bold dim") for column in columns])
