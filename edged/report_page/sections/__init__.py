"""Sections: one file a part of the page, each with ``section``, which makes it of the facts."""

from edged.report_page.markup import Content, Markup, element


def headed(title: str, about: str, *content: Content) -> Markup:
    """A section with its heading, and a line that says what is to be seen."""
    return element("section", element("h2", title), element("p", about, class_="about"), *content)


def nothing(told: str) -> Markup:
    """In place of what there is none of."""
    return element("p", told, class_="nothing")
