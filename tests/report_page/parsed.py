"""What a page is made of, by Python's own parser; and words that would like to be more than words."""

from html.parser import HTMLParser

from hypothesis import strategies as st

FRAGMENTS = (
    "<script>alert(1)</script>",
    '"><img src=//evil.example/x onerror=alert(1)>',
    "' onload='alert(1)",
    "</style><style>@import url(//evil.example)",
    "</title>",
    "</svg>",
    "<!--",
    "]]>",
    "&lt;b&gt;",
    "&#60;",
    "url(http://evil.example)",
    "\u202e",
    "\x00",
    "\x1b[31m",
    "\xa0",
    "\ud800",
    "Ana Äé",
)
HOSTILE = st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=8)), max_size=5).map("".join)


class Parsed(HTMLParser):
    """Its elements with their attributes, and its words."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words, self.style = "", ""
        self._in: list[str] = []
        self.others = 0
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "img"}:
            self._in.append(tag)

    def handle_endtag(self, tag):
        assert self._in.pop() == tag, f"{tag} is not open"

    def handle_data(self, data):
        if "style" in self._in:
            self.style += data
        else:
            self.words += data

    def handle_comment(self, data):
        self.others += 1

    def handle_pi(self, data):
        self.others += 1

    def unknown_decl(self, data):
        self.others += 1
