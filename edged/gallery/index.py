"""Index: finds the nearest people, exactly, in memory, in step with the gallery within a second."""

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from edged.gallery.gallery import Gallery
from edged.gallery.reader import Faces
from edged.messages.vision import Candidate, Embedding, Nearest

STEP_S = 0.25
"""How often the gallery is asked whether it was changed."""


def nearest(faces: Faces, spans: NDArray[np.intp], embedding: Embedding) -> Nearest:
    """The two most similar people; ``spans`` (2, n): between which rows those of each row's person lie.

    Only the best row and the best outside its person's rows are looked for: no sorting, one pass each.
    """
    if not faces.ids:
        return ()
    similarities = faces.matrix @ embedding
    best = int(similarities.argmax())
    begin, end = int(spans[0, best]), int(spans[1, best])
    rows = [best]
    if begin:
        rows.append(int(similarities[:begin].argmax()))
    if end < len(similarities):
        rows.append(end + int(similarities[end:].argmax()))
    second = max(rows[1:], key=lambda row: similarities[row], default=None)
    return tuple(
        Candidate(faces.ids[row], faces.names[faces.ids[row]], float(similarities[row]))
        for row in (best, second)
        if row is not None
    )


def spans_of(ids: list[str]) -> NDArray[np.intp]:
    """Shape (2, n): for each row where the rows of its person begin and end; those of one person lie together."""
    owners = np.asarray(ids)
    first = np.flatnonzero(np.r_[True, owners[1:] != owners[:-1]]) if len(ids) else np.empty(0, np.intp)
    ends = np.r_[first[1:], len(ids)] if len(ids) else first
    return np.repeat(np.stack([first, ends]), ends - first, axis=1)


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
