"""Drawing: bars and spans as SVG that stretches with the page. Words stand beside it as HTML, to be legible."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from edged.report_page.markup import Content, Markup, element
from edged.report_page.period import Period

WIDTH, HEIGHT = 1000, 100
"""Of a drawing, in its own units."""
LEAST_WIDTH = 2.5
"""So that what was short can be seen."""


class Box(NamedTuple):
    """A rectangle, in shares from 0 to 1 of the drawing; ``bottom`` 0 is its floor."""

    left: float
    right: float
    bottom: float
    top: float
    look: str
    """One of the style sheet's classes."""
    title: str = ""
    """What is said where it is pointed at."""
    strength: float = 1.0
    """Its opacity, from 0 to 1."""


def drawing(boxes: Iterable[Box], look: str, told: str) -> Markup:
    """All of them; ``told``: what it shows, for those who do not see it."""
    return element(
        "svg",
        *map(_rectangle, boxes),
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        preserveAspectRatio="none",
        class_=look,
        role="img",
        aria_label=told,
    )


def time_axis(period: Period) -> Markup:
    """Round times below drawings of the period."""
    return axis([(period.share(at_s), name) for at_s, name in period.ticks()])


def axis(ticks: Sequence[tuple[float, str]]) -> Markup:
    """Names at shares of the width; every other one goes where there is little room."""
    marks = [
        element("span", name, style=f"left:{at:.2%}", class_=f"tick {_edge(at)} {'odd' if number % 2 else 'even'}")
        for number, (at, name) in enumerate(ticks)
    ]
    return element("div", *marks, class_="axis", aria_hidden="true")


def row(name: Content, figure: Content, picture: Markup) -> Markup:
    """A drawing with its name above on the left and a figure on the right."""
    head = element("div", element("span", name, class_="name"), element("span", figure, class_="figure"), class_="head")
    return element("div", head, picture, class_="row")


def legend(looks: Iterable[tuple[str, str]]) -> Markup:
    """What the colours mean: classes with their words."""
    return element(
        "p",
        *(element("span", element("i", "", class_=f"key {look}"), word) for look, word in looks),
        class_="legend",
    )


def _rectangle(box: Box) -> Markup:
    left = min(box.left * WIDTH, WIDTH - LEAST_WIDTH)
    width = max((box.right - box.left) * WIDTH, LEAST_WIDTH)
    return element(
        "rect",
        *([element("title", box.title)] if box.title else []),
        x=f"{left:.1f}",
        y=f"{(1 - box.top) * HEIGHT:.1f}",
        width=f"{width:.1f}",
        height=f"{(box.top - box.bottom) * HEIGHT:.1f}",
        class_=box.look,
        fill_opacity=None if box.strength >= 1 else f"{box.strength:.2f}",
    )


def _edge(at: float) -> str:
    return "first" if at < 0.04 else "last" if at > 0.96 else ""
