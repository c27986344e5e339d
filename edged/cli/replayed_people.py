"""The people whom a replay recognises: those in the box's gallery, which is read and never written."""

from collections.abc import Callable
from contextlib import closing
from datetime import date
from functools import partial

import numpy as np

from edged.errors import GalleryKeyError
from edged.gallery.config import GalleryConfig
from edged.gallery.database import Transactions, check_key
from edged.gallery.files import explain
from edged.gallery.index import nearest, spans_of
from edged.gallery.key_file import read_key
from edged.gallery.reader import Faces, Reader
from edged.gallery.vault import TamperedError, Vault
from edged.inference.files.card import Card
from edged.messages.vision import Embedding, Nearest

Search = Callable[[Embedding], Nearest]


def search_in(gallery: GalleryConfig, embedder: Card, today: date, say: Callable[[str], object]) -> Search:
    """Finds people as they are in the gallery now; whoever's time is over is nobody, erased or not.

    ``say`` is told why somebody will not be found: where there is no gallery, nobody is. GalleryError where there is
    one that cannot be read.
    """
    database = gallery.folder / "gallery.db"
    with explain(database):
        there = database.exists()
    if not there:
        say(f"{gallery.folder}: holds no gallery: nobody is known, everybody is `unknown`; `edged enroll` begins one")
        return lambda _: ()
    vault, sha256 = Vault(read_key(gallery.key_path)), embedder.files["cpu"].sha256
    with closing(Transactions(database)) as transactions:
        must_fit(transactions, vault, gallery)
        reader = Reader(transactions, vault)
        faces, stale = reader.faces(sha256), len(reader.stale(sha256))
        over = {one.id for one in reader.people() if one.expires is not None and one.expires <= today}
    if stale:
        say(f"{gallery.folder}: enrolled with another model than {embedder.name}, and not found: {stale}")
    faces = without(faces, over)
    return partial(nearest, faces, spans_of(faces.ids))


def must_fit(database: Transactions, vault: Vault, gallery: GalleryConfig) -> None:
    """GalleryKeyError where it is another gallery's key, GalleryError where another version of edged made it."""
    with database.reading() as connection:
        try:
            check_key(connection, vault)
        except TamperedError:
            raise GalleryKeyError(
                f"{gallery.key_path}: is not the key of {database.path}; name the right one"
            ) from None


def without(faces: Faces, people: set[str]) -> Faces:
    """All but those people's."""
    if not people:
        return faces
    kept = np.array([who not in people for who in faces.ids], bool)
    return Faces(faces.matrix[kept], [who for who in faces.ids if who not in people], faces.names)
