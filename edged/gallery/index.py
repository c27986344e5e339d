"""Index: finds the nearest people, exactly, in memory, in step with the gallery within a second."""

import time
from collections.abc import Callable
from itertools import groupby

from edged.gallery.gallery import Gallery
from edged.gallery.reader import Faces
from edged.messages.vision import Candidate, Embedding, Nearest

STEP_S = 0.25
"""How often the gallery is asked whether it was changed."""
NOBODY = -2.0
"""Less similar than anybody can be."""

Spans = list[tuple[int, int]]


def nearest(faces: Faces, spans: Spans, embedding: Embedding) -> Nearest:
    """The two most similar people; ``spans``: between which rows those of each row's person lie.

    The best row, and the best once its person's rows are out: no sorting, one pass each.
    """
    if not faces.ids:
        return ()
    similarities = faces.matrix @ embedding
    row = int(similarities.argmax())
    best = Candidate(faces.ids[row], faces.names[faces.ids[row]], float(similarities[row]))
    begin, end = spans[row]
    if end - begin == len(similarities):
        return (best,)
    similarities[begin:end] = NOBODY
    row = int(similarities.argmax())
    return best, Candidate(faces.ids[row], faces.names[faces.ids[row]], float(similarities[row]))


def spans_of(ids: list[str]) -> Spans:
    """For each row where the rows of its person begin and end; those of one person lie together."""
    spans: Spans = []
    for _, rows in groupby(ids):
        begin, count = len(spans), len(list(rows))
        spans += [(begin, begin + count)] * count
    return spans


class Index:
    """The embeddings of one model. Thread-safe: what is searched is replaced whole."""

    def __init__(self, gallery: Gallery, model_sha256: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._gallery, self._sha256, self._clock = gallery, model_sha256, clock
        self._asked_s = clock()
        self._load(gallery.revision())

    def search(self, embedding: Embedding) -> Nearest:
        """The most similar people, best first, at most two. GalleryError where the gallery cannot be read any more."""
        now_s = self._clock()
        if now_s - self._asked_s >= STEP_S:
            self._asked_s = now_s
            revision = self._gallery.revision()
            if revision is not None and revision != self._revision:
                self._load(revision)
        return nearest(*self._searched, embedding)

    def _load(self, revision: int | None) -> None:
        """Read all anew; ``revision`` was asked before, so that a change meanwhile is seen at the next step."""
        faces = self._gallery.faces(self._sha256)
        self._searched, self._revision = (faces, spans_of(faces.ids)), revision
