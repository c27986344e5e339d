"""Report page: what a box told and how it was, as one page of HTML that runs nothing and loads nothing."""

from edged.report_page.facts import Facts, gather
from edged.report_page.page import page

__all__ = ["Facts", "gather", "page"]
