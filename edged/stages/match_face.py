"""MatchFace: asks the gallery who a face is most like."""

from collections.abc import Callable, Iterable

from edged.messages.vision import EmbeddedFace, Embedding, MatchedFace, Nearest

Search = Callable[[Embedding], Nearest]
"""From an embedding to the most similar people; must be quick and may be asked from any thread."""


class MatchFace:
    """Puts the nearest people beside each face; who it is, is decided later, from several frames."""

    def __init__(self, search: Search) -> None:
        self._search = search

    def __call__(self, item: EmbeddedFace) -> Iterable[MatchedFace]:
        yield MatchedFace(item, self._search(item.embedding))
